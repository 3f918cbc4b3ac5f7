// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Simulates the links of a whole pool in one process, with simulated time. 30 % of the nodes are liars, which accept
 * everything, announce everything and deliver nothing. Together the honest nodes write one page a second. Prints how soon
 * pages are known, what that costs a node, how soon a late joiner has the history, and at how many nodes a victim is
 * listed by voters of whom nearly two thirds are liars in the network of one hoster. Exits with status 1 if a goal is
 * missed.
 *
 * Then half of the honest nodes are killed and replaced by empty ones, until all have the same pages again.
 *
 * With `flood` the liars also write 200 pages a second, each under a new key, and the pages of known authors must still
 * arrive. Nodes begin as if the flood had lasted for hours: their burst allowances for strangers' pages and for useless
 * traffic are used up.
 *
 *     npm run simulate:pool [nodes] [seconds] [flood]
 */

import { Liar, type Party } from './load/pool-liar.ts';
import { PoolNetwork } from './load/pool-network.ts';
import { HonestNode, type PoolSurroundings } from './load/pool-node.ts';
import { listedAt } from './load/pool-votes.ts';
import { random, SimulatedTime } from './load/simulated-time.ts';

const NODES = Number(process.argv[2] ?? 1000);
const SECONDS = Number(process.argv[3] ?? 300);
const IS_FLOOD = process.argv[4] === 'flood';
const FLOOD_PER_SECOND = 200;
/** Every tenth author is a newcomer; the others are known, because their claims were checked. */
const isNewcomer = (author: number): boolean => author % 10 === 0;
/** Seconds for which the tree of links grows. Its cost arises only once, so it is not measured. */
const GROWN_SECONDS = Math.min(60, SECONDS / 2);
const LIARS = 0.3;
const SETTLE_MS = 20_000;
const DAY_S = 86_400;
/** Pages that a late joiner may still lack, because they are on their way. */
const ON_THEIR_WAY = 5;
const GOALS = {
  knownShare: 0.99,
  knownMs: 60_000,
  dayOctets: 50e6,
  joinerMs: 60_000,
  attackersShare: 0.99,
  agreedMs: 300_000,
  floodedShare: 0.99,
  floodedDayOctets: 150e6,
};

const time = new SimulatedTime();
const network = new PoolNetwork(time);
const parties: Party[] = [];
const honest: HonestNode[] = [];
const liars: Liar[] = [];
/** When each page was written, and by whom, by id. */
const written = new Map<string, { readonly atMs: number; readonly isNewcomer: boolean }>();
/** Milliseconds until a page is known, one for each page and honest node: of known authors, and of newcomers in a flood. */
const delaysMs: number[] = [];
const newcomerDelaysMs: number[] = [];
/** Pages whose delays are measured, by kind of author. */
const countedPages = { known: 0, newcomer: 0 };
/** Links that honest nodes closed because of the other end's behaviour. */
const leftCounts = { honest: 0, liars: 0 };
/** Delays are measured for pages written after this time. */
let countedFromMs = 0;
const startedAtMs = performance.now();

const around: PoolSurroundings = {
  time,
  network,
  parties,
  onWritten: (id, author) =>
    void written.set(id, { atMs: time.nowMs(), isNewcomer: isNewcomer(author) }),
  onKnown: (id, node) => {
    const found = written.get(id);
    if (found === undefined || !node.isCounted || found.atMs < countedFromMs) return;
    const delays = IS_FLOOD && found.isNewcomer ? newcomerDelaysMs : delaysMs;
    delays.push(time.nowMs() - found.atMs);
  },
  onLeft: (key, reason) => {
    if (reason === 'other_end') return;
    leftCounts[honest.some((node) => node.key === key) ? 'honest' : 'liars'] += 1;
  },
};

function newHonest(author: number): HonestNode {
  const node = new HonestNode(around, author);
  honest.push(node);
  parties.push(node);
  return node;
}

function populate(): void {
  for (let index = 0; index < NODES; index += 1) {
    if (index < NODES * LIARS) liars.push(new Liar(index));
    else newHonest(index);
  }
  parties.push(...liars);
  if (!IS_FLOOD) return;
  const known = new Set(honest.filter(({ author }) => !isNewcomer(author)).map(({ key }) => key));
  for (const node of honest) {
    node.known = known;
    node.flooded();
  }
}

/** One honest node writes a page; in a flood liars write theirs, too. */
function saySomething(second: number): void {
  const writer = honest[Math.floor(random() * honest.length)];
  writer?.write();
  if (!IS_FLOOD) return;
  for (let count = 0; count < FLOOD_PER_SECOND; count += 1) {
    liars[Math.floor(random() * liars.length)]?.flood(Math.floor(time.epochUs() / 1e6));
  }
  if (second < GROWN_SECONDS) countedFromMs = time.nowMs() + 1;
  else if (writer !== undefined) {
    countedPages[isNewcomer(writer.author) ? 'newcomer' : 'known'] += 1;
  }
}

