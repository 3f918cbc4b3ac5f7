// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * A pool of link machines in one process, with simulated time: 30 % of the nodes are liars, which accept everything,
 * promise everything and deliver nothing. Honest nodes together write one page a second. Prints how soon pages are
 * known, what that costs a node, and how soon a late joiner has the history; and whether voters, nearly two thirds of
 * them liars in one hoster's network, get a victim listed anywhere. Ends with status 1 if something misses its goal.
 *
 * Then half of the honest nodes are killed and replaced by empty ones, and all must agree again. With `flood`, liars
 * write 200 pages a second, each under a new key, and what honest authors say must come through if their claims were
 * checked before.
 *
 * The flood has already lasted for hours when it starts: what nodes accept at once from strangers, and in vain, is used
 * up.
 *
 *     npm run simulate:pool [nodes] [seconds] [flood]
 */

import { createHash } from 'node:crypto';
import { silentLogger } from '@sentrypeer/kernel';
import { Exchange, type LinkPeer, type Taken } from '@sentrypeer/pool/link';
import type { Wire } from '../packages/pool/src/link/link-parts.ts';
import {
  IDLE_OCTETS_ALL_BURST,
  KNOWN_OCTETS_KEPT,
  KNOWN_PAGES_KEPT,
  STRANGERS_OCTETS_BURST,
  STRANGERS_PAGES_BURST,
} from '../packages/pool/src/limits.ts';
import { encodeFrame, FrameType, pageFrames } from '../packages/pool/src/link/frames.ts';
import { pageId } from '../packages/pool/src/link/page-index.ts';
import { independentNetwork } from '@sentrypeer/ip';
import { DEFAULT_POLICY, type PoolVoice } from '@sentrypeer/verdict';
import { hasQuorum, votedAddress } from '../packages/verdict/src/votes.ts';
import { Liar, OPEN, PAGE_SIZE, type End, type Party } from './load/pool-liar.ts';
import { random, SimulatedTime } from './load/simulated-time.ts';

const NODES = Number(process.argv[2] ?? 1000);
const SECONDS = Number(process.argv[3] ?? 300);
const IS_FLOOD = process.argv[4] === 'flood';
const FLOOD_PER_SECOND = 200;
/** The claims of every tenth author could not be checked yet. */
const isNewcomer = (author: number): boolean => author % 10 === 0;
/** Until then the tree grows; the cost of that is paid once. */
const GROWN_SECONDS = Math.min(60, SECONDS / 2);
const LIARS = 0.3;
const LINKS_OUT = 5;
const LINKS_IN_MAX = 32;
const SETTLE_MS = 20_000;
/** IPv4, TCP with timestamps, a TLS 1.3 record, and half an ACK for each. */
const OVERHEAD_OCTETS = 20 + 32 + 22 + 26;
const FRAME_NAMES = new Map<number, string>(
  Object.entries(FrameType).map(([name, type]) => [type, name]),
);
const GOALS = {
  knownShare: 0.99,
  dayOctets: 50e6,
  joinerMs: 60_000,
  attackersShare: 0.99,
  agreedMs: 300_000,
  floodedShare: 0.99,
  floodedDayOctets: 150e6,
};

const time = new SimulatedTime();
const parties: Party[] = [];
/** When each page was written, and by whom, by id. */
const written = new Map<string, { readonly atMs: number; readonly isNewcomer: boolean }>();
/**
 * Milliseconds from writing to being known, for each page at each honest node; for authors whose claims were checked,
 * and for others.
 */
const delaysMs: number[] = [];
const newcomerDelaysMs: number[] = [];
/** Delays of pages written from then on count. */
const NOBODY = { covers: () => false };
let countedFromMs = 0;

/** Signed by convention: simulated nodes trust each other's signatures. */
function writePage(author: number, serial: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  page.set(createHash('sha256').update(`key ${author}`).digest(), 5);
  const view = new DataView(page.buffer);
  view.setUint32(37, serial);
  view.setUint32(45, Math.floor(time.epochUs() / 1e6));
  return page;
}

