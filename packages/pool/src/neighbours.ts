// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import { TokenBucket, TokenBuckets, type Clock } from '@sentrypeer/kernel';
import { announcementHolds, encodeAnnouncement, parseAnnouncement } from './announcement.ts';
import type { Signer } from './ed25519.ts';
import {
  ANNOUNCE_ANSWER_MS_MIN,
  ANNOUNCE_LONELY_MS,
  ANNOUNCE_MS,
  ANNOUNCEMENTS_PER_SECOND_MAX,
  ANNOUNCEMENTS_PER_SOURCE_PER_SECOND_MAX,
  NEIGHBOUR_CALL_MS,
  NEIGHBOURS_MAX,
} from './limits.ts';
import type { PoolPorts } from './ports.ts';

export interface NeighboursPorts {
  readonly clock: Clock;
  readonly wakeAfter: PoolPorts['wakeAfter'];
  readonly signer: Signer;
  /** Sends to the group, on every link. */
  readonly send: (octets: Uint8Array) => void;
  /** Whether a node of the DHT answers. */
  readonly isConnected: () => boolean;
  /** A neighbour's DHT node is there. */
  readonly call: (endpoint: Endpoint) => void;
  readonly learnKey: (nodeId: string, publicKey: Uint8Array) => void;
}

export interface NeighboursOptions {
  readonly dhtPort: number;
  readonly networkId: number;
  readonly version: string;
}

/** Counts of what was heard. */
export interface NeighboursCounters {
  announcements: number;
  /** Not an announcement, of another network, too many, or not signed by the node that it names. */
  refused: number;
}

/**
 * Lets nodes of one link or site find each other without any other node: a machine, whose owner sends and arms timers.
 */
export class Neighbours {
  readonly counters: NeighboursCounters = { announcements: 0, refused: 0 };
  readonly #ports: NeighboursPorts;
  readonly #options: NeighboursOptions;
  /** When each was last called, the longest ago first. */
  readonly #calledAtMs = new Map<string, number>();
  readonly #sources = new TokenBuckets({
    burst: ANNOUNCEMENTS_PER_SOURCE_PER_SECOND_MAX,
    perSecond: ANNOUNCEMENTS_PER_SOURCE_PER_SECOND_MAX,
    keysMax: 2 * NEIGHBOURS_MAX,
  });
  readonly #all: TokenBucket;
  readonly #announcement: Uint8Array;
  #announcedAtMs = Number.NEGATIVE_INFINITY;
  #cancel: () => void = () => undefined;
  #closed = false;

  constructor(ports: NeighboursPorts, options: NeighboursOptions) {
    this.#ports = ports;
    this.#options = options;
    const rate = { burst: ANNOUNCEMENTS_PER_SECOND_MAX, perSecond: ANNOUNCEMENTS_PER_SECOND_MAX };
    this.#all = new TokenBucket(rate, ports.clock.nowMs());
    this.#announcement = encodeAnnouncement(options, ports.signer);
    this.#announce();
  }

  /** Number of neighbours heard. */
  get count(): number {
    return this.#calledAtMs.size;
  }

  /** A datagram that came to the group. */
  receive(octets: Uint8Array, source: Endpoint): void {
    const { signer, clock, call, learnKey } = this.#ports;
    const nowMs = clock.nowMs();
    const parsed = parseAnnouncement(octets);
    if (parsed?.told.nodeId === signer.nodeId) return; // Our own, which the group sends back.
    if (
      parsed?.told.networkId !== this.#options.networkId ||
      !this.#mayCheck(source.address, nowMs) ||
      !announcementHolds(parsed.told, parsed.signature)
    ) {
      this.counters.refused += 1;
      return;
    }
    this.counters.announcements += 1;
    const { nodeId, publicKey, dhtPort } = parsed.told;
    const calledAtMs = this.#calledAtMs.get(nodeId);
    if (calledAtMs !== undefined && nowMs - calledAtMs < NEIGHBOUR_CALL_MS) return;
    this.#calledAtMs.delete(nodeId);
    this.#calledAtMs.set(nodeId, nowMs);
    const [oldest] = this.#calledAtMs.keys();
    if (this.#calledAtMs.size > NEIGHBOURS_MAX && oldest !== undefined)
      this.#calledAtMs.delete(oldest);
    learnKey(nodeId, publicKey);
    call({ ...source, port: dhtPort });
    // A newcomer has not heard our announcement.
    if (calledAtMs === undefined && nowMs - this.#announcedAtMs >= ANNOUNCE_ANSWER_MS_MIN)
      this.#announce();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  #announce(): void {
    const { clock, send, wakeAfter, isConnected } = this.#ports;
    this.#cancel();
    if (this.#closed) return;
    this.#announcedAtMs = clock.nowMs();
    send(this.#announcement);
    this.#cancel = wakeAfter(isConnected() ? ANNOUNCE_MS : ANNOUNCE_LONELY_MS, () =>
      this.#announce(),
    );
  }

  #mayCheck(address: string, nowMs: number): boolean {
    return (
      this.#all.has(1, nowMs) && this.#sources.take(address, 1, nowMs) && this.#all.take(1, nowMs)
    );
  }
}
