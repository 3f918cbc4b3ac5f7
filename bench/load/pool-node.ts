// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { independentNetwork } from '@sentrypeer/ip';
import { silentLogger } from '@sentrypeer/kernel';
import { Exchange, type LinkPeer, type Taken } from '@sentrypeer/pool/link';
import { Admission } from '../../packages/pool/src/link/admission.ts';
import { LinkBudgets } from '../../packages/pool/src/link/budgets.ts';
import type { Wire } from '../../packages/pool/src/link/link-parts.ts';
import { pageId } from '../../packages/pool/src/link/page-index.ts';
import {
  AUTHOR_PAGES_BURST,
  IDLE_OCTETS_ALL_BURST,
  IDLE_OCTETS_BURST,
  KNOWN_OCTETS_KEPT,
  KNOWN_PAGES_KEPT,
  STRANGERS_OCTETS_BURST,
  STRANGERS_PAGES_BURST,
} from '../../packages/pool/src/limits.ts';
import { pagesIn } from '../../packages/pool/test/link/page-list.ts';
import type { PoolNetwork } from './pool-network.ts';
import { OPEN, PAGE_SIZE, type End, type Party } from './pool-liar.ts';
import { random, type SimulatedTime } from './simulated-time.ts';

const LINKS_OUT = 5;
const LINKS_IN_MAX = 32;
/** Pages of strangers that are taken at once, and octets of each where both limits are reached together. */
const PAST_PAGES = STRANGERS_PAGES_BURST - KNOWN_PAGES_KEPT;
const PAST_PAGE_OCTETS = Math.floor((STRANGERS_OCTETS_BURST - KNOWN_OCTETS_KEPT) / PAST_PAGES);
const NOBODY = { covers: () => false };

/** Where a node is. */
export interface PoolSurroundings {
  readonly time: SimulatedTime;
  readonly network: PoolNetwork;
  /** Whom it may dial. */
  readonly parties: readonly Party[];
  /** It wrote a page, or has one that somebody wrote. */
  readonly onWritten: (id: string, author: number) => void;
  readonly onKnown: (id: string, node: HonestNode) => void;
  /** A link ended because something was wrong with the other end. */
  readonly onLeft: (key: string, reason: string) => void;
}

/** A node with a link machine of the real code, and its pages in memory. */
export class HonestNode implements Party {
  readonly isLiar = false;
  readonly key: string;
  readonly address: string;
  linksIn = 0;
  octetsIn = 0;
  octetsOut = 0;
  readonly exchange: Exchange;
  /** Keys of those whose word it could check. */
  known: ReadonlySet<string> = new Set();
  /** Networks in which links were with a node, by its key. */
  readonly proved = new Map<string, Set<string>>();
  /** Whether its delays count; not those of the late joiner, who has other goals. */
  isCounted = true;
  readonly author: number;
  readonly #around: PoolSurroundings;
  readonly #pages: Uint8Array[] = [];
  readonly #ids = new Set<string>();
  readonly #admission: Admission;
  readonly #budgets: LinkBudgets;
  #serial = 0;
  #isKilled = false;

  constructor(around: PoolSurroundings, author: number) {
    const { time } = around;
    this.#around = around;
    this.author = author;
    this.address = `${45 + (author % 100)}.${Math.floor(author / 100)}.0.1`;
    this.key = keyOf(author).toHex();
    const pages = this.#pages;
    const heard = { proof: () => [], voters: () => new Set<string>(), known: () => this.known };
    this.#admission = new Admission({ ...heard, ownKey: this.key }, time.nowMs());
    this.#budgets = new LinkBudgets(time.nowMs());
    this.exchange = new Exchange(
      {
        ...heard,
        clock: time,
        logger: {
          ...silentLogger,
          debug: (_event, fields) =>
            around.onLeft(String(fields?.['node_id']), String(fields?.['reason'])),
        },
        wakeAfter: time.wakeAfter,
        random: { fill: (octets) => octets.fill(Math.floor(random() * 256)) },
        pages: pagesIn(pages),
        take: async (some) => some.map((octets) => this.#take(octets)),
        distrust: () => NOBODY,
        onLinks: () => this.#prove(),
      },
      { networkId: 0, key: this.key, admission: this.#admission, budgets: this.#budgets },
    );
  }

  get pagesCount(): number {
    return this.#pages.length;
  }

  /** As after hours of a flood: strangers have used up what is taken at once, and sent in vain what all may. */
  flooded(): void {
    const nowMs = this.#around.time.nowMs();
    for (let page = 0; page < PAST_PAGES; page += 1) {
      const author = `flood ${Math.floor(page / AUTHOR_PAGES_BURST)}`;
      this.#admission.isTooMuch(author, PAST_PAGE_OCTETS, nowMs);
    }
    // The first takes what its network may alone, the second one what all may.
    for (const octets of [IDLE_OCTETS_BURST, IDLE_OCTETS_ALL_BURST]) {
      this.#budgets.spend('a network that floods', octets, nowMs);
    }
  }

  /** Is killed. */
  kill(): void {
    this.#isKilled = true;
    this.exchange.close();
  }

  /** Another number for another set of pages. */
  pagesHash(): string {
    return createHash('sha256')
      .update([...this.#ids].toSorted().join())
      .digest('hex');
  }

  /** Says something. */
  write(): void {
    this.#serial += 1;
    const page = this.#newPage();
    this.#around.onWritten(pageId(page), this.author);
    this.#take(page);
    this.exchange.wake();
  }

  accept(peer: LinkPeer, wire: Wire): End | undefined {
    return this.exchange.add(peer, wire, OPEN, OPEN);
  }

  /** Keeps so many links outwards, for as long as the simulation runs. */
  dial(): void {
    if (this.#isKilled) return;
    const { parties, network, time } = this.#around;
    const outward = this.exchange.links.filter(({ isOutward }) => isOutward).length;
    for (let missing = LINKS_OUT - outward; missing > 0; missing -= 1) {
      const other = parties[Math.floor(random() * parties.length)];
      if (other !== undefined && other !== this && other.linksIn < LINKS_IN_MAX)
        network.connect(this, other);
    }
    time.wakeAfter(1000 + random() * 1000, () => this.dial());
  }

  /** Signed by convention: simulated nodes trust each other's arithmetic. */
  #newPage(): Uint8Array {
    const page = new Uint8Array(PAGE_SIZE);
    page.set(keyOf(this.author), 5);
    const view = new DataView(page.buffer);
    view.setUint32(37, this.#serial);
    view.setUint32(45, Math.floor(this.#around.time.epochUs() / 1e6));
    return page;
  }

  #prove(): void {
    for (const { key, address } of this.exchange.links) {
      const networks = this.proved.get(key) ?? new Set();
      this.proved.set(key, networks.add(independentNetwork(address) ?? ''));
    }
  }

  #take(octets: Uint8Array): Taken {
    const id = pageId(octets);
    if (this.#ids.has(id)) return 'known';
    this.#ids.add(id);
    this.#pages.push(octets);
    this.#around.onKnown(id, this);
    return 'taken';
  }
}

function keyOf(author: number): Buffer {
  return createHash('sha256').update(`key ${author}`).digest();
}
