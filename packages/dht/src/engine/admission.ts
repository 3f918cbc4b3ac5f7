// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { networkText, sourceKey, type Endpoint } from '@sentrypeer/ip';
import { TokenBucket, TokenBuckets, type Rate } from '@sentrypeer/kernel';
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
} from '../limits.ts';
import {
  ANSWERED_MS,
  UNPROVED_OCTETS_PER_HOUR,
  UNPROVED_OCTETS_PER_HOUR_NETWORK,
  UNPROVED_OCTETS_PER_SECOND_ALL,
  UNPROVED_SOURCES_MAX,
} from './limits.ts';

const SECOND_MS = 1000;
const HOUR_S = 3600;
/** Prefix lengths of the networks that share a budget. */
const NETWORK = { ipv4: 24, ipv6: 48 };

/** Limits what one source may ask and get, PROTOCOL 15. */
export class Admission {
  #secondAtMs = -Infinity;
  #secondCount = 0;
  readonly #bySource = new Map<string, number>();
  /** When an address last showed that it receives our datagrams; the longest silent first. */
  readonly #proved = new Map<string, number>();
  readonly #blacklist = new Set<string>();
  /** Octets sent to addresses that have not answered; when one answers, its octets are credited back. */
  readonly #unproved = new Budgets(
    { perSecond: UNPROVED_OCTETS_PER_HOUR / HOUR_S, burst: UNPROVED_OCTETS_PER_HOUR },
    UNPROVED_OCTETS_PER_SECOND_ALL,
    UNPROVED_SOURCES_MAX,
  );
  readonly #unprovedNetworks = new Budgets(
    {
      perSecond: UNPROVED_OCTETS_PER_HOUR_NETWORK / HOUR_S,
      burst: UNPROVED_OCTETS_PER_HOUR_NETWORK,
    },
    UNPROVED_OCTETS_PER_SECOND_ALL,
    UNPROVED_SOURCES_MAX,
  );
  readonly #unprovedSpent = new Map<string, number>();
  readonly #provedBudgets = new Budgets(
    { perSecond: PROVED_OCTETS_PER_SECOND, burst: PROVED_OCTETS_BURST },
    PROVED_OCTETS_PER_SECOND_ALL,
    BUDGETS_MAX,
  );

  /** Whether another query, or a stray part, from this source is looked at. */
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

  /** The address sent a valid token or answered a request: it receives what we send there. */
  prove(source: Endpoint, nowMs: number): void {
    const key = endpointKey(source);
    this.#proved.delete(key);
    this.#proved.set(key, nowMs);
    this.#giveBack(source, key);
    const [oldest] = this.#proved.keys();
    if (oldest !== undefined && this.#proved.size > PROVED_ADDRESSES_MAX)
      this.#proved.delete(oldest);
  }

  isProved(source: Endpoint, nowMs: number): boolean {
    const atMs = this.#proved.get(endpointKey(source));
    return atMs !== undefined && nowMs - atMs < PROVED_MS;
  }

  /** Whether it proved in the last two hours that it receives our datagrams: one datagram at a time may go there. */
  hasAnswered(source: Endpoint, nowMs: number): boolean {
    const atMs = this.#proved.get(endpointKey(source));
    return atMs !== undefined && nowMs - atMs < ANSWERED_MS;
  }

  /** Whether this many octets of values may go to a proved address, within the budgets of its source and of all. */
  mayAnswer(source: Endpoint, octets: number, nowMs: number): boolean {
    return octets === 0 || this.#provedBudgets.take(sourceKey(source.address), octets, nowMs);
  }

  /** Whether this many octets are left for an address that has not answered. Takes nothing. */
  affords(to: Endpoint, octets: number, nowMs: number): boolean {
    return (
      this.#unproved.has(sourceKey(to.address), octets, nowMs) &&
      this.#unprovedNetworks.has(networkOf(to), octets, nowMs)
    );
  }

  /**
   * Takes the octets of a datagram to an address that has not answered from its budget, its network's and the total.
   * `false`: too many.
   */
  spend(to: Endpoint, octets: number, nowMs: number): boolean {
    if (!this.affords(to, octets, nowMs)) return false;
    this.#unproved.take(sourceKey(to.address), octets, nowMs);
    this.#unprovedNetworks.take(networkOf(to), octets, nowMs);
    const key = endpointKey(to);
    const spent = (this.#unprovedSpent.get(key) ?? 0) + octets;
    this.#unprovedSpent.delete(key);
    this.#unprovedSpent.set(key, spent);
    const [oldest] = this.#unprovedSpent.keys();
    if (oldest !== undefined && this.#unprovedSpent.size > UNPROVED_SOURCES_MAX)
      this.#unprovedSpent.delete(oldest);
    return true;
  }

  /** The address wanted what was sent there, so it uses up none of its network's budget. */
  #giveBack(source: Endpoint, key: string): void {
    const spent = this.#unprovedSpent.get(key);
    if (spent === undefined) return;
    this.#unprovedSpent.delete(key);
    this.#unproved.giveBack(sourceKey(source.address), spent);
    this.#unprovedNetworks.giveBack(networkOf(source), spent);
  }
}

function networkOf({ address }: Endpoint): string {
  return networkText(address, NETWORK) ?? address;
}

/** Octets for each source and for all; sources that were silent for longest are forgotten. */
class Budgets {
  readonly #bySource: TokenBuckets;
  readonly #all: TokenBucket;

  /** @param sourcesMin How many sources are remembered at least. */
  constructor(rate: Rate, perSecondAll: number, sourcesMin: number) {
    this.#bySource = new TokenBuckets({ ...rate, keysMax: 2 * sourcesMin });
    this.#all = new TokenBucket({ burst: perSecondAll, perSecond: perSecondAll }, 0);
  }

  take(source: string, octets: number, nowMs: number): boolean {
    return (
      this.#all.has(octets, nowMs) &&
      this.#bySource.take(source, octets, nowMs) &&
      this.#all.take(octets, nowMs)
    );
  }

  /** Whether this many octets are left. */
  has(source: string, octets: number, nowMs: number): boolean {
    return this.#all.has(octets, nowMs) && this.#bySource.has(source, octets, nowMs);
  }

  /** Gives back to the source what was taken. */
  giveBack(source: string, octets: number): void {
    this.#bySource.giveBack(source, octets);
  }
}
