// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { sourceKey } from '@sentrypeer/ip';
import type { Core } from '../engine/core.ts';
import { matches } from '../values/filter.ts';
import type { InfoHash } from '../info-hash.ts';
import {
  DUMP_OCTETS,
  DUMP_UPDATES_OPEN_MAX,
  SUBSCRIPTION_MS,
  PUSHED_OCTETS_MAX,
  PUSHED_OCTETS_PER_NODE_MAX,
  SUBSCRIPTIONS_MAX,
  SUBSCRIPTIONS_PER_NODE_AND_KEY_MAX,
  SUBSCRIPTIONS_PER_SOURCE_MAX,
} from '../limits.ts';
import type { RemoteNode } from '../routing/remote-node.ts';
import type { RequestContent, Requests } from '../routing/requests.ts';
import type { StorageChange, StoredValue } from './storage.ts';
import type { Tokens } from './tokens.ts';
import type { Condition } from '../wire/message.ts';

/** The `ve` of listeners that get updates and answer them. */
const VERSION = 1;

/** Octets of an update without its values. */
const OVERHEAD_OCTETS = 150;

interface Subscription {
  readonly key: InfoHash;
  readonly node: RemoteNode;
  readonly socketId: number;
  readonly host: string;
  where: readonly Condition[];
  renewedAtMs: number;
  /** The part of the first dump that is still to be sent. */
  dump: readonly StoredValue[][];
  openCount: number;
}

/** Where each family's requests go out. */
export type RequestsOf = (node: RemoteNode) => Requests;

/** Other nodes that listen to keys stored here, PROTOCOL 9.4 and 10. */
export class Subscriptions {
  readonly #core: Core;
  readonly #tokens: Tokens;
  readonly #requestsOf: RequestsOf;
  readonly #byKey = new Map<InfoHash, Map<string, Subscription>>();
  readonly #countByHost = new Map<string, number>();
  /** Keyed by key and node. */
  readonly #countByNode = new Map<string, number>();
  #count = 0;
  /** Octets of updates that wait for their answer. */
  #openOctets = 0;

  constructor(core: Core, tokens: Tokens, requestsOf: RequestsOf) {
    this.#core = core;
    this.#tokens = tokens;
    this.#requestsOf = requestsOf;
  }

  get count(): number {
    return this.#count;
  }

  /**
   * Takes a listen. A known one is renewed and gets nothing; a new one gets all matching values at once. `false`: there
   * are too many.
   */
  renew(
    key: InfoHash,
    node: RemoteNode,
    socketId: number,
    where: readonly Condition[],
    stored: Iterable<StoredValue>,
  ): boolean {
    const nowMs = this.#core.clock.nowMs();
    const name = `${node.id} ${socketId}`;
    const known = this.#byKey.get(key)?.get(name);
    if (known !== undefined) {
      known.renewedAtMs = nowMs;
      known.where = where;
      return true;
    }
    const host = sourceKey(node.endpoint.address);
    const hostCount = this.#countByHost.get(host) ?? 0;
    const nodeCount = this.#countByNode.get(`${key} ${node.id}`) ?? 0;
    if (
      this.#count >= SUBSCRIPTIONS_MAX ||
      hostCount >= SUBSCRIPTIONS_PER_SOURCE_MAX ||
      nodeCount >= SUBSCRIPTIONS_PER_NODE_AND_KEY_MAX
    ) {
      this.#core.counters.subscriptionsRefused += 1;
      return false;
    }
    const matching = [...stored].filter(({ value }) => matches(value, where));
    const dump = chunks(matching);
    const made = { key, node, socketId, host, where, renewedAtMs: nowMs, dump, openCount: 0 };
    const ofKey = this.#byKey.get(key) ?? new Map<string, Subscription>();
    this.#byKey.set(key, ofKey);
    ofKey.set(name, made);
    node.usesCount += 1;
    this.#count += 1;
    this.#countByHost.set(host, hostCount + 1);
    this.#countByNode.set(`${key} ${node.id}`, nodeCount + 1);
    this.#continueDump(made);
    return true;
  }

