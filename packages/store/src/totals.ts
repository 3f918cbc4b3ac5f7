// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Counters } from './counters.ts';

interface Sum {
  firstUs: number;
  lastUs: number;
  count: number;
  gradeRank: number;
}

/**
 * Totals per address and per number. What one transaction brings is summed up first, so that each address
 * and number costs one statement however often it occurs.
 */
export class Totals {
  readonly #addresses = new Map<string, Sum>();
  readonly #numbers = new Map<string, Sum>();
  readonly #addAddress: StatementSync;
  readonly #addNumber: StatementSync;
  readonly #lastIds: StatementSync;
  readonly #counters: Counters;

  constructor(database: DatabaseSync, counters: Counters) {
    this.#counters = counters;
    this.#addAddress = database.prepare(`
      INSERT INTO address_total (address, first_seen_us, last_seen_us, seen_count, grade)
      VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (address) DO UPDATE SET
        first_seen_us = min(first_seen_us, excluded.first_seen_us),
        last_seen_us = max(last_seen_us, excluded.last_seen_us),
        seen_count = seen_count + excluded.seen_count,
        grade = max(grade, excluded.grade)`);
    this.#addNumber = database.prepare(`
      INSERT INTO number_total (number, first_seen_us, last_seen_us, seen_count)
      VALUES (?, ?, ?, ?)
      ON CONFLICT (number) DO UPDATE SET
        first_seen_us = min(first_seen_us, excluded.first_seen_us),
        last_seen_us = max(last_seen_us, excluded.last_seen_us),
        seen_count = seen_count + excluded.seen_count`);
    this.#lastIds = database.prepare(`
      SELECT (SELECT coalesce(max(total_id), 0) FROM address_total) AS addresses,
        (SELECT coalesce(max(total_id), 0) FROM number_total) AS numbers`);
  }

  /** @param epochUs Wall-clock microseconds of the newest of the `count` messages. */
  addAddress(address: string, epochUs: number, count: number, gradeRank: number): void {
    add(this.#addresses, address, epochUs, count, gradeRank);
  }

  addNumber(number: string, epochUs: number, count: number): void {
    add(this.#numbers, number, epochUs, count, 0);
  }

  /** Writes what was added, within the caller's transaction. */
  flush(): void {
    const before = this.#readLastIds();
    for (const [address, sum] of this.#addresses) {
      this.#addAddress.run(address, sum.firstUs, sum.lastUs, sum.count, sum.gradeRank);
    }
    for (const [number, sum] of this.#numbers) {
      this.#addNumber.run(number, sum.firstUs, sum.lastUs, sum.count);
    }
    this.clear();
    // New totals take the next numbers one by one, so their count is the distance.
    const after = this.#readLastIds();
    this.#counters.add('addresses', after.addresses - before.addresses);
    this.#counters.add('numbers', after.numbers - before.numbers);
  }

  /** Forgets what was added and not written. */
  clear(): void {
    this.#addresses.clear();
    this.#numbers.clear();
  }

  #readLastIds(): { readonly addresses: number; readonly numbers: number } {
    const row = this.#lastIds.get();
    return { addresses: Number(row?.['addresses']), numbers: Number(row?.['numbers']) };
  }
}

function add(
  sums: Map<string, Sum>,
  key: string,
  epochUs: number,
  count: number,
  gradeRank: number,
): void {
  const sum = sums.get(key);
  if (sum === undefined) {
    sums.set(key, { firstUs: epochUs, lastUs: epochUs, count, gradeRank });
    return;
  }
  sum.count += count;
  if (epochUs < sum.firstUs) sum.firstUs = epochUs;
  if (epochUs > sum.lastUs) sum.lastUs = epochUs;
  if (gradeRank > sum.gradeRank) sum.gradeRank = gradeRank;
}
