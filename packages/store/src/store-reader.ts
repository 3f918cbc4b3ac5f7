// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LogFilter, RecordedEvent } from '@sentrypeer/event';
import type { Page, PageEnd } from './page.ts';
import { API_KEY_COLUMNS, apiKey, keyHash, type ApiKey } from './access/api-keys.ts';
import { readCondition, type Condition } from './condition.ts';
import type { CounterName } from './totals/counters.ts';
import { fromSqlite, guarded } from './file/database-error.ts';
import { EndpointReader } from './delivery/endpoints.ts';
import { EVENT_COLUMNS, recordedEvent, type FoundEvent, type Row } from './log/event-row.ts';
import { HONEY_ID_MAX, LAST_HONEY_ID } from './log/honey-ids.ts';
import { EvidenceReader } from './judging/evidence-reader.ts';
import {
  EventSearch,
  type EventOrder,
  type EventPage,
  type EventSample,
} from './log/event-search.ts';
import { ListingReader } from './judging/listing-reader.ts';
import { openForLook, openForReading } from './file/open-database.ts';
import { mergedByTime } from './totals/graded-rows.ts';
import { ReadTransaction } from './file/read-transaction.ts';
import { PlaceReader } from './totals/place-reader.ts';
import { RateReader } from './totals/rate-reader.ts';
import {
  ADDRESS_COLUMNS,
  addressTotal,
  hourTotal,
  NUMBER_COLUMNS,
  numberTotal,
  USER_AGENT_COLUMNS,
  userAgentTotal,
  type AddressTotal,
  type HourTotal,
  type NumberTotal,
  type UserAgentTotal,
} from './totals/total-rows.ts';
import { SourceReader } from './totals/source-reader.ts';
import { OriginReader } from './sharing/origin-reader.ts';
import { NodeReader } from './pool/node-reader.ts';
import { PoolReader } from './pool/pool-reader.ts';

const HOUR_US = 3_600_000_000;
const BEGINNING: PageEnd = {
  lastSeenEpochUs: Number.MAX_SAFE_INTEGER,
  totalId: Number.MAX_SAFE_INTEGER,
};

/** Reads the event log, in the writer's process or in another one, without ever waiting for the writer. */
export class StoreReader {
  /** The reader shows the file as it was when it was opened, without later changes. */
  readonly isStill: boolean;
  /** Results of deliveries. */
  readonly endpoints: EndpointReader;
  /** Countries and networks. */
  readonly places: PlaceReader;
  /** Addresses, those of an IPv6 /64 together. */
  readonly sources: SourceReader;
  readonly rates: RateReader;
  /** The evidence for and against listings, and what is listed. */
  readonly evidence: EvidenceReader;
  readonly listings: ListingReader;
  /** Nodes that shared events. */
  readonly origins: OriginReader;
  /** Pages of the pool. */
  readonly pool: PoolReader;
  /** An overview of other nodes. */
  readonly nodes: NodeReader;
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #eventsAfter: StatementSync;
  readonly #lastId: StatementSync;
  readonly #cursor: StatementSync;
  readonly #counter: StatementSync;
  readonly #addresses: StatementSync;
  readonly #address: StatementSync;
  readonly #addressesFrom: StatementSync;
  readonly #seenAddress: StatementSync;
  readonly #calledNumber: StatementSync;
  readonly #revision: StatementSync;
  readonly #transaction: ReadTransaction;
  readonly #numbers: StatementSync;
  readonly #number: StatementSync;
  readonly #userAgents: StatementSync;
  readonly #hours: StatementSync;
  readonly #methods: StatementSync;
  readonly #sharedCounts: StatementSync;
  readonly #apiKey: StatementSync;
  readonly #search: EventSearch;

