// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  COMPARE_ALL_AFTER_MS,
  COMPARE_MS,
  EAGER_LINKS,
  EXCHANGE_STEP_MS,
  IDLE_OCTETS_BEGIN,
  NEWS_AGE_S_MAX,
  REFUSED_IDS_MIN,
  REFUSED_MS,
  SEGMENT_OCTETS,
} from '../limits.ts';
import { RecentSet } from '../recent-set.ts';
import { Admission } from './admission.ts';
import { Avoided } from './avoided.ts';
import { budgetKey, LinkBudgets } from './budgets.ts';
import { Comparisons } from './comparisons.ts';
import { FIRST_ID, HEAD_SIZE, HINT_SIZE, ID_SIZE } from './frames.ts';
import { ASKING_SHARE, LIES_MAX, VOTERS_LOOK_MS } from './limits.ts';
import { Link } from './link.ts';
import {
  noneLeft,
  noPages,
  type ExchangeCounters,
  type ExchangeOptions,
  type ExchangePorts,
  type LinkDistrust,
  type Taken,
} from './exchange-parts.ts';
import type { Announced, LeftReason, LinkPeer, Wire } from './link-parts.ts';
import { OtherPools } from './other-pools.ts';
import { PageIndex, pageId, pageKey, type IndexedPage } from './page-index.ts';
import { Wanted } from './wanted.ts';

/** Octets with which a page is announced to a node that may be flooded. */
const ANNOUNCED_OCTETS = ID_SIZE + HINT_SIZE;

/**
 * Spreads pages over links: new ones are sent at once along a tree, and announced on the other links, so that each node
 * gets them soon and hardly ever twice (Plumtree); what a node lacks it finds by comparing, however long it was away.
 * Sans I/O: octets come and go through {@link Wire}.
 */
export class Exchange {
  readonly counters: ExchangeCounters = noPages();
  /** Links that ended because of a fault, by reason, or because the other end asked for it. */
  readonly linksLeft: Record<LeftReason, number> = noneLeft();
  readonly #ports: ExchangePorts;
  readonly #options: ExchangeOptions;
  readonly #index: PageIndex;
  readonly #links = new Set<Link>();
  readonly #wanted = new Wanted<Link>();
  /** Ids that were not accepted, so that they are not requested again at once. */
  #refused = new RecentSet(REFUSED_IDS_MIN);
  #refusedAtMs: number;
  /** Authors that were proved to lie, by the ids of the pages that prove it; the newest ones. */
  readonly #lies = new Map<string, string>();
  readonly #drawn = new Uint8Array(1);
  readonly #admission: Admission;
  readonly #budgets: LinkBudgets;
  readonly #comparisons: Comparisons;
  readonly #avoided = new Avoided();
  readonly #otherPools: OtherPools;
  #distrust: LinkDistrust;
  /** When to compare with all, because the distrust changed; ascending. */
  #compareAllAtMs: readonly number[] = [];
  #comparedAtMs: number;
  /** Whose quiet pages links were asked for. */
  #voters: ReadonlySet<string> = new Set();
  #votersAtMs = Number.NEGATIVE_INFINITY;
  #cancel: () => void = () => undefined;
  #isClosed = false;

  constructor(ports: ExchangePorts, options: ExchangeOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#index = new PageIndex(ports.pages);
    const nowMs = ports.clock.nowMs();
    this.#admission = options.admission ?? new Admission({ ...ports, ownKey: options.key }, nowMs);
    this.#budgets = options.budgets ?? new LinkBudgets(nowMs);
    this.#comparisons = new Comparisons(this.#budgets, this.#wanted);
    this.#otherPools = new OtherPools(ports);
    this.#distrust = ports.distrust();
    this.#comparedAtMs = nowMs;
    this.#refusedAtMs = nowMs;
    this.#arm();
  }

