// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Family } from '@sentrypeer/ip';
import type { Core } from '../engine/core.ts';
import {
  divergingAt,
  INFO_HASH_OCTETS,
  infoHashOctets,
  infoHashOfOctets,
  type InfoHash,
} from '../info-hash.ts';
import {
  BUCKET_NODES_MAX,
  CLEANUP_MS,
  MAINTENANCE_BUSY_MS,
  MAINTENANCE_FIRST_MS,
  MAINTENANCE_IDLE_MS,
  MAINTENANCE_YOUNG_MS,
  NODE_HEARD_MS_MAX,
  RETRY_MS,
  TABLE_GROWTH_MS,
  YOUNG_MS,
} from '../limits.ts';
import type { RemoteNode } from './remote-node.ts';
import type { Requests } from './requests.ts';
import type { Bucket, RoutingTable } from './routing-table.ts';
import type { Timer } from '../engine/timers.ts';
import { WANT_IPV4, WANT_IPV6, type NodeRecord } from '../wire/message.ts';

/** One find in this many chooses the next bucket, and one in this many the previous one. */
const NEIGHBOUR_ODDS = 8;
/** One find in this many asks for both families although ours is well known. */
const BOTH_FAMILIES_ODDS = 38;
const LAST_BIT = 159;

/** The network of one family, as its upkeep sees it. */
export interface MaintainedNetwork {
  readonly table: RoutingTable;
  readonly requests: Requests;
  readonly searches: { readonly size: number };
  connectivity(): 'connected' | 'connecting' | 'disconnected';
  /** Starts a search for the key unless there is one. */
  search(key: InfoHash): unknown;
  learnAll(records: readonly NodeRecord[], from: RemoteNode): void;
  ban(node: RemoteNode): void;
  cleanup(): void;
}

/** Keeps the table of one family full and fresh, PROTOCOL 12. */
export class Maintenance {
  readonly #core: Core;
  readonly #overlay: MaintainedNetwork;
  readonly #families: readonly Family[];
  #timer: Timer | undefined;
  #startedAtMs = -Infinity;
  /** The table of the other family, to see what it lacks. */
  other: Pick<MaintainedNetwork, 'table'> | undefined;

  constructor(core: Core, overlay: MaintainedNetwork, families: readonly Family[]) {
    this.#core = core;
    this.#overlay = overlay;
    this.#families = families;
  }

  start(): void {
    this.#startedAtMs = this.#core.clock.nowMs();
    this.#arm(this.#core.chance.between(MAINTENANCE_FIRST_MS));
    this.#armCleanup();
  }

  /** Something happened after which a look is worthwhile soon. */
  hasten(): void {
    const atMs = this.#core.clock.nowMs() + RETRY_MS;
    if (this.#timer?.run === undefined || this.#timer.atMs <= atMs) return;
    this.#core.timers.cancel(this.#timer);
    this.#arm(RETRY_MS);
  }

  #arm(waitMs: number): void {
    this.#timer = this.#core.timers.arm(this.#core.clock.nowMs() + waitMs, () => this.#run());
  }

  #armCleanup(): void {
    const atMs = this.#core.clock.nowMs() + this.#core.chance.between(CLEANUP_MS);
    this.#core.timers.arm(atMs, () => {
      this.#overlay.cleanup();
      this.#armCleanup();
    });
  }

  #run(): void {
    const { searches } = this.#overlay;
    if (searches.size === 0 && this.#overlay.connectivity() === 'connected')
      this.#overlay.search(this.#core.id);
    const busy = this.#refreshBuckets() || this.#askNeighbourhood();
    const pause = busy ? MAINTENANCE_BUSY_MS : MAINTENANCE_IDLE_MS;
    this.#arm(this.#core.chance.between(this.#isYoung() ? MAINTENANCE_YOUNG_MS : pause));
  }

  #isYoung(): boolean {
    const nodesCount = this.#overlay.table.nodes().length;
    const ageMs = this.#core.clock.nowMs() - this.#startedAtMs;
    return nodesCount > 0 && nodesCount < BUCKET_NODES_MAX && ageMs < YOUNG_MS;
  }

  /** Asks for a random id of every bucket that is empty or had no answer for ten minutes. */
  #refreshBuckets(): boolean {
    const nowMs = this.#core.clock.nowMs();
    let asked = false;
    for (const [index, bucket] of this.#overlay.table.buckets.entries()) {
      if (bucket.nodes.length > 0 && nowMs - bucket.repliedAtMs < NODE_HEARD_MS_MAX) continue;
      const target = this.#idIn(index);
      const want = this.#otherLacks(target) || this.#oneIn(BOTH_FAMILIES_ODDS);
      asked = this.#find(index, target, want) || asked;
    }
    return asked;
  }

  /** While the table grows: asks near our own id. */
  #askNeighbourhood(): boolean {
    const { table } = this.#overlay;
    if (this.#core.clock.nowMs() - table.grewAtMs >= TABLE_GROWTH_MS) return false;
    const octets = new Uint8Array(infoHashOctets(this.#core.id));
    octets[INFO_HASH_OCTETS - 1] = this.#core.chance.below(256);
    const target = infoHashOfOctets(octets) ?? this.#core.id;
    return this.#find(table.buckets.length - 1, target, true);
  }

  #find(index: number, target: InfoHash, bothFamilies: boolean): boolean {
    const { buckets } = this.#overlay.table;
    const candidates = (bucket: Bucket | undefined) =>
      bucket?.nodes.filter((node) => !node.expired) ?? [];
    let chosen = candidates(buckets[index]);
    for (const step of [1, -1]) {
      const neighbour = candidates(buckets[index + step]);
      if (neighbour.length > 0 && (chosen.length === 0 || this.#oneIn(NEIGHBOUR_ODDS)))
        chosen = neighbour;
    }
    // An empty range without close neighbours: take any node we know.
    if (chosen.length === 0) chosen = this.#overlay.table.nodes().filter((node) => !node.expired);
    const node = this.#core.chance.pick(chosen);
    if (node === undefined || node.requests.size > 0) return false;
    const want = bothFamilies && this.#families.length > 1 ? [WANT_IPV4, WANT_IPV6] : undefined;
    this.#overlay.requests.send(
      node,
      { name: 'find', args: { target, want } },
      {
        onReply: ({ args }) => {
          if (args.token === undefined) this.#overlay.ban(node);
          else this.#overlay.learnAll([...(args.n4 ?? []), ...(args.n6 ?? [])], node);
        },
      },
    );
    return true;
  }

  /** A random id in the range of a bucket. */
  #idIn(index: number): InfoHash {
    const { buckets } = this.#overlay.table;
    const random = this.#core.chance.octets(INFO_HASH_OCTETS);
    const ownBucket = index === buckets.length - 1;
    // Our own bucket also holds ids that share more bits with us; half of them differ in the next one.
    const bits = ownBucket ? Math.min(LAST_BIT, index + this.#core.chance.below(2)) : index;
    return divergingAt(this.#core.id, bits, random);
  }

  #otherLacks(target: InfoHash): boolean {
    const table = this.other?.table;
    const bucket = table?.buckets[table.bucketIndex(target)];
    return bucket !== undefined && bucket.nodes.length < BUCKET_NODES_MAX;
  }

  #oneIn(odds: number): boolean {
    return this.#core.chance.below(odds) === 0;
  }
}
