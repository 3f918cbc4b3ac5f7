// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';

/** Where the hyphens cut the hexadecimal digits of a UUID, RFC 9562 §4. */
const CUTS = [0, 8, 12, 16, 20, 32];
/** Index of the digit that holds the version. */
const VERSION_AT = 14;
const VERSION_OF_KEY = '8';

/**
 * The id of the node with this Ed25519 key: RFC 9562 version 8, made of the first octets of SHA-256 over the raw public
 * key, so that nobody else can sign in its name.
 *
 * @param publicKey 32 octets.
 */
export function nodeIdOfKey(publicKey: Uint8Array): string {
  return uuidOfHash(publicKey);
}

/** A UUID of version 8 (RFC 9562 §5.8), made of the first octets of SHA-256 over what is given. */
export function uuidOfHash(hashed: Uint8Array): string {
  const octets = createHash('sha256').update(hashed).digest().subarray(0, 16);
  octets[6] = ((octets[6] ?? 0) & 0x0f) | 0x80;
  octets[8] = ((octets[8] ?? 0) & 0x3f) | 0x80; // Variant, RFC 9562 §4.1.
  const hex = octets.toHex();
  return CUTS.slice(1)
    .map((end, index) => hex.slice(CUTS[index], end))
    .join('-');
}

/** Whether a node id was made from a key. SentryPeer 4.x nodes draw random ids (version 4) and sign nothing. */
export function isNodeIdOfKey(nodeId: string): boolean {
  return nodeId.charAt(VERSION_AT) === VERSION_OF_KEY;
}
