// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import { sameEndpoint } from '../address.ts';
import type { Chance } from '../engine/chance.ts';
import { compareDistance, type InfoHash } from '../info-hash.ts';
import { NODE_HEARD_MS_MAX, NODES_KNOWN_MAX } from '../limits.ts';
import { RemoteNode } from './remote-node.ts';

/**
 * Every node of one family that we know, one object for each id. Nodes that nothing refers to are dropped to make room
 * for new ones.
 */
export class NodeCache {
  readonly #chance: Chance;
  readonly #nodes = new Map<InfoHash, RemoteNode>();

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(id: InfoHash): RemoteNode | undefined {
    return this.#nodes.get(id);
  }

  /**
   * A datagram arrived that names this sender. Anybody can write any id, so a node keeps its known address until it has
   * answered at the new one; `foreign` says that the new one should be tried.
   *
   * @param proved The source has shown that it hears us.
   */
  heard(
    id: InfoHash,
    source: Endpoint,
    sender: { readonly client: boolean; readonly proved: boolean },
    nowMs: number,
  ): { readonly node: RemoteNode; readonly foreign: boolean; readonly isNews: boolean } {
    const known = this.#nodes.get(id);
    const node = known ?? this.#add(id, source);
    if (known === undefined) {
      node.client = sender.client; // The first contact decides (PROTOCOL 3.3).
      node.heardOnly = true;
    }
    if (!sameEndpoint(node.endpoint, source)) return { node, foreign: true, isNews: false };
    if (sender.proved) node.heardOnly = false;
    const isNews = node.expired || nowMs - node.heardAtMs >= NODE_HEARD_MS_MAX;
    node.heardAtMs = nowMs;
    node.expired = false;
    return { node, foreign: false, isNews };
  }

  /**
   * Others mention the node. Their information replaces its address only if the node has been silent for a long time
   * (PROTOCOL 11.1).
   */
  mentioned(id: InfoHash, endpoint: Endpoint, nowMs: number): RemoteNode {
    const known = this.#nodes.get(id);
    if (known === undefined) return this.#add(id, endpoint);
    if (known.heardOnly) {
      known.heardOnly = false;
      known.endpoint = endpoint;
    }
    if (nowMs - known.heardAtMs >= NODE_HEARD_MS_MAX && !sameEndpoint(known.endpoint, endpoint)) {
      known.endpoint = endpoint;
      known.expired = false;
    }
    return known;
  }

  /** The nodes that a search starts with: those closest to the key, and the closest of those that ever answered. */
  closest(key: InfoHash, count: number): readonly RemoteNode[] {
    const sorted = [...this.#nodes.values()]
      .filter((node) => !node.expired && !node.client && !node.heardOnly)
      .sort((a, b) => compareDistance(key, a.id, b.id));
    const answering = sorted.filter((node) => node.hasReplied).slice(0, count);
    return [...new Set([...answering, ...sorted.slice(0, count)])];
  }

  values(): IterableIterator<RemoteNode> {
    return this.#nodes.values();
  }

  #add(id: InfoHash, endpoint: Endpoint): RemoteNode {
    if (this.#nodes.size >= NODES_KNOWN_MAX) this.#forgetOldest();
    const node = new RemoteNode(id, endpoint, () => this.#chance.u32());
    this.#nodes.set(id, node);
    return node;
  }

  /** Nodes in use are moved behind the others, so that the next candidate is found at once. */
  #forgetOldest(): void {
    for (let left = this.#nodes.size; left > 0; left -= 1) {
      const [first] = this.#nodes;
      if (first === undefined) return;
      const [id, node] = first;
      this.#nodes.delete(id);
      if (node.usesCount === 0) return;
      this.#nodes.set(id, node);
    }
  }
}