const LATER_TYPE = 200 as FrameType;
/** Large pages, each of a different author, until no more from strangers are accepted. */
const PAST_PAGES = STRANGERS_PAGES_BURST - KNOWN_PAGES_KEPT;
const PAST_PAGE_OCTETS = Math.floor((STRANGERS_OCTETS_BURST - KNOWN_OCTETS_KEPT) / PAST_PAGES);
const PAST_FRAMES: readonly Uint8Array[] = IS_FLOOD
  ? pageFrames(
      Array.from({ length: PAST_PAGES }, (_, index) => {
        const page = new Uint8Array(PAST_PAGE_OCTETS);
        new DataView(page.buffer).setUint32(5, index);
        return page;
      }),
    )
  : [];

class Honest implements Party {
  readonly isLiar = false;
  readonly key: string;
  readonly address: string;
  linksIn = 0;
  octetsIn = 0;
  octetsOut = 0;
  readonly exchange: Exchange;
  /** Keys of authors whose claims it could check. */
  known: ReadonlySet<string> = new Set();
  /** Networks in which a node was linked, by its key. */
  readonly proved = new Map<string, Set<string>>();
  /** Whether its delays count; not those of the late joiner, which has other goals. */
  isCounted = true;
  readonly #index: number;
  readonly #pages: Uint8Array[] = [];
  readonly #ids = new Set<string>();
  #serial = 0;
  #isKilled = false;
  #isPast = false;

