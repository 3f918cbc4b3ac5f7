// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { firstBits, networkRange } from '@sentrypeer/ip';
import { inTransaction } from '../file/transaction.ts';
import { JUDGE_ROWS } from '../limits.ts';
import { Counters } from '../totals/counters.ts';
import type { ListedSubject } from './evidence-reader.ts';
import { subjectOf } from './listings.ts';
import { ALL, Sweep, type Reach } from './sweep.ts';

/** The kind of a due row whose value is one of the operator's decisions. */
export const DECISION = 'decision';
/** The kind of a due row whose value is a network of IPv6: all evidence within it is due. */
const WITHIN = 'within';

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
  readonly #within: StatementSync;
  /** Of the first row, which is a decision. */
  #sweep: { readonly dueId: number; readonly subjects: Sweep } | undefined;
  /** Of the first row, which is a network, the /64 that was judged last. */
  #within64: { readonly dueId: number; readonly address: string } | undefined;

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
    this.#within = database.prepare(`
      SELECT address FROM address_evidence WHERE network > ? AND network <= ? ORDER BY network LIMIT ${JUDGE_ROWS}`);
  }

  /** Removes allowances and blocks that have expired; whatever they covered is to be judged again. */
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

  /** All evidence within a network of IPv6 is due. */
  addWithin(network: string): void {
    this.#add.run(WITHIN, network);
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
    if (first['kind'] === WITHIN) {
      this.#stepWithin(Number(first['due_id']), String(first['value']), nowUs);
      return true;
    }
    const otherAt = rows.findIndex(({ kind }) => kind === DECISION || kind === WITHIN);
    const subjects = otherAt < 0 ? rows : rows.slice(0, otherAt);
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

  /** A part of the evidence within a network. */
  #stepWithin(dueId: number, network: string, nowUs: number): void {
    const { database, apply } = this.#parts;
    const { first = 0n, last = -1n } = networkRange(network) ?? {};
    const before = this.#within64?.dueId === dueId ? firstBits(this.#within64.address) : undefined;
    const rows = this.#within.all(before ?? first - 1n, last);
    const addresses = rows.map((row) => String(row['address']));
    inTransaction(database, () => {
      apply(
        addresses.map((value) => ({ kind: 'address', value })),
        nowUs,
      );
      if (rows.length < JUDGE_ROWS) this.#remove.run(dueId);
    });
    const address = addresses.at(-1);
    this.#within64 = address === undefined ? undefined : { dueId, address };
  }
}
