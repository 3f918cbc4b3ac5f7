// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NOT_FOUND, type FleetListing } from '@sentrypeer/event';
import { fromSqlite, guarded } from '../file/database-error.ts';
import { openForReading } from '../file/open-database.ts';
import { LAST_HONEY_ID } from '../log/honey-ids.ts';
import { ListingReader } from '../judging/listing-reader.ts';
import type { ListedSubject } from '../judging/evidence-reader.ts';
import { FollowedPlaces } from './followed-listings.ts';
import { WaitingDecisions, type WaitingDecision } from './fleet-decisions.ts';
import type { FleetMarks } from './fleet-marks.ts';

/** A value of a column; a row of another program may hold anything. */
export type FleetValue = string | number | Uint8Array | null | bigint;

/** Rows of values in the order of the columns. */
type FleetRows = readonly (readonly FleetValue[])[];

/** Some of the events of a push. */
export interface FleetSlice {
  readonly rows: FleetRows;
  /** Rows between them, and before them, that no longer exist. */
  readonly missing: number;
}

/** What is pushed. */
export interface FleetBatch {
  /** In order. Each slice is read when needed, so that it is pushed before the next one takes memory. */
  readonly events: Iterable<FleetSlice>;
  readonly repeats: FleetRows;
}

/** Longest text in characters that a fleet gets; attackers decide how long a User-Agent is. */
const TEXT_CHARACTERS = 512;
/** For a number or a user: PostgreSQL's index on them takes at most 2,704 octets. */
const NAME_CHARACTERS = 128;
/** For details and anomalies; longer ones are left out, because half of a JSON text is not JSON. */
const DETAILS_CHARACTERS = 4096;
const COUNT_MAX = 2 ** 31 - 1;
/**
 * Events that are read at a time. By measurement: fewer cost more calls; with more, more live long enough to be
 * collected twice.
 */
const SLICE_EVENTS = 250;

/** Most are short: copying each by `substr` costs a seventh of all reading. */
const text = (column: string, charactersMax = TEXT_CHARACTERS): string =>
  `iif(octet_length(${column}) <= ${charactersMax}, nullif(${column}, '${NOT_FOUND}'), substr(${column}, 1, ${charactersMax}))`;
const port = (column: string): string =>
  `iif(typeof(${column}) = 'integer' AND ${column} BETWEEN 0 AND 65535, ${column}, NULL)`;

/** Columns of the fleet's table of events, with the expression for each. */
const COLUMNS = {
  honey_id: 'honey_id',
  event_time: 'event_timestamp',
  event_uuid: 'event_uuid',
  collected_method: text('collected_method', NAME_CHARACTERS),
  source_ip: 'substr(source_ip, 1, 64)',
  source_port: port('source_port'),
  destination_ip: 'substr(destination_ip, 1, 64)',
  destination_port: port('destination_port'),
  transport_type: text('transport_type', NAME_CHARACTERS),
  message_kind: text('message_kind', NAME_CHARACTERS),
  method: text('method', NAME_CHARACTERS),
  called_number: text('called_number', NAME_CHARACTERS),
  called_number_source: text('called_number_source', NAME_CHARACTERS),
  user_agent: text('user_agent'),
  request_uri: text('request_uri'),
  to_uri: text('to_uri'),
  to_user: text('to_user'),
  from_uri: text('from_uri'),
  from_user: text('from_user'),
  grade: `iif(instr(details, '"imported":true') > 0, NULL, ${text('grade', NAME_CHARACTERS)})`,
  anomalies: `iif(length(anomalies) BETWEEN 1 AND ${DETAILS_CHARACTERS}, anomalies, NULL)`,
  details: `iif(length(details) <= ${DETAILS_CHARACTERS}, details, NULL)`,
  created_by_node_id: text('created_by_node_id', NAME_CHARACTERS),
  seen_count: `min(max(seen_count - coalesce((SELECT sum(added) FROM fleet_repeat
    WHERE fleet_repeat.honey_id = honey.honey_id AND repeat_id > ?3), 0), 1), ${COUNT_MAX})`,
} as const;

