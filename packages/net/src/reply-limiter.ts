// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIpv6, networkKey } from '@sentrypeer/ip';
import { assert, TokenBuckets } from '@sentrypeer/kernel';
import {
  REPLIES_PER_NETWORK_BURST_MAX,
  REPLIES_PER_NETWORK_PER_SECOND_MAX,
  REPLY_OCTETS_BURST_SECONDS,
  TOKEN_BUCKETS_MAX,
} from './limits.ts';

export interface ReplyLimiterOptions {
  /**
   * Number of limiters (one in each receiving thread) that share the octets for all sources. A source that keeps its
   * port stays in one thread, so its own budget is not divided.
   */
  readonly threadsCount: number;
  /** Datagrams per second to one source, an IPv4 address or an IPv6 /64, 1 and above. */
  readonly perSourcePerSecond: number;
  /** Datagrams to one source in one burst, 1 and above. */
  readonly perSourceBurst: number;
  /** Octets per second to all sources together; 0 sets no limit. */
  readonly octetsPerSecond: number;
}

/**
 * Limits what we send over UDP: to one source, to one network, and in all. Above a limit the caller records, counts,
 * and stays silent.
 */
export class ReplyLimiter {
  readonly #sources: TokenBuckets;
  readonly #networks = new TokenBuckets({
    perSecond: REPLIES_PER_NETWORK_PER_SECOND_MAX,
    burst: REPLIES_PER_NETWORK_BURST_MAX,
    keysMax: TOKEN_BUCKETS_MAX,
  });
  readonly #octets: TokenBuckets | undefined;

  constructor(options: ReplyLimiterOptions) {
    const { threadsCount, perSourcePerSecond, perSourceBurst, octetsPerSecond } = options;
    assert(threadsCount >= 1, 'reply_limiter_threads');
    this.#sources = new TokenBuckets({
      perSecond: perSourcePerSecond,
      burst: perSourceBurst,
      keysMax: TOKEN_BUCKETS_MAX,
    });
    if (octetsPerSecond === 0) return;
    this.#octets = new TokenBuckets({
      perSecond: octetsPerSecond / threadsCount,
      burst: (octetsPerSecond * REPLY_OCTETS_BURST_SECONDS) / threadsCount,
      keysMax: 2,
    });
  }

  /**
   * Whether `allows()` would refuse any reply of that many octets to the address now. Takes nothing, and is cheapest
   * when most is refused: in a flood it saves composing replies that would not be sent.
   *
   * @param nowMs Monotonic milliseconds.
   */
  refuses(address: string, octetsCount: number, nowMs: number): boolean {
    if (this.#octets?.has('', octetsCount, nowMs) === false) return true;
    if (!isIpv6(address) && !this.#sources.has(address, 1, nowMs)) return true;
    const network = networkKey(address);
    if (isIpv6(address) && !this.#sources.has(network, 1, nowMs)) return true;
    return !this.#networks.has(network, 1, nowMs);
  }

  /**
   * Whether `datagramsCount` replies of `octetsCount` octets together may go to the address now.
   *
   * @param nowMs Monotonic milliseconds.
   */
  allows(address: string, datagramsCount: number, octetsCount: number, nowMs: number): boolean {
    const network = networkKey(address);
    // An IPv6 /64 is both a source and a network.
    return (
      this.#sources.take(isIpv6(address) ? network : address, datagramsCount, nowMs) &&
      this.#networks.take(network, datagramsCount, nowMs) &&
      (this.#octets?.take('', octetsCount, nowMs) ?? true)
    );
  }
}
