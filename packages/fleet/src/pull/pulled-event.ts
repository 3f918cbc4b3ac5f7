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
import { canonicalAddress } from '@sentrypeer/ip';
import type { Row } from '../connection.ts';
import type { FleetLog } from './fleet-source.ts';

/** An event that another node of the fleet received, as a store takes it. */
export interface PulledEvent {
  readonly event: BatchedEvent;
  readonly nodeId: string;
  readonly collectedMethod: CollectedMethod;
}

interface Reading {
  readonly ownNodeId: string;
  /** How far the database's clock is ahead. */
  readonly offsetUs: number;
  /** Those that rows may be of, each as the column `log` names it. */
  readonly logs: readonly FleetLog[];
}

const PORT_MAX = 65_535;
const GRADES: readonly Grade[] = ['seen', 'returned', 'handshake'];
const KINDS: readonly MessageKind[] = ['request', 'response', 'not-sip'];
const TRANSPORTS: readonly Transport[] = ['UDP', 'TCP', 'TLS'];
const SOURCES: readonly CalledNumberSource[] = ['request-uri', 'to', 'none'];

/**
 * The event of a row; `undefined` for rows that prove nothing: those without a grade, which an operator imported or an
 * older program wrote, those without an address, a UUID or a time, and those in whose log our own name is forged.
 * Whose event it is says the log that it is in: whoever has a sensor's password can write any id into a row.
 */
export function pulledEvent(
  row: Row,
  { ownNodeId, offsetUs, logs }: Reading,
): PulledEvent | undefined {
  const text = (name: string): string | undefined =>
    typeof row[name] === 'string' ? row[name] : undefined;
  const port = (name: string): number => {
    const value = row[name];
    return typeof value === 'number' && value >= 0 && value <= PORT_MAX ? value : 0;
  };
  const one = <T extends string>(words: readonly T[], name: string): T | undefined =>
    words.find((word) => word === row[name]);
  const grade = one(GRADES, 'grade');
  const sourceIp = canonicalAddress(text('source_ip') ?? '');
  const [eventUuid, statedId] = [text('event_uuid'), text('created_by_node_id')];
  const log = logs.find(({ node }) => node === row['log']);
  const eventEpochUs = Number(text('event_us') ?? Number.NEGATIVE_INFINITY) - offsetUs;
  if (grade === undefined || sourceIp === undefined || eventUuid === undefined) return undefined;
  if (log === undefined || statedId === undefined || statedId === ownNodeId) return undefined;
  if (eventEpochUs < 0) return undefined;
  return {
    nodeId: statedId === log.nodeId ? statedId : log.node,
    collectedMethod: row['collected_method'] === 'responsive' ? 'responsive' : 'passive',
    event: {
      eventUuid,
      eventEpochUs,
      transportType: one(TRANSPORTS, 'transport_type') ?? 'UDP',
      grade,
      messageKind: one(KINDS, 'message_kind') ?? 'request',
      sourceIp,
      sourcePort: port('source_port'),
      destinationIp: canonicalAddress(text('destination_ip') ?? '') ?? '',
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
