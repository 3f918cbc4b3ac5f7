// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Page, PageEnd, SeenTotal } from './evidence.ts';

/** Another node that shared events with this one, or that the operator has judged. */
export interface Peer extends SeenTotal {
  /** `unsigned` stands for all that sign nothing; a network that is distrusted stands here by its own text. */
  readonly nodeId: string;
  /** Raw Ed25519 key; `undefined` if it signs nothing. */
  readonly publicKey: Uint8Array | undefined;
  readonly trust: 'none' | 'trusted' | 'distrusted';
  /** The DHT node that told us last; empty if it never shared anything. */
  readonly address: string;
  /** Whether its word in the pool counts by quorum. */
  readonly isVoter: boolean;
  /** What the operator calls it; empty where he does not. */
  readonly name: string;
}

/** What the operator says of a node, or of a network, which is distrusted or forgotten. */
export type PeerTrust = 'trusted' | 'distrusted' | 'forgotten';

export interface Peers {
  /** The one seen last first. */
  page(limit: number, after?: PageEnd): Page<Peer>;
  peer(nodeId: string): Peer | undefined;
  /** Resolves with whether the node is known; rejects with `OperatingError`. */
  setTrust(nodeId: string, trust: PeerTrust): Promise<boolean>;
}