/** Names of the columns, in the order of a row of {@link FleetBatch}. The raw message comes last, if wanted. */
export const FLEET_EVENT_COLUMNS: readonly string[] = Object.keys(COLUMNS);
export const FLEET_MESSAGE_COLUMN = 'sip_message';
export const FLEET_REPEAT_COLUMNS: readonly string[] = ['honey_id', 'added', 'last_seen'];

export interface FleetReaderOptions {
  /**
   * Whether rows have their raw message.
   *
   * @default false
   */
  readonly hasMessages?: boolean;
  /**
   * Only what this node recorded itself: what a hub took from the fleet is there already.
   *
   * @default all
   */
  readonly recordedBy?: string | undefined;
}

/** Reads what is to be pushed, independently of the writer. What other nodes share is left out: every node has it. */
export class FleetReader {
  readonly #path: string;
  readonly #recordedBy: string | undefined;
  readonly #cursor: StatementSync;
  readonly #database: DatabaseSync;
  readonly #events: StatementSync;
  readonly #repeats: StatementSync;
  readonly #count: StatementSync;
  readonly #more: StatementSync;
  readonly #decisions: WaitingDecisions;
  readonly #delisting: StatementSync;
  readonly #last: StatementSync;
  /** The listings here, for a hub that reports them to the fleet. */
  readonly listings: ListingReader;
  /** How far this node follows what hubs list. */
  readonly followed: FollowedPlaces;

