// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { firstBits, networkRange } from '@sentrypeer/ip';
import { inTransaction } from '../file/transaction.ts';
import { JUDGE_ROWS } from '../limits.ts';
import type { Row } from '../log/event-row.ts';
import { Counters } from '../totals/counters.ts';
import { BlockNumbers } from './block-numbers.ts';
import type { ListedSubject } from './evidence-reader.ts';
import { subjectOf } from './listings.ts';
import { ALL, Sweep, type Reach } from './sweep.ts';

/** The kind of a due row whose value is one of the operator's decisions. */
export const DECISION = 'decision';
/** The kind of a due row whose value is an IPv6 network: all evidence within it is due. */
const WITHIN = 'within';
/** The same for the statements of voters and hubs. */
const SAID = 'said';
/** The kind of a due row whose value is a network that becomes an entry as soon as everything narrower has left. */
const WAITING = 'waiting';
const SEVERAL: ReadonlySet<unknown> = new Set([DECISION, WITHIN, SAID, WAITING]);

interface DueParts {
  readonly database: DatabaseSync;
  /** The subjects that an entry of the operator's concerns; `undefined` if that is unknown. */
  readonly reachOf: (value: string) => Reach | undefined;
  /** Number of other numbers in a block from which less is needed to list one. */
  readonly hotNumbersCount: number;
  /** Judges the subjects, within the caller's transaction. */
  readonly apply: (subjects: readonly ListedSubject[], nowUs: number) => void;
  /** Judges a waiting network, within the caller's transaction. @returns Whether it still waits. */
  readonly resume: (network: string, nowUs: number) => boolean;
}

/** Judges again what is in `judging_due`: after decisions, when allowances end, when evidence was removed. */
export class DueWork {
  readonly #parts: DueParts;
  readonly #counters: Counters;
  readonly #first: StatementSync;
  readonly #remove: StatementSync;
  readonly #soonest: StatementSync;
  readonly #endedAllowances: StatementSync;
  readonly #endedBlocks: StatementSync;
  readonly #removeAllowances: StatementSync;
  readonly #removeBlocks: StatementSync;
  readonly #add: StatementSync;
  readonly #within: StatementSync;
  readonly #anySaid: StatementSync;
  readonly #numbersCount: StatementSync;
  readonly #blockNumbers: BlockNumbers;
  /** Decisions that ended before this have been handled. Wall-clock microseconds. */
  #endedUs = 0;
  /** For the first row, if it is a decision or a statement of others. */
  #sweep: { readonly dueId: number; readonly subjects: Sweep } | undefined;
  /** Of that, what is named only once: kept until its transaction has been committed. */
  #swept: readonly ListedSubject[] = [];
  /** For the first row, if it is a network: the /64 that was last judged. */
  #within64: { readonly dueId: number; readonly address: string } | undefined;

