// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { sourceKey, type Endpoint } from '@sentrypeer/ip';
import { endpointKey } from '../address.ts';
import {
  BLACKLIST_MAX,
  BUDGETS_MAX,
  PROVED_ADDRESSES_MAX,
  PROVED_MS,
  PROVED_OCTETS_BURST,
  PROVED_OCTETS_PER_SECOND,
  PROVED_OCTETS_PER_SECOND_ALL,
  QUERIES_PER_SECOND_MAX,
  QUERIES_PER_SOURCE_PER_SECOND_MAX,
  UNPROVED_OCTETS_BURST,
  UNPROVED_OCTETS_PER_SECOND,
  UNPROVED_OCTETS_PER_SECOND_ALL,
} from '../limits.ts';

const SECOND_MS = 1000;

/** What one source may ask and get, PROTOCOL 15. */
export class Admission {
  #secondAtMs = -Infinity;
  #secondCount = 0;
  readonly #bySource = new Map<string, number>();
  /** When an address last showed that it hears us; the longest silent first. */
  readonly #proved = new Map<string, number>();
  readonly #blacklist = new Set<string>();
  readonly #unprovedBudgets = new Budgets(
    UNPROVED_OCTETS_PER_SECOND,
    UNPROVED_OCTETS_BURST,
    UNPROVED_OCTETS_PER_SECOND_ALL,
  );
  readonly #provedBudgets = new Budgets(
    PROVED_OCTETS_PER_SECOND,
    PROVED_OCTETS_BURST,
    PROVED_OCTETS_PER_SECOND_ALL,
  );

  /** Whether another query, or a stray part, of this source is looked at. */
  allows(source: Endpoint, nowMs: number): boolean {
    if (nowMs - this.#secondAtMs >= SECOND_MS) {
      this.#secondAtMs = nowMs;
      this.#secondCount = 0;
      this.#bySource.clear();
    }
    if (this.#secondCount >= QUERIES_PER_SECOND_MAX) return false;
    const key = sourceKey(source.address);
    const count = this.#bySource.get(key) ?? 0;
    if (count >= QUERIES_PER_SOURCE_PER_SECOND_MAX) return false;
    this.#secondCount += 1;
    this.#bySource.set(key, count + 1);
    return true;
  }

  isBlacklisted(source: Endpoint): boolean {
    return this.#blacklist.size > 0 && this.#blacklist.has(endpointKey(source));
  }

  blacklist(source: Endpoint): void {
    const [oldest] = this.#blacklist;
    if (oldest !== undefined && this.#blacklist.size >= BLACKLIST_MAX)
      this.#blacklist.delete(oldest);
    this.#blacklist.add(endpointKey(source));
  }

  /** The address showed a token, or answered a question of ours: it hears what we send there. */
  prove(source: Endpoint, nowMs: number): void {
    const key = endpointKey(source);
    this.#proved.delete(key);
    this.#proved.set(key, nowMs);
    const [oldest] = this.#proved.keys();
    if (oldest !== undefined && this.#proved.size > PROVED_ADDRESSES_MAX)
      this.#proved.delete(oldest);
  }

  isProved(source: Endpoint, nowMs: number): boolean {
    const atMs = this.#proved.get(endpointKey(source));
    return atMs !== undefined && nowMs - atMs < PROVED_MS;
  }

  /** Whether so many octets of values may go to the address: as its source's budget, and everybody's, allows. */
  mayAnswer(source: Endpoint, octets: number, nowMs: number): boolean {
    if (octets === 0) return true;
    const budgets = this.isProved(source, nowMs) ? this.#provedBudgets : this.#unprovedBudgets;
    return budgets.take(sourceKey(source.address), octets, nowMs);
  }
}

interface Budget {
  octets: number;
  atMs: number;
}

/** Octets for each source and for all; sources that were silent for longest are forgotten. */
class Budgets {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #perSecondAll: number;
  readonly #all: Budget;
  readonly #bySource = new Map<string, Budget>();

  constructor(perSecond: number, burst: number, perSecondAll: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#perSecondAll = perSecondAll;
    this.#all = { octets: perSecondAll, atMs: -Infinity };
  }

  take(source: string, octets: number, nowMs: number): boolean {
    const own = this.#bySource.get(source) ?? { octets: this.#burst, atMs: nowMs };
    refill(own, this.#perSecond, this.#burst, nowMs);
    refill(this.#all, this.#perSecondAll, this.#perSecondAll, nowMs);
    this.#bySource.delete(source);
    this.#bySource.set(source, own);
    const [oldest] = this.#bySource.keys();
    if (oldest !== undefined && this.#bySource.size > BUDGETS_MAX) this.#bySource.delete(oldest);
    if (own.octets < octets || this.#all.octets < octets) return false;
    own.octets -= octets;
    this.#all.octets -= octets;
    return true;
  }
}

function refill(
  budget: { octets: number; atMs: number },
  perSecond: number,
  max: number,
  nowMs: number,
): void {
  const elapsedMs = Math.max(0, nowMs - budget.atMs);
  budget.octets = Math.min(max, budget.octets + (elapsedMs * perSecond) / SECOND_MS);
  budget.atMs = nowMs;
}
