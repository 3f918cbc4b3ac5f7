// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NOT_FOUND, type RecordedEvent, type Grade } from '@sentrypeer/event';
import type { CounterName } from './counters.ts';
import { fromSqlite } from './database-error.ts';
import { gradeOfRank, gradeOfText } from './grades.ts';
import { openForReading } from './open-database.ts';

/** All that is known of an address, whether or not its rows still stand in the log. */
export interface AddressTotal {
  readonly address: string;
  /** Wall-clock microseconds. */
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
  /** Messages, those folded into others counted. */
  readonly seenCount: number;
  /** The highest ever. */
  readonly grade: Grade;
}

/** All that is known of a called number, as it was dialled. */
export interface NumberTotal {
  readonly number: string;
  /** Wall-clock microseconds. */
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
  readonly seenCount: number;
}

/** Where a page of totals ended. */
export interface PageEnd {
  readonly lastSeenEpochUs: number;
  readonly totalId: number;
}

/** One page of totals, newest first. `next` is `undefined` behind the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: PageEnd | undefined;
}

type Row = Readonly<Record<string, unknown>>;

const EVENT_COLUMNS =
  'honey_id, event_timestamp, event_uuid, created_by_node_id, collected_method, transport_type, ' +
  'source_ip, source_port, destination_ip, destination_port, called_number, method, user_agent, ' +
  'grade, request_uri, sip_message';
const ADDRESS_COLUMNS = 'total_id, address, first_seen_us, last_seen_us, seen_count, grade';
const NUMBER_COLUMNS = 'total_id, number, first_seen_us, last_seen_us, seen_count';
const NEWEST_FIRST =
  'WHERE (last_seen_us, total_id) < (?, ?) ORDER BY last_seen_us DESC, total_id DESC LIMIT ?';
const BEGINNING: PageEnd = {
  lastSeenEpochUs: Number.MAX_SAFE_INTEGER,
  totalId: Number.MAX_SAFE_INTEGER,
};

/** Reads the event log, in the writer's process or in another, without ever waiting for the writer. */
export class StoreReader {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #eventsAfter: StatementSync;
  readonly #cursor: StatementSync;
  readonly #counter: StatementSync;
  readonly #addresses: StatementSync;
  readonly #address: StatementSync;
  readonly #numbers: StatementSync;
  readonly #number: StatementSync;

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#eventsAfter = database.prepare(
      `SELECT ${EVENT_COLUMNS} FROM honey WHERE honey_id > ? ORDER BY honey_id LIMIT ?`,
    );
    this.#cursor = database.prepare('SELECT honey_id FROM cursor WHERE name = ?');
    this.#counter = database.prepare('SELECT value FROM counter WHERE name = ?');
    this.#addresses = database.prepare(
      `SELECT ${ADDRESS_COLUMNS} FROM address_total ${NEWEST_FIRST}`,
    );
    this.#address = database.prepare(
      `SELECT ${ADDRESS_COLUMNS} FROM address_total WHERE address = ?`,
    );
    this.#numbers = database.prepare(`SELECT ${NUMBER_COLUMNS} FROM number_total ${NEWEST_FIRST}`);
    this.#number = database.prepare(`SELECT ${NUMBER_COLUMNS} FROM number_total WHERE number = ?`);
  }

  /** Throws `OperatingError` where there is no database of ours. */
  static open(path: string): StoreReader {
    const database = openForReading(path);
    try {
      return new StoreReader(path, database);
    } catch (error) {
      database.close();
      throw fromSqlite(error, path);
    }
  }

  /** Rows with a higher id, lowest first. Rows that retention removed are left out. */
  eventsAfter(honeyId: number, limit: number): readonly RecordedEvent[] {
    return this.#guarded(() => this.#eventsAfter.all(honeyId, limit).map(recordedEvent));
  }

  /** The id of the newest row that was ever recorded, 0 before the first. */
  lastHoneyId(): number {
    return this.#readCounter('last_honey_id');
  }

  /** Up to which row the consumer of this name had come, or `undefined` where it never saved that. */
  cursor(name: string): number | undefined {
    const row = this.#guarded(() => this.#cursor.get(name));
    return row === undefined ? undefined : Number(row['honey_id']);
  }

  addressesCount(): number {
    return this.#readCounter('addresses');
  }

  /**
   * A page of addresses, the last seen first. An address that is seen again between two pages moves to the
   * front and may be missed: read all pages under `hold()` where that matters.
   */
  addresses(limit: number, after: PageEnd = BEGINNING): Page<AddressTotal> {
    return this.#page(this.#addresses, limit, after, addressTotal);
  }

  address(address: string): AddressTotal | undefined {
    const row = this.#guarded(() => this.#address.get(address));
    return row === undefined ? undefined : addressTotal(row);
  }

  numbersCount(): number {
    return this.#readCounter('numbers');
  }

  /** A page of numbers, the last called first; see `addresses()`. */
  numbers(limit: number, after: PageEnd = BEGINNING): Page<NumberTotal> {
    return this.#page(this.#numbers, limit, after, numberTotal);
  }

  /** The number as dialled, else the same with a leading `+` more or less. */
  number(number: string): NumberTotal | undefined {
    const other = number.startsWith('+') ? number.slice(1) : `+${number}`;
    const row = this.#guarded(() => this.#number.get(number) ?? this.#number.get(other));
    return row === undefined ? undefined : numberTotal(row);
  }

  /** Messages that were received but not kept; they stand nowhere else. */
  dropped(): number {
    return this.#readCounter('dropped_messages');
  }

  /**
   * Lets all calls see one state until what is returned is disposed of. Keep it short: the writer's log
   * grows meanwhile.
   */
  hold(): Disposable {
    this.#guarded(() => this.#database.exec('BEGIN'));
    return {
      [Symbol.dispose]: () => {
        if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
      },
    };
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #readCounter(name: CounterName): number {
    return Number(this.#guarded(() => this.#counter.get(name))?.['value'] ?? 0);
  }

  #page<T>(
    statement: StatementSync,
    limit: number,
    after: PageEnd,
    itemOf: (row: Row) => T,
  ): Page<T> {
    const rows = this.#guarded(() => statement.all(after.lastSeenEpochUs, after.totalId, limit));
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      items: rows.map(itemOf),
      next:
        last === undefined
          ? undefined
          : { lastSeenEpochUs: Number(last['last_seen_us']), totalId: Number(last['total_id']) },
    };
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw fromSqlite(error, this.#path);
    }
  }
}

