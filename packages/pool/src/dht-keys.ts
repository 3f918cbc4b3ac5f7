// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { infoHash, type InfoHash } from '@sentrypeer/dht';

/** The key under which all nodes of SentryPeer share events, also those of 4.x (docs/sharing.md). */
export const BAD_ACTORS: InfoHash = infoHash('bad_actors');

/** Where the public key of a node is found: a value of its 32 octets, under the id that `valueIdOf` gives. */
export function publicKeyHash(nodeId: string): InfoHash {
  return infoHash(`sentrypeer key ${nodeId}`);
}

/**
 * The id of the value that says something of this UUID: always the same, so that what is put again after a restart
 * is the same value and not another one. 1 to 2^64 - 1.
 */
export function valueIdOf(uuid: string): bigint {
  const hex = createHash('sha256').update(`sentrypeer value ${uuid}`).digest('hex');
  return BigInt(`0x${hex.slice(0, 16)}`) || 1n;
}
