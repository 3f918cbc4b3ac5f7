// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Decision } from '@sentrypeer/event';
import { judgedAs, networkRange, networksOf } from '@sentrypeer/ip';
import { OperatingError, unreachable, type Clock, type Logger } from '@sentrypeer/kernel';
import { Counters } from '../totals/counters.ts';
import { OwnConnection } from '../file/own-connection.ts';
import {
  EvidenceReader,
  type KeptAllowance,
  type KeptBlock,
  type ListedSubject,
} from './evidence-reader.ts';
import { ALLOWANCES_COUNT_MAX, BLOCKS_COUNT_MAX } from '../limits.ts';
import { decisionOf, FleetDecisionLog, type FleetDecision } from '../fleet/fleet-decisions.ts';
import { DECISION } from './due-work.ts';
import { blockNames } from './number-tables.ts';
import { inTransaction } from '../file/transaction.ts';

const FORGOTTEN_COUNTERS = {
  address: 'proved_addresses',
  number: 'read_numbers',
  range: undefined,
} as const;

/** Where words of the operator stand that may have an end. */
type DecisionTable = 'allowance' | 'operator_block';

/** Writes decisions, on a connection that its owner shares. */
export class DecisionWriter {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #allow: StatementSync;
  readonly #disallow: StatementSync;
  readonly #isAllowed: StatementSync;
  readonly #isBlocked: StatementSync;
  readonly #block: StatementSync;
  readonly #unblock: StatementSync;
  readonly #removeEnded: Readonly<Record<DecisionTable, StatementSync>>;
  readonly #counts: Readonly<Record<DecisionTable, StatementSync>>;
  readonly #oddBlocks: StatementSync;
  readonly #delist: StatementSync;
  readonly #forget: Readonly<Record<ListedSubject['kind'], StatementSync>>;
  readonly #forgetNetwork: StatementSync;
  readonly #listed: StatementSync;
  readonly #addDue: StatementSync;
  readonly #fleet: FleetDecisionLog;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#counters = new Counters(database);
    this.#fleet = new FleetDecisionLog(database);
    this.#allow = database.prepare(`
      INSERT INTO allowance (value, comment, created_us, until_us) VALUES (?, ?, ?, ?)
      ON CONFLICT (value) DO UPDATE SET comment = excluded.comment, created_us = excluded.created_us,
        until_us = excluded.until_us`);
    this.#disallow = database.prepare('DELETE FROM allowance WHERE value = ?');
    this.#isAllowed = database.prepare('SELECT 1 FROM allowance WHERE value = ?');
    this.#isBlocked = database.prepare('SELECT 1 FROM operator_block WHERE kind = ? AND value = ?');
    this.#block = database.prepare(`
      INSERT INTO operator_block (kind, value, comment, created_us, until_us) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (kind, value) DO UPDATE SET comment = excluded.comment, created_us = excluded.created_us,
        until_us = excluded.until_us`);
    this.#unblock = database.prepare('DELETE FROM operator_block WHERE kind = ? AND value = ?');
    this.#removeEnded = {
      allowance: database.prepare('DELETE FROM allowance WHERE until_us <= ?'),
      operator_block: database.prepare('DELETE FROM operator_block WHERE until_us <= ?'),
    };
    this.#counts = {
      allowance: database.prepare('SELECT count(*) AS n FROM allowance'),
      operator_block: database.prepare('SELECT count(*) AS n FROM operator_block'),
    };
    this.#oddBlocks = database.prepare(
      "SELECT value FROM operator_block WHERE kind = 'number' AND value GLOB '*[^0-9]*'",
    );
    this.#delist = database.prepare(`
      INSERT INTO delisting (kind, value, at_us, events_count, honey_id, comment)
        VALUES (?, ?, ?, 0, (SELECT value FROM counter WHERE name = 'last_honey_id'), ?)
      ON CONFLICT (kind, value) DO UPDATE SET at_us = excluded.at_us, honey_id = excluded.honey_id,
        comment = excluded.comment`);
    this.#forget = {
      address: database.prepare('DELETE FROM address_evidence WHERE address = ?'),
      number: database.prepare('DELETE FROM number_evidence WHERE e164 = ?'),
      range: database.prepare('DELETE FROM number_block WHERE block = ?'),
    };
    this.#forgetNetwork = database.prepare(
      'DELETE FROM address_evidence WHERE network BETWEEN ? AND ?',
    );
    this.#listed = database.prepare(
      "SELECT value FROM listing WHERE kind = 'address' AND value = ?",
    );
    this.#addDue = database.prepare('INSERT INTO judging_due (kind, value) VALUES (?, ?)');
  }

  /**
   * Throws `OperatingError` if there is no such entry, or no room for another one.
   *
   * @returns What was delisted.
   */
  write(decision: Decision): ListedSubject | undefined {
    return inTransaction(this.#database, () => {
      const older = this.#spelledOtherwise(decision);
      const delisted = this.#write(decision);
      this.#counters.add('decisions', 1);
      // Other hubs know an older spelling as a separate entry.
      for (const each of older) this.#fleet.add(each);
      this.#fleet.add(decision);
      return delisted;
    });
  }

  /** Decisions that take back entries with an older spelling. */
  #spelledOtherwise(decision: Decision): readonly Decision[] {
    if (!('alike' in decision)) return [];
    const { kind, alike = [] } = decision;
    if (kind === 'allow' || kind === 'disallow') {
      return alike
        .filter((value) => this.#isAllowed.get(value) !== undefined)
        .map((value) => ({ kind: 'disallow', value }));
    }
    return alike
      .filter((value) => this.#isBlocked.get('number', value) !== undefined)
      .map((value) => ({ kind: 'unblock', subject: { kind: 'number', value } }));
  }

  /**
   * Takes decisions made at hubs of the fleet, in order, and saves that all up to the mark were taken. Taking one twice
   * does no harm.
   *
   * @returns Those for which there was no room.
   */
  takeAll(decisions: readonly FleetDecision[], mark: number): readonly FleetDecision[] {
    const left = decisions.filter((taken) => {
      const decision = decisionOf(taken);
      return decision === undefined || !this.#take(decision);
    });
    this.#fleet.saveMark(mark);
    return left;
  }

  /** Taking back what does not exist is fine. @returns Whether there was room. */
  #take(decision: Decision): boolean {
    try {
      inTransaction(this.#database, () => {
        this.#write(decision);
        this.#counters.add('decisions', 1);
      });
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      return error.code === 'allowance_unknown' || error.code === 'block_unknown';
    }
    return true;
  }

  /** The operator delisted it elsewhere in the fleet. Within the caller's transaction. */
  delist(subject: ListedSubject, comment: string): void {
    this.#write({ kind: 'delist', subject, comment });
    this.#counters.add('decisions', 1);
  }

  /** The fleet has all decisions of this node up to this one. */
  sent(id: number): void {
    this.#fleet.sent(id);
  }

  /** Has the judge look at its subjects again, even if another process writes this. */
  #due(kind: string, value: unknown): void {
    this.#addDue.run(kind, String(value));
  }

  #write(decision: Decision): ListedSubject | undefined {
    const nowUs = this.#clock.epochUs();
    switch (decision.kind) {
      case 'allow': {
        const { value, alike = [], comment, untilEpochUs } = decision;
        for (const other of alike) this.#disallow.run(other);
        this.#allow.run(value, comment, nowUs, untilEpochUs ?? null);
        this.#due(DECISION, value);
        if (this.#hasRoom('allowance', ALLOWANCES_COUNT_MAX, nowUs)) return undefined;
        throw new OperatingError(
          'allowlist_full',
          `the allowlist has ${ALLOWANCES_COUNT_MAX} entries already; remove some, or allow networks and ranges`,
        );
      }
      case 'disallow': {
        this.#due(DECISION, decision.value);
        const { value, alike = [] } = decision;
        const removed = [value, ...alike].filter((one) => this.#disallow.run(one).changes === 1);
        if (removed.length > 0) return undefined;
        throw new OperatingError(
          'allowance_unknown',
          `${value} is not on the allowlist; allow list shows what is`,
        );
      }
      case 'block':
        this.#addBlock(decision, nowUs);
        return undefined;
      case 'unblock':
        this.#removeBlock(decision);
        return undefined;
      case 'delist': {
        const subject = this.#entryOf(decision.subject);
        const { kind, value } = subject;
        this.#delist.run(kind, value, nowUs, decision.comment);
        // Later events start over: without the grade, callers and days of what no longer counts.
        const forgotten = this.#forgetEvidence(subject);
        const counter = FORGOTTEN_COUNTERS[kind];
        if (counter !== undefined) this.#counters.add(counter, -forgotten);
        this.#due(kind, value);
        if (kind === 'number') for (const block of blockNames(value)) this.#due('range', block);
        return subject;
      }
      default:
        return unreachable(decision);
    }
  }

  /** Whether no more decisions are kept than may be. What has ended is kept for a time, unless others need its room. */
  #hasRoom(table: DecisionTable, countMax: number, nowUs: number): boolean {
    const isFull = (): boolean => Number(this.#counts[table].get()?.['n']) > countMax;
    if (!isFull()) return true;
    this.#removeEnded[table].run(nowUs);
    return !isFull();
  }

  #addBlock(
    { subject, alike = [], comment, untilEpochUs }: Extract<Decision, { kind: 'block' }>,
    nowUs: number,
  ): void {
    const { kind, value } = subject;
    for (const other of alike) this.#dropBlock({ kind, value: other });
    this.#block.run(kind, value, comment, nowUs, untilEpochUs ?? null);
    this.#dueBlock(subject);
    if (this.#hasRoom('operator_block', BLOCKS_COUNT_MAX, nowUs)) return;
    throw new OperatingError(
      'blocklist_full',
      `${BLOCKS_COUNT_MAX} entries are blocked already; unblock some, or block networks and ranges`,
    );
  }

  #removeBlock({ subject, alike = [] }: Extract<Decision, { kind: 'unblock' }>): void {
    const { kind, value } = subject;
    const older = kind === 'number' ? this.#olderBlocks(value) : [];
    const values = new Set([value, ...older, ...alike]);
    const removed = [...values].filter((one) => this.#dropBlock({ kind, value: one }));
    if (removed.length > 0) return;
    throw new OperatingError(
      'block_unknown',
      `${kind === 'address' ? value : `+${value}`} is not on the blocklist itself; block list shows what is`,
    );
  }

  /** @returns Whether it was there. */
  #dropBlock(subject: ListedSubject): boolean {
    this.#dueBlock(subject);
    return this.#unblock.run(subject.kind, subject.value).changes === 1;
  }

  /** Entries of the same digits as stored by earlier versions: with separators, or a scheme. */
  #olderBlocks(digits: string): readonly string[] {
    const kept = this.#oddBlocks.all().map((row) => String(row['value']));
    return kept.filter((one) => one !== digits && one.replaceAll(/[^\d*#]/gu, '') === digits);
  }

  /**
   * Also has the separate listings inside a network judged again; the judge itself finds what a network puts on lists.
   */
  #dueBlock({ kind, value }: ListedSubject): void {
    this.#due(kind, value);
    if (value.includes('/')) this.#due(DECISION, value);
  }

  /** The entry that lists an address or an IPv6 network; if it is not listed, the narrowest network that is judged. */
  #entryOf(subject: ListedSubject): ListedSubject {
    const { kind, value } = subject;
    const networks = kind === 'address' ? (networksOf(value) ?? []) : [];
    const listed = networks.find(({ text }) => this.#listed.get(text) !== undefined);
    return { kind, value: listed?.text ?? (kind === 'address' ? judgedAs(value) : value) };
  }

  /** @returns Rows removed. */
  #forgetEvidence({ kind, value }: ListedSubject): number {
    const range = kind === 'address' ? networkRange(value) : undefined;
    if (range === undefined) return Number(this.#forget[kind].run(value).changes);
    return Number(this.#forgetNetwork.run(range.first, range.last).changes);
  }
}

/** Reads and writes decisions from another process, even while a daemon uses the database. */
export class Decisions {
  readonly #connection: OwnConnection;
  readonly #writer: DecisionWriter;
  readonly #evidence: EvidenceReader;

  private constructor(connection: OwnConnection, clock: Clock) {
    const { database } = connection;
    this.#connection = connection;
    this.#writer = new DecisionWriter(database, clock);
    this.#evidence = new EvidenceReader(database);
  }

  /** Creates or migrates the database if necessary. Throws `OperatingError`. */
  static open(ports: { readonly clock: Clock; readonly logger: Logger }, path: string): Decisions {
    return OwnConnection.open(ports, path, (connection) => new Decisions(connection, ports.clock));
  }

  /** Throws `OperatingError`. @returns What was delisted. */
  write(decision: Decision): ListedSubject | undefined {
    return this.#connection.run(() => this.#writer.write(decision));
  }

  /** Sorted by what they allow. */
  allowances(): readonly KeptAllowance[] {
    return this.#connection.run(() => this.#evidence.allowances());
  }

  /** Sorted by what they block. */
  blocks(): readonly KeptBlock[] {
    return this.#connection.run(() => this.#evidence.blocks());
  }

  close(): void {
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
