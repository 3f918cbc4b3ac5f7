// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isUnsafeCode } from '@sentrypeer/kernel';
import type { FoundEvent } from '../evidence.ts';
import type { PlaceEvidence } from '../places.ts';
import { eventEntry, type Json } from './entries.ts';

const COLUMNS = [
  'id',
  'event_timestamp',
  'source_ip',
  'source_port',
  'destination_ip',
  'destination_port',
  'transport',
  'method',
  'called_number',
  'user_agent',
  'grade',
  'seen_count',
  'last_seen',
  'event_uuid',
  'created_by_node_id',
  'country',
  'network',
  'network_name',
] as const;
/** At the start of a field these would make a spreadsheet run what an attacker wrote. */
const FORMULA_STARTS = new Set(['=', '+', '-', '@']);

export const CSV_HEAD = `${COLUMNS.join(',')}\r\n`;

/** One record, RFC 4180. */
export function csvLine(event: FoundEvent, places: Pick<PlaceEvidence, 'placeOf'>): string {
  const entry = eventEntry(event, places, false);
  return `${COLUMNS.map((column) => field(column, entry[column] ?? null)).join(',')}\r\n`;
}

function field(column: string, value: Json): string {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return '';
  const text = withoutControls(value);
  const isNumber = column === 'called_number' && /^\+[0-9]+$/.test(text);
  const safe = FORMULA_STARTS.has(text.charAt(0)) && !isNumber ? `'${text}` : text;
  return /[",]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Line breaks too: programs that read line by line must not see a second record. */
function withoutControls(text: string): string {
  let clean = '';
  for (const character of text) {
    clean += isUnsafeCode(character.charCodeAt(0)) ? ' ' : character;
  }
  return clean;
}