  constructor(index: number) {
    this.#index = index;
    this.address = `${45 + (index % 100)}.${Math.floor(index / 100)}.0.1`;
    this.key = createHash('sha256').update(`key ${index}`).digest('hex');
    const pages = this.#pages;
    this.exchange = new Exchange(
      {
        clock: time,
        logger: silentLogger,
        wakeAfter: time.wakeAfter,
        random: { fill: (octets) => octets.fill(Math.floor(random() * 256)) },
        pages: {
          changes: () => pages.length,
          pagesCount: () => pages.length,
          pageIds: () => pages.map((_, at) => at + 1),
          pages: (after, limit) =>
            pages
              .slice(after, after + limit)
              .map((octets, at) => ({ pageId: after + at + 1, octets })),
          page: (row) => pages[row - 1],
        },
        take: async (some) => some.map((octets) => this.#take(octets)),
        voters: () => new Set(),
        known: () => this.known,
        distrust: () => NOBODY,
        onLinks: () => {
          for (const { key, address } of this.exchange.links) {
            const networks = this.proved.get(key) ?? new Set();
            this.proved.set(key, networks.add(independentNetwork(address) ?? ''));
          }
        },
      },
      { networkId: 0, key: this.key },
    );
  }

  get pagesCount(): number {
    return this.#pages.length;
  }

  get author(): number {
    return this.#index;
  }

  /** As after hours of a flood: strangers have used up what is accepted at once and what may be sent in vain. */
  flooded(): void {
    this.#isPast = true;
    const wire: Wire = { unsentOctets: 0, send: () => undefined, close: () => undefined };
    for (const address of ['20.1.0.1', '20.2.0.1']) {
      const key = createHash('sha256').update(address).digest('hex');
      const peer = { key, nodeId: key, address, isOutward: false, sinceEpochUs: 0 };
      const link = this.exchange.add(peer, wire, OPEN, OPEN);
      link?.receive(encodeFrame(FrameType.hello, new Uint8Array([1, 0, 0, 0, 0]), OPEN));
      if (address.startsWith('20.1')) {
        for (const frame of PAST_FRAMES) link?.receive(frame);
      } else {
        const idle = encodeFrame(LATER_TYPE, new Uint8Array(60_000));
        for (let octets = 0; octets < 2 * IDLE_OCTETS_ALL_BURST; octets += idle.length)
          link?.receive(idle);
      }
      link?.close('that was before');
    }
    queueMicrotask(() => queueMicrotask(() => (this.#isPast = false)));
  }

  /** Is killed. */
  kill(): void {
    this.#isKilled = true;
    this.exchange.close();
  }

  /** Different for different sets of pages. */
  pagesHash(): string {
    return createHash('sha256')
      .update([...this.#ids].toSorted().join())
      .digest('hex');
  }

  write(): void {
    this.#serial += 1;
    const page = writePage(this.#index, this.#serial);
    written.set(pageId(page), { atMs: time.nowMs(), isNewcomer: isNewcomer(this.#index) });
    this.#take(page);
    this.exchange.wake();
  }

  accept(peer: LinkPeer, wire: Wire): End | undefined {
    return this.exchange.add(peer, wire, OPEN, OPEN);
  }

  /** Keeps this many outward links for the rest of the simulation. */
  dial(): void {
    if (this.#isKilled) return;
    const outward = this.exchange.links.filter(({ isOutward }) => isOutward).length;
    for (let missing = LINKS_OUT - outward; missing > 0; missing -= 1) {
      const other = parties[Math.floor(random() * parties.length)];
      if (other !== undefined && other !== this && other.linksIn < LINKS_IN_MAX)
        connect(this, other);
    }
    time.wakeAfter(1000 + random() * 1000, () => this.dial());
  }

  #take(octets: Uint8Array): Taken {
    if (this.#isPast) return 'taken';
    const id = pageId(octets);
    if (this.#ids.has(id)) return 'known';
    this.#ids.add(id);
    this.#pages.push(octets);
    const found = written.get(id);
    if (found === undefined || !this.isCounted || found.atMs < countedFromMs) return 'taken';
    const delays = IS_FLOOD && found.isNewcomer ? newcomerDelaysMs : delaysMs;
    delays.push(time.nowMs() - found.atMs);
    return 'taken';
  }
}

/** Octets sent to honest nodes, by sender and kind of frame, since they were last read. */
const kinds = new Map<string, number>();
function countKind(from: Party, octets: Uint8Array): void {
  const name = FRAME_NAMES.get(octets[3] ?? 0) ?? 'other';
  const kind = `${name} of ${from.isLiar ? 'liars' : 'honest nodes'}`;
  kinds.set(kind, (kinds.get(kind) ?? 0) + octets.length + OVERHEAD_OCTETS);
}

/** MB sent to one honest node, by kind, largest first. @param factor Multiplies them. */
function kindsText(factor: number): string {
  return [...kinds]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 6)
    .map(([kind, octets]) => `${kind} ${((octets * factor) / honest.length / 1e6).toFixed(1)}`)
    .join(', ');
}

function connect(from: Party, to: Party): void {
  const delayMs = 20 + random() * 80;
  const ends: (End | undefined)[] = [];
  let isOpen = true;
  const end = (): void => {
    if (!isOpen) return;
    isOpen = false;
    to.linksIn -= 1;
    for (const one of ends) one?.ended();
  };
  const wire = (own: Party, other: Party, at: number): Wire => ({
    unsentOctets: 0,
    send: (octets) => {
      own.octetsOut += octets.length + OVERHEAD_OCTETS;
      time.wakeAfter(delayMs, () => {
        if (!isOpen) return;
        other.octetsIn += octets.length + OVERHEAD_OCTETS;
        if (!other.isLiar) countKind(own, octets);
        ends[at]?.receive(octets);
      });
    },
    close: () => void time.wakeAfter(delayMs, end),
  });
  const peerOf = (party: Party, isOutward: boolean): LinkPeer => ({
    key: party.key,
    nodeId: party.key,
    address: party.address,
    isOutward,
    sinceEpochUs: 0,
  });
  to.linksIn += 1;
  ends[1] = to.accept(peerOf(from, false), wire(to, from, 0));
  ends[0] = ends[1] && from.accept(peerOf(to, true), wire(from, to, 1));
  if (ends[0] === undefined || ends[1] === undefined) end();
}

const honest: Honest[] = [];
const liars: Liar[] = [];
for (let index = 0; index < NODES; index += 1) {
  if (index < NODES * LIARS) liars.push(new Liar(index));
  else {
    const node = new Honest(index);
    honest.push(node);
    parties.push(node);
  }
}
parties.push(...liars);
if (IS_FLOOD) {
  const known = new Set(honest.filter(({ author }) => !isNewcomer(author)).map(({ key }) => key));
  for (const node of honest) node.known = known;
  for (const node of honest) node.flooded();
  await time.pass(100);
}
for (const node of honest) node.dial();
await time.pass(SETTLE_MS);
const startedAtMs = performance.now();
const atHalf = Math.floor(SECONDS / 2);
const countedPages = { known: 0, newcomer: 0 };
let joiner: Honest | undefined;
let joinedMs = Infinity;
for (let second = 0; second < SECONDS; second += 1) {
  if (second === Math.floor(GROWN_SECONDS)) {
    for (const party of parties) [party.octetsIn, party.octetsOut] = [0, 0];
    kinds.clear();
  }
  const writer = honest[Math.floor(random() * honest.length)];
  writer?.write();
  if (IS_FLOOD) {
    for (let count = 0; count < FLOOD_PER_SECOND; count += 1) {
      liars[Math.floor(random() * liars.length)]?.flood(Math.floor(time.epochUs() / 1e6));
    }
    if (second < GROWN_SECONDS) countedFromMs = time.nowMs() + 1;
    else if (writer !== undefined)
      countedPages[isNewcomer(writer.author) ? 'newcomer' : 'known'] += 1;
  }
  if (second === atHalf && !IS_FLOOD) {
    joiner = new Honest(NODES);
    joiner.isCounted = false;
    joiner.dial();
  }
  await time.pass(1000);
  if (joiner !== undefined && joinedMs === Infinity && joiner.pagesCount >= second - 5) {
    joinedMs = (second - atHalf + 1) * 1000;
  }
}
const dayOctets = (count: (node: Honest) => number): number =>
  (honest.reduce((sum, node) => sum + count(node), 0) / honest.length / (SECONDS - GROWN_SECONDS)) *
  86_400;
const [inOctets, outOctets] = [
  dayOctets((node) => node.octetsIn),
  dayOctets((node) => node.octetsOut),
];
await time.pass(60_000);
/** The result of voting on a subject at a node whose operator chose these voters. */
function voted(node: Honest, votersCount: number, naming: readonly Party[], networkCheck = true) {
  const voices = naming.map((party): PoolVoice => ({
    name: party.key,
    isVoter: true,
    networks: [...(node.proved.get(party.key) ?? [])],
    facts: {
      grade: 'handshake',
      contactsLog2: 9,
      daysCount: 7,
      triedPasswords: true,
      madeCostlyCalls: true,
      usedTool: true,
      breadthLog2: 9,
    },
    lastEpochUs: time.epochUs(),
    endEpochUs: time.epochUs() + 86_400e6,
  }));
  const said = { voices, votersCount, isAdmitted: true };
  const nowEpochUs = time.epochUs();
  const options = { quorumMin: 2, networkCheck, nowEpochUs };
  const { verdict } = votedAddress(said, {
    ...options,
    policy: DEFAULT_POLICY,
    delistedEpochUs: undefined,
  });
  return { isListed: verdict.level === 'listed', hasQuorum: hasQuorum(said, options) };
}

let [victimsListed, attackersListed, uncheckedListed] = [0, 0, 0];
for (const node of honest) {
  const linked = (isLiar: boolean): readonly Party[] =>
    parties.filter((party) => party.isLiar === isLiar && node.proved.has(party.key));
  const sybils = linked(true);
  // The smallest number of honest voters that can reach a quorum.
  const some = linked(false).slice(0, Math.ceil((sybils.length + 3) / 2));
  const votersCount = some.length + sybils.length;
  const victim = voted(node, votersCount, sybils);
  if (victim.isListed || victim.hasQuorum) victimsListed += 1;
  if (voted(node, votersCount, sybils, false).isListed) uncheckedListed += 1;
  if (voted(node, votersCount, some).isListed) attackersListed += 1;
}
const expected = (IS_FLOOD ? countedPages.known : SECONDS) * honest.length;
const known = delaysMs.filter((ms) => ms <= 60_000).length;
const sorted = delaysMs.toSorted((a, b) => a - b);
const quantile = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? NaN;
const knownShare = Math.min(1, known / expected);
const duplicates = honest.reduce((sum, { exchange }) => sum + exchange.counters.duplicates, 0);
console.log(
  `${NODES} nodes, ${NODES - honest.length} of them liars; ${SECONDS} pages in as many seconds`,
);
console.log(`known to honest nodes within 60 s: ${(knownShare * 100).toFixed(3)} %`);
console.log(
  `median ${(quantile(0.5) / 1000).toFixed(2)} s, 99 % ${(quantile(0.99) / 1000).toFixed(2)} s`,
);
console.log(
  `MB a day in / out, honest mean: ${(inOctets / 1e6).toFixed(1)} / ${(outOctets / 1e6).toFixed(1)}`,
);
console.log(`of that, MB a day in: ${kindsText(86_400 / (SECONDS - GROWN_SECONDS))}`);
console.log(`came again: ${(duplicates / delaysMs.length).toFixed(2)} for each that was new`);
if (!IS_FLOOD) console.log(`a late joiner had ${atHalf} pages after ${joinedMs / 1000} s`);
console.log(
  `a victim is listed by voters in one network at ${victimsListed} of ${honest.length} nodes (without the check of networks at ${uncheckedListed}), an attacker by honest ones at ${attackersListed}`,
);
if (IS_FLOOD) {
  const soon = newcomerDelaysMs.filter((ms) => ms <= 60_000).length;
  const share = soon / Math.max(1, countedPages.newcomer * honest.length);
  console.log(
    `in a flood of ${FLOOD_PER_SECOND} pages a second: ${(knownShare * 100).toFixed(2)} % of ${countedPages.known} pages of authors whose word was checked are known within 60 s, of ${countedPages.newcomer} of newcomers ${(share * 100).toFixed(1)} %`,
  );
  const isCheap = inOctets <= GOALS.floodedDayOctets;
  process.exit(knownShare >= GOALS.floodedShare && countedPages.known > 0 && isCheap ? 0 : 1);
}

/** Whether all honest nodes have the same pages. */
const agreed = (): boolean => new Set(honest.map((node) => node.pagesHash())).size === 1;
const killed = honest.splice(0, Math.floor(honest.length / 2));
for (const node of killed) {
  node.kill();
  parties.splice(parties.indexOf(node), 1);
}
for (let index = 0; index < killed.length; index += 1) {
  const node = new Honest(NODES + 1 + index);
  honest.push(node);
  parties.push(node);
  node.dial();
}
let agreedMs = 0;
while (!agreed() && agreedMs <= GOALS.agreedMs) {
  await time.pass(1000);
  agreedMs += 1000;
}
console.log(
  `${killed.length} honest nodes were killed and as many empty ones began: all agree after ${agreedMs / 1000} s`,
);
console.log(
  `real time: ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s, ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
);
const isGood =
  knownShare >= GOALS.knownShare &&
  Math.max(inOctets, outOctets) <= GOALS.dayOctets &&
  joinedMs <= GOALS.joinerMs &&
  victimsListed === 0 &&
  uncheckedListed > 0 &&
  attackersListed >= honest.length * GOALS.attackersShare &&
  agreedMs <= GOALS.agreedMs;
process.exitCode = isGood ? 0 : 1;
