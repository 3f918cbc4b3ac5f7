// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { PoolNode, PoolView } from '@sentrypeer/api';
import type { Places } from '@sentrypeer/geo';
import type { StoreReader } from '@sentrypeer/store';
import type { LinksStatus } from './pool-links.ts';

/** Who takes part in the pool, and this node's standing in it. @param links `undefined` if nothing is shared. */
export function poolView(
  { nodes, pool }: Pick<StoreReader, 'nodes' | 'pool'>,
  places: Pick<Places, 'placeOf'>,
  links: LinksStatus | undefined,
): PoolView {
  const { voters, unproved, pages, claims, authors } = pool.counts();
  const linked = new Map(links?.links.map((link) => [link.nodeId, link]));
  const all = nodes.all([...linked.keys()]).map((node): PoolNode => {
    const link = linked.get(node.nodeId);
    const address = link?.address ?? node.place?.address ?? '';
    return {
      ...node,
      publicKey: node.publicKey ?? (link && Uint8Array.fromHex(link.key)),
      link,
      network: node.place?.network,
      country: address === '' ? undefined : places.placeOf(address).country,
    };
  });
  const self = links?.self;
  const { aheadUntilEpochUs, keyState = 'alive' } = links ?? {};
  return {
    self,
    keyState,
    aheadUntilEpochUs,
    voters,
    unproved,
    pages,
    claims,
    authors,
    nodes: all,
  };
}
