// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Nodes that sign, nodes that do not, and what they say. */

import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { formatEventTimestamp, nodeIdOfKey, type RecordedEvent } from '@sentrypeer/event';
import { encodeClaim } from '../src/encode-claim.ts';
import type { Signer } from '../src/ed25519.ts';

export const NETWORK = 4242;
export const NOW_US = 1_800_000_000_000_000;
export const APP_VERSION = '0.1.0';

export function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = Uint8Array.fromBase64(publicKey.export({ format: 'jwk' }).x ?? '', {
    alphabet: 'base64url',
  });
  return {
    nodeId: nodeIdOfKey(raw),
    publicKey: raw,
    sign: (octets) => sign(null, octets, privateKey),
  };
}

/** A UUID that follows from a text, so that tests can be repeated. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** An event of a node's own log. */
export function recorded(nodeId: string, changes: Partial<RecordedEvent> = {}): RecordedEvent {
  const honeyId = changes.honeyId ?? 1;
  return {
    honeyId,
    eventTimestamp: formatEventTimestamp(NOW_US - 1_000_000),
    eventUuid: uuidOf(`${nodeId} ${honeyId}`),
    createdByNodeId: nodeId,
    collectedMethod: 'responsive',
    transportType: 'UDP',
    sourceIp: '45.12.3.4',
    sourcePort: 5060,
    destinationIp: '9.9.9.9',
    destinationPort: 5060,
    calledNumber: '00442071234567',
    sipMethod: 'INVITE',
    userAgent: 'friendly-scanner',
    grade: 'returned',
    requestUri: 'sip:00442071234567@9.9.9.9',
    sipMessage: 'INVITE sip:00442071234567@9.9.9.9 SIP/2.0\r\n\r\n',
    ...changes,
  };
}

/** A value as put by a node of SentryPeer 4.x. */
export function legacyClaim(changes: Readonly<Record<string, unknown>> = {}): Uint8Array {
  return octetsOf({
    app_name: 'sentrypeer',
    app_version: 'v4.0.6',
    event_timestamp: formatEventTimestamp(NOW_US - 1_000_000),
    event_uuid: uuidOf('legacy event'),
    created_by_node_id: uuidOf('legacy node'),
    collected_method: 'responsive',
    transport_type: 'UDP',
    source_ip: '45.12.3.4',
    destination_ip: '192.168.1.2',
    called_number: '00442071234567',
    sip_method: 'INVITE',
    sip_user_agent: 'friendly-scanner',
    sip_message: 'INVITE sip:1@192.168.1.2 SIP/2.0\r\nVia: x\r\n\r\n',
    ...changes,
  });
}

export function octetsOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** The JSON that a signer shares about an event, as an object. */
export function sharedObject(
  signer: Signer,
  event: RecordedEvent,
  network = NETWORK,
): Readonly<Record<string, string>> {
  const octets = encodeClaim(event, { signer, network, appVersion: APP_VERSION });
  return JSON.parse(new TextDecoder().decode(octets)) as Readonly<Record<string, string>>;
}
