// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Lines of logs and exports, read as rows of the event log. */

import { formatEventTimestamp } from '@sentrypeer/event';
import { TEXT_COLUMNS, type ImportedRow } from '@sentrypeer/store';
import { IMPORT_LINE_CHARACTERS_MAX, IMPORT_RECORD_LINES_MAX } from './limits.ts';
import { csvFields, delimiterOf, isQuoteOpen } from './csv.ts';

/** What lines of a file say. */
export interface LinesRead {
  readonly rows: readonly ImportedRow[];
  /** Lines that are not part of a row. */
  readonly unreadCount: number;
}

const NOTHING: LinesRead = { rows: [], unreadCount: 0 };
const UNREAD: LinesRead = { rows: [], unreadCount: 1 };

/** Length of `created_at`: milliseconds, as SQLite writes them. */
const CREATED_AT_CHARACTERS = 23;

/** Members and columns of our formats that have another name in the database. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['sip_method', 'method'],
  ['sip_user_agent', 'user_agent'],
  ['transport', 'transport_type'],
  ['recorded_at', 'created_at'],
]);
const TIMES: ReadonlySet<string> = new Set(['event_timestamp', 'created_at', 'last_seen']);
const TEXTS: ReadonlySet<string> = new Set(TEXT_COLUMNS.filter((column) => !TIMES.has(column)));
const PORT_MAX = 0xffff;
/** With the largest value. */
const NUMBERS: ReadonlyMap<string, number> = new Map([
  ['source_port', PORT_MAX],
  ['destination_port', PORT_MAX],
  ['seen_count', 2 ** 40],
]);

/** Reads the lines of a JSON log (including 4.x) or of CSV with a line of names, from whichever line they begin. */
export class LinesReader {
  #table: CsvTable | undefined;
  #isJson = false;

  /** Whether a known format has begun; until then nothing is read. */
  get isKnown(): boolean {
    return this.#isJson || this.#table !== undefined;
  }

