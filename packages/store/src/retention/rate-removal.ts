// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '@sentrypeer/kernel';
import { inTransaction } from '../file/transaction.ts';
import {
  PRUNE_ROWS,
  RATE_DAYS_DEFAULT,
  RATE_KEEP_INTERVAL_MS,
  RATE_MINUTES_MAX,
  RATE_NAMES_MAX,
} from '../limits.ts';
import {
  FIXED_KINDS,
  HOUR_SPAN,
  MINUTE_SPAN,
  MINUTE_US,
  NAMED_KINDS,
  SUBJECT_KINDS,
  type RateKind,
} from '../totals/rate-table.ts';

const HOURS_OF_DAY = 24;
const DAY_US = HOURS_OF_DAY * HOUR_SPAN * MINUTE_US;
const HOUR_US = HOUR_SPAN * MINUTE_US;

interface RateRemovalPorts {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly removalUs: () => number;
}

/**
 * Keeps `rate_total` within its limits: intervals that are old or in the future are removed, and rare names of an hour
 * are joined.
 */
export class RateRemoval {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #hoursMax: number;
  readonly #removalUs: () => number;
  readonly #removeOld: StatementSync;
  readonly #removeAhead: StatementSync;
  readonly #rareCount: StatementSync;
  readonly #join: StatementSync;
  readonly #removeRare: StatementSync;
  #nextAtMs = Number.NEGATIVE_INFINITY;

  /**
   * @param ports.removalUs The time by which something may be removed, wall-clock microseconds.
   * @param daysMax Days that hours are kept, 1 and above.
   */
  constructor({ database, clock, removalUs }: RateRemovalPorts, daysMax: number) {
    this.#database = database;
    this.#clock = clock;
    this.#removalUs = removalUs;
    this.#hoursMax = daysMax * HOURS_OF_DAY;
    const removing = (which: string): StatementSync =>
      database.prepare(`
      DELETE FROM rate_total WHERE (span, kind, start, name) IN (SELECT span, kind, start, name FROM rate_total
        WHERE span = ? AND kind = ? AND ${which} LIMIT ${PRUNE_ROWS})`);
    this.#removeOld = removing('start < ?');
    this.#removeAhead = removing('start > ?');
    const rare = `span = ${HOUR_SPAN} AND kind = ?1 AND start = ?2 AND name <> ''`;
    const order = 'ORDER BY seen_count DESC, name';
    this.#rareCount = database.prepare(`
      SELECT sum(seen_count) AS count FROM (SELECT seen_count FROM rate_total WHERE ${rare}
        ${order} LIMIT -1 OFFSET ${RATE_NAMES_MAX})`);
    this.#join = database.prepare(`
      INSERT INTO rate_total (span, kind, start, name, seen_count) VALUES (${HOUR_SPAN}, ?, ?, '', ?)
      ON CONFLICT (span, kind, start, name) DO UPDATE SET seen_count = seen_count + excluded.seen_count`);
    this.#removeRare = database.prepare(`
      DELETE FROM rate_total WHERE ${rare} AND name IN (SELECT name FROM rate_total WHERE ${rare}
        ${order} LIMIT -1 OFFSET ${RATE_NAMES_MAX})`);
  }

  /** A step of some milliseconds, if due. @returns Whether there is more to do. */
  step(): boolean {
    if (this.#clock.nowMs() < this.#nextAtMs) return false;
    const nowUs = this.#clock.epochUs();
    const hour = Math.floor(nowUs / HOUR_US);
    const removed = inTransaction(this.#database, () => {
      for (const kind of [...NAMED_KINDS, ...SUBJECT_KINDS]) {
        for (const one of [hour, hour - 1]) this.#joinRare(kind, one);
      }
      const subjectHoursMax = Math.min(this.#hoursMax, RATE_DAYS_DEFAULT * HOURS_OF_DAY);
      return (
        this.#removeOf(MINUTE_SPAN, FIXED_KINDS, RATE_MINUTES_MAX, nowUs) +
        this.#removeOf(HOUR_SPAN, [...FIXED_KINDS, ...NAMED_KINDS], this.#hoursMax, nowUs) +
        this.#removeOf(HOUR_SPAN, SUBJECT_KINDS, subjectHoursMax, nowUs)
      );
    });
    if (removed > 0) return true;
    this.#nextAtMs = this.#clock.nowMs() + RATE_KEEP_INTERVAL_MS;
    return false;
  }

  /** @param countMax The most intervals that are kept. @returns How many rows were removed. */
  #removeOf(span: number, kinds: readonly RateKind[], countMax: number, nowUs: number): number {
    const removalUs = this.#removalUs();
    const intervalUs = span * MINUTE_US;
    const first = Math.floor(removalUs / intervalUs) - countMax;
    // Anything further ahead comes from a clock that was wrong by more than is corrected.
    const last = Math.floor((Math.max(nowUs, removalUs) + DAY_US) / intervalUs);
    let removed = 0;
    for (const kind of kinds) {
      removed += Number(this.#removeOld.run(span, kind, first).changes);
      removed += Number(this.#removeAhead.run(span, kind, last).changes);
    }
    return removed;
  }

  #joinRare(kind: RateKind, hour: number): void {
    const count = Number(this.#rareCount.get(kind, hour)?.['count'] ?? 0);
    if (count === 0) return;
    this.#join.run(kind, hour, count);
    this.#removeRare.run(kind, hour);
  }
}