/** Runs the pool. @returns Milliseconds until the late joiner had everything. */
async function talk(): Promise<number> {
  let joiner: HonestNode | undefined;
  let joinedMs = Infinity;
  const joinsAt = Math.floor(SECONDS / 2);
  for (let second = 0; second < SECONDS; second += 1) {
    if (second === Math.floor(GROWN_SECONDS)) {
      for (const party of parties) [party.octetsIn, party.octetsOut] = [0, 0];
      network.restart();
    }
    saySomething(second);
    if (second === joinsAt && !IS_FLOOD) {
      joiner = new HonestNode(around, NODES);
      joiner.isCounted = false;
      joiner.dial();
    }
    await time.pass(1000);
    const hasAll = joiner !== undefined && joiner.pagesCount >= second - ON_THEIR_WAY;
    if (hasAll && joinedMs === Infinity) joinedMs = (second - joinsAt + 1) * 1000;
  }
  return joinedMs;
}

/** Octets a day at the rate after the tree has grown, as the mean of all honest nodes. */
function dayOctets(count: (node: HonestNode) => number): number {
  const sum = honest.reduce((octets, node) => octets + count(node), 0);
  return (sum / honest.length / (SECONDS - GROWN_SECONDS)) * DAY_S;
}

function quantileS(share: number): string {
  const sorted = delaysMs.toSorted((a, b) => a - b);
  return ((sorted[Math.floor(sorted.length * share)] ?? NaN) / 1000).toFixed(2);
}

/** Replaces half of the honest nodes by empty ones. @returns Milliseconds until all have the same pages. */
async function replaceHalf(): Promise<number> {
  const killed = honest.splice(0, Math.floor(honest.length / 2));
  for (const node of killed) {
    node.kill();
    parties.splice(parties.indexOf(node), 1);
  }
  for (let index = 0; index < killed.length; index += 1) newHonest(NODES + 1 + index).dial();
  const agreed = (): boolean => new Set(honest.map((node) => node.pagesHash())).size === 1;
  let agreedMs = 0;
  while (!agreed() && agreedMs <= GOALS.agreedMs) {
    await time.pass(1000);
    agreedMs += 1000;
  }
  console.log(
    `${killed.length} honest nodes were killed and replaced by empty ones: all agree after ${agreedMs / 1000} s`,
  );
  return agreedMs;
}

function reportFlood(knownShare: number): void {
  const soon = newcomerDelaysMs.filter((ms) => ms <= GOALS.knownMs).length;
  const share = soon / Math.max(1, countedPages.newcomer * honest.length);
  console.log(
    `in a flood of ${FLOOD_PER_SECOND} pages a second: ${(knownShare * 100).toFixed(2)} % of ${countedPages.known} pages of known authors arrived within 60 s, and ${(share * 100).toFixed(1)} % of ${countedPages.newcomer} pages of newcomers`,
  );
}

populate();
for (const node of honest) node.dial();
await time.pass(SETTLE_MS);
const joinedMs = await talk();
const inOctets = dayOctets((node) => node.octetsIn);
const outOctets = dayOctets((node) => node.octetsOut);
const kinds = network.kindsText(DAY_S / (SECONDS - GROWN_SECONDS) / honest.length);
await time.pass(GOALS.knownMs);

const expected = (IS_FLOOD ? countedPages.known : SECONDS) * honest.length;
const knownShare = Math.min(1, delaysMs.filter((ms) => ms <= GOALS.knownMs).length / expected);
const duplicates = honest.reduce((sum, { exchange }) => sum + exchange.counters.duplicates, 0);
const listed = listedAt(honest, parties, time.epochUs());
console.log(`${NODES} nodes, of which ${liars.length} are liars; ${SECONDS} pages in ${SECONDS} s`);
console.log(`known at honest nodes within 60 s: ${(knownShare * 100).toFixed(3)} %`);
console.log(`median ${quantileS(0.5)} s, 99th percentile ${quantileS(0.99)} s`);
console.log(
  `MB a day in / out, mean of the honest nodes: ${(inOctets / 1e6).toFixed(1)} / ${(outOctets / 1e6).toFixed(1)}`,
);
console.log(`of that, MB a day in: ${kinds}`);
console.log(`repeated pages: ${(duplicates / delaysMs.length).toFixed(2)} for each new one`);
if (!IS_FLOOD) {
  console.log(`a late joiner had ${Math.floor(SECONDS / 2)} pages after ${joinedMs / 1000} s`);
}
console.log(
  `voters in one network list a victim at ${listed.victims} of ${honest.length} nodes (${listed.unchecked} without the check of networks); honest voters list an attacker at ${listed.attackers}`,
);
console.log(
  `links that honest nodes closed: ${leftCounts.liars} with liars, ${leftCounts.honest} with each other`,
);
if (IS_FLOOD) reportFlood(knownShare);
const agreedMs = IS_FLOOD ? 0 : await replaceHalf();
console.log(
  `real time: ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s, ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`,
);
const isGood = IS_FLOOD
  ? knownShare >= GOALS.floodedShare && countedPages.known > 0 && inOctets <= GOALS.floodedDayOctets
  : knownShare >= GOALS.knownShare &&
    Math.max(inOctets, outOctets) <= GOALS.dayOctets &&
    joinedMs <= GOALS.joinerMs &&
    listed.victims === 0 &&
    listed.unchecked > 0 &&
    listed.attackers >= honest.length * GOALS.attackersShare &&
    agreedMs <= GOALS.agreedMs;
// Ends timers and links that are still open.
process.exit(isGood ? 0 : 1);
