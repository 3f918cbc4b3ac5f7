// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import { bitsWithin, contains, judgedAs, networksOf, parseIp, parsePrefix } from '@sentrypeer/ip';
import type { Clock, Logger } from '@sentrypeer/kernel';
import { guarded } from '../file/database-error.ts';
import { openForCommand } from '../file/open-database.ts';
import { inTransaction } from '../file/transaction.ts';
import { EvidenceReader, type ListedSubject } from '../judging/evidence-reader.ts';
import { Listings } from '../judging/listings.ts';
import { blockNames } from '../judging/number-tables.ts';
import { EVIDENCE_COUNT_MAX, FORGET_ROWS } from '../limits.ts';
import { OwnRemoval } from '../log/own-removal.ts';
import { Counters, type CounterName } from '../totals/counters.ts';

/** What was forgotten. */
export interface Forgotten {
  readonly events: number;
  /** Totals, evidence, readings and decisions. */
  readonly entries: number;
  readonly wasListed: boolean;
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

/** Removes everything that is known of an address or a number, also while a daemon uses the database. */
export class Forgetting {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #database: DatabaseSync;
  readonly #counters: Counters;
  readonly #own: OwnRemoval;

  private constructor(path: string, clock: Clock, database: DatabaseSync) {
    this.#path = path;
    this.#clock = clock;
    this.#database = database;
    this.#counters = new Counters(database);
    this.#own = new OwnRemoval(database);
  }

  /** Throws `OperatingError`. */
  static open(ports: { readonly clock: Clock; readonly logger: Logger }, path: string): Forgetting {
    const database = openForCommand(path, ports);
    database.exec('PRAGMA secure_delete = ON'); // What is removed is written over with zeros, not just marked as free.
    return new Forgetting(path, ports.clock, database);
  }

  /**
   * Events first, some at a time, so that a daemon can record between; then what was made of them. Of a listing one
   * change is left, or no follower would learn that it ended.
   *
   * @param text As the operator wrote it, which is how a number may have been dialled.
   */
  forget(subject: ListedSubject, text: string): Forgotten {
    return guarded(this.#path, () => {
      const names = this.#namesOf(subject, text);
      let events = 0;
      for (;;) {
        const removed = this.#removeEvents(subject, names);
        events += removed;
        if (removed < FORGET_ROWS) break;
      }
      return inTransaction(this.#database, () => {
        const judged = judgedSubject(subject);
        const wasListed = this.#unlist(judged);
        return { events, entries: this.#removeEntries(judged, names), wasListed };
      });
    });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** An address has one name, a network those of its addresses; a number has every form in which it was dialled. */
  #namesOf({ kind, value }: ListedSubject, text: string): string {
    if (kind === 'address') {
      return JSON.stringify(value.includes('/') ? this.#addressesIn(value) : [value]);
    }
    const dialled = this.#database
      .prepare(
        'SELECT number FROM number_total JOIN number_reading USING (total_id) WHERE e164 = ?',
      )
      .all(value)
      .map((row) => String(row['number']));
    return JSON.stringify([...new Set([value, `+${value}`, text, ...dialled])]);
  }

  /** Addresses of the network that came, or that packets claimed. */
  #addressesIn(network: string): readonly string[] {
    const prefix = parsePrefix(network);
    const common = commonText(network);
    return this.#database
      .prepare('SELECT address FROM address_total WHERE address >= ? AND address < ?')
      .all(common, `${common}~`)
      .map((row) => String(row['address']))
      .filter((address) => {
        const ip = parseIp(address);
        return prefix !== undefined && ip !== undefined && contains(prefix, ip);
      });
  }