  /** Links that are ready now. */
  get links(): readonly LinkPeer[] {
    return [...this.#links].filter((link) => link.isReady).map(({ peer }) => peer);
  }

  /** Other ends of all connections, including those that have not said hello yet. */
  get peers(): readonly LinkPeer[] {
    return [...this.#links].map(({ peer }) => peer);
  }

  get pagesCount(): number {
    return this.#index.size;
  }

  /**
   * Takes a connection whose other end proved its key.
   *
   * @returns `undefined` if there is a link with this key already, or it is our own.
   */
  add(peer: LinkPeer, wire: Wire, proof: Uint8Array, expected: Uint8Array): Link | undefined {
    if (
      this.#isClosed ||
      peer.key === this.#options.key ||
      this.#avoided.has(peer.key, this.#ports.clock.nowMs())
    ) {
      return undefined;
    }
    if (this.isDistrusted(peer)) return undefined;
    const other = [...this.#links].find((link) => link.peer.key === peer.key);
    if (other !== undefined) {
      // Both ends keep the one that the node with the lower key dialled.
      const isKept = (one: LinkPeer): boolean => one.isOutward === this.#options.key < peer.key;
      if (!isKept(peer) || isKept(other.peer)) return undefined;
      other.close('there is another link');
    }
    const hasRoom = this.#budgets.has(
      budgetKey(peer.address),
      IDLE_OCTETS_BEGIN,
      this.#ports.clock.nowMs(),
    );
    if (!hasRoom) return undefined;
    const link = this.#newLink(peer, wire, proof, expected);
    this.#links.add(link);
    link.open();
    return link;
  }

  #newLink(peer: LinkPeer, wire: Wire, proof: Uint8Array, expected: Uint8Array): Link {
    const { clock, proof: liarProof, voters } = this.#ports;
    const link: Link = new Link(peer, wire, {
      clock,
      networkId: this.#options.networkId,
      proof,
      expected,
      index: this.#index,
      liarProof,
      isEager: this.links.length < EAGER_LINKS,
      isNaming: () => this.#admission.isFlooded(clock.nowMs()),
      spend: (octets) => this.#budgets.spend(link.budget, octets, clock.nowMs()),
      giveBack: (octets) => this.#budgets.giveBack(link.budget, octets),
      serve: (octets) => this.#budgets.serve(link.budget, octets, clock.nowMs()),
      onReady: () => {
        this.#compare(link);
        link.follow(voters());
        this.#ports.onLinks();
      },
      onPages: (pages, segmentOctets) => void this.#take(link, pages, segmentOctets),
      onMore: (after) => this.#comparisons.hasMore(link, after, clock.nowMs()),
      onHave: (pages) => this.#have(link, pages),
      onSent: (count) => (this.counters.sent += count),
      onMisbehaved: (why, reason) => this.#avoid(link, why, reason),
      onWrong: (why, wasReady) => this.#wrong(link, why, wasReady),
      onBye: (why) => this.#countLeft(link, why, 'other_end'),
      onClosed: () => {
        this.#links.delete(link);
        this.#comparisons.forget(link);
        this.#wanted.forget(link);
        this.#ports.onLinks();
      },
    });
    return link;
  }

  /** Asks for what is missing here. */
  #compare(link: Link): void {
    this.#comparisons.start(link, this.#index.size, this.#ports.clock.nowMs());
  }

  /** Whether the operator distrusts such a node. */
  isDistrusted(peer: Pick<LinkPeer, 'nodeId' | 'address'>): boolean {
    return this.#ports.distrust().covers(peer);
  }

