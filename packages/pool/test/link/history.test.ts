// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Histories larger than what a link may announce in vain, while somebody uses up what all links may. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@sentrypeer/kernel';
import { Exchange } from '../../src/link/exchange.ts';
import { encodeFrame, FrameType } from '../../src/link/frames.ts';
import type { Link } from '../../src/link/link.ts';
import type { Wire } from '../../src/link/link-parts.ts';
import { pageId } from '../../src/link/page-index.ts';
import {
  AUTHOR_PAGES_BURST,
  FRAME_OCTETS_MAX,
  KNOWN_PAGES_KEPT,
  STRANGERS_PAGES_BURST,
} from '../../src/limits.ts';
import { pagesIn } from './page-list.ts';
import { OPEN, SimulatedTime } from './simulated-links.ts';

/** Octets of a TLS record: a link gets what was sent cut into these. */
const RECORD_OCTETS = 16_384;
const PAGE_OCTETS = 300;

/** Believes each page, signed or not, so that tens of thousands take seconds. */
class UnsignedNode {
  readonly key: string;
  readonly exchange: Exchange;
  readonly known = new Set<string>();
  readonly #address: string;
  readonly #time: SimulatedTime;
  readonly #pages: Uint8Array[] = [];
  readonly #ids = new Set<string>();
  #attackers = 0;

  constructor(time: SimulatedTime, index: number) {
    this.#time = time;
    this.key = index.toString(16).padStart(64, '0');
    this.#address = `45.${index}.0.1`;
    const pages = this.#pages;
    this.exchange = new Exchange(
      {
        clock: time,
        logger: silentLogger,
        random: { fill: (octets) => octets.fill(0) },
        wakeAfter: time.wakeAfter,
        pages: pagesIn(pages),
        take: async (some) => some.map((page) => this.take(page)),
        voters: () => new Set(),
        known: () => this.known,
        distrust: () => NOBODY,
        proof: () => [],
        onLinks: () => undefined,
      },
      { networkId: 0, key: this.key },
    );
  }

  get pagesCount(): number {
    return this.#pages.length;
  }

  has(page: Uint8Array): boolean {
    return this.#ids.has(pageId(page));
  }

  take(page: Uint8Array): 'taken' | 'known' {
    const id = pageId(page);
    if (this.#ids.has(id)) return 'known';
    this.#ids.add(id);
    this.#pages.push(page);
    return 'taken';
  }

  accept(from: UnsignedNode, wire: Wire, isOutward: boolean): Link | undefined {
    const peer = {
      key: from.key,
      nodeId: from.key,
      address: from.#address,
      isOutward,
      sinceEpochUs: 0,
    };
    return this.exchange.add(peer, wire, OPEN, OPEN);
  }

  /** Dials it whenever there is no link, like a real node. */
  keep(other: UnsignedNode): void {
    const ends: (Link | undefined)[] = [];
    const wire = (to: 0 | 1): Wire => ({
      unsentOctets: 0,
      send: (octets) =>
        void this.#time.wakeAfter(20, () => {
          for (let at = 0; at < octets.length; at += RECORD_OCTETS) {
            ends[to]?.receive(octets.subarray(at, at + RECORD_OCTETS));
          }
        }),
      close: () => void this.#time.wakeAfter(20, () => ends.map((end) => end?.ended())),
    });
    if (this.exchange.links.length === 0) {
      ends[1] = other.accept(this, wire(0), false);
      ends[0] = ends[1] && this.accept(other, wire(1), true);
    }
    this.#time.wakeAfter(30_000, () => this.keep(other));
  }

  /** An attacker in a different network each time sends in vain what all together may. */
  attacked(): void {
    this.#attackers += 1;
    const key = `${this.#attackers}`.padStart(64, 'a');
    const address = `${100 + (this.#attackers >> 8)}.${this.#attackers & 255}.0.1`;
    const peer = { key, nodeId: key, address, isOutward: false, sinceEpochUs: 0 };
    const wire = { unsentOctets: 0, send: () => undefined, close: () => undefined };
    const link = this.exchange.add(peer, wire, OPEN, OPEN);
    link?.receive(encodeFrame(FrameType.hello, new Uint8Array([1, 0, 0, 0, 0]), OPEN));
    const idle = encodeFrame(200 as FrameType, new Uint8Array(FRAME_OCTETS_MAX));
    for (let count = 0; count < 200; count += 1) link?.receive(idle);
    assert.notEqual(link?.isReady, true, 'it is left');
    this.#time.wakeAfter(10_000, () => this.attacked());
  }

  /** Links that this node left, except those of attackers. */
  get leftCount(): number {
    const { forged, in_vain, not_come, protocol, other_end } = this.exchange.linksLeft;
    return forged + in_vain + not_come + protocol + other_end - this.#attackers;
  }
}

const NOBODY = { covers: () => false };

/** Pages of as many authors as may say so much, whose keys begin differently. @param madeEpochS Long ago, so no news. */
function historyOf(count: number, firstAuthor = 0): readonly Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const page = new Uint8Array(PAGE_OCTETS);
    const view = new DataView(page.buffer);
    view.setUint32(5, firstAuthor + Math.floor(index / AUTHOR_PAGES_BURST));
    view.setUint32(37, index);
    return page;
  });
}

for (const isAttacked of [false, true]) {
  test(`a joiner has 20,000 pages as far as it takes them, and nobody is left${isAttacked ? ', while others use up what all may send in vain' : ''}`, async () => {
    const time = new SimulatedTime();
    const [old, joiner] = [new UnsignedNode(time, 1), new UnsignedNode(time, 2)];
    const known = historyOf(500, 1_000_000);
    for (const page of [...historyOf(20_000), ...known]) old.take(page);
    for (const page of known) joiner.known.add(page.subarray(5, 37).toHex());
    if (isAttacked) for (const node of [old, joiner]) node.attacked();
    await time.pass(1000);
    joiner.keep(old);
    await time.pass(900_000);
    const atOnce = STRANGERS_PAGES_BURST - KNOWN_PAGES_KEPT;
    assert.ok(joiner.pagesCount >= atOnce, `${joiner.pagesCount} pages`);
    assert.equal(known.filter((page) => !joiner.has(page)).length, 0, 'of those who are heard');
    assert.deepEqual([old.leftCount, joiner.leftCount], [0, 0]);
    await time.pass(2 * 3_600_000);
    assert.equal(joiner.pagesCount, 20_500, 'the others came as there was room for them');
    assert.deepEqual([old.leftCount, joiner.leftCount], [0, 0]);
  });
}

test('a node with a large history that joins those who have it leaves none of them, and is left by none', async () => {
  const time = new SimulatedTime();
  const nodes = [1, 2, 3].map((index) => new UnsignedNode(time, index));
  const [old, joiner, other] = nodes;
  assert.ok(old !== undefined && joiner !== undefined && other !== undefined);
  const history = historyOf(15_000);
  for (const node of [old, other]) for (const page of history) node.take(page);
  for (const node of nodes) node.attacked();
  await time.pass(1000);
  joiner.keep(old);
  other.keep(joiner);
  await time.pass(600_000);
  assert.equal(joiner.pagesCount, 15_000);
  assert.deepEqual(
    nodes.map(({ leftCount }) => leftCount),
    [0, 0, 0],
  );
});