  /** @returns Rows removed. */
  #removeEvents({ kind }: ListedSubject, names: string): number {
    const column = kind === 'address' ? 'source_ip' : 'called_number';
    return inTransaction(this.#database, () => {
      const ids = this.#database
        .prepare(
          `SELECT honey_id FROM honey WHERE ${column} IN (SELECT value FROM json_each(?)) LIMIT ${FORGET_ROWS}`,
        )
        .all(names)
        .map((row) => row['honey_id']);
      const list = JSON.stringify(ids);
      const ofRows =
        'SELECT event_uuid FROM honey WHERE honey_id IN (SELECT value FROM json_each(?))';
      for (const table of ['dead_letter', 'pending_repeat']) {
        this.#database.prepare(`DELETE FROM ${table} WHERE event_uuid IN (${ofRows})`).run(list);
      }
      const { changes } = this.#own.run(() =>
        this.#database
          .prepare('DELETE FROM honey WHERE honey_id IN (SELECT value FROM json_each(?))')
          .run(list),
      );
      return Number(changes);
    });
  }

  #unlist(subject: ListedSubject): boolean {
    const { kind, value } = subject;
    const wasListed =
      this.#database
        .prepare('SELECT 1 FROM listing WHERE kind = ? AND value = ?')
        .get(kind, value) !== undefined;
    const listings = new Listings(this.#database, this.#counters, EVIDENCE_COUNT_MAX);
    listings.begin();
    const verdict = { level: undefined, score: 0, reasons: ['forgotten'], untilEpochUs: undefined };
    listings.apply(subject, verdict, undefined, this.#clock.epochUs());
    listings.finish();
    return wasListed;
  }

  #removeEntries({ kind, value }: ListedSubject, names: string): number {
    let entries = 0;
    const remove = (sql: string, ...values: readonly (string | bigint)[]): number => {
      const removed = Number(this.#database.prepare(sql).run(...values).changes);
      entries += removed;
      return removed;
    };
    for (const { name, column, counter } of TABLES[kind]) {
      const sql = `DELETE FROM ${name} WHERE ${column} IN (SELECT value FROM json_each(?))`;
      const removed = remove(sql, names);
      if (counter !== undefined) this.#counters.add(counter, -removed);
    }
    const network = kind === 'address' ? networksOf(value)?.[0] : undefined;
    if (network !== undefined) {
      const { first, last } = bitsWithin(network.bits, network.length);
      const sql = 'DELETE FROM address_evidence WHERE network BETWEEN ? AND ?';
      this.#counters.add('proved_addresses', -remove(sql, first, last));
    }
    const wasDelisted =
      remove('DELETE FROM delisting WHERE kind = ? AND value = ?', kind, value) > 0;
    if (wasDelisted && kind === 'number') {
      const due = this.#database.prepare(
        "INSERT INTO judging_due (kind, value) VALUES ('range', ?)",
      );
      for (const block of blockNames(value)) due.run(block);
    }
    const { changes } = this.#database
      .prepare(
        `DELETE FROM listing_change WHERE kind = ?1 AND value = ?2 AND change_id <
          (SELECT max(change_id) FROM listing_change WHERE kind = ?1 AND value = ?2)`,
      )
      .run(kind, value);
    this.#counters.add('listing_changes', -Number(changes));
    if (this.#isNamedByOthers({ kind, value })) {
      this.#database
        .prepare('INSERT INTO judging_due (kind, value) VALUES (?, ?)')
        .run(kind, value);
    }
    return entries;
  }

  /** Whether it stays listed without what was known here: by the operator's word, by voters of the pool, or by hubs. */
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

/** What is made of the events of an IPv6 address is kept by its /64, and goes with them as a whole. */
function judgedSubject({ kind, value }: ListedSubject): ListedSubject {
  return { kind, value: kind === 'address' ? judgedAs(value) : value };
}

/** What the texts of all addresses of a network begin with, perhaps nothing. */
function commonText(network: string): string {
  const [base = '', length = ''] = network.split('/');
  const isIpv6 = base.includes(':');
  const [separator, bits] = isIpv6 ? [':', 16] : ['.', 8];
  // Of IPv6 within the first 48 bits, and before a zero, which some of them may shorten.
  const groups = (base.split('::')[0] ?? '').split(separator);
  const whole = groups.slice(0, Math.min(Math.floor(Number(length) / bits), 3));
  const zeroAt = isIpv6 ? whole.indexOf('0') : -1;
  const first = whole.slice(0, zeroAt < 0 ? undefined : zeroAt);
  return first.map((group) => `${group}${separator}`).join('');
}
