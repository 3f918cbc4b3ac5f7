// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import { formatJudgedNumber } from '@sentrypeer/event';
import {
  contains,
  covers,
  judgedAs,
  networkRange,
  networksOf,
  parseIp,
  parsePrefix,
  type Prefix,
} from '@sentrypeer/ip';
import { OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import { guarded } from '../file/database-error.ts';
import { openForCommand } from '../file/open-database.ts';
import { inTransaction } from '../file/transaction.ts';
import { DECISION } from '../judging/due-work.ts';
import { EvidenceReader, type ListedSubject } from '../judging/evidence-reader.ts';
import type { DialledReader } from '../judging/evidence-writer.ts';
import { Listings } from '../judging/listings.ts';
import { blockNames } from '../judging/number-tables.ts';
import { EVIDENCE_COUNT_MAX, FORGET_ROWS } from '../limits.ts';
import { OwnRemoval } from '../log/own-removal.ts';
import { Counters, type CounterName } from '../totals/counters.ts';
import { forgetHours } from './forgotten-hours.ts';

/** What was forgotten. */
export interface Forgotten {
  readonly events: number;
  /** Totals, evidence, readings and decisions. */
  readonly entries: number;
  readonly wasListed: boolean;
}

/** Reads dialled digits as the judge of the daemon does. */
type NumberReader = Pick<DialledReader, 'read'>;

interface ForgettingPorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly numbers: NumberReader;
}

interface Table {
  readonly name: string;
  readonly column: string;
  readonly counter?: CounterName;
}

const TABLES: Readonly<Record<ListedSubject['kind'], readonly Table[]>> = {
  address: [
    { name: 'address_total', column: 'address', counter: 'addresses' },
    { name: 'address_evidence', column: 'address', counter: 'proved_addresses' },
  ],
  number: [
    { name: 'number_total', column: 'number', counter: 'numbers' },
    { name: 'number_evidence', column: 'e164', counter: 'read_numbers' },
  ],
  range: [{ name: 'number_block', column: 'block' }],
};

/** Removes everything that is known about an address or a number, even while a daemon uses the database. */
export class Forgetting {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #database: DatabaseSync;
  readonly #counters: Counters;
  readonly #own: OwnRemoval;
  readonly #numbers: NumberReader;

  private constructor(
    path: string,
    { clock, numbers }: Pick<ForgettingPorts, 'clock' | 'numbers'>,
    database: DatabaseSync,
  ) {
    this.#path = path;
    this.#clock = clock;
    this.#numbers = numbers;
    this.#database = database;
    this.#counters = new Counters(database);
    this.#own = new OwnRemoval(database);
  }

  /** Throws `OperatingError`. */
  static open(ports: ForgettingPorts, path: string): Forgetting {
    const database = openForCommand(path, ports);
    database.exec('PRAGMA secure_delete = ON'); // Removed data is overwritten with zeros, not just marked as free.
    return new Forgetting(path, ports, database);
  }

