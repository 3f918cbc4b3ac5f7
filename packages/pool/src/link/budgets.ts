// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { independentNetwork, isLocalAddress } from '@sentrypeer/ip';
import { TokenBucket, TokenBuckets } from '@sentrypeer/kernel';
import {
  IDLE_OCTETS_ALL_BURST,
  IDLE_OCTETS_ALL_PER_S,
  IDLE_OCTETS_BURST,
  IDLE_OCTETS_KEPT,
  IDLE_OCTETS_PER_S,
  LINK_NETWORKS_MAX,
  LINK_PAGES_AT_ONCE,
  PAGE_OCTETS_MAX,
  SERVED_OCTETS_BURST,
  SERVED_OCTETS_PER_S,
} from '../limits.ts';

/**
 * What links may cost in octets. Everything that a link sends and that brings no new page is *idle*: pages that are
 * known or too many, announcements, questions, the cost of each segment. A network (/16, IPv6 /28) has a separate
 * share, because keys cost nothing; beyond it all use one share together, so that nobody can take the first from an
 * honest link.
 */
export class LinkBudgets {
  readonly #networks = new TokenBuckets({
    burst: IDLE_OCTETS_BURST,
    perSecond: IDLE_OCTETS_PER_S,
    keysMax: LINK_NETWORKS_MAX,
  });
  readonly #all: TokenBucket;
  readonly #served = new TokenBuckets({
    burst: SERVED_OCTETS_BURST,
    perSecond: SERVED_OCTETS_PER_S,
    keysMax: LINK_NETWORKS_MAX,
  });

  constructor(nowMs: number) {
    const rate = { burst: IDLE_OCTETS_ALL_BURST, perSecond: IDLE_OCTETS_ALL_PER_S };
    this.#all = new TokenBucket(rate, nowMs);
  }

  /**
   * Counts what an address sent in vain. What exceeded the budget came nevertheless: its network owes it, and may send
   * nothing more until time has made up for that.
   *
   * @returns Whether it may.
   */
  spend(from: string, octets: number, nowMs: number): boolean {
    if (this.#networks.take(from, octets, nowMs)) return true;
    if (this.#networks.left(from, nowMs) >= 0 && this.#all.take(octets, nowMs)) return true;
    this.#networks.spend(from, octets, nowMs);
    return false;
  }

  /** What it sent was useful after all. */
  giveBack(from: string, octets: number): void {
    this.#networks.giveBack(from, octets);
  }

  /** Whether that much may come from there. */
  has(from: string, octets: number, nowMs: number): boolean {
    const own = this.#networks.left(from, nowMs);
    return own >= octets || (own >= 0 && this.#all.has(octets, nowMs));
  }

  /**
   * How many pages may be requested from an address if none of them is useful; some octets are left for what it says
   * unasked.
   */
  pagesToAsk(from: string, nowMs: number): number {
    const left = this.#networks.left(from, nowMs) + this.#all.left(nowMs) - IDLE_OCTETS_KEPT;
    return Math.min(LINK_PAGES_AT_ONCE, Math.max(0, Math.floor(left / PAGE_OCTETS_MAX)));
  }

  /** Counts what this node sends because an address asked for it. @returns Whether it may have that much. */
  serve(from: string, octets: number, nowMs: number): boolean {
    return this.#served.take(from, octets, nowMs);
  }
}

/** The budget that an address uses. Hosts of one site are not strangers to each other. */
export function budgetKey(address: string): string {
  return isLocalAddress(address) ? address : (independentNetwork(address) ?? address);
}
