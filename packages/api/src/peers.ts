// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Page, PageEnd, SeenTotal } from './evidence.ts';

/** Another node that shared events with this one, or that the operator has judged. */
export interface Peer extends SeenTotal {
  /** `unsigned` stands for all nodes that sign nothing; a distrusted network appears here as its own text. */
  readonly nodeId: string;
  /** Raw Ed25519 key; `undefined` if it signs nothing. */
  readonly publicKey: Uint8Array | undefined;
  readonly trust: 'none' | 'trusted' | 'distrusted';
  /** The DHT node that last told us; empty if it never shared anything. */
  readonly address: string;
  /** Whether its vote in the pool counts towards the quorum. */
  readonly isVoter: boolean;
  /** The operator's name for it; empty if there is none. */
  readonly name: string;
}

/** What the operator says about a node, or about a network, which can be distrusted or forgotten. */
export type PeerTrust = 'trusted' | 'distrusted' | 'forgotten';

/** A node of the pool, or a distrusted network, for the overview. */
export interface PoolNode {
  readonly nodeId: string;
  readonly publicKey: Uint8Array | undefined;
  readonly name: string;
  readonly trust: Peer['trust'];
  readonly isVoter: boolean;
  readonly isKnown: boolean;
  readonly state: 'alive' | 'retired' | 'liar';
  /** It was only met in networks that the operator distrusts. */
  readonly isOut: boolean;
  /** `undefined` if there is none now. */
  readonly link:
    | { readonly address: string; readonly isOutward: boolean; readonly sinceEpochUs: number }
    | undefined;
  /** Where a link with it was last. */
  readonly network: string | undefined;
  readonly country: string | undefined;
  readonly claimsCount: number;
  readonly foretoldCount: number;
  readonly eventsCount: number;
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
}

export interface PoolView {
  /** `undefined` if nothing is shared. */
  readonly self: { readonly nodeId: string; readonly publicKey: Uint8Array } | undefined;
  /** Whether what its key signs counts anywhere. */
  readonly keyState: PoolNode['state'];
  /**
   * Wall-clock microseconds before which other nodes accept nothing from this one, because its clock was ahead;
   * `undefined` if they do.
   */
  readonly aheadUntilEpochUs: number | undefined;
  readonly voters: number;
  /** Those of them without a proved network. */
  readonly unproved: number;
  readonly pages: number;
  readonly claims: number;
  readonly authors: number;
  readonly nodes: readonly PoolNode[];
}

export interface Peers {
  pool(): PoolView;
  /** Most recently seen first. */
  page(limit: number, after?: PageEnd): Page<Peer>;
  peer(nodeId: string): Peer | undefined;
  /** Resolves with whether the node is known; rejects with `OperatingError`. */
  setTrust(nodeId: string, trust: PeerTrust): Promise<boolean>;
}
