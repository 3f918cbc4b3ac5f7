// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash, createHmac } from 'node:crypto';
import { SECRET_PREFIX } from './signing-secret.ts';

/**
 * Value of `webhook-signature`, as defined by Standard Webhooks: version, HMAC-SHA-256 over id, time and body.
 *
 * @param secret Base64 after `whsec_`; the octets of any other text are used as they are.
 * @param body The body before compression, which is what a receiver's framework provides.
 */
export function signature(
  secret: string,
  id: string,
  timestampSeconds: number,
  body: string,
): string {
  const key = secret.startsWith(SECRET_PREFIX)
    ? Uint8Array.fromBase64(secret.slice(SECRET_PREFIX.length))
    : new TextEncoder().encode(secret);
  const hmac = createHmac('sha256', key).update(`${id}.${timestampSeconds}.`, 'utf8');
  return `v1,${hmac.update(body, 'utf8').digest('base64')}`;
}

/** The id of a request, the same for each attempt: the event's UUID, or a hash of the UUIDs of a batch. */
export function requestId(eventUuids: readonly string[]): string {
  const [first = ''] = eventUuids;
  if (eventUuids.length === 1 && isToken(first)) return first;
  return createHash('sha256').update(eventUuids.join(',')).digest('hex').slice(0, 32);
}

/**
 * Rows of SentryPeer 4.x contain whatever anybody wrote on the DHT; only letters, digits and hyphens get into a header.
 */
function isToken(text: string): boolean {
  return /^[0-9A-Za-z-]{1,64}$/.test(text);
}
