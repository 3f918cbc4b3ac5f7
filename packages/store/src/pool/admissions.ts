// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Counters } from '../totals/counters.ts';
import { POOL_LISTINGS_MAX, SURGE_DAYS, SURGE_FACTOR, SURGE_MIN } from './limits.ts';
import { SaidReader, type Said } from './said-reader.ts';

const DAY_US = 86_400_000_000;

/**
 * Decides which subjects the judge may act on because voters name them, within the caller's transaction. When a day
 * brings far more than usual, new ones wait for the operator: an attack by voters looks like a surge.
 */
export class Admissions {
  readonly #counters: Counters;
  readonly #said: SaidReader;
  readonly #hasQuorum: (said: Said, nowUs: number) => boolean;
  readonly #any: StatementSync;
  readonly #has: StatementSync;
  readonly #add: StatementSync;
  readonly #remove: StatementSync;
  readonly #count: StatementSync;
  readonly #days: StatementSync;
  readonly #addToDay: StatementSync;
  readonly #forgetDays: StatementSync;

  /** @param hasQuorum Whether enough voters name it. */
  constructor(database: DatabaseSync, hasQuorum: (said: Said, nowUs: number) => boolean) {
    this.#counters = new Counters(database);
    this.#said = new SaidReader(database);
    this.#hasQuorum = hasQuorum;
    this.#any = database.prepare(`
      SELECT 1 WHERE EXISTS (SELECT 1 FROM pool_claim) OR EXISTS (SELECT 1 FROM pool_admission)`);
    this.#has = database.prepare('SELECT 1 FROM pool_admission WHERE subject = ?');
    this.#add = database.prepare('INSERT INTO pool_admission (subject, admitted_us) VALUES (?, ?)');
    this.#remove = database.prepare('DELETE FROM pool_admission WHERE subject = ?');
    this.#count = database.prepare('SELECT value FROM counter WHERE name = ?');
    this.#days = database.prepare('SELECT day, admitted FROM pool_day WHERE day > ?');
    this.#addToDay = database.prepare(`
      INSERT INTO pool_day (day, admitted) VALUES (?, 1)
      ON CONFLICT (day) DO UPDATE SET admitted = admitted + 1`);
    this.#forgetDays = database.prepare('DELETE FROM pool_day WHERE day <= ?');
  }

  /** Whether voters name anything, or did. */
  isAny(): boolean {
    return this.#any.get() !== undefined;
  }

  /** Reconsiders a subject before it is judged. @param subject As lists name it. */
  review(subject: string, nowUs: number): void {
    const said = this.#said.said(subject);
    const isNamed = said !== undefined && this.#hasQuorum(said, nowUs);
    const isAdmitted = this.#has.get(subject) !== undefined;
    if (isNamed === isAdmitted) return;
    if (!isNamed) {
      this.#remove.run(subject);
      this.#counters.add('pool_admissions', -1);
    } else if (!this.isBraked(nowUs)) {
      const day = Math.floor(nowUs / DAY_US);
      this.#add.run(subject, nowUs);
      this.#addToDay.run(day);
      this.#forgetDays.run(day - SURGE_DAYS - 1);
      this.#counters.add('pool_admissions', 1);
    }
  }

  /**
   * Whether new ones wait: there are too many, or today brought far more than usual and the operator has not let them
   * through.
   */
  isBraked(nowUs: number): boolean {
    if (this.#number('pool_admissions') >= POOL_LISTINGS_MAX) return true;
    const today = Math.floor(nowUs / DAY_US);
    if (this.#number('pool_resumed_day') === today) return false;
    const byDay = new Map(
      this.#days
        .all(today - SURGE_DAYS - 1)
        .map((row) => [Number(row['day']), Number(row['admitted'])] as const),
    );
    const before = Array.from(
      { length: SURGE_DAYS },
      (_, index) => byDay.get(today - 1 - index) ?? 0,
    );
    const median = before.toSorted((a, b) => a - b)[Math.floor(SURGE_DAYS / 2)] ?? 0;
    return (byDay.get(today) ?? 0) >= Math.max(SURGE_MIN, SURGE_FACTOR * median);
  }

  #number(name: 'pool_admissions' | 'pool_resumed_day'): number {
    return Number(this.#count.get(name)?.['value']);
  }
}
