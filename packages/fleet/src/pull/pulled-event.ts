// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  NOT_FOUND,
  type BatchedEvent,
  type CalledNumberSource,
  type CollectedMethod,
  type Grade,
  type MessageKind,
  type Transport,
} from '@sentrypeer/event';
import type { Row } from '../connection.ts';

/** An event that another node of the fleet received, as a store takes it. */
export interface PulledEvent {
  readonly event: BatchedEvent;
  readonly nodeId: string;
  readonly collectedMethod: CollectedMethod;
}

const GRADES: readonly Grade[] = ['seen', 'returned', 'handshake'];
const KINDS: readonly MessageKind[] = ['request', 'response', 'not-sip'];
const TRANSPORTS: readonly Transport[] = ['UDP', 'TCP', 'TLS'];
const SOURCES: readonly CalledNumberSource[] = ['request-uri', 'to', 'none'];

/**
 * The event of a row; `undefined` for rows that prove nothing: those without a grade, which an operator imported or an older
 * program wrote, and those without an address, a UUID or a time.
 */
export function pulledEvent(row: Row): PulledEvent | undefined {
  const text = (name: string): string | undefined =>
    typeof row[name] === 'string' ? row[name] : undefined;
  const port = (name: string): number => (typeof row[name] === 'number' ? row[name] : 0);
  const one = <T extends string>(words: readonly T[], name: string): T | undefined =>
    words.find((word) => word === row[name]);
  const grade = one(GRADES, 'grade');
  const [sourceIp, eventUuid, nodeId] = [
    text('source_ip'),
    text('event_uuid'),
    text('created_by_node_id'),
  ];
  const eventUs = text('event_us');
  if (grade === undefined || sourceIp === undefined || eventUuid === undefined) return undefined;
  if (nodeId === undefined || eventUs === undefined) return undefined;
  return {
    nodeId,
    collectedMethod: row['collected_method'] === 'responsive' ? 'responsive' : 'passive',
    event: {
      eventUuid,
      eventEpochUs: Number(eventUs),
      transportType: one(TRANSPORTS, 'transport_type') ?? 'UDP',
      grade,
      messageKind: one(KINDS, 'message_kind') ?? 'request',
      sourceIp,
      sourcePort: port('source_port'),
      destinationIp: text('destination_ip') ?? '',
      destinationPort: port('destination_port'),
      calledNumber: text('called_number'),
      calledNumberSource: one(SOURCES, 'called_number_source') ?? 'none',
      sipMethod: text('method'),
      userAgent: text('user_agent'),
      requestUri: text('request_uri'),
      toUri: text('to_uri'),
      toUser: text('to_user'),
      fromUri: text('from_uri'),
      fromUser: text('from_user'),
      anomalies: text('anomalies') ?? '',
      detailsJson: text('details'),
      sipMessage: text('sip_message') ?? NOT_FOUND,
    },
  };
}
