// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { inTransaction } from '../file/transaction.ts';
import { JUDGE_ROWS } from '../limits.ts';
import { Counters } from '../totals/counters.ts';
import type { ListedSubject } from './evidence-reader.ts';
import { subjectOf } from './listings.ts';
import { ALL, Sweep, type Reach } from './sweep.ts';

/** The kind of a due row whose value is one of the operator's decisions. */
export const DECISION = 'decision';

interface DueParts {
  readonly database: DatabaseSync;
  /** What an entry of the operator's concerns; `undefined` where that is not known. */
  readonly reachOf: (value: string) => Reach | undefined;
  /** Judges the subjects, within the caller's transaction. */
  readonly apply: (subjects: readonly ListedSubject[], nowUs: number) => void;
}

/** Judges again what stands in `judging_due`: after decisions, when allowances end, when evidence was removed. */
export class DueWork {
  readonly #parts: DueParts;
  readonly #counters: Counters;
  readonly #first: StatementSync;
  readonly #remove: StatementSync;
  readonly #soonest: StatementSync;
  readonly #endAllowances: StatementSync;
  readonly #endBlocks: StatementSync;
  readonly #add: StatementSync;
  /** Of the first row, which is a decision. */
  #sweep: { readonly dueId: number; readonly subjects: Sweep } | undefined;

  constructor(parts: DueParts) {
    const { database } = parts;
    this.#parts = parts;
    this.#counters = new Counters(database);
    this.#first = database.prepare(`
      SELECT due_id, kind, value FROM judging_due ORDER BY due_id LIMIT ${JUDGE_ROWS}`);
    this.#remove = database.prepare('DELETE FROM judging_due WHERE due_id <= ?');
    this.#soonest = database.prepare(`
      SELECT 1 WHERE EXISTS (SELECT 1 FROM allowance WHERE until_us <= ?1)
        OR EXISTS (SELECT 1 FROM operator_block WHERE until_us <= ?1)`);
    this.#endBlocks = database.prepare(
      'DELETE FROM operator_block WHERE until_us <= ? RETURNING kind, value',
    );
    this.#endAllowances = database.prepare(
      'DELETE FROM allowance WHERE until_us <= ? RETURNING value',
    );
    this.#add = database.prepare('INSERT INTO judging_due (kind, value) VALUES (?, ?)');
  }

  /** Allowances and blocks that have come to their end go, and what they covered is due. */
  endDecisions(nowUs: number): void {
    if (this.#soonest.get(nowUs) === undefined) return;
    inTransaction(this.#parts.database, () => {
      for (const { value } of this.#endAllowances.all(nowUs)) this.#add.run(DECISION, value ?? '');
      for (const { kind, value } of this.#endBlocks.all(nowUs)) {
        this.#add.run(kind ?? '', value ?? '');
        if (String(value).includes('/')) this.#add.run(DECISION, value ?? '');
      }
      this.#counters.add('decisions', 1);
    });
  }

  /** Some of what is due. @returns Whether there was anything. */
  step(nowUs: number): boolean {
    const { database, apply } = this.#parts;
    const rows = this.#first.all();
    const [first] = rows;
    if (first === undefined) return false;
    if (first['kind'] === DECISION) {
      this.#stepDecision(Number(first['due_id']), String(first['value']), nowUs);
      return true;
    }
    const decisionAt = rows.findIndex((row) => row['kind'] === DECISION);
    const subjects = decisionAt < 0 ? rows : rows.slice(0, decisionAt);
    inTransaction(database, () => {
      apply(subjects.map(subjectOf), nowUs);
      this.#remove.run(Number(subjects.at(-1)?.['due_id']));
    });
    return true;
  }

  /** A part of all that the decision concerns; where that is not known, of all there is. */
  #stepDecision(dueId: number, value: string, nowUs: number): void {
    const { database, reachOf, apply } = this.#parts;
    if (this.#sweep?.dueId !== dueId) {
      this.#sweep = { dueId, subjects: new Sweep(database, reachOf(value) ?? ALL) };
    }
    const subjects = this.#sweep.subjects.next();
    if (subjects === undefined) {
      this.#sweep = undefined;
      this.#remove.run(dueId);
    } else if (subjects.length > 0) {
      inTransaction(database, () => apply(subjects, nowUs));
    }
  }
}
