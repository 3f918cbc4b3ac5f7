// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { EventFilter, Grade, LogFilter, RecordedEvent } from '@sentrypeer/event';

/* What the routes under /v1 read. Times are wall-clock microseconds. */

export interface SeenTotal {
  /** Distinguishes totals that were seen at the same time. */
  readonly totalId: number;
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
  /** Messages received here; 0 if it is only shared, and then the times are those of sharing. */
  readonly seenCount: number;
}

/** Totals that other nodes may share, too. */
export interface SharedTotal extends SeenTotal {
  /** Messages that other nodes share. */
  readonly sharedCount: number;
}

export interface SeenAddress extends SharedTotal {
  readonly address: string;
  readonly grade: Grade;
}

/** An IPv4 address, or all addresses of an IPv6 /64, which is then the text. */
interface SeenSource extends SeenAddress {
  /** How many of its addresses are known, 1 and above. */
  readonly addressesCount: number;
}

export interface SeenNumber extends SharedTotal {
  /** As it was dialled. */
  readonly number: string;
}

export interface SeenUserAgent extends SharedTotal {
  readonly userAgent: string;
}

/** Where a page of totals ended. */
export interface PageEnd {
  readonly lastSeenEpochUs: number;
  readonly totalId: number;
}

/** Most recently seen first; `next` is `undefined` after the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: PageEnd | undefined;
}

interface HourTotal {
  readonly hourEpochUs: number;
  readonly method: string;
  readonly transport: string;
  readonly seenCount: number;
  readonly sharedCount: number;
}

/** An event with everything that is kept of it. */
export interface FoundEvent extends RecordedEvent {
  readonly recordedAt: string;
  readonly messageKind: string | undefined;
  readonly calledNumberSource: string | undefined;
  readonly toUri: string | undefined;
  readonly toUser: string | undefined;
  readonly fromUri: string | undefined;
  readonly fromUser: string | undefined;
  /** Codes, separated by commas. */
  readonly anomalies: string;
  readonly detailsJson: string | undefined;
  readonly seenCount: number;
  readonly lastSeen: string | undefined;
  /** Set if another node shared it. */
  readonly origin?: EventOrigin | undefined;
}

/** The node that told us of another node's event, and the raw Ed25519 key that signed it. */
interface EventOrigin {
  readonly address: string;
  readonly publicKey: Uint8Array | undefined;
}

interface EventPage {
  readonly items: readonly FoundEvent[];
  /** The last id that was looked at, `undefined` at the end. */
  readonly next: number | undefined;
}

/** The number of matching events in a stretch of the log, and the newest of them. */
interface EventSample {
  /** Oldest first. */
  readonly items: readonly FoundEvent[];
  /** All matching events, including those above. */
  readonly count: number;
  /** The last id that was looked at, `undefined` at the end of the stretch. */
  readonly next: number | undefined;
}

/** What a key allows: to read, to deliver events, or everything. */
export type Role = 'read' | 'write' | 'admin';

/** Finds events by what they say, row by row. */
export interface EventSearch {
  /**
   * A few at a time: fewer than `limit`, or none, do not mean the end.
   *
   * @param rowsMax The most rows that are looked at.
   */
  find(
    filter: LogFilter,
    order: EventOrder,
    after: number | undefined,
    limit: number,
    rowsMax: number,
  ): EventPage;
  /**
   * Counts matching events, and finds the newest of them.
   *
   * @param stretch Ids after one, up to another.
   * @param idsMax The most ids that are looked at.
   */
  sample(
    filter: LogFilter,
    stretch: { readonly after: number; readonly until: number },
    limit: number,
    idsMax: number,
  ): EventSample;
}

export type EventOrder = 'newest-first' | 'oldest-first';

/** How events are written. */
export interface EventForm {
  /** JSON with commas between; JSON, one event a line; records of CSV; messages of a stream of server-sent events. */
  readonly as: 'list' | 'lines' | 'records' | 'messages';
  /** With the raw message, and with what may hold a password. */
  readonly withSecrets: boolean;
}

/** Events as they are sent. */
export interface WrittenEvents {
  /** UTF-8. */
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly count: number;
  /** The last id that was looked at, `undefined` at the end. */
  readonly next: number | undefined;
}

/** What `EventSample` is, with its events as JSON. */
export interface WrittenSample {
  readonly items: readonly { readonly id: number; readonly data: string }[];
  readonly count: number;
  readonly next: number | undefined;
}

export type AfterFilter<F extends EventSearch['find' | 'sample']> =
  Parameters<F> extends [unknown, ...infer Rest] ? Rest : never;

/**
 * Finds events as `EventSearch` does, and writes them as they are sent; if there is another thread than the one that
 * answers look-ups, it does that.
 */
export interface WrittenEventSearch {
  find(
    form: EventForm,
    filter: EventFilter,
    ...question: AfterFilter<EventSearch['find']>
  ): WrittenEvents | Promise<WrittenEvents>;
  sample(
    form: Pick<EventForm, 'withSecrets'>,
    filter: EventFilter,
    ...question: AfterFilter<EventSearch['sample']>
  ): WrittenSample | Promise<WrittenSample>;
}

export interface Evidence {
  readonly sources: {
    /** Most recently seen first; a page may have fewer than `limit` items and still be followed by another. */
    page(limit: number, after?: PageEnd): Page<SeenSource>;
    /** @param source An IPv6 /64 with its length. */
    source(source: string): SeenSource | undefined;
  };
  address(address: string): SeenAddress | undefined;
  /** In the order in which they became known. @param totalId The last one of the previous page. */
  addressesFrom(totalId: number, limit: number): readonly SeenAddress[];
  /** Sources and called numbers; an IPv6 /64 counts once. Those that are only shared are counted separately. */
  addressesCount(): number;
  sharedCounts(): Readonly<Record<'addresses' | 'numbers' | 'userAgents', number>>;
  numbers(limit: number, after?: PageEnd): Page<SeenNumber>;
  number(number: string): SeenNumber | undefined;
  numbersCount(): number;
  userAgents(limit: number, after?: PageEnd): Page<SeenUserAgent>;
  userAgentsCount(): number;
  hours(sinceEpochUs: number, untilEpochUs: number): readonly HourTotal[];
  methods(sinceEpochUs: number, untilEpochUs: number): readonly HourTotal[];
  event(eventUuid: string): FoundEvent | undefined;
  lastHoneyId(): number;
  /** Changes whenever the data may have changed. */
  revision(): number;
  apiKey(key: string): { readonly name: string; readonly role: Role } | undefined;
}