  private constructor(path: string, database: DatabaseSync, isStill: boolean) {
    this.isStill = isStill;
    this.#path = path;
    this.#database = database;
    this.#eventsAfter = database.prepare(
      `SELECT ${EVENT_COLUMNS} FROM honey WHERE honey_id > ? AND honey_id <= ${HONEY_ID_MAX} ORDER BY honey_id LIMIT ? + 0`,
    );
    this.#lastId = database.prepare(`SELECT ${LAST_HONEY_ID} AS id`);
    this.#cursor = database.prepare('SELECT honey_id FROM cursor WHERE name = ?');
    this.#counter = database.prepare('SELECT value FROM counter WHERE name = ?');
    this.#addresses = newestFirst(database, ADDRESS_COLUMNS, 'address_total');
    // The index alone answers these, and no text has to be made.
    this.#seenAddress = database.prepare('SELECT 1 FROM address_total WHERE address = ?');
    this.#calledNumber = database.prepare('SELECT 1 FROM number_total WHERE number = ?');
    for (const statement of [this.#seenAddress, this.#calledNumber]) {
      statement.setReturnArrays(true);
    }
    this.#revision = database.prepare('PRAGMA data_version');
    this.#transaction = new ReadTransaction(database);
    this.#address = database.prepare(
      `SELECT ${ADDRESS_COLUMNS} FROM address_total WHERE address = ?`,
    );
    this.#addressesFrom = database.prepare(
      `SELECT ${ADDRESS_COLUMNS} FROM address_total WHERE total_id > ? ORDER BY total_id LIMIT ? + 0`,
    );
    this.#numbers = newestFirst(database, NUMBER_COLUMNS, 'number_total');
    this.#number = database.prepare(`SELECT ${NUMBER_COLUMNS} FROM number_total WHERE number = ?`);
    this.#userAgents = newestFirst(database, USER_AGENT_COLUMNS, 'user_agent_total');
    this.#hours = database.prepare(`
      SELECT hour, method, transport, seen_count, shared_count FROM hour_total
      WHERE hour >= ? AND hour < ? ORDER BY hour, method, transport`);
    this.#methods = database.prepare(`
      SELECT min(hour) AS hour, method, transport, sum(seen_count) AS seen_count,
        sum(shared_count) AS shared_count FROM hour_total
      WHERE hour >= ? AND hour < ? GROUP BY method, transport ORDER BY seen_count DESC`);
    this.#sharedCounts = database.prepare(`
      SELECT (SELECT count(*) FROM address_total WHERE seen_count = 0 AND source IS NULL)
          + (SELECT count(*) FROM source_total WHERE seen_count = 0) AS addresses,
        (SELECT count(*) FROM number_total WHERE seen_count = 0) AS numbers,
        (SELECT count(*) FROM user_agent_total WHERE seen_count = 0) AS user_agents`);
    this.#apiKey = database.prepare(`SELECT ${API_KEY_COLUMNS} FROM api_key WHERE sha256 = ?`);
    this.#search = new EventSearch(database);
    this.endpoints = new EndpointReader(database, path);
    this.places = new PlaceReader(database, path);
    this.sources = new SourceReader(database, path);
    this.rates = new RateReader(database, path);
    this.evidence = new EvidenceReader(database);
    this.listings = new ListingReader(database);
    this.origins = new OriginReader(database, path);
    this.pool = new PoolReader(database, path);
    this.nodes = new NodeReader(database, path);
  }

  /**
   * Throws `OperatingError` if there is no database of ours.
   *
   * @param options.cacheOctets Page cache in memory. @default 2 MiB
   */
  static open(path: string, options: { readonly cacheOctets?: number } = {}): StoreReader {
    return StoreReader.#over(path, openForReading(path, options.cacheOctets), false);
  }

  /**
   * For a command that looks once: it makes nothing and locks nothing, so that it also works where this user may only
   * read. Throws `OperatingError` if there is no database of ours.
   */
  static look(path: string): StoreReader {
    const { database, isStill } = openForLook(path);
    return StoreReader.#over(path, database, isStill);
  }

  static #over(path: string, database: DatabaseSync, isStill: boolean): StoreReader {
    try {
      return new StoreReader(path, database, isStill);
    } catch (error) {
      database.close();
      throw fromSqlite(error, path);
    }
  }

  /** Rows with a higher id, lowest first. Rows that retention removed are left out. */
  eventsAfter(honeyId: number, limit: number): readonly RecordedEvent[] {
    return guarded(this.#path, () => this.#eventsAfter.all(honeyId, limit).map(recordedEvent));
  }

  /** The id of the newest row ever recorded; 0 before the first. */
  lastHoneyId(): number {
    return Number(guarded(this.#path, () => this.#lastId.get())?.['id']);
  }

  /** The row that the consumer of this name had reached; `undefined` if it never saved one. */
  cursor(name: string): number | undefined {
    const row = guarded(this.#path, () => this.#cursor.get(name));
    return row === undefined ? undefined : Number(row['honey_id']);
  }

  /** Number of sources: IPv4 addresses, and IPv6 /64. Those that are only shared are in `sharedCounts()`. */
  addressesCount(): number {
    const sources = this.#readCounter('addresses') - this.#readCounter('crowded_addresses');
    return sources - this.sharedCounts().addresses;
  }

  /** What was never seen here, only shared by other nodes: never more than their events that are kept. */
  sharedCounts(): Readonly<Record<'addresses' | 'numbers' | 'userAgents', number>> {
    const row = guarded(this.#path, () => this.#sharedCounts.get());
    const [addresses, numbers] = [Number(row?.['addresses']), Number(row?.['numbers'])];
    return { addresses, numbers, userAgents: Number(row?.['user_agents']) };
  }

  /**
   * A page of addresses, most recently seen first. An address that is seen again between two pages moves to the front
   * and may be missed: read all pages under `hold()` if that matters.
   */
  addresses(limit: number, after: PageEnd = BEGINNING): Page<AddressTotal> {
    return this.#page(this.#addresses, limit, after, addressTotal);
  }

  /** A page of addresses in the order in which they became known. */
  addressesFrom(totalId: number, limit: number): readonly AddressTotal[] {
    return guarded(this.#path, () => this.#addressesFrom.all(totalId, limit).map(addressTotal));
  }

  address(address: string): AddressTotal | undefined {
    const row = guarded(this.#path, () => this.#address.get(address));
    return row === undefined ? undefined : addressTotal(row);
  }

  numbersCount(): number {
    return this.#readCounter('numbers') - this.sharedCounts().numbers;
  }

  /** A page of numbers, most recently called first; see `addresses()`. */
  numbers(limit: number, after: PageEnd = BEGINNING): Page<NumberTotal> {
    return this.#page(this.#numbers, limit, after, numberTotal);
  }

  /** The number as dialled, otherwise the same with or without a leading `+`. */
  number(number: string): NumberTotal | undefined {
    const row = guarded(
      this.#path,
      () => this.#number.get(number) ?? this.#number.get(withOrWithoutPlus(number)),
    );
    return row === undefined ? undefined : numberTotal(row);
  }

  userAgentsCount(): number {
    return this.#readCounter('user_agents') - this.sharedCounts().userAgents;
  }

  /** A page of User-Agents, most recently seen first; see `addresses()`. */
  userAgents(limit: number, after: PageEnd = BEGINNING): Page<UserAgentTotal> {
    return this.#page(this.#userAgents, limit, after, userAgentTotal);
  }

  /** Hours that begin at or after the first time and before the second one, in microseconds; oldest first. */
  hours(sinceEpochUs: number, untilEpochUs: number): readonly HourTotal[] {
    return this.#hourTotals(this.#hours, sinceEpochUs, untilEpochUs);
  }

  /** The same hours summed up; `hourEpochUs` is the first hour in which the method was seen. */
  methods(sinceEpochUs: number, untilEpochUs: number): readonly HourTotal[] {
    return this.#hourTotals(this.#methods, sinceEpochUs, untilEpochUs);
  }

  /** See `EventSearch.find()`. */
  events(
    filter: LogFilter,
    order: EventOrder,
    after: number | undefined,
    limit: number,
    rowsMax?: number,
  ): EventPage {
    return guarded(this.#path, () => this.#search.find(filter, order, after, limit, rowsMax));
  }

  /** Ids after one, up to another; see `EventSearch.sample()`. */
  sampleEvents(
    filter: LogFilter,
    stretch: { readonly after: number; readonly until: number },
    limit: number,
    idsMax: number,
  ): EventSample {
    return guarded(this.#path, () => this.#search.sample(filter, stretch, limit, idsMax));
  }

  event(eventUuid: string): FoundEvent | undefined {
    return guarded(this.#path, () => this.#search.byUuid(eventUuid));
  }

  /** The rights of an API key; `undefined` if it is not a key. */
  apiKey(key: string): ApiKey | undefined {
    const row = guarded(this.#path, () => this.#apiKey.get(keyHash(key)));
    return row === undefined ? undefined : apiKey(row);
  }

  /** What an operator should know about the database. @param nowEpochUs Wall-clock microseconds. */
  condition(nowEpochUs: number): Condition {
    return guarded(this.#path, () => readCondition(this.#database, nowEpochUs));
  }

  /** Changes with each commit of the writer; only useful within one process. */
  revision(): number {
    return Number(guarded(this.#path, () => this.#revision.get())?.['data_version']);
  }

  /** The address if it was seen: the cheapest question about it. */
  seenAddress(address: string): string | undefined {
    const row = guarded(this.#path, () => this.#seenAddress.get(address));
    return row === undefined ? undefined : address;
  }

  /** The number as dialled, otherwise the same with or without a leading `+`, if it was called. */
  calledNumber(number: string): string | undefined {
    return guarded(this.#path, () => {
      if (this.#calledNumber.get(number) !== undefined) return number;
      const other = withOrWithoutPlus(number);
      return this.#calledNumber.get(other) === undefined ? undefined : other;
    });
  }

  /** Messages that were received but not kept; they are recorded nowhere else. */
  dropped(): number {
    return this.#readCounter('dropped_messages');
  }

  /** Makes all calls see one state until the result is disposed of. Keep it short: the writer's log grows meanwhile. */
  hold(): Disposable {
    guarded(this.#path, () => this.#database.exec('BEGIN'));
    return {
      [Symbol.dispose]: () => {
        if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
      },
    };
  }

  /**
   * Asks several questions of one state, in one transaction. It ends before the call returns, so nothing that is
   * written is seen late, and the writer's log is not held back.
   */
  atOnce<T>(questions: () => T): T {
    return guarded(this.#path, () => this.#transaction.around(questions));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #hourTotals(
    statement: StatementSync,
    sinceEpochUs: number,
    untilEpochUs: number,
  ): readonly HourTotal[] {
    const [from, to] = [sinceEpochUs, untilEpochUs].map((us) => Math.ceil(us / HOUR_US));
    const rows = guarded(this.#path, () => statement.all(from ?? 0, to ?? 0));
    return rows.map(hourTotal);
  }

  #readCounter(name: CounterName): number {
    return Number(guarded(this.#path, () => this.#counter.get(name))?.['value'] ?? 0);
  }

  #page<T>(
    statement: StatementSync,
    limit: number,
    after: PageEnd,
    itemOf: (row: Row) => T,
  ): Page<T> {
    const rows = guarded(this.#path, () =>
      statement.all(after.lastSeenEpochUs, after.totalId, limit),
    );
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      items: rows.map(itemOf),
      next:
        last === undefined
          ? undefined
          : { lastSeenEpochUs: Number(last['last_seen_us']), totalId: Number(last['total_id']) },
    };
  }

  /** Forgets cached pages of the file, as `Store.releaseMemory()` does. */
  releaseMemory(): void {
    this.ask(() => this.#database.exec('PRAGMA shrink_memory'));
  }

  /** Errors of queries to `evidence` and `listings` in it become `OperatingError`, as everywhere here. */
  ask<T>(question: () => T): T {
    return guarded(this.#path, question);
  }
}

function newestFirst(database: DatabaseSync, columns: string, table: string): StatementSync {
  return database.prepare(
    mergedByTime(
      columns,
      table,
      '(last_seen_us, total_id) < (?1, ?2)',
      'ORDER BY last_seen_us DESC, total_id DESC LIMIT ?3 + 0',
    ),
  );
}

function withOrWithoutPlus(number: string): string {
  return number.startsWith('+') ? number.slice(1) : `+${number}`;
}
