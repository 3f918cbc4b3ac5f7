// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { formatEventTimestamp, type LogFilter, type NumberSpan } from '@sentrypeer/event';
import { foundEvent, FOUND_COLUMNS, type FoundEvent } from './event-row.ts';
import { HONEY_ID_MAX } from './honey-ids.ts';
import { FORM_READINGS_MAX, FORMS_COUNT_MAX, SEARCH_ROWS_MAX } from '../limits.ts';
import { RECORDED, BLOCK_EVENTS, BLOCK_OF_EVENT } from '../file/schema.ts';

/** Newest first searches backwards, oldest first forwards. */
export type EventOrder = 'newest-first' | 'oldest-first';

/** What was found. */
export interface EventPage {
  readonly items: readonly FoundEvent[];
  /**
   * The last id that was looked at, after which the search continues; `undefined` at the end. There may be fewer items
   * than asked for, or none, and still more to be found.
   */
  readonly next: number | undefined;
}

/** The number of matching events in a stretch of the log, and the newest of them. */
export interface EventSample {
  /** The oldest first. */
  readonly items: readonly FoundEvent[];
  /** All matching events, including those above. */
  readonly count: number;
  /** The last id that was looked at; `undefined` at the end of the stretch. */
  readonly next: number | undefined;
}

type Column = 'source_ip' | 'called_number' | undefined;

/** Ids from one to another, both included. */
interface Span {
  readonly low: number;
  readonly high: number;
}

const FITS_BESIDE_NUMBERS = `(?1 IS NULL OR source_ip = ?1) AND (?2 IS NULL OR called_number = ?2)
  AND (?3 IS NULL OR method = ?3) AND (?4 IS NULL OR user_agent = ?4)
  AND (?5 IS NULL OR transport_type = ?5) AND (?6 IS NULL OR grade = ?6)
  AND (?9 IS NULL OR source_fits(source_ip))`;

const FITS = `${FITS_BESIDE_NUMBERS}
  AND (?7 IS NULL OR (?7 = ?8 AND called_number IN (?7, '+' || ?7)) OR EXISTS (
    SELECT 1 FROM number_total JOIN number_reading USING (total_id)
    WHERE number = called_number AND e164 BETWEEN ?7 AND ?8 AND length(e164) = length(?7)))`;

/** Makes SQLite use the column's index; that of addresses goes block by block. */
const BY_COLUMN = {
  source_ip: `${BLOCK_OF_EVENT} = CAST(?10 AS INTEGER) / ${BLOCK_EVENTS} AND source_ip = ?1`,
  called_number: 'called_number = ?2',
} as const;

interface FormsQuestion {
  readonly filter: LogFilter;
  readonly order: EventOrder;
  readonly span: Span;
  readonly limit: number;
  readonly rowsMax: number;
}

