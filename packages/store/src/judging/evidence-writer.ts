// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Counters } from '../totals/counters.ts';
import type { ListedSubject } from './evidence-reader.ts';
import type { AddressSum, DialledSum, EvidenceSums } from './evidence-sums.ts';

/** Reads dialled digits; what `packages/numbers` does. */
export interface DialledReader {
  (dialled: string): DialledReading;
}

interface DialledReading {
  /** Numbers of E.164 that the digits may mean, without their plus; a few. */
  readonly candidates: readonly string[];
  /** Chooses one, by how many dialled forms may mean each. */
  settle(formsOf: (e164: string) => number): Settled | undefined;
}

interface Settled {
  readonly e164: string;
  /** 0 to 1. */
  readonly confidence: number;
}

const DAYS = `days_count = days_count + CASE
  WHEN excluded.first_seen_us / 86400000000 > last_seen_us / 86400000000 THEN excluded.days_count
  WHEN excluded.last_seen_us / 86400000000 > last_seen_us / 86400000000 THEN max(1, excluded.days_count - 1)
  ELSE 0 END`;
const SEEN = `grade = max(grade, excluded.grade), first_seen_us = min(first_seen_us, excluded.first_seen_us),
  last_seen_us = max(last_seen_us, excluded.last_seen_us), events_count = events_count + excluded.events_count,
  node_bits = node_bits | excluded.node_bits`;

/** Adds sums to the tables of evidence, within the caller's transaction. */
export class EvidenceWriter {
  readonly #read: DialledReader;
  readonly #counters: Counters;
  readonly #addAddress: StatementSync;
  readonly #addNumber: StatementSync;
  readonly #addForm: StatementSync;
  readonly #reading: StatementSync;
  readonly #saveReading: StatementSync;
  readonly #raiseGrade: StatementSync;
  readonly #lastIds: StatementSync;

  constructor(database: DatabaseSync, counters: Counters, read: DialledReader) {
    this.#read = read;
    this.#counters = counters;
    this.#addAddress = database.prepare(`
      INSERT INTO address_evidence (address, grade, first_seen_us, last_seen_us, days_count, events_count,
        node_bits, calls_count, credentials_count, transport_bits, tool) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (address) DO UPDATE SET ${DAYS}, ${SEEN},
        calls_count = calls_count + excluded.calls_count,
        credentials_count = credentials_count + excluded.credentials_count,
        transport_bits = transport_bits | excluded.transport_bits, tool = coalesce(tool, excluded.tool)`);
    // Without events until then, a suffix has the times of the form that it was met in.
    this.#addNumber = database.prepare(`
      INSERT INTO number_evidence (e164, grade, first_seen_us, last_seen_us, days_count, events_count,
        node_bits, source_bits, confidence, forms_count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)
      ON CONFLICT (e164) DO UPDATE SET ${DAYS}, ${SEEN}, source_bits = source_bits | excluded.source_bits,
        confidence = max(confidence, excluded.confidence)`);
    this.#addForm = database.prepare(`
      INSERT INTO number_evidence (e164, grade, first_seen_us, last_seen_us, days_count, events_count,
        node_bits, source_bits, confidence, forms_count) VALUES (?, 0, ?, ?, 1, 0, 0, 0, 0, 1)
      ON CONFLICT (e164) DO UPDATE SET forms_count = forms_count + 1,
        last_seen_us = max(last_seen_us, excluded.last_seen_us) RETURNING forms_count`);
    this.#reading = database.prepare(`
      SELECT t.total_id, r.total_id AS read_id, r.e164, r.grade
      FROM number_total t LEFT JOIN number_reading r ON r.total_id = t.total_id WHERE t.number = ?`);
    this.#saveReading = database.prepare(
      'INSERT INTO number_reading (total_id, e164, grade) VALUES (?, ?, ?)',
    );
    this.#raiseGrade = database.prepare('UPDATE number_reading SET grade = ? WHERE total_id = ?');
    this.#lastIds = database.prepare(`
      SELECT (SELECT coalesce(max(total_id), 0) FROM address_evidence) AS proved_addresses,
        (SELECT coalesce(max(total_id), 0) FROM number_evidence) AS read_numbers`);
  }

  /** @returns What there is new evidence against. */
  write({ addresses, dialled }: EvidenceSums): readonly ListedSubject[] {
    const before = this.#lastIds.get();
    const touched = new Map<string, ListedSubject>();
    for (const [address, sum] of addresses) {
      this.#writeAddress(address, sum);
      touched.set(address, { kind: 'address', value: address });
    }
    for (const [digits, sum] of dialled) {
      const e164 = this.#writeDialled(digits, sum);
      if (e164 !== undefined) touched.set(`+${e164}`, { kind: 'number', value: e164 });
    }
    // New rows take the next numbers one by one, so their count is the distance.
    const after = this.#lastIds.get();
    for (const name of ['proved_addresses', 'read_numbers'] as const) {
      this.#counters.add(name, Number(after?.[name]) - Number(before?.[name]));
    }
    return [...touched.values()];
  }

  #writeAddress(address: string, sum: AddressSum): void {
    this.#addAddress.run(
      address,
      sum.grade,
      sum.firstUs,
      sum.lastUs,
      sum.days.size,
      sum.eventsCount,
      sum.nodeBits,
      sum.callsCount,
      sum.credentialsCount,
      sum.transportBits,
      sum.tool ?? null,
    );
  }

  /** @returns The number that the digits mean. */
  #writeDialled(digits: string, sum: DialledSum): string | undefined {
    const known = this.#reading.get(digits);
    if (known === undefined) return undefined; // Its total made room for others.
    const totalId = Number(known['total_id']);
    let e164 = typeof known['e164'] === 'string' ? known['e164'] : undefined;
    let confidence = 0;
    if (known['read_id'] === null) {
      const settled = this.#readNew(digits, sum);
      e164 = settled?.e164;
      confidence = settled?.confidence ?? 0;
      this.#saveReading.run(totalId, e164 ?? null, sum.grade);
    } else if (Number(known['grade']) < sum.grade) {
      this.#raiseGrade.run(sum.grade, totalId);
    }
    if (e164 === undefined) return undefined;
    this.#addNumber.run(
      e164,
      sum.grade,
      sum.firstUs,
      sum.lastUs,
      sum.days.size,
      sum.eventsCount,
      sum.nodeBits,
      sum.sourceBits,
      confidence,
    );
    return e164;
  }

  #readNew(digits: string, sum: DialledSum): Settled | undefined {
    const reading = this.#read(digits);
    const forms = new Map<string, number>();
    for (const e164 of reading.candidates) {
      const row = this.#addForm.get(e164, sum.firstUs, sum.lastUs);
      forms.set(e164, Number(row?.['forms_count']));
    }
    return reading.settle((e164) => forms.get(e164) ?? 0);
  }
}
