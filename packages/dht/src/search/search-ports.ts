// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Family } from '@sentrypeer/ip';
import type { Core } from '../engine/core.ts';
import type { InfoHash } from '../info-hash.ts';
import type { RemoteNode } from '../routing/remote-node.ts';
import type { Requests } from '../routing/requests.ts';
import type { NodeRecord } from '../wire/message.ts';

/** What a search needs from its network. */
export interface SearchPorts {
  readonly core: Core;
  readonly family: Family;
  readonly requests: Requests;
  /** The known nodes closest to a key. */
  closest(key: InfoHash, count: number): readonly RemoteNode[];
  /** Nodes that another one lists. */
  learn(records: readonly NodeRecord[], from: RemoteNode): void;
  /** The node broke the protocol: never talk to it again. */
  ban(node: RemoteNode): void;
  /** Every node of a search has expired. */
  onSearchExpired(): void;
}