/** Finds events by their contents, some at a time, so that no query takes long however large the log is. */
export class EventSearch {
  readonly #database: DatabaseSync;
  readonly #scans = new Map<string, StatementSync>();
  readonly #counts = new Map<Column, StatementSync>();
  readonly #newest = new Map<Column, StatementSync>();
  readonly #formScans = new Map<EventOrder, StatementSync>();
  readonly #forms: StatementSync;
  readonly #byId: StatementSync;
  readonly #byUuid: StatementSync;
  readonly #bounds: StatementSync;
  readonly #recordedAt: StatementSync;
  #sourceFits: (sourceIp: string) => boolean = () => true;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.function('source_fits', (sourceIp) => Number(this.#sourceFits(String(sourceIp))));
    this.#forms = database.prepare(`
      SELECT number, length(e164) = length(?1) AS fits FROM number_reading JOIN number_total USING (total_id)
      WHERE e164 BETWEEN ?1 AND ?2 LIMIT ${FORM_READINGS_MAX + 1}`);
    this.#byId = database.prepare(`SELECT ${FOUND_COLUMNS} FROM honey WHERE honey_id = ?`);
    // Another node may have copied the UUID: our own event comes first, then the one that was recorded first.
    this.#byUuid = database.prepare(`
      SELECT ${FOUND_COLUMNS} FROM honey WHERE event_uuid = ?
      ORDER BY EXISTS (SELECT 1 FROM shared_event WHERE shared_event.honey_id = honey.honey_id), honey_id
      LIMIT 1`);
    // One SELECT of both would walk the whole log: SQLite uses the end of an index only for a single one.
    this.#bounds = database.prepare(`
      SELECT coalesce((SELECT min(honey_id) FROM honey WHERE honey_id >= -${HONEY_ID_MAX}), 0) AS low,
        coalesce((SELECT max(honey_id) FROM honey WHERE honey_id <= ${HONEY_ID_MAX}), 0) AS high`);
    this.#recordedAt = database.prepare(`
      SELECT honey_id, coalesce(${RECORDED}, '') AS recorded FROM honey
      WHERE honey_id >= ? AND honey_id <= ${HONEY_ID_MAX} ORDER BY honey_id LIMIT 1`);
  }

  byUuid(eventUuid: string): FoundEvent | undefined {
    const row = this.#byUuid.get(eventUuid);
    return row === undefined ? undefined : foundEvent(row);
  }

  /**
   * @param after The `next` of the previous page.
   * @param limit Items of a page, 1 and above.
   * @param rowsMax The most rows that are looked at, 1 and above.
   */
  find(
    filter: LogFilter,
    order: EventOrder,
    after: number | undefined,
    limit: number,
    rowsMax = SEARCH_ROWS_MAX,
  ): EventPage {
    this.#sourceFits = filter.sourceFits ?? this.#sourceFits;
    const column = indexed(filter);
    const span = restOf(this.#range(filter), order, after);
    if (span.low > span.high) return { items: [], next: undefined };
    if (column === undefined && filter.numbers !== undefined) {
      const forms = this.#formsOf(filter.numbers);
      if (forms !== undefined) {
        return this.#findForms(forms, { filter, order, span, limit, rowsMax });
      }
    }
    const scan = this.#scan(column, order);
    const items: FoundEvent[] = [];
    let scanned = 0;
    const forward = order === 'oldest-first';
    for (const { low, high } of column === 'source_ip' ? blocksOf(span, order) : [span]) {
      for (const row of scan.iterate(...wantedBy(filter), low, high)) {
        const honeyId = Number(row['honey_id']);
        if (row['fits'] === 1) {
          const found = this.#byId.get(honeyId);
          if (found !== undefined) items.push(foundEvent(found));
        }
        scanned += 1;
        if (items.length === limit || scanned >= rowsMax) return { items, next: honeyId };
      }
      scanned += 1; // Looking into a block costs as much as a row.
      if (scanned >= rowsMax) return { items, next: forward ? high : low };
    }
    return { items, next: undefined };
  }

  /**
   * The forms in which these numbers were dialled; `undefined` if they are many. The plain forms of a number are among
   * them even if nothing is known of it any more but its events.
   */
  #formsOf({ first, last }: NumberSpan): readonly string[] | undefined {
    const rows = this.#forms.all(first, last);
    const forms = rows.filter((row) => row['fits'] === 1).map((row) => String(row['number']));
    if (rows.length > FORM_READINGS_MAX || forms.length > FORMS_COUNT_MAX) return undefined;
    return first === last ? [...new Set([...forms, first, `+${first}`])] : forms;
  }

  /** Takes some rows of each form by the index, and of those what comes first. */
  #findForms(numbers: readonly string[], question: FormsQuestion): EventPage {
    const { filter, order, span, limit, rowsMax } = question;
    const scan = this.#formScan(order);
    const wanted = wantedBy(filter);
    const rowsEach = Math.max(1, Math.floor(rowsMax / Math.max(1, numbers.length)));
    const rows = numbers.flatMap((number) =>
      scan
        .all(...wanted, span.low, span.high, rowsEach, number)
        .map((row) => ({ honeyId: Number(row['honey_id']), fits: row['fits'] === 1 })),
    );
    const direction = order === 'oldest-first' ? 1 : -1;
    rows.sort((a, b) => direction * (a.honeyId - b.honeyId));
    const items: FoundEvent[] = [];
    for (const { honeyId, fits } of rows.slice(0, rowsEach)) {
      const found = fits ? this.#byId.get(honeyId) : undefined;
      if (found !== undefined) items.push(foundEvent(found));
      if (items.length === limit) return { items, next: honeyId };
    }
    return { items, next: rows[rowsEach - 1]?.honeyId };
  }

  /**
   * Counts the matching events in a stretch of the log and finds the newest of them.
   *
   * @param stretch Ids after one, up to another.
   * @param limit Items, 1 and above.
   * @param idsMax The most ids that are looked at, 1 and above.
   */
  sample(
    filter: LogFilter,
    { after, until }: { readonly after: number; readonly until: number },
    limit: number,
    idsMax: number,
  ): EventSample {
    this.#sourceFits = filter.sourceFits ?? this.#sourceFits;
    const range = this.#range(filter);
    const low = Math.max(range.low, after + 1);
    const end = Math.min(range.high, until);
    const high = Math.min(end, low + idsMax - 1);
    if (low > high) return { items: [], count: 0, next: undefined };
    const column = indexed(filter);
    const wanted = wantedBy(filter);
    const [counts, newest] = [this.#count(column), this.#newestFirst(column)];
    const span = { low, high };
    const items: FoundEvent[] = [];
    let count = 0;
    for (const part of column === 'source_ip' ? blocksOf(span, 'newest-first') : [span]) {
      count += Number(counts.get(...wanted, part.low, part.high)?.['count']);
      const rows = newest.all(...wanted, part.low, part.high, limit - items.length);
      items.push(...rows.map(foundEvent));
    }
    return { items: items.toReversed(), count, next: high < end ? high : undefined };
  }

  /** Ids that can have been recorded within the filter's time. */
  #range(filter: LogFilter): Span {
    const bounds = this.#bounds.get();
    const [low, high] = [Number(bounds?.['low']), Number(bounds?.['high'])];
    const { sinceEpochUs, untilEpochUs } = filter;
    return {
      low: sinceEpochUs === undefined ? low : this.#firstAt(sinceEpochUs, low, high),
      high: untilEpochUs === undefined ? high : this.#firstAt(untilEpochUs, low, high) - 1,
    };
  }

  /** The first id recorded at this time or later; ids and times increase together, so a binary search finds it. */
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

  #count(column: Column): StatementSync {
    const known = this.#counts.get(column);
    if (known !== undefined) return known;
    const counts = this.#database.prepare(
      `SELECT count(*) AS count FROM honey WHERE ${within(column)} AND ${FITS}`,
    );
    this.#counts.set(column, counts);
    return counts;
  }

  #newestFirst(column: Column): StatementSync {
    const known = this.#newest.get(column);
    if (known !== undefined) return known;
    const newest = this.#database.prepare(`
      SELECT ${FOUND_COLUMNS} FROM honey WHERE ${within(column)} AND ${FITS}
      ORDER BY honey_id DESC LIMIT ?12 + 0`);
    this.#newest.set(column, newest);
    return newest;
  }

  #formScan(order: EventOrder): StatementSync {
    const known = this.#formScans.get(order);
    if (known !== undefined) return known;
    const scan = this.#database.prepare(`
      SELECT honey_id, (${FITS_BESIDE_NUMBERS}) AS fits FROM honey
      WHERE called_number = ?13 AND honey_id BETWEEN ?10 AND ?11
      ORDER BY honey_id ${order === 'oldest-first' ? 'ASC' : 'DESC'} LIMIT ?12 + 0`);
    this.#formScans.set(order, scan);
    return scan;
  }

  /** Walks the most selective index; the text is one of a fixed few. */
  #scan(column: Column, order: EventOrder): StatementSync {
    const key = `${column ?? ''} ${order}`;
    const known = this.#scans.get(key);
    if (known !== undefined) return known;
    const scan = this.#database.prepare(`
      SELECT honey_id, (${FITS}) AS fits FROM honey
      WHERE ${within(column)}
      ORDER BY honey_id ${order === 'oldest-first' ? 'ASC' : 'DESC'}`);
    this.#scans.set(key, scan);
    return scan;
  }
}

/** The condition on the indexed column, and on the ids. */
function within(column: Column): string {
  return `${column === undefined ? '' : `${BY_COLUMN[column]} AND `}honey_id BETWEEN ?10 AND ?11`;
}

/** The parameters for the contents of events. */
function wantedBy(filter: LogFilter): readonly (string | number | null)[] {
  return [
    filter.sourceIp ?? null,
    filter.calledNumber ?? null,
    filter.sipMethod ?? null,
    filter.userAgent ?? null,
    filter.transportType ?? null,
    filter.grade ?? null,
    filter.numbers?.first ?? null,
    filter.numbers?.last ?? null,
    filter.sourceFits === undefined ? null : 1,
  ];
}

function indexed(filter: LogFilter): Column {
  if (filter.sourceIp !== undefined) return 'source_ip';
  return filter.calledNumber === undefined ? undefined : 'called_number';
}

/** The rows after the previous page. */
function restOf({ low, high }: Span, order: EventOrder, after: number | undefined): Span {
  if (after === undefined) return { low, high };
  return order === 'oldest-first'
    ? { low: Math.max(low, after + 1), high }
    : { low, high: Math.min(high, after - 1) };
}

/** The blocks of the index of addresses that a span reaches into, each cut to the span. */
function* blocksOf({ low, high }: Span, order: EventOrder): Generator<Span> {
  const first = Math.floor(low / BLOCK_EVENTS);
  const last = Math.floor(high / BLOCK_EVENTS);
  for (let step = 0; step <= last - first; step += 1) {
    const start = (order === 'oldest-first' ? first + step : last - step) * BLOCK_EVENTS;
    yield { low: Math.max(low, start), high: Math.min(high, start + BLOCK_EVENTS - 1) };
  }
}
