// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { formatEventTimestamp, type Grade, type Transport } from '@sentrypeer/event';
import { SEARCH_ROWS_MAX } from './limits.ts';
import { foundEvent, FOUND_COLUMNS, type FoundEvent } from './event-row.ts';

/** What an event must be to be found; what is left out may be anything. */
export interface EventFilter {
  readonly sourceIp?: string;
  /** As it was dialled. */
  readonly calledNumber?: string;
  readonly sipMethod?: string;
  readonly userAgent?: string;
  readonly transportType?: Transport;
  readonly grade?: Grade;
  /** Wall-clock microseconds at which it was recorded: from this one on, and before the other one. */
  readonly sinceEpochUs?: number;
  readonly untilEpochUs?: number;
}

/** Newest first going back, oldest first going on. */
export type EventOrder = 'newest-first' | 'oldest-first';

/** What was found. */
export interface EventPage {
  readonly items: readonly FoundEvent[];
  /**
   * The last id that was looked at: behind it the search goes on. `undefined` at the end. There may be fewer
   * items than asked for, or none, and still more to be found.
   */
  readonly next: number | undefined;
}

type Column = 'source_ip' | 'called_number' | undefined;

const FITS = `(?1 IS NULL OR source_ip = ?1) AND (?2 IS NULL OR called_number = ?2)
  AND (?3 IS NULL OR method = ?3) AND (?4 IS NULL OR user_agent = ?4)
  AND (?5 IS NULL OR transport_type = ?5) AND (?6 IS NULL OR grade = ?6)`;

/** Finds events by what they say, some at a time, so that no question takes long however large the log is. */
export class EventSearch {
  readonly #database: DatabaseSync;
  readonly #scans = new Map<string, StatementSync>();
  readonly #byId: StatementSync;
  readonly #byUuid: StatementSync;
  readonly #bounds: StatementSync;
  readonly #recordedAt: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#byId = database.prepare(`SELECT ${FOUND_COLUMNS} FROM honey WHERE honey_id = ?`);
    this.#byUuid = database.prepare(`SELECT ${FOUND_COLUMNS} FROM honey WHERE event_uuid = ?`);
    this.#bounds = database.prepare(`
      SELECT coalesce(min(honey_id), 0) AS low, coalesce(max(honey_id), 0) AS high FROM honey`);
    this.#recordedAt = database.prepare(`
      SELECT honey_id, coalesce(created_at, event_timestamp, '') AS recorded FROM honey
      WHERE honey_id >= ? ORDER BY honey_id LIMIT 1`);
  }

  byUuid(eventUuid: string): FoundEvent | undefined {
    const row = this.#byUuid.get(eventUuid);
    return row === undefined ? undefined : foundEvent(row);
  }

  /**
   * @param after The `next` of the page before.
   * @param limit Items of a page, 1 and above.
   */
  find(
    filter: EventFilter,
    order: EventOrder,
    after: number | undefined,
    limit: number,
  ): EventPage {
    const { low, high } = this.#range(filter);
    const scan = this.#scan(indexed(filter), order);
    const items: FoundEvent[] = [];
    let scanned = 0;
    let lastId: number | undefined;
    const forward = order === 'oldest-first';
    const rows = scan.iterate(
      filter.sourceIp ?? null,
      filter.calledNumber ?? null,
      filter.sipMethod ?? null,
      filter.userAgent ?? null,
      filter.transportType ?? null,
      filter.grade ?? null,
      forward && after !== undefined ? Math.max(low, after + 1) : low,
      !forward && after !== undefined ? Math.min(high, after - 1) : high,
    );
    for (const row of rows) {
      lastId = Number(row['honey_id']);
      if (row['fits'] === 1) {
        const found = this.#byId.get(lastId);
        if (found !== undefined) items.push(foundEvent(found));
      }
      scanned += 1;
      if (items.length === limit || scanned === SEARCH_ROWS_MAX) return { items, next: lastId };
    }
    return { items, next: undefined };
  }

  /** Ids that can have been recorded within the filter's time. */
  #range(filter: EventFilter): { readonly low: number; readonly high: number } {
    const bounds = this.#bounds.get();
    const [low, high] = [Number(bounds?.['low']), Number(bounds?.['high'])];
    const { sinceEpochUs, untilEpochUs } = filter;
    return {
      low: sinceEpochUs === undefined ? low : this.#firstAt(sinceEpochUs, low, high),
      high: untilEpochUs === undefined ? high : this.#firstAt(untilEpochUs, low, high) - 1,
    };
  }

  /** The first id recorded at this time or later; ids and times rise together, so the middle tells the half. */
  #firstAt(epochUs: number, low: number, high: number): number {
    const text = formatEventTimestamp(epochUs).slice(0, 23); // Milliseconds, as it is recorded.
    let [from, to] = [low, high + 1];
    while (from < to) {
      const middle = Math.floor((from + to) / 2);
      const row = this.#recordedAt.get(middle);
      const isLater = row === undefined || String(row['recorded']) >= text;
      if (isLater) to = middle;
      else from = Number(row['honey_id']) + 1;
    }
    return from;
  }

  /** Walks the index that narrows most; the text is one of a fixed few. */
  #scan(column: Column, order: EventOrder): StatementSync {
    const key = `${column ?? ''} ${order}`;
    const known = this.#scans.get(key);
    if (known !== undefined) return known;
    const parameter = column === 'source_ip' ? '?1' : '?2';
    const scan = this.#database.prepare(`
      SELECT honey_id, (${FITS}) AS fits FROM honey
      WHERE ${column === undefined ? '' : `${column} = ${parameter} AND`} honey_id BETWEEN ?7 AND ?8
      ORDER BY honey_id ${order === 'oldest-first' ? 'ASC' : 'DESC'}`);
    this.#scans.set(key, scan);
    return scan;
  }
}

function indexed(filter: EventFilter): Column {
  if (filter.sourceIp !== undefined) return 'source_ip';
  return filter.calledNumber === undefined ? undefined : 'called_number';
}