function recordedEvent(row: Row): RecordedEvent {
  const transport = row['transport_type'];
  return {
    honeyId: Number(row['honey_id']),
    eventTimestamp: text(row['event_timestamp']) ?? '',
    eventUuid: text(row['event_uuid']) ?? '',
    createdByNodeId: text(row['created_by_node_id']) ?? '',
    collectedMethod: row['collected_method'] === 'responsive' ? 'responsive' : 'passive',
    transportType: transport === 'TCP' || transport === 'TLS' ? transport : 'UDP',
    sourceIp: text(row['source_ip']) ?? '',
    sourcePort: integer(row['source_port']),
    destinationIp: text(row['destination_ip']),
    destinationPort: integer(row['destination_port']),
    calledNumber: text(row['called_number']) ?? NOT_FOUND,
    sipMethod: text(row['method']) ?? NOT_FOUND,
    userAgent: text(row['user_agent']) ?? NOT_FOUND,
    grade: gradeOfText(row['grade']),
    requestUri: text(row['request_uri']),
    sipMessage: text(row['sip_message']) ?? '',
  };
}

function addressTotal(row: Row): AddressTotal {
  return {
    address: String(row['address']),
    firstSeenEpochUs: Number(row['first_seen_us']),
    lastSeenEpochUs: Number(row['last_seen_us']),
    seenCount: Number(row['seen_count']),
    grade: gradeOfRank(Number(row['grade'])),
  };
}

function numberTotal(row: Row): NumberTotal {
  return {
    number: String(row['number']),
    firstSeenEpochUs: Number(row['first_seen_us']),
    lastSeenEpochUs: Number(row['last_seen_us']),
    seenCount: Number(row['seen_count']),
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function integer(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