  constructor(parts: DueParts) {
    const { database } = parts;
    this.#parts = parts;
    this.#counters = new Counters(database);
    this.#first = database.prepare(`
      SELECT due_id, kind, value FROM judging_due ORDER BY due_id LIMIT ${JUDGE_ROWS}`);
    this.#remove = database.prepare('DELETE FROM judging_due WHERE due_id <= ?');
    const ended = 'WHERE until_us > ? AND until_us <= ?';
    const anyEnded = ['allowance', 'operator_block'].flatMap((table) => [
      `EXISTS (SELECT 1 FROM ${table} WHERE until_us > ?1 AND until_us <= ?2)`,
      `EXISTS (SELECT 1 FROM ${table} WHERE until_us <= ?3)`,
    ]);
    this.#soonest = database.prepare(`SELECT 1 WHERE ${anyEnded.join(' OR ')}`);
    this.#endedAllowances = database.prepare(`SELECT value FROM allowance ${ended}`);
    this.#endedBlocks = database.prepare(`SELECT kind, value FROM operator_block ${ended}`);
    this.#removeAllowances = database.prepare('DELETE FROM allowance WHERE until_us <= ?');
    this.#removeBlocks = database.prepare('DELETE FROM operator_block WHERE until_us <= ?');
    this.#add = database.prepare('INSERT INTO judging_due (kind, value) VALUES (?, ?)');
    this.#blockNumbers = new BlockNumbers(database, parts.hotNumbersCount);
    this.#numbersCount = database.prepare('SELECT numbers_count FROM number_block WHERE block = ?');
    this.#anySaid = database.prepare(`
      SELECT 1 WHERE EXISTS (SELECT 1 FROM pool_admission) OR EXISTS (SELECT 1 FROM fleet_listing)`);
    this.#within = database.prepare(`
      SELECT address FROM address_evidence WHERE network > ? AND network <= ? ORDER BY network LIMIT ${JUDGE_ROWS}`);
  }

  /**
   * Has everything judged again that expired allowances and blocks covered. They are removed later: a clock that was
   * ahead may be put back, and then they hold again.
   *
   * @param removalUs Those that ended before this time may be removed.
   */
  endDecisions(nowUs: number, removalUs: number): void {
    const afterUs = Math.min(this.#endedUs, nowUs);
    this.#endedUs = afterUs; // The clock may have been put back.
    if (this.#soonest.get(afterUs, nowUs, removalUs) === undefined) return;
    inTransaction(this.#parts.database, () => {
      for (const { value } of this.#endedAllowances.all(afterUs, nowUs))
        this.#add.run(DECISION, value ?? '');
      for (const { kind, value } of this.#endedBlocks.all(afterUs, nowUs)) {
        this.#add.run(kind ?? '', value ?? '');
        if (String(value).includes('/')) this.#add.run(DECISION, value ?? '');
      }
      const { changes: allowances } = this.#removeAllowances.run(removalUs);
      const { changes: blocks } = this.#removeBlocks.run(removalUs);
      if (Number(allowances) + Number(blocks) > 0) this.#counters.add('decisions', 1);
    });
    this.#endedUs = nowUs;
  }

  /** Marks everything known within an IPv6 network as due. @param isSaid Only what voters and hubs say, if anything. */
  addWithin(network: string, isSaid: boolean): void {
    if (!isSaid) this.#add.run(WITHIN, network);
    if (this.#anySaid.get() !== undefined) this.#add.run(SAID, network);
  }

  /** Has a network wait until everything narrower has left. */
  addWaiting(network: string): void {
    this.#add.run(WAITING, network);
  }

  /** Handles some of what is due. @returns Whether there was anything. */
  step(nowUs: number): boolean {
    const { database, apply } = this.#parts;
    const rows = this.#first.all();
    const [first] = rows;
    if (first === undefined) return false;
    if (SEVERAL.has(first['kind'])) {
      this.#stepSeveral(first, nowUs);
      return true;
    }
    const otherAt = rows.findIndex(({ kind }) => SEVERAL.has(kind));
    const due = otherAt < 0 ? rows : rows.slice(0, otherAt);
    const subjects = due.map(subjectOf);
    inTransaction(database, () => {
      apply(subjects, nowUs);
      for (const { kind, value } of subjects) if (kind === 'range') this.#judgeNumbersIn(value);
      this.#remove.run(Number(due.at(-1)?.['due_id']));
    });
    return true;
  }

  #judgeNumbersIn(block: string): void {
    const count = Number(this.#numbersCount.get(block)?.['numbers_count'] ?? 0);
    this.#blockNumbers.removed(block, count);
  }

  #stepSeveral(row: Row, nowUs: number): void {
    const [dueId, value] = [Number(row['due_id']), String(row['value'])];
    if (row['kind'] === WITHIN) this.#stepWithin(dueId, value, nowUs);
    else if (row['kind'] === WAITING) this.#stepWaiting(dueId, value, nowUs);
    else this.#stepSweep(dueId, value, row['kind'] === SAID ? 'said' : undefined, nowUs);
  }

  #stepWaiting(dueId: number, network: string, nowUs: number): void {
    const { database, resume } = this.#parts;
    inTransaction(database, () => {
      if (!resume(network, nowUs)) this.#remove.run(dueId);
    });
  }

  /** Handles a part of what the decision concerns, or of the statements about a network; if unknown, of everything. */
  #stepSweep(dueId: number, value: string, of: 'said' | undefined, nowUs: number): void {
    const { database, reachOf, apply } = this.#parts;
    if (this.#sweep?.dueId !== dueId) {
      this.#sweep = { dueId, subjects: new Sweep(database, reachOf(value) ?? ALL, of) };
      this.#swept = [];
    }
    const subjects = this.#swept.length > 0 ? this.#swept : this.#sweep.subjects.next();
    if (subjects === undefined) {
      this.#sweep = undefined;
      this.#remove.run(dueId);
    } else if (subjects.length > 0) {
      this.#swept = subjects;
      inTransaction(database, () => apply(subjects, nowUs));
      this.#swept = [];
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
    const address = rows.length < JUDGE_ROWS ? undefined : addresses.at(-1);
    // The id of a row that is gone may be used again.
    this.#within64 = address === undefined ? undefined : { dueId, address };
  }
}