  /**
   * Events first, some at a time, so that a daemon can record in between; then what was made from them. One change of
   * each listing is kept, so that followers learn that it ended.
   *
   * What was removed stays removed if it fails half-way, and doing it again removes the rest.
   *
   * @param text As the operator wrote it, which is how a number may have been dialled.
   */
  forget(subject: ListedSubject, text: string): Forgotten {
    let events = 0;
    try {
      return guarded(this.#path, () => {
        const network = networkOf(subject);
        const names =
          network === undefined
            ? this.#namesOf(subject, text)
            : this.#addressesIn(subject, network);
        for (const removed of this.#removeEvents(subject, names)) events += removed;
        return { events, ...this.#removeKnown(subject, names, network) };
      });
    } catch (error) {
      throw error instanceof OperatingError ? unfinished(error, events) : error;
    }
  }

  /** What was made from the events, in one transaction. */
  #removeKnown(
    subject: ListedSubject,
    names: readonly string[],
    network: Prefix | undefined,
  ): Omit<Forgotten, 'events'> {
    return inTransaction(this.#database, () => {
      const judged = judgedSubject(subject);
      const wasListed = this.#unlist([judged]) > 0;
      // Entries first: the removal of evidence against one that is listed would leave its name for the judge.
      const within = network === undefined ? 0 : this.#removeWithin(judged, network);
      const entries = this.#removeEntries(judged, names);
      const own = new Set([judged.value, formatJudgedNumber(judged.value), ...names]);
      const isOwn = (name: string): boolean =>
        own.has(name) || (network !== undefined && isWithin(name, network));
      forgetHours(this.#database, judged.kind, isOwn);
      this.#judgeAgain(judged);
      return { entries: entries + within, wasListed };
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The names in the log: one for an address, every dialled form for a number. */
  #namesOf({ kind, value }: ListedSubject, text: string): readonly string[] {
    if (kind === 'address') return [value];
    if (kind === 'range') return [value, `+${value}`, text];
    return [...new Set([value, `+${value}`, text, ...this.#formsOf(value)])];
  }

  /**
   * Dialled forms of the number in the log and in the totals. The judge's reading goes with the total of a form and
   * does not exist for what only others share, so every form without one is read again.
   */
  #formsOf(number: string): readonly string[] {
    const reading = this.#database.prepare(
      'SELECT e164 FROM number_total JOIN number_reading USING (total_id) WHERE number = ?',
    );
    const evidence = new EvidenceReader(this.#database);
    const means = (dialled: string): boolean => {
      const known = reading.get(dialled)?.['e164'];
      if (typeof known === 'string') return known === number;
      const read = this.#numbers.read(dialled);
      return (read.unread ?? read.settle((e164) => evidence.formsOf(e164))?.e164) === number;
    };
    const found = new Set<string>();
    for (const [table, column] of [
      ['number_total', 'number'],
      ['honey', 'called_number'],
    ] as const) {
      for (const dialled of this.#different(table, column)) {
        if (mayMean(dialled, number) && means(dialled)) found.add(dialled);
      }
    }
    return [...found];
  }

  /** The different texts of an indexed column: one search for each, however many rows have it. */
  *#different(table: string, column: string): Iterable<string> {
    const rows = this.#database
      .prepare(
        `WITH RECURSIVE different (text) AS (
          SELECT min(${column}) FROM ${table}
          UNION ALL
          SELECT (SELECT min(${column}) FROM ${table} WHERE ${column} > different.text) FROM different
            WHERE different.text IS NOT NULL
        ) SELECT text FROM different`,
      )
      .iterate();
    for (const { text } of rows) if (typeof text === 'string') yield text;
  }

  /** Known addresses in the network: there may be events without totals and evidence, and the other way around. */
  #addressesIn({ value }: ListedSubject, network: Prefix): readonly string[] {
    const common = commonText(value);
    const found = new Set<string>();
    for (const [table, column] of [
      ['honey', 'source_ip'],
      ['address_total', 'address'],
      ['address_evidence', 'address'],
    ] as const) {
      const rows = this.#database
        .prepare(
          `SELECT DISTINCT ${column} AS address FROM ${table} WHERE ${column} >= ? AND ${column} < ?`,
        )
        .iterate(common, `${common}~`);
      for (const row of rows) {
        const address = String(row['address']);
        const ip = parseIp(address);
        if (ip !== undefined && contains(network, ip)) found.add(address);
      }
    }
    return [...found];
  }

  /** Rows removed by each of its transactions. */
  *#removeEvents({ kind }: ListedSubject, names: readonly string[]): Iterable<number> {
    const column = kind === 'address' ? 'source_ip' : 'called_number';
    const find = this.#database.prepare(
      `SELECT honey_id FROM honey WHERE ${column} IN (SELECT value FROM json_each(?))`,
    );
    const ids = find.all(JSON.stringify(names)).map((row) => Number(row['honey_id']));
    for (let at = 0; at < ids.length; at += FORGET_ROWS) {
      yield this.#removeRows(ids.slice(at, at + FORGET_ROWS));
    }
  }

