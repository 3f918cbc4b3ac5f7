// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { independentNetwork, isLocalAddress } from '@sentrypeer/ip';
import type { LinkPeer } from '../link/link-parts.ts';
import { LINKS_IN_MAX, LINKS_OF_NETWORK_MAX } from '../limits.ts';

/**
 * Whether one more link from this address may come in, besides those that exist. No network may take all places; hosts
 * on this site are not strangers.
 */
export function hasRoomFor(
  address: string,
  peers: readonly Pick<LinkPeer, 'address' | 'isOutward'>[],
): boolean {
  const inward = peers.filter(({ isOutward }) => !isOutward);
  if (inward.length >= LINKS_IN_MAX) return false;
  if (isLocalAddress(address)) return true;
  const network = independentNetwork(address);
  const same = inward.filter((one) => independentNetwork(one.address) === network);
  return same.length < LINKS_OF_NETWORK_MAX;
}
