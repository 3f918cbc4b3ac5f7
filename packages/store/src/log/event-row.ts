// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { NOT_FOUND, type RecordedEvent } from '@sentrypeer/event';
import { CREATED_AT, SEEN_COUNT } from '../file/schema.ts';
import { gradeOfText } from './grades.ts';
import type { EventOrigin } from '../sharing/origins.ts';

export type Row = Readonly<Record<string, unknown>>;

/** An event with everything that is stored of it. */
export interface FoundEvent extends RecordedEvent {
  /** `YYYY-MM-DD HH:MM:SS.mmm`, UTC: when it was written. */
  readonly recordedAt: string;
  readonly messageKind: string | undefined;
  readonly calledNumberSource: string | undefined;
  readonly toUri: string | undefined;
  readonly toUser: string | undefined;
  readonly fromUri: string | undefined;
  readonly fromUser: string | undefined;
  /** Codes, separated by commas. */
  readonly anomalies: string;
  /** JSON of `EventDetails`. */
  readonly detailsJson: string | undefined;
  /** Messages counted on it, 1 and above. */
  readonly seenCount: number;
  /** As `eventTimestamp`; `undefined` if none was counted on it. */
  readonly lastSeen: string | undefined;
  /** Set if another node shared it: who told us, and the key that signed it. */
  readonly origin: EventOrigin | undefined;
}

export const EVENT_COLUMNS =
  'honey_id, event_timestamp, event_uuid, created_by_node_id, collected_method, transport_type, ' +
  'source_ip, iif(source_port BETWEEN 0 AND 65535, source_port, NULL) AS source_port, destination_ip, ' +
  'iif(destination_port BETWEEN 0 AND 65535, destination_port, NULL) AS destination_port, ' +
  'called_number, method, user_agent, ' +
  `grade, request_uri, sip_message, instr(details, '"imported":true') > 0 AS is_imported, ` +
  '(SELECT address FROM shared_event WHERE shared_event.honey_id = honey.honey_id) AS origin_address';
export const FOUND_COLUMNS = `${EVENT_COLUMNS}, ${CREATED_AT} AS created_at, message_kind, called_number_source, to_uri, to_user, from_uri, from_user, anomalies, details, ${SEEN_COUNT} AS seen_count, last_seen, (SELECT public_key FROM shared_event JOIN origin USING (origin_id) WHERE shared_event.honey_id = honey.honey_id) AS origin_key`;

export function recordedEvent(row: Row): RecordedEvent {
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
    ...((text(row['origin_address']) !== undefined || row['is_imported'] === 1) && {
      isHearsay: true,
    }),
  };
}

export function foundEvent(row: Row): FoundEvent {
  return {
    ...recordedEvent(row),
    recordedAt: text(row['created_at']) ?? '',
    messageKind: text(row['message_kind']),
    calledNumberSource: text(row['called_number_source']),
    toUri: text(row['to_uri']),
    toUser: text(row['to_user']),
    fromUri: text(row['from_uri']),
    fromUser: text(row['from_user']),
    anomalies: text(row['anomalies']) ?? '',
    detailsJson: text(row['details']),
    seenCount: Number(row['seen_count']),
    lastSeen: text(row['last_seen']),
    origin: originOfRow(row),
  };
}

function originOfRow(row: Row): EventOrigin | undefined {
  const address = text(row['origin_address']);
  const key = row['origin_key'];
  return address === undefined
    ? undefined
    : { address, publicKey: key instanceof Uint8Array ? key : undefined };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function integer(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
