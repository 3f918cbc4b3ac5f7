// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';

/** Text columns of `honey` that an import fills. */
export const TEXT_COLUMNS = [
  'event_timestamp',
  'event_uuid',
  'collected_method',
  'source_ip',
  'called_number',
  'transport_type',
  'method',
  'user_agent',
  'sip_message',
  'created_by_node_id',
  'created_at',
  'destination_ip',
  'message_kind',
  'request_uri',
  'to_uri',
  'to_user',
  'from_uri',
  'from_user',
  'called_number_source',
  'grade',
  'anomalies',
  'details',
  'last_seen',
] as const;

/** The columns that are whole numbers, 0 and above. */
export const NUMBER_COLUMNS = ['source_port', 'destination_port', 'seen_count'] as const;

/** A row of another database or log; what is missing or invalid there is missing here. */
export type ImportedRow = {
  readonly [Column in (typeof TEXT_COLUMNS)[number]]?: string | undefined;
} & {
  readonly [Column in (typeof NUMBER_COLUMNS)[number]]?: number | undefined;
};

/** Octets of SHA-256 that make a UUID. */
const UUID_SIZE = 16;

/** The UUID of a row; a row without one gets one from its contents (RFC 9562 version 8), the same at every import. */
export function uuidOfRow(row: ImportedRow): string {
  const own = row.event_uuid ?? '';
  if (own !== '') return own;
  const { created_at, event_timestamp, source_ip, called_number, method, sip_message } = row;
  const parts = [created_at, event_timestamp, source_ip, called_number, method, sip_message];
  const octets = createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, UUID_SIZE);
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x80;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80;
  const hex = octets.toString('hex');
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => hex.slice(from, to))
    .join('-');
}

/** `details` with the mark of an import: such a row is evidence, and is not reported to anybody as news. */
export function markedDetails(details: string | undefined): string {
  let known: unknown;
  try {
    known = JSON.parse(details ?? '{}');
  } catch {
    known = {}; // Invalid details are shown as nothing.
  }
  const members = typeof known === 'object' && known !== null && !Array.isArray(known) ? known : {};
  return JSON.stringify({ ...members, imported: true });
}