  /** @returns Rows removed. */
  #removeRows(ids: readonly number[]): number {
    return inTransaction(this.#database, () => {
      const list = JSON.stringify(ids);
      const ofRows =
        'SELECT event_uuid FROM honey WHERE honey_id IN (SELECT value FROM json_each(?))';
      for (const table of ['dead_letter', 'pending_repeat']) {
        this.#database.prepare(`DELETE FROM ${table} WHERE event_uuid IN (${ofRows})`).run(list);
      }
      return this.#own.rows(ids);
    });
  }

  /** @returns How many of them were entries. */
  #unlist(subjects: readonly ListedSubject[]): number {
    const listings = new Listings(this.#database, this.#counters, EVIDENCE_COUNT_MAX);
    const verdict = { level: undefined, score: 0, reasons: ['forgotten'], untilEpochUs: undefined };
    const nowUs = this.#clock.epochUs();
    const entries = subjects.filter((subject) => listings.has(subject));
    listings.begin();
    for (const subject of entries) listings.apply(subject, verdict, undefined, nowUs);
    listings.finish();
    return entries.length;
  }

  #removeEntries({ kind, value }: ListedSubject, names: readonly string[]): number {
    const list = JSON.stringify(names);
    let entries = 0;
    for (const { name, column, counter } of TABLES[kind]) {
      const sql = `DELETE FROM ${name} WHERE ${column} IN (SELECT value FROM json_each(?))`;
      const removed = this.#remove(sql, list);
      if (counter !== undefined) this.#counters.add(counter, -removed);
      entries += removed;
    }
    const range = kind === 'address' ? networkRange(value) : undefined;
    if (range !== undefined) {
      const sql = 'DELETE FROM address_evidence WHERE network BETWEEN ? AND ?';
      const removed = this.#remove(sql, range.first, range.last);
      this.#counters.add('proved_addresses', -removed);
      entries += removed;
    }
    const delistings = this.#removeDelistings(kind, [value]);
    if (delistings > 0 && kind === 'number') {
      for (const block of blockNames(value)) this.#due('range', block);
    }
    this.#removeChanges(kind, [value, ...names]);
    return entries + delistings;
  }

  /** What names networks and addresses in a network. @returns Entries removed. */
  #removeWithin({ kind, value }: ListedSubject, network: Prefix): number {
    const inside = (table: string): readonly string[] =>
      this.#database
        .prepare(`SELECT DISTINCT value FROM ${table} WHERE kind = ? AND value <> ?`)
        .all(kind, value)
        .map((row) => String(row['value']))
        .filter((text) => isWithin(text, network));
    this.#unlist(inside('listing').map((text) => ({ kind, value: text })));
    this.#removeChanges(kind, inside('listing_change'));
    return this.#removeDelistings(kind, inside('delisting'));
  }

  #removeDelistings(kind: ListedSubject['kind'], values: readonly string[]): number {
    return this.#remove(
      'DELETE FROM delisting WHERE kind = ? AND value IN (SELECT value FROM json_each(?))',
      kind,
      JSON.stringify(values),
    );
  }

  /** All but the newest of each. */
  #removeChanges(kind: ListedSubject['kind'], values: readonly string[]): void {
    const ofThem = 'kind = ?1 AND value IN (SELECT value FROM json_each(?2))';
    const removed = this.#remove(
      `DELETE FROM listing_change WHERE ${ofThem} AND change_id NOT IN
        (SELECT max(change_id) FROM listing_change WHERE ${ofThem} GROUP BY value)`,
      kind,
      JSON.stringify(values),
    );
    this.#counters.add('listing_changes', -removed);
  }

  #remove(sql: string, ...values: readonly (string | bigint)[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes);
  }

  #due(kind: string, value: string): void {
    this.#database.prepare('INSERT INTO judging_due (kind, value) VALUES (?, ?)').run(kind, value);
  }

  /** What the operator, voters of the pool and hubs say of it, and of what lies in it, stays. */
  #judgeAgain(subject: ListedSubject): void {
    const { kind, value } = subject;
    if (this.#isNamedByOthers(subject)) this.#due(kind, value);
    if (kind === 'address' && value.includes('/')) this.#due(DECISION, value);
  }

  /**
   * Whether it stays listed without what was known here: by the operator's decision, by voters of the pool, or by hubs.
   */
  #isNamedByOthers(subject: ListedSubject): boolean {
    const { kind, value } = subject;
    const evidence = new EvidenceReader(this.#database);
    if (evidence.said(subject) !== undefined || evidence.fleet(subject) !== undefined) return true;
    const blocks = [...evidence.blocks(), ...evidence.fleetBlocks()];
    return blocks.some(({ subject: blocked }) => {
      if (blocked.kind !== kind) return false;
      const networks = kind === 'address' ? (networksOf(blocked.value) ?? []) : [];
      return blocked.value === value || networks.some(({ text }) => text === value);
    });
  }
}

/** @param events Removed before the failure. */
function unfinished(error: OperatingError, events: number): OperatingError {
  const done =
    events === 0
      ? 'nothing is forgotten yet'
      : `events of it were removed (${events}), everything else is still known`;
  const message = `${error.message}; ${done}: run forget again`;
  return new OperatingError(error.code, message, { cause: error });
}

/** What is made from the events of an IPv6 address is kept by its /64, and is removed with them as a whole. */
function judgedSubject({ kind, value }: ListedSubject): ListedSubject {
  return { kind, value: kind === 'address' ? judgedAs(value) : value };
}

/** The network to forget; `undefined` if the subject is a single address or a number. */
function networkOf({ kind, value }: ListedSubject): Prefix | undefined {
  return kind === 'address' && value.includes('/') ? parsePrefix(value) : undefined;
}

function isWithin(text: string, network: Prefix): boolean {
  const inner = parsePrefix(text);
  return inner !== undefined && covers(network, inner);
}

/** The common beginning of the texts of all addresses in a network, perhaps empty. */
function commonText(network: string): string {
  const [base = '', length = ''] = network.split('/');
  const isIpv6 = base.includes(':');
  const [separator, bits] = isIpv6 ? [':', 16] : ['.', 8];
  // For IPv6 within the first 48 bits, and before a zero, which the text form may shorten.
  const groups = (base.split('::')[0] ?? '').split(separator);
  const whole = groups.slice(0, Math.min(Math.floor(Number(length) / bits), 3));
  const zeroAt = isIpv6 ? whole.indexOf('0') : -1;
  const first = whole.slice(0, zeroAt < 0 ? undefined : zeroAt);
  return first.map((group) => `${group}${separator}`).join('');
}

/** How many digits at the end of a number are looked for in what was dialled, before that is read. */
const LAST_DIGITS = 3;

/** Whether a dialled form may mean the number, at little cost; escapes and parameters may hide its digits. */
function mayMean(dialled: string, number: string): boolean {
  if (dialled.includes('%') || dialled.includes(';')) return true;
  return digitsOf(dialled).includes(digitsOf(number).slice(-LAST_DIGITS));
}

function digitsOf(text: string): string {
  return text.replaceAll(/[^0-9]/g, '');
}
