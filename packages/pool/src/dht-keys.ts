// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { infoHash, type InfoHash } from '@sentrypeer/dht';

/** The key under which all SentryPeer nodes share events, including those of 4.x (docs/sharing.md). */
export const BAD_ACTORS: InfoHash = infoHash('bad_actors');

/**
 * The DHT key under which the public key of a node is stored: a value of its 32 octets, with the id from `valueIdOf`.
 */
export function publicKeyHash(nodeId: string): InfoHash {
  return infoHash(`sentrypeer key ${nodeId}`);
}

/**
 * The id of the value for this UUID, 1 to 2^64 - 1: always the same, so that a value that is put again after a restart
 * is not a new one.
 */
export function valueIdOf(uuid: string): bigint {
  const hex = createHash('sha256').update(`sentrypeer value ${uuid}`).digest('hex');
  return BigInt(`0x${hex.slice(0, 16)}`) || 1n;
}
