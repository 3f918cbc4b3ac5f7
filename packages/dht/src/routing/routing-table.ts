// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isLocalAddress, sourceKey } from '@sentrypeer/ip';
import { commonBits, compareDistance, type InfoHash } from '../info-hash.ts';
import { BUCKET_NODES_MAX, BUCKET_NODES_PER_SOURCE_MAX } from '../limits.ts';
import type { RemoteNode } from './remote-node.ts';

/**
 * Ids that share exactly N leading bits with ours, where N is the number of buckets before this one; in the last bucket
 * at least N.
 */
export interface Bucket {
  readonly nodes: RemoteNode[];
  /** When a node in it last answered. */
  repliedAtMs: number;
  /** A node that wants to come in; asked as soon as there is room. */
  spare: RemoteNode | undefined;
}

/** How far a node is confirmed: others mention it, it sent something, it answered us (PROTOCOL 12). */
export type Confidence = 'mentioned' | 'heard' | 'replied';

/** The outcome of `offer`. If `ping` is set, the owner pings it. */
export interface Offer {
  readonly kind: 'added' | 'known' | 'spare' | 'refused';
  readonly ping: RemoteNode | undefined;
}

const LAST_BIT = 159;

/**
 * The nodes we know best, PROTOCOL 12: many near our id, few far away. Only the bucket around our own id splits, so
 * buckets are numbered by the leading bits shared with it. Known nodes stay as long as they answer: a flood of new ids
 * never drives them out.
 */
export class RoutingTable {
  readonly #ownId: InfoHash;
  readonly #buckets: Bucket[] = [newBucket()];
  /** When a node was last added to the bucket around our id. */
  grewAtMs = -Infinity;

  constructor(ownId: InfoHash) {
    this.#ownId = ownId;
  }

  get buckets(): readonly Bucket[] {
    return this.#buckets;
  }

  bucketIndex(id: InfoHash): number {
    return Math.min(commonBits(this.#ownId, id), this.#buckets.length - 1);
  }

  /** Offers a node to the table. Client nodes and our own id are never offered. */
  offer(node: RemoteNode, confidence: Confidence, nowMs: number): Offer {
    const index = this.bucketIndex(node.id);
    const bucket = this.#buckets[index];
    if (bucket === undefined) return { kind: 'refused', ping: undefined };
    if (confidence === 'replied') bucket.repliedAtMs = nowMs;
    if (bucket.nodes.includes(node)) return { kind: 'known', ping: undefined };
    const ownBucket = index === this.#buckets.length - 1;
    if (ownBucket) this.grewAtMs = nowMs;
    if (crowded(bucket, node)) return { kind: 'refused', ping: undefined };
    if (bucket.nodes.length < BUCKET_NODES_MAX) return this.#add(bucket, node);
    const expired = bucket.nodes.find((each) => each.expired);
    if (expired !== undefined) {
      this.#remove(bucket, expired);
      return this.#add(bucket, node);
    }
    const dubious = bucket.nodes.find((each) => !each.isGood(nowMs));
    const ping = dubious?.requests.size === 0 ? dubious : undefined;
    if (ownBucket && index < LAST_BIT && (dubious === undefined || this.#buckets.length === 1)) {
      this.#split(bucket);
      const again = this.offer(node, confidence, nowMs);
      return { kind: again.kind, ping: again.ping ?? ping };
    }
    if (confidence === 'mentioned' && bucket.spare !== undefined) return { kind: 'refused', ping };
    this.#setSpare(bucket, node);
    return { kind: 'spare', ping };
  }

  /** Good nodes closest to the key, closest first, at most `count`. */
  closestGood(key: InfoHash, count: number, nowMs: number): readonly RemoteNode[] {
    const found: RemoteNode[] = [];
    const take = (buckets: readonly Bucket[]): void => {
      const good = buckets.flatMap(({ nodes }) => nodes.filter((node) => node.isGood(nowMs)));
      found.push(...good.sort((a, b) => compareDistance(key, a.id, b.id)));
    };
    // Those in the key's own range are closest; then all that share more bits with us, which share as many bits with
    // the key as we do; then range by range away from us.
    const index = this.bucketIndex(key);
    take(this.#buckets.slice(index, index + 1));
    if (found.length < count) take(this.#buckets.slice(index + 1));
    for (let at = index - 1; at >= 0 && found.length < count; at -= 1)
      take(this.#buckets.slice(at, at + 1));
    return found.slice(0, count);
  }

  nodes(): readonly RemoteNode[] {
    return this.#buckets.flatMap(({ nodes }) => nodes);
  }

  /** Drops expired nodes; returns the spares of changed buckets, to be pinged. */
  dropExpired(): readonly RemoteNode[] {
    const pings: RemoteNode[] = [];
    for (const bucket of this.#buckets) {
      const expired = bucket.nodes.filter((node) => node.expired);
      for (const node of expired) this.#remove(bucket, node);
      if (expired.length > 0 && bucket.spare !== undefined) {
        pings.push(bucket.spare);
        this.#setSpare(bucket, undefined);
      }
    }
    return pings;
  }

  #add(bucket: Bucket, node: RemoteNode): Offer {
    bucket.nodes.unshift(node);
    node.usesCount += 1;
    return { kind: 'added', ping: undefined };
  }

  #remove(bucket: Bucket, node: RemoteNode): void {
    bucket.nodes.splice(bucket.nodes.indexOf(node), 1);
    node.usesCount -= 1;
  }

  #setSpare(bucket: Bucket, node: RemoteNode | undefined): void {
    if (bucket.spare !== undefined) bucket.spare.usesCount -= 1;
    if (node !== undefined) node.usesCount += 1;
    bucket.spare = node;
  }

  #split(bucket: Bucket): void {
    const depth = this.#buckets.length - 1;
    const nearer = newBucket();
    nearer.repliedAtMs = bucket.repliedAtMs;
    this.#setSpare(bucket, undefined);
    const moved = bucket.nodes.filter((node) => commonBits(this.#ownId, node.id) > depth);
    nearer.nodes.push(...moved);
    const stayed = bucket.nodes.filter((node) => !moved.includes(node));
    bucket.nodes.splice(0, bucket.nodes.length, ...stayed);
    this.#buckets.push(nearer);
  }
}

function newBucket(): Bucket {
  return { nodes: [], repliedAtMs: -Infinity, spare: undefined };
}

/** Whether one machine already has enough nodes in the bucket: made-up ids cost nothing, addresses do. */
function crowded(bucket: Bucket, node: RemoteNode): boolean {
  const { address } = node.endpoint;
  if (isLocalAddress(address)) return false;
  const source = sourceKey(address);
  const count = bucket.nodes.filter((each) => sourceKey(each.endpoint.address) === source).length;
  return count >= BUCKET_NODES_PER_SOURCE_MAX;
}
