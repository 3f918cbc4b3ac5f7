// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { REGISTERED_METHODS, type Grade } from '@sentrypeer/event';
import { RATE_MINUTES_MAX, RATE_NAMES_OPEN_MAX, USER_AGENT_CHARACTERS_MAX } from '../limits.ts';
import { HOUR_SPAN, MINUTE_SPAN, MINUTE_US, type NamedKind, type RateKind } from './rate-table.ts';

const METHODS = new Set(REGISTERED_METHODS);
const HOUR_US = HOUR_SPAN * MINUTE_US;
/** The most hours whose names are in memory between two transactions; deliveries may bring many. */
const HOURS_KEPT_MAX = 16;

/** Messages of one minute with the same properties, as counted by the minute. */
interface Alike {
  readonly minute: number;
  readonly grade: Grade;
  readonly method: string;
  readonly transport: string;
  count: number;
}

interface Sum {
  readonly span: number;
  readonly kind: RateKind;
  readonly start: number;
  readonly name: string;
  count: number;
}

/** Names of one kind in one hour. */
interface Named {
  readonly kind: RateKind;
  readonly hour: number;
  /** Names that are counted, as looked up within a minute. */
  readonly known: Set<string>;
  readonly counts: Map<string, { count: number }>;
  lastName: string | undefined;
  last: { count: number };
}

/**
 * Messages per minute and hour, summed up within a transaction, so that each commit writes some rows however much it
 * brings. Of names that attackers choose, a limited number is counted in an hour, the others together as ''.
 */
export class Rates {
  readonly #alike = new Map<string, Alike>();
  #last: Alike | undefined;
  #lastMethod: string | undefined;
  readonly #sums = new Map<string, Sum>();
  readonly #add: StatementSync;
  readonly #names: StatementSync;
  #named: Named[] = [];
  #lastNamed: Named | undefined;
  #namedMinute = 0;
  #nowUs = 0;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(`
      INSERT INTO rate_total (span, kind, start, name, seen_count) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (span, kind, start, name) DO UPDATE SET seen_count = seen_count + excluded.seen_count`);
    this.#names = database.prepare(
      `SELECT name FROM rate_total WHERE span = ${HOUR_SPAN} AND kind = ? AND start = ? LIMIT ${RATE_NAMES_OPEN_MAX}`,
    );
  }

  /** Forgets what was added but not written. @param nowUs Wall-clock microseconds. */
  begin(nowUs: number): void {
    this.#clear();
    this.#nowUs = nowUs;
    const minute = Math.floor(nowUs / MINUTE_US);
    if (minute === this.#namedMinute && this.#named.length <= HOURS_KEPT_MAX) return;
    // Rare ones are dropped within a minute, so that others may take their place.
    this.#named = [];
    this.#lastNamed = undefined;
    this.#namedMinute = minute;
  }

  /**
   * @param method As received; `undefined` if there was none.
   * @param epochUs Wall-clock microseconds of the newest of the `count` messages.
   */
  addMessages(
    method: string | undefined,
    transport: string,
    grade: Grade,
    epochUs: number,
    count: number,
  ): void {
    const minute = Math.floor(epochUs / MINUTE_US);
    const last = this.#last;
    // If the same comes twice in a row, as usual, no search is needed.
    if (
      last?.minute === minute &&
      last.grade === grade &&
      last.transport === transport &&
      this.#lastMethod === method
    ) {
      last.count += count;
      return;
    }
    const counted = method !== undefined && METHODS.has(method) ? method : 'OTHER';
    const key = `${minute} ${grade} ${counted} ${transport}`;
    let sum = this.#alike.get(key);
    if (sum === undefined) {
      sum = { minute, grade, method: counted, transport, count: 0 };
      this.#alike.set(key, sum);
    }
    sum.count += count;
    this.#last = sum;
    this.#lastMethod = method;
  }

  /** @param name Cut to the characters that are kept. */
  addNamed(kind: NamedKind, name: string, epochUs: number, count: number): void {
    if (count <= 0) return;
    const hour = Math.floor(epochUs / HOUR_US);
    let named = this.#lastNamed;
    if (named?.kind !== kind || named.hour !== hour) named = this.#namedOf(kind, hour);
    // If the same comes twice in a row, as usual, no search is needed.
    if (name !== named.lastName) {
      named.last = countOf(named, name);
      named.lastName = name;
    }
    named.last.count += count;
  }

  /** Writes what was added, within the caller's transaction. */
  flush(): void {
    const sinceMinute = this.#nowUs / MINUTE_US - RATE_MINUTES_MAX;
    for (const { minute, grade, method, transport, count } of this.#alike.values()) {
      const hour = Math.floor(minute / HOUR_SPAN);
      for (const [kind, name] of [
        ['grade', grade],
        ['method', method],
        ['transport', transport],
      ] as const) {
        if (minute >= sinceMinute) this.#sum(MINUTE_SPAN, kind, minute, name, count);
        this.#sum(HOUR_SPAN, kind, hour, name, count);
      }
    }
    for (const { span, kind, start, name, count } of this.#sums.values()) {
      this.#add.run(span, kind, start, name, count);
    }
    for (const { kind, hour, counts } of this.#named) {
      for (const [name, { count }] of counts) this.#add.run(HOUR_SPAN, kind, hour, name, count);
    }
    this.#clear();
  }

  #clear(): void {
    this.#alike.clear();
    this.#sums.clear();
    this.#last = undefined;
    for (const named of this.#named) {
      named.counts.clear();
      named.lastName = undefined;
    }
  }

  #sum(span: number, kind: RateKind, start: number, name: string, count: number): void {
    const key = `${span} ${kind} ${start} ${name}`;
    const sum = this.#sums.get(key);
    if (sum === undefined) this.#sums.set(key, { span, kind, start, name, count });
    else sum.count += count;
  }

  #namedOf(kind: RateKind, hour: number): Named {
    let named = this.#named.find((one) => one.kind === kind && one.hour === hour);
    if (named === undefined) {
      const known = new Set(this.#names.all(kind, hour).map((row) => String(row['name'])));
      named = { kind, hour, known, counts: new Map(), lastName: undefined, last: { count: 0 } };
      this.#named.push(named);
    }
    this.#lastNamed = named;
    return named;
  }
}

/** The count of a name; that of all others if too many are counted. */
function countOf({ known, counts }: Named, name: string): { count: number } {
  const cut =
    name.length > USER_AGENT_CHARACTERS_MAX ? name.slice(0, USER_AGENT_CHARACTERS_MAX) : name;
  const kept = known.has(cut) || known.size < RATE_NAMES_OPEN_MAX ? cut : '';
  known.add(kept);
  let count = counts.get(kept);
  if (count === undefined) {
    count = { count: 0 };
    counts.set(kept, count);
  }
  return count;
}
