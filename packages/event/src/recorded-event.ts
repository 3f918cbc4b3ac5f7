// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { CollectedMethod, Grade, Transport } from './bad-actor-event.ts';

/** The text for an absent number, method or User-Agent in the `honey` table and the JSON form. */
export const NOT_FOUND = 'NOT_FOUND';

/**
 * An event as it stands in the event log. Rows written by SentryPeer 4.x have `undefined` where it recorded nothing.
 */
export interface RecordedEvent {
  readonly honeyId: number;
  /** `YYYY-MM-DD HH:MM:SS.nnnnnnnnn`, UTC. */
  readonly eventTimestamp: string;
  readonly eventUuid: string;
  readonly createdByNodeId: string;
  readonly collectedMethod: CollectedMethod;
  readonly transportType: Transport;
  readonly sourceIp: string;
  readonly sourcePort: number | undefined;
  readonly destinationIp: string | undefined;
  readonly destinationPort: number | undefined;
  /** {@link NOT_FOUND} if no number was called. */
  readonly calledNumber: string;
  /** {@link NOT_FOUND} if the message had no method. */
  readonly sipMethod: string;
  /** {@link NOT_FOUND} if the message named none. */
  readonly userAgent: string;
  readonly grade: Grade | undefined;
  readonly requestUri: string | undefined;
  /** The octets as received, one code point an octet; octet 0 is written U+2400. */
  readonly sipMessage: string;
  /**
   * Another node shared it, or the operator imported it: this node did not receive it, so it is not reported as its
   * own.
   */
  readonly isHearsay?: true;
}

/**
 * The one JSON form of an event (JSON log, webhook, DHT value): the thirteen members of SentryPeer 4.x in its order,
 * all strings, then ours. It contains no line break, so one object is one line.
 */
export function formatEventJson(event: RecordedEvent, appVersion: string): string {
  return JSON.stringify({
    app_name: 'sentrypeer',
    app_version: appVersion,
    event_timestamp: event.eventTimestamp,
    event_uuid: event.eventUuid,
    created_by_node_id: event.createdByNodeId,
    collected_method: event.collectedMethod,
    transport_type: event.transportType,
    source_ip: event.sourceIp,
    destination_ip: event.destinationIp ?? '',
    called_number: event.calledNumber,
    sip_method: event.sipMethod,
    sip_user_agent: event.userAgent,
    sip_message: event.sipMessage,
    source_port: event.sourcePort === undefined ? '' : String(event.sourcePort),
    grade: event.grade ?? '',
    request_uri: event.requestUri ?? '',
  });
}
