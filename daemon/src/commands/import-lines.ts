// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Lines of logs and exports, read as rows of the event log. */

import type { ImportedRow } from '@sentrypeer/store';

/** Reads one line; `undefined` if it does not hold a row. */
export type LineReader = (line: string) => ImportedRow | undefined;

/** How `created_at` is cut: milliseconds, as SQLite writes them. */
const CREATED_AT_CHARACTERS = 23;

/** What the members and columns of our forms are called in the database, where they are called otherwise. */
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

/** A reader for a file that begins with this line: a JSON log (4.x too), or CSV of `/v1/events`; `undefined` for others. */
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

/** `undefined` where neither a time nor a source is there: that is no event. */
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

/** As the event log writes it: RFC 3339 has a `T` and a `Z`. */
function timestampOf(text: string): string {
  const spaced = text.charAt(10) === 'T' ? `${text.slice(0, 10)} ${text.slice(11)}` : text;
  return spaced.endsWith('Z') ? spaced.slice(0, -1) : spaced;
}

/** Fields of one record, RFC 4180; none of ours has a line break in it. */
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
    at = end + 2; // Behind the quote and the comma.
  }
  return fields;
}
