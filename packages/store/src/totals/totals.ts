// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { hotStatement } from '../file/lazy-database.ts';
import type { Counters } from './counters.ts';
import { sourceOf } from './source-tables.ts';
import { SUMS_KEPT_MAX, USER_AGENT_CHARACTERS_MAX } from '../limits.ts';
import { REGISTERED_METHODS } from '@sentrypeer/event';

const HOUR_US = 3_600_000_000;
const METHODS = new Set(REGISTERED_METHODS);

interface Sum {
  firstUs: number;
  lastUs: number;
  count: number;
  gradeRank: number;
}

const NOTHING: Readonly<Sum> = { firstUs: Infinity, lastUs: -Infinity, count: 0, gradeRank: 0 };

/** Sums by text. If the same comes twice in a row, as usual, it is not looked up: that costs more than the rest. */
class Sums {
  #sums = new Map<string, Sum>();
  /** Reused in each transaction: new ones would survive many garbage collections. */
  readonly #pool: Sum[] = [];
  #lastKey = '';
  #last: Sum | undefined;

  /** @param epochUs Wall-clock microseconds of the newest of the `count` messages. */
  add(key: string, epochUs: number, count: number, gradeRank: number): void {
    const sum = this.#last !== undefined && key === this.#lastKey ? this.#last : this.#sumOf(key);
    sum.count += count;
    if (epochUs < sum.firstUs) sum.firstUs = epochUs;
    if (epochUs > sum.lastUs) sum.lastUs = epochUs;
    if (gradeRank > sum.gradeRank) sum.gradeRank = gradeRank;
  }

  entries(): Iterable<[string, Sum]> {
    return this.#sums;
  }

  clear(): void {
    this.#sums = new Map(); // A cleared map would grow again among the old objects.
    this.#last = undefined;
  }

  #sumOf(key: string): Sum {
    let sum = this.#sums.get(key);
    if (sum === undefined) {
      sum = this.#take();
      this.#sums.set(key, sum);
    }
    this.#lastKey = key;
    this.#last = sum;
    return sum;
  }

  #take(): Sum {
    const index = this.#sums.size;
    const sum = this.#pool[index] ?? { ...NOTHING };
    if (index < SUMS_KEPT_MAX) this.#pool[index] = sum;
    sum.firstUs = NOTHING.firstUs;
    sum.lastUs = NOTHING.lastUs;
    sum.count = NOTHING.count;
    sum.gradeRank = NOTHING.gradeRank;
    return sum;
  }
}

interface HourSum {
  readonly hour: number;
  readonly method: string;
  readonly transport: string;
  count: number;
  /** From other nodes. */
  sharedCount: number;
}

/**
 * Totals per address, number, User-Agent and hour. What one transaction brings is summed up first, so that each of them
 * costs one statement however often it occurs.
 */
export class Totals {
  readonly #addresses = new Sums();
  readonly #numbers = new Sums();
  readonly #userAgents = new Sums();
  readonly #sharedAddresses = new Sums();
  readonly #sharedNumbers = new Sums();
  readonly #sharedUserAgents = new Sums();
  readonly #hours = new Map<string, HourSum>();
  #lastHour: HourSum | undefined;
  readonly #addAddress: StatementSync;
  readonly #addNumber: StatementSync;
  readonly #addUserAgent: StatementSync;
  readonly #shareAddress: StatementSync;
  readonly #shareNumber: StatementSync;
  readonly #shareUserAgent: StatementSync;
  readonly #addHour: StatementSync;
  readonly #lastIds: StatementSync;
  readonly #counters: Counters;

