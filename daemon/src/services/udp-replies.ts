// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Endpoint } from '@sentrypeer/ip';
import { isRepliable, type ReplyLimiter, type UdpSocket } from '@sentrypeer/net';
import { EXPECTED_REPLY_OCTETS_MAX } from '../limits.ts';

/** Decides which replies of one thread may be sent over UDP, and counts them. */
export class UdpReplies {
  readonly #limiter: ReplyLimiter;
  #count = 0;
  #octets = 0;
  #withheldCount = 0;

  constructor(limiter: ReplyLimiter) {
    this.#limiter = limiter;
  }

  get counts(): { readonly sent: number; readonly octets: number; readonly withheld: number } {
    return { sent: this.#count, octets: this.#octets, withheld: this.#withheldCount };
  }

  /**
   * Whether `allow()` is certain to refuse any answer to this request, so that none need be composed.
   *
   * @param requestOctets Octets of the request.
   */
  areRefused(socket: UdpSocket, to: Endpoint, requestOctets: number, nowMs: number): boolean {
    const octets = Math.min(requestOctets, EXPECTED_REPLY_OCTETS_MAX);
    return (
      this.#limiter.refuses(to.address, octets, nowMs) || !isRepliable(to, socket.local, socket.own)
    );
  }

  /** Whether these replies may be sent now; counts them either way. */
  allow(socket: UdpSocket, to: Endpoint, replies: readonly Uint8Array[], nowMs: number): boolean {
    if (!isRepliable(to, socket.local, socket.own)) return false;
    let octetsCount = 0;
    for (const reply of replies) octetsCount += reply.length;
    if (!this.#limiter.allows(to.address, replies.length, octetsCount, nowMs)) {
      this.#withheldCount += replies.length;
      return false;
    }
    this.#count += replies.length;
    this.#octets += octetsCount;
    return true;
  }

  /** Counts a request that was not answered because of `areRefused()`. */
  withhold(): void {
    this.#withheldCount += 1;
  }
}