  /** Pages were added or removed. */
  wake(): void {
    this.#spread();
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#cancel();
    for (const link of this.#links) link.close('this node stops');
  }

  #arm(): void {
    this.#cancel();
    if (!this.#isClosed) this.#cancel = this.#ports.wakeAfter(EXCHANGE_STEP_MS, () => this.#step());
  }

  #step(): void {
    const nowMs = this.#ports.clock.nowMs();
    this.#spread();
    for (const link of this.#links) link.step(nowMs);
    for (const link of this.#wanted.late(nowMs)) {
      if (link.brokePromise()) this.#avoid(link, 'pages did not come', 'not_come');
    }
    this.#ask();
    this.#comparisons.step(nowMs);
    if (nowMs - this.#refusedAtMs >= REFUSED_MS) {
      // What was too much, or from a distrusted author, may be welcome now.
      this.#refusedAtMs = nowMs;
      this.#refused = new RecentSet(REFUSED_IDS_MIN);
    }
    this.#followDistrust(nowMs);
    this.#followVoters(nowMs);
    if (nowMs - this.#comparedAtMs >= COMPARE_MS) {
      this.#comparedAtMs = nowMs;
      const link = this.#someLink();
      if (link !== undefined) this.#compare(link);
    }
    this.#arm();
  }

  /**
   * Ends links with distrusted nodes. What they told is removed, but may have come over other links as well; so that
   * nobody's claims are lost because of who passed them on first, the others are asked for all of them. The same when
   * somebody is trusted again.
   */
  #followDistrust(nowMs: number): void {
    const distrust = this.#ports.distrust();
    if (distrust !== this.#distrust) {
      this.#distrust = distrust;
      for (const link of this.#links) {
        if (distrust.covers(link.peer)) link.close('no link with this node is wanted');
      }
      this.#compareAllAtMs = COMPARE_ALL_AFTER_MS.map((ms) => nowMs + ms);
    }
    const [atMs = Number.POSITIVE_INFINITY, ...later] = this.#compareAllAtMs;
    if (nowMs < atMs) return;
    this.#compareAllAtMs = later;
    this.#refused = new RecentSet(REFUSED_IDS_MIN);
    for (const link of this.#links) {
      if (!link.isReady) continue;
      this.#compare(link);
      link.follow(this.#ports.voters());
    }
  }

  /** Asks all links for quiet pages of whom the operator trusts now. */
  #followVoters(nowMs: number): void {
    if (nowMs - this.#votersAtMs < VOTERS_LOOK_MS) return;
    this.#votersAtMs = nowMs;
    const voters = this.#ports.voters();
    const before = this.#voters;
    this.#voters = new Set(voters);
    if (this.#voters.isSubsetOf(before)) return;
    for (const link of this.#links) if (link.isReady) link.follow(voters);
  }

  #avoid(link: Link, why: string, reason: LeftReason): void {
    this.#countLeft(link, why, reason);
    this.#avoided.add(link.peer.key, this.#ports.clock.nowMs());
    link.close(why);
  }

  #wrong(link: Link, why: string, wasReady: boolean): void {
    if (wasReady) this.#avoid(link, why, 'protocol');
    else if (this.#otherPools.has(link.peer, why)) this.#countLeft(link, why, 'other_pool');
  }

  #countLeft({ peer: { nodeId, address } }: Link, why: string, reason: LeftReason): void {
    this.linksLeft[reason] += 1;
    this.#ports.logger.debug('pool_link_left', { node_id: nodeId, address, reason, why });
  }

  #someLink(): Link | undefined {
    const links = [...this.#links].filter((link) => link.isReady);
    this.#ports.random.fill(this.#drawn);
    return links[(this.#drawn[0] ?? 0) % Math.max(1, links.length)];
  }

  #have(link: Link, pages: readonly Announced[]): void {
    const nowMs = this.#ports.clock.nowMs();
    for (const { id, hint } of pages) {
      const liar = this.#lies.get(id);
      if (liar !== undefined) link.prove(liar, this.#admission.isHeard(liar, nowMs));
      if (this.#index.has(id) || this.#refused.has(id)) continue;
      // If the author is not named, it may be one that is heard.
      const isHeard =
        hint === undefined ? !link.isNaming : this.#admission.isHintHeard(hint, nowMs);
      if (!isHeard && !this.#admission.hasRoomAfter(this.#wanted.size, nowMs)) continue;
      const isExpected = this.#wanted.add(id, link, nowMs);
      if (!isExpected && link.answersInParts) this.#comparisons.hasMore(link, FIRST_ID, nowMs);
    }
  }

  #ask(): void {
    const nowMs = this.#ports.clock.nowMs();
    for (const link of this.#links) {
      const openMax = this.#budgets.pagesToAsk(link.budget, nowMs);
      const ids = this.#wanted.take(link, openMax, nowMs);
      if (ids.length > 0) link.want(ids);
    }
  }

  async #take(link: Link, octets: readonly Uint8Array[], segmentOctets: number): Promise<void> {
    const pages: { readonly page: Uint8Array; readonly wasWanted: boolean }[] = [];
    const nowMs = this.#ports.clock.nowMs();
    let hasRoom = false;
    for (const page of octets) {
      const id = pageId(page);
      const wasWanted = this.#wanted.came(id);
      hasRoom ||= wasWanted;
      link.knows(id);
      const isKnown = this.#index.has(id) || this.#refused.has(id);
      if (!isKnown) this.#refused.add(id); // While it is checked; then the index has it.
      if (!isKnown && !this.#admission.isTooMuch(pageKey(page), page.length, nowMs)) {
        pages.push({ page, wasWanted });
        continue;
      }
      this.counters[isKnown ? 'duplicates' : 'limited'] += 1;
      this.#wasIdle(link, page, wasWanted);
    }
    if (hasRoom) this.#ask();
    if (pages.length === 0) return;
    try {
      const all = pages.map(({ page }) => page);
      const taken = await this.#ports.take(all, link.peer);
      let [takenOctets, announcedOctets] = [0, 0];
      for (const [index, outcome] of taken.entries()) {
        this.counters[counterOf(outcome)] += 1;
        const one = pages[index];
        if (one === undefined) continue;
        if (outcome === 'caught') this.#prove(pageKey(one.page), this.#links);
        else if (outcome !== 'taken') {
          if (outcome === 'liar') this.#prove(pageKey(one.page), [link]);
          this.#wasIdle(link, one.page, one.wasWanted);
        } else {
          takenOctets += one.page.length;
          if (one.wasWanted) announcedOctets += link.isNaming ? ANNOUNCED_OCTETS : ID_SIZE;
        }
      }
      // What it said about them, and the segments that they took, were useful then.
      const segments = Math.min(segmentOctets, SEGMENT_OCTETS + takenOctets * ASKING_SHARE);
      if (takenOctets > 0) this.#budgets.giveBack(link.budget, announcedOctets + segments);
      if (taken.includes('forged')) this.#avoid(link, 'a page was forged', 'forged');
    } catch (error) {
      this.#ports.logger.debug('pool_pages_not_kept', { why: String(error) });
    }
    this.#spread();
  }

  /** Others would never be told again about what they keep of a liar, so they get the two pages that prove it. */
  #prove(key: string, links: Iterable<Link>): void {
    for (const page of this.#ports.proof(key)) this.#lies.set(pageId(page), key);
    for (const id of this.#lies.keys()) {
      if (this.#lies.size <= LIES_MAX) break;
      this.#lies.delete(id);
    }
    const isHeard = this.#admission.isHeard(key, this.#ports.clock.nowMs());
    for (const link of links) link.prove(key, isHeard);
  }

  /** A page was useless. If it was requested, the sender is not to blame; requests count against its budget anyway. */
  #wasIdle(link: Link, page: Uint8Array, wasWanted: boolean): void {
    const isInBudget = this.#budgets.spend(
      link.budget,
      HEAD_SIZE + 2 + page.length,
      this.#ports.clock.nowMs(),
    );
    if (wasWanted) return;
    link.prune();
    if (!isInBudget) this.#avoid(link, 'it sends too many pages that are of no use', 'in_vain');
  }

  /** Passes on what is new, wherever it came from: at once, unless strangers flood this node. */
  #spread(): void {
    const added = this.#index.follow();
    if (added.length === 0 || this.#links.size === 0) return;
    const { clock } = this.#ports;
    const nowMs = clock.nowMs();
    const isFlooded = this.#admission.isFlooded(nowMs);
    const newsFromS = clock.epochUs() / 1e6 - NEWS_AGE_S_MAX;
    const octets = new Map<IndexedPage, Uint8Array>();
    for (const page of added) {
      if (page.madeEpochS < newsFromS) continue;
      if (isFlooded && !this.#admission.isHeard(page.key, nowMs)) continue;
      const found = this.#index.octets(page);
      if (found !== undefined) octets.set(page, found);
    }
    for (const link of this.#links) link.tell(added, octets);
  }
}

function counterOf(outcome: Taken): keyof ExchangeCounters {
  if (outcome === 'known') return 'duplicates';
  return outcome === 'liar' ? 'refused' : outcome;
}