  constructor(database: DatabaseSync, counters: Counters) {
    this.#counters = counters;
    this.#addAddress = addText(database, 'address_total', 'address', 'source');
    this.#addNumber = addText(database, 'number_total', 'number');
    this.#addUserAgent = addText(database, 'user_agent_total', 'user_agent');
    this.#shareAddress = shareText(database, 'address_total', 'address', 'source');
    this.#shareNumber = shareText(database, 'number_total', 'number');
    this.#shareUserAgent = shareText(database, 'user_agent_total', 'user_agent');
    this.#addHour = database.prepare(`
      INSERT INTO hour_total (hour, method, transport, seen_count, shared_count) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (hour, method, transport) DO UPDATE SET seen_count = seen_count + excluded.seen_count,
        shared_count = shared_count + excluded.shared_count`);
    this.#lastIds = database.prepare(`
      SELECT (SELECT coalesce(max(total_id), 0) FROM address_total) AS addresses,
        (SELECT coalesce(max(total_id), 0) FROM number_total) AS numbers,
        (SELECT coalesce(max(total_id), 0) FROM user_agent_total) AS user_agents`);
  }

  /**
   * @param epochUs Wall-clock microseconds of the newest of the `count` messages.
   * @param isShared Other nodes share them: they are counted separately, and prove nothing.
   */
  addAddress(
    address: string,
    epochUs: number,
    count: number,
    gradeRank: number,
    isShared = false,
  ): void {
    const sums = isShared ? this.#sharedAddresses : this.#addresses;
    sums.add(address, epochUs, count, gradeRank);
  }

  addNumber(
    number: string,
    epochUs: number,
    count: number,
    gradeRank: number,
    isShared = false,
  ): void {
    const sums = isShared ? this.#sharedNumbers : this.#numbers;
    sums.add(number, epochUs, count, gradeRank);
  }

  /** @param userAgent Cut to the characters that are kept of it. */
  addUserAgent(
    userAgent: string,
    epochUs: number,
    count: number,
    gradeRank: number,
    isShared = false,
  ): void {
    const sums = isShared ? this.#sharedUserAgents : this.#userAgents;
    const kept =
      userAgent.length > USER_AGENT_CHARACTERS_MAX
        ? userAgent.slice(0, USER_AGENT_CHARACTERS_MAX)
        : userAgent;
    if (kept !== '') sums.add(kept, epochUs, count, gradeRank);
  }

  /** @param method As received; `undefined` if there was none. */
  addHour(
    method: string | undefined,
    transport: string,
    epochUs: number,
    count: number,
    isShared = false,
  ): void {
    const hour = Math.floor(epochUs / HOUR_US);
    const last = this.#lastHour;
    if (last?.hour === hour && last.method === method && last.transport === transport) {
      if (isShared) last.sharedCount += count;
      else last.count += count;
      return;
    }
    const counted = method !== undefined && METHODS.has(method) ? method : 'OTHER';
    const key = `${hour}${counted}${transport}`;
    const sum = this.#hours.get(key);
    const added = sum ?? { hour, method: counted, transport, count: 0, sharedCount: 0 };
    if (isShared) added.sharedCount += count;
    else added.count += count;
    if (sum === undefined) this.#hours.set(key, added);
    this.#lastHour = added;
  }

  /** Writes what was added, within the caller's transaction. */
  flush(): void {
    const before = this.#readLastIds();
    for (const [address, sum] of this.#addresses.entries()) {
      const { firstUs, lastUs, count, gradeRank } = sum;
      this.#addAddress.run(address, firstUs, lastUs, count, gradeRank, sourceOf(address));
    }
    for (const [number, sum] of this.#numbers.entries()) {
      this.#addNumber.run(number, sum.firstUs, sum.lastUs, sum.count, sum.gradeRank);
    }
    for (const [userAgent, sum] of this.#userAgents.entries()) {
      this.#addUserAgent.run(userAgent, sum.firstUs, sum.lastUs, sum.count, sum.gradeRank);
    }
    this.#flushShared();
    for (const { hour, method, transport, count, sharedCount } of this.#hours.values()) {
      this.#addHour.run(hour, method, transport, count, sharedCount);
    }
    this.clear();
    // New totals get consecutive ids, so their number is the difference.
    const after = this.#readLastIds();
    for (const name of ['addresses', 'numbers', 'user_agents'] as const) {
      this.#counters.add(name, after[name] - before[name]);
    }
  }

  /** Forgets what was added but not written. */
  clear(): void {
    this.#addresses.clear();
    this.#numbers.clear();
    this.#userAgents.clear();
    this.#sharedAddresses.clear();
    this.#sharedNumbers.clear();
    this.#sharedUserAgents.clear();
    this.#hours.clear();
    this.#lastHour = undefined;
  }

  #flushShared(): void {
    for (const [address, { firstUs, lastUs, count }] of this.#sharedAddresses.entries()) {
      this.#shareAddress.run(address, firstUs, lastUs, count, sourceOf(address));
    }
    for (const [sums, statement] of [
      [this.#sharedNumbers, this.#shareNumber],
      [this.#sharedUserAgents, this.#shareUserAgent],
    ] as const) {
      for (const [text, { firstUs, lastUs, count }] of sums.entries()) {
        statement.run(text, firstUs, lastUs, count);
      }
    }
  }

  #readLastIds(): Readonly<Record<'addresses' | 'numbers' | 'user_agents', number>> {
    const row = this.#lastIds.get();
    return {
      addresses: Number(row?.['addresses']),
      numbers: Number(row?.['numbers']),
      user_agents: Number(row?.['user_agents']),
    };
  }
}

type TextTable = 'address_total' | 'number_total' | 'user_agent_total';
type TextColumn = 'address' | 'number' | 'user_agent';

/**
 * What is only shared has the times of the shares, until it is seen here.
 *
 * @param more A column of the table that is written once.
 */
function addText(
  database: DatabaseSync,
  table: TextTable,
  column: TextColumn,
  more?: 'source',
): StatementSync {
  const [name, value] = more === undefined ? ['', ''] : [`, ${more}`, ', ?'];
  const sql = `
    INSERT INTO ${table} (${column}, first_seen_us, last_seen_us, seen_count, grade${name})
    VALUES (?, ?, ?, ?, ?${value})
    ON CONFLICT (${column}) DO UPDATE SET
      first_seen_us = iif(seen_count = 0, excluded.first_seen_us, min(first_seen_us, excluded.first_seen_us)),
      last_seen_us = iif(seen_count = 0, excluded.last_seen_us, max(last_seen_us, excluded.last_seen_us)),
      seen_count = seen_count + excluded.seen_count, grade = max(grade, excluded.grade)`;
  return hotStatement(database, sql);
}

function shareText(
  database: DatabaseSync,
  table: TextTable,
  column: TextColumn,
  more?: 'source',
): StatementSync {
  const [name, value] = more === undefined ? ['', ''] : [`, ${more}`, ', ?5'];
  return database.prepare(`
    INSERT INTO ${table} (${column}, first_seen_us, last_seen_us, seen_count, grade,
        shared_count, shared_first_us, shared_last_us${name})
      VALUES (?1, ?2, ?3, 0, 0, ?4, ?2, ?3${value})
    ON CONFLICT (${column}) DO UPDATE SET
      first_seen_us = iif(seen_count = 0, min(first_seen_us, excluded.first_seen_us), first_seen_us),
      last_seen_us = iif(seen_count = 0, max(last_seen_us, excluded.last_seen_us), last_seen_us),
      shared_first_us = iif(shared_count = 0, excluded.shared_first_us,
        min(shared_first_us, excluded.shared_first_us)),
      shared_last_us = iif(shared_count = 0, excluded.shared_last_us,
        max(shared_last_us, excluded.shared_last_us)),
      shared_count = shared_count + excluded.shared_count`);
}