  /** Tells the listeners of the key. */
  announce(change: StorageChange, stored: StoredValue): void {
    const ofKey = this.#byKey.get(stored.key);
    if (ofKey === undefined) return;
    const nowMs = this.#core.clock.nowMs();
    for (const subscription of ofKey.values()) {
      if (nowMs - subscription.renewedAtMs >= SUBSCRIPTION_MS) {
        this.#remove(subscription);
        continue;
      }
      if (subscription.node.expired) continue; // It does not receive us; a repeated listen brings it back.
      const { id } = stored.value;
      if (change === 'refreshed') this.#sendIds(subscription, { refreshed: [id] });
      else if (change === 'expired') this.#sendIds(subscription, { expired: [id] });
      else if (matches(stored.value, subscription.where)) this.#sendValues(subscription, [stored]);
    }
  }

  /** Forgets listeners that have not repeated their listen. */
  expire(): void {
    const nowMs = this.#core.clock.nowMs();
    for (const ofKey of this.#byKey.values())
      for (const subscription of ofKey.values())
        if (nowMs - subscription.renewedAtMs >= SUBSCRIPTION_MS) this.#remove(subscription);
  }

  #remove(subscription: Subscription): void {
    const { key, node, socketId, host } = subscription;
    const ofKey = this.#byKey.get(key);
    if (ofKey?.delete(`${node.id} ${socketId}`) !== true) return;
    if (ofKey.size === 0) this.#byKey.delete(key);
    node.usesCount -= 1;
    this.#count -= 1;
    countDown(this.#countByHost, host);
    countDown(this.#countByNode, `${key} ${node.id}`);
  }

  #continueDump(subscription: Subscription): void {
    while (subscription.openCount < DUMP_UPDATES_OPEN_MAX && !subscription.node.expired) {
      const [chunk, ...rest] = subscription.dump;
      if (chunk === undefined) return;
      subscription.dump = rest;
      subscription.openCount += 1;
      this.#sendValues(subscription, chunk, () => {
        subscription.openCount -= 1;
        this.#continueDump(subscription);
      });
    }
  }

  #sendValues(subscription: Subscription, stored: readonly StoredValue[], done?: () => void): void {
    const { socketId, key } = subscription;
    const args = { version: VERSION, key, socketId, token: this.#token(subscription.node) };
    const packed = stored.map((each) => each.packed);
    const octets = packed.reduce((sum, { length }) => sum + length, OVERHEAD_OCTETS);
    const content = { name: 'update', args, packed } as const;
    this.#push(subscription, content, octets, done);
  }

  #sendIds(
    subscription: Subscription,
    ids: { readonly refreshed: readonly bigint[] } | { readonly expired: readonly bigint[] },
  ): void {
    const { node, socketId } = subscription;
    const args = { socketId, token: this.#token(node), ...ids };
    this.#push(subscription, { name: 'update', args }, OVERHEAD_OCTETS);
  }

  /** For a listener that does not answer, only a limited number of octets is kept. */
  #push(
    subscription: Subscription,
    content: RequestContent,
    octets: number,
    done?: () => void,
  ): void {
    const { node } = subscription;
    if (
      node.pushedOctets + octets > PUSHED_OCTETS_PER_NODE_MAX ||
      this.#openOctets + octets > PUSHED_OCTETS_MAX
    ) {
      this.#core.counters.pushesDropped += 1;
      return;
    }
    node.pushedOctets += octets;
    this.#openOctets += octets;
    const over = (): void => {
      node.pushedOctets -= octets;
      this.#openOctets -= octets;
    };
    this.#requestsOf(node).send(node, content, {
      onReply: () => {
        over();
        done?.();
      },
      onExpired: () => {
        over();
        subscription.dump = [];
      },
    });
  }

  #token(node: RemoteNode): Uint8Array {
    return this.#tokens.make(node.endpoint, this.#core.clock.nowMs());
  }
}

function countDown(counts: Map<string, number>, name: string): void {
  const left = (counts.get(name) ?? 1) - 1;
  if (left === 0) counts.delete(name);
  else counts.set(name, left);
}

/** Groups that each end with the value that brings them to `DUMP_OCTETS` (PROTOCOL 10.2). */
function chunks(stored: readonly StoredValue[]): StoredValue[][] {
  const groups: StoredValue[][] = [];
  let octets = Infinity;
  for (const each of stored) {
    if (octets >= DUMP_OCTETS) {
      groups.push([]);
      octets = 0;
    }
    groups.at(-1)?.push(each);
    octets += each.packed.length;
  }
  return groups;
}