  /** @param line `undefined` if it was too long to be read. */
  take(line: string | undefined): LinesRead {
    if (line === undefined) return UNREAD;
    if (this.#table?.isInRecord === true) return this.#table.take(line);
    const text = line.trim();
    if (text === '') return NOTHING;
    if (text.startsWith('{') || text.startsWith('[')) {
      this.#isJson ||= text.includes('{');
      return readJson(text);
    }
    if (this.#table !== undefined) return this.#table.take(line);
    this.#table = CsvTable.of(text);
    return this.#table === undefined ? UNREAD : NOTHING;
  }

  /** After the last line. */
  end(): LinesRead {
    return this.#table?.end() ?? NOTHING;
  }
}

/** Records of CSV, RFC 4180, whose quoted fields may contain line breaks. */
class CsvTable {
  readonly #delimiter: string;
  #names: readonly string[];
  /** Lines of a record that may go on. */
  #lines: string[] = [];
  #charactersCount = 0;
  #isQuoted = false;

  private constructor(delimiter: string, names: readonly string[]) {
    this.#delimiter = delimiter;
    this.#names = names;
  }

  /** @param line The names of the columns; `undefined` is returned if it does not name those of an event. */
  static of(line: string): CsvTable | undefined {
    const delimiter = delimiterOf(line);
    const names = csvFields(line, delimiter);
    return areNames(names) ? new CsvTable(delimiter, names) : undefined;
  }

  get isInRecord(): boolean {
    return this.#lines.length > 0;
  }

  take(line: string): LinesRead {
    this.#lines.push(line);
    this.#charactersCount += line.length;
    this.#isQuoted = isQuoteOpen(line, this.#isQuoted);
    if (!this.#isQuoted) return this.#endRecord();
    const isTooLong =
      this.#lines.length > IMPORT_RECORD_LINES_MAX ||
      this.#charactersCount > IMPORT_LINE_CHARACTERS_MAX;
    return isTooLong ? this.#endRecord() : NOTHING;
  }

  end(): LinesRead {
    let read = NOTHING;
    while (this.isInRecord) read = sum(read, this.#endRecord());
    return read;
  }

  /** If these lines are not a record, the first one was cut, and the others are read once more without it. */
  #endRecord(): LinesRead {
    const lines = this.#lines;
    const isWhole = !this.#isQuoted;
    this.#lines = [];
    this.#charactersCount = 0;
    this.#isQuoted = false;
    const record = lines.join('\n').replace(/\r$/, '');
    const fields = isWhole ? csvFields(record, this.#delimiter) : [];
    if (areNames(fields)) {
      this.#names = fields; // Of another file, after the first.
      return NOTHING;
    }
    const row = fields.length === this.#names.length ? this.#rowOf(fields) : undefined;
    if (row !== undefined) return { rows: [row], unreadCount: 0 };
    return lines.slice(1).reduce((read, line) => sum(read, this.take(line)), UNREAD);
  }

  #rowOf(fields: readonly string[]): ImportedRow | undefined {
    return rowOf(
      this.#names.map((name, index) => [name, fields[index]?.replace(/^'(?=[=+@-])/, '')]),
    );
  }
}

function areNames(fields: readonly string[]): boolean {
  return fields.includes('event_timestamp') && fields.includes('source_ip');
}

function sum(one: LinesRead, other: LinesRead): LinesRead {
  return {
    rows: [...one.rows, ...other.rows],
    unreadCount: one.unreadCount + other.unreadCount,
  };
}

/** An event, a page of `/v1/events`, or an array of events, which may have one on each line. */
function readJson(line: string): LinesRead {
  const value = parsed(line) ?? parsed(line.replace(/^\[/, '').replace(/[,\]]$/, ''));
  if (value === undefined) return UNREAD;
  const page = isObject(value) ? (value['items'] ?? [value]) : value;
  const items: readonly unknown[] = Array.isArray(page) ? page : [];
  const rows = items.map((item) => (isObject(item) ? rowOfMembers(item) : undefined));
  const read = rows.filter((row) => row !== undefined);
  return { rows: read, unreadCount: read.length === 0 && items.length > 0 ? 1 : 0 };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The caller counts it.
  }
}

/** `undefined` also for what a stranger shared: the node that exported it did not meet that itself. */
function rowOfMembers(members: Readonly<Record<string, unknown>>): ImportedRow | undefined {
  if (isObject(members['shared'])) return undefined;
  const { anomalies, details } = members;
  return rowOf(
    Object.entries({
      ...members,
      ...(Array.isArray(anomalies) ? { anomalies: anomalies.join(',') } : {}),
      ...(isObject(details) ? { details: JSON.stringify(details) } : {}),
    }),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `undefined` without both a time and a source: that is not an event. */
function rowOf(entries: readonly (readonly [string, unknown])[]): ImportedRow | undefined {
  const row: Record<string, string | number> = {};
  for (const [name, value] of entries) {
    const column = RENAMED.get(name) ?? name;
    if (value === '' || value === null || value === undefined) continue;
    const numberMax = NUMBERS.get(column);
    if (numberMax !== undefined) {
      const number = wholeNumber(value);
      if (number !== undefined && number <= numberMax) row[column] = number;
    } else if (typeof value !== 'string') continue;
    else if (TEXTS.has(column)) row[column] = value;
    else if (TIMES.has(column)) row[column] = timestampOf(value);
  }
  const { event_timestamp: timestamp } = row;
  if (typeof timestamp !== 'string' || row['source_ip'] === undefined) return undefined;
  const createdAt = String(row['created_at'] ?? timestamp).slice(0, CREATED_AT_CHARACTERS);
  return { ...row, created_at: createdAt };
}

/** A number, or a text of digits only; nothing else is a number of ours. */
function wholeNumber(value: unknown): number | undefined {
  if (typeof value === 'string') return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** In the format of the event log, in UTC; RFC 3339 has a `T`, and a `Z` or an offset. */
function timestampOf(text: string): string {
  const spaced = text.charAt(10) === 'T' ? `${text.slice(0, 10)} ${text.slice(11)}` : text;
  if (spaced.endsWith('Z')) return spaced.slice(0, -1);
  const offset = /[+-]\d\d:?\d\d$/.exec(spaced.slice(19))?.[0];
  if (offset === undefined) return spaced;
  const ms = Date.parse(`${spaced.slice(0, 10)}T${spaced.slice(11, 19)}${offset}`);
  if (Number.isNaN(ms)) return spaced;
  return formatEventTimestamp(ms * 1000).slice(0, 19) + spaced.slice(19, -offset.length);
}