  private constructor(
    path: string,
    database: DatabaseSync,
    { hasMessages = false, recordedBy }: FleetReaderOptions,
  ) {
    this.#path = path;
    this.#database = database;
    const columns = [...Object.values(COLUMNS), ...(hasMessages ? ['sip_message'] : [])];
    this.#events = database.prepare(`
      SELECT ${columns.join(', ')} FROM honey WHERE honey_id > ?1 AND honey_id <= ?2
        AND NOT EXISTS (SELECT 1 FROM shared_event WHERE shared_event.honey_id = honey.honey_id)
        ${recordedBy === undefined ? '' : 'AND created_by_node_id = ?4'}
      ORDER BY honey_id LIMIT ${SLICE_EVENTS}`);
    this.#recordedBy = recordedBy;
    this.#cursor = database.prepare('SELECT honey_id FROM cursor WHERE name = ?');
    // For rows that go with this push or a later one, the count is in the row.
    this.#repeats = database.prepare(`
      SELECT honey_id, min(added, ${COUNT_MAX}), last_seen_us FROM fleet_repeat
      WHERE repeat_id > ?1 AND repeat_id <= ?2 AND honey_id <= ?3 ORDER BY repeat_id`);
    this.#count = database.prepare(
      'SELECT count(*) AS count FROM honey WHERE honey_id > ? AND honey_id <= ?',
    );
    this.#more = database.prepare(`
      SELECT EXISTS (SELECT 1 FROM honey WHERE honey_id > ?)
        OR EXISTS (SELECT 1 FROM fleet_repeat WHERE repeat_id > ?) AS more`);
    this.#decisions = new WaitingDecisions(database);
    this.#delisting = database.prepare(`
      SELECT 1 FROM delisting WHERE kind = ?1 AND value = ?2
        AND NOT EXISTS (SELECT 1 FROM address_evidence WHERE ?1 = 'address' AND address = ?2)
        AND NOT EXISTS (SELECT 1 FROM number_evidence WHERE ?1 = 'number' AND e164 = ?2)
        AND NOT EXISTS (SELECT 1 FROM number_block WHERE ?1 = 'range' AND block = ?2)`);
    this.#last = database.prepare(`SELECT ${LAST_HONEY_ID} AS id`);
    this.listings = new ListingReader(database);
    this.followed = new FollowedPlaces(database);
    this.#events.setReturnArrays(true);
    this.#repeats.setReturnArrays(true);
  }

  /** Throws `OperatingError` if there is no database of ours. */
  static open(path: string, options: FleetReaderOptions = {}): FleetReader {
    const database = openForReading(path);
    try {
      return new FleetReader(path, database, options);
    } catch (error) {
      database.close();
      throw fromSqlite(error, path);
    }
  }

  /**
   * What is being pushed according to the marks: the same each time it is asked for, except for rows that were removed.
   * Throws `OperatingError`, also while the events are iterated.
   */
  batch(marks: FleetMarks): FleetBatch {
    const { pushed, repeatsPushed, repeatsPushing } = marks;
    return {
      events: this.#slices(marks),
      repeats: guarded(this.#path, () =>
        rowsOf(this.#repeats.all(repeatsPushed, repeatsPushing, pushed)),
      ),
    };
  }

  /** Whether there is more than what the marks say. */
  hasMore({ pushing, repeatsPushing }: FleetMarks): boolean {
    return guarded(this.#path, () => this.#more.get(pushing, repeatsPushing)?.['more'] === 1);
  }

  /** The oldest decisions of the operator that the fleet does not have yet. */
  waitingDecisions(limit: number): readonly WaitingDecision[] {
    return guarded(this.#path, () => this.#decisions.oldest(limit));
  }

  /** A hub's statement about a subject, without the operator's own decisions; `undefined` if it is on no list. */
  published(subject: ListedSubject): FleetListing | undefined {
    const listing = guarded(this.#path, () => this.listings.listing(subject));
    if (listing === undefined || listing.value !== subject.value) return undefined;
    const { kind, value, level, score, grade, isBlocked, eventsCount } = listing;
    const { sinceEpochUs, untilEpochUs, firstSeenEpochUs, lastSeenEpochUs } = listing;
    return {
      kind,
      value,
      level,
      score,
      grade,
      isBlocked,
      eventsCount,
      sinceEpochUs,
      untilEpochUs,
      firstSeenEpochUs,
      lastSeenEpochUs,
      isDelisted: false,
      reasons: isBlocked ? [] : listing.reasons,
    };
  }

  /** Whether the operator took it off the lists, and it has not been seen since. */
  isDelisted({ kind, value }: ListedSubject): boolean {
    return guarded(this.#path, () => this.#delisting.get(kind, value) !== undefined);
  }

  /** The newest row of the log. */
  lastHoneyId(): number {
    return guarded(this.#path, () => Number(this.#last.get()?.['id']));
  }

  /** A follower's position, by the name of its cursor; 0 before it saved one. */
  cursor(name: string): number {
    return guarded(this.#path, () => Number(this.#cursor.get(name)?.['honey_id'] ?? 0));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  *#slices({ pushed, pushing, repeatsPushing }: FleetMarks): Generator<FleetSlice> {
    let after = pushed;
    while (after < pushing) {
      const slice = this.#slice(after, pushing, repeatsPushing);
      after = slice.upTo;
      yield slice;
    }
  }

  /** The statement that reads a row subtracts its later counts, so slices need not be of the same moment. */
  #slice(
    after: number,
    pushing: number,
    repeatsPushing: number,
  ): FleetSlice & { readonly upTo: number } {
    const author = this.#recordedBy === undefined ? [] : [this.#recordedBy];
    try {
      this.#database.exec('BEGIN'); // What is missing and what is there must be of the same moment.
      const rows = rowsOf(this.#events.all(after, pushing, repeatsPushing, ...author));
      const upTo = rows.length < SLICE_EVENTS ? pushing : Number(rows.at(-1)?.[0]);
      const isWhole = rows.length === upTo - after;
      const count = isWhole ? rows.length : Number(this.#count.get(after, upTo)?.['count']);
      return { rows, upTo, missing: upTo - after - count };
    } catch (error) {
      throw fromSqlite(error, this.#path);
    } finally {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    }
  }
}

/** Of a statement that returns arrays. */
function rowsOf(rows: unknown): FleetRows {
  return rows as FleetRows;
}
