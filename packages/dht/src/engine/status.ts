// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Family } from '@sentrypeer/ip';
import type { InfoHash } from '../info-hash.ts';
import type { Connectivity, Overlay } from '../routing/overlay.ts';
import type { ReportedAddresses } from '../routing/reported-addresses.ts';
import type { Storage } from '../serving/storage.ts';

/** What one family's network looks like from here. */
interface FamilyStatus {
  readonly family: Family;
  readonly connectivity: Connectivity;
  readonly goodNodes: number;
  readonly dubiousNodes: number;
  readonly expiredNodes: number;
  readonly knownNodes: number;
  readonly buckets: readonly number[];
  readonly searches: readonly {
    readonly key: InfoHash;
    readonly synced: boolean;
    readonly nodes: number;
    readonly puts: number;
    readonly gets: number;
    readonly listens: number;
    /** Nodes that answered before the search was synced, and steps to the farthest of them. */
    readonly answers: number;
    readonly hops: number;
  }[];
}

/** A readable dump of a node's state. */
export interface DhtStatus {
  readonly id: InfoHash;
  readonly network: number;
  readonly families: readonly FamilyStatus[];
  readonly storedKeys: number;
  readonly storedValues: number;
  readonly storedOctets: number;
  /** Other nodes' subscriptions here. */
  readonly subscriptions: number;
  /** Values this node announces. */
  readonly announcedValues: number;
  /** Where others say they see us, most votes first. */
  readonly reportedAddresses: readonly { readonly address: string; readonly votes: number }[];
}

export interface StatusParts {
  readonly id: InfoHash;
  readonly network: number;
  readonly nowMs: number;
  readonly overlays: readonly Overlay[];
  readonly storage: Storage;
  readonly subscriptionsCount: number;
  readonly announcedCount: number;
  readonly reported: ReportedAddresses;
}

export function describe(parts: StatusParts): DhtStatus {
  const { storage } = parts;
  return {
    id: parts.id,
    network: parts.network,
    families: parts.overlays.map((overlay) => describeFamily(overlay, parts.nowMs)),
    storedKeys: storage.keysCount,
    storedValues: storage.valuesCount,
    storedOctets: storage.octets,
    subscriptions: parts.subscriptionsCount,
    announcedValues: parts.announcedCount,
    reportedAddresses: parts.reported.list(),
  };
}

function describeFamily(overlay: Overlay, nowMs: number): FamilyStatus {
  const nodes = overlay.table.nodes();
  const goodNodes = nodes.filter((node) => node.isGood(nowMs)).length;
  const expiredNodes = nodes.filter((node) => node.expired).length;
  return {
    family: overlay.family,
    connectivity: overlay.connectivity(),
    goodNodes,
    dubiousNodes: nodes.length - goodNodes - expiredNodes,
    expiredNodes,
    knownNodes: overlay.cache.size,
    buckets: overlay.table.buckets.map((bucket) => bucket.nodes.length),
    searches: [...overlay.searches.values()].map((search) => ({
      key: search.key,
      synced: search.isSynced(),
      nodes: search.nodes.length,
      puts: search.puts.size,
      gets: search.gets.size,
      listens: search.listens.size,
      answers: search.trace.answersCount,
      hops: search.trace.hopsCount,
    })),
  };
}
