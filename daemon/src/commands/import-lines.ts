// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Lines of logs and exports, read as rows of the event log. */

import type { ImportedRow } from '@sentrypeer/store';

/** Reads one line; `undefined` if it is not a row. */
export type LineReader = (line: string) => ImportedRow | undefined;

/** Length of `created_at`: milliseconds, as SQLite writes them. */
const CREATED_AT_CHARACTERS = 23;

/** Members and columns of our formats that have another name in the database. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['sip_method', 'method'],
  ['sip_user_agent', 'user_agent'],
  ['transport', 'transport_type'],
]);
const TEXTS = new Set([
  'event_uuid',
  'collected_method',
  'source_ip',
  'called_number',
  'transport_type',
  'method',
  'user_agent',
  'sip_message',
  'created_by_node_id',
  'destination_ip',
  'request_uri',
  'grade',
]);
const TIMES = new Set(['event_timestamp', 'last_seen']);
const NUMBERS = new Set(['source_port', 'destination_port', 'seen_count']);

/**
 * A reader for a file that begins with this line: a JSON log (including 4.x), or CSV of `/v1/events`; `undefined` for
 * other files.
 */
export function readerOf(firstLine: string): LineReader | undefined {
  if (firstLine.startsWith('{')) return readJson;
  const head = csvFields(firstLine);
  if (!head.includes('event_timestamp') || !head.includes('source_ip')) return undefined;
  return (line) => {
    if (line === firstLine) return undefined;
    const fields = csvFields(line);
    if (fields.length !== head.length) return undefined;
    return rowOf(head.map((name, index) => [name, fields[index]?.replace(/^'(?=[=+@-])/, '')]));
  };
}

function readJson(line: string): ImportedRow | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined; // The caller counts it.
  }
  return typeof value === 'object' && value !== null ? rowOf(Object.entries(value)) : undefined;
}

/** `undefined` without both a time and a source: that is not an event. */
function rowOf(entries: readonly (readonly [string, unknown])[]): ImportedRow | undefined {
  const row: Record<string, string | number> = {};
  for (const [name, value] of entries) {
    const column = RENAMED.get(name) ?? name;
    if (value === '' || value === null || value === undefined) continue;
    const number = Number(value);
    if (TEXTS.has(column) && typeof value === 'string') row[column] = value;
    else if (NUMBERS.has(column) && Number.isSafeInteger(number) && number >= 0)
      row[column] = number;
    else if (TIMES.has(column) && typeof value === 'string') row[column] = timestampOf(value);
  }
  const { event_timestamp: timestamp } = row;
  if (typeof timestamp !== 'string' || row['source_ip'] === undefined) return undefined;
  return { created_at: timestamp.slice(0, CREATED_AT_CHARACTERS), ...row };
}

/** In the format of the event log; RFC 3339 has a `T` and a `Z`. */
function timestampOf(text: string): string {
  const spaced = text.charAt(10) === 'T' ? `${text.slice(0, 10)} ${text.slice(11)}` : text;
  return spaced.endsWith('Z') ? spaced.slice(0, -1) : spaced;
}

/** Fields of one record, RFC 4180; ours never contain a line break. */
function csvFields(line: string): readonly string[] {
  const fields: string[] = [];
  let at = 0;
  while (at <= line.length) {
    if (line.charAt(at) !== '"') {
      const comma = line.indexOf(',', at);
      const end = comma < 0 ? line.length : comma;
      fields.push(line.slice(at, end));
      at = end + 1;
      continue;
    }
    let text = '';
    let from = at + 1;
    let quote = line.indexOf('"', from);
    while (quote >= 0 && line.charAt(quote + 1) === '"') {
      text += line.slice(from, quote + 1);
      from = quote + 2;
      quote = line.indexOf('"', from);
    }
    const end = quote < 0 ? line.length : quote;
    fields.push(text + line.slice(from, end));
    at = end + 2; // After the quote and the comma.
  }
  return fields;
}
