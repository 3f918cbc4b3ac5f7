// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * A network of our DHT engines in one process, with simulated time: nodes come and go without notice, datagrams are
 * lost, values are put and looked for. Prints what share of look-ups succeeds, in how many steps, and at what cost.
 *
 *     npm run simulate:dht [nodes] [hours]
 */

import { randomBytes } from 'node:crypto';
import { DhtEngine, infoHash, unsignedValue, type InfoHash } from '@sentrypeer/dht';
import { SimulatedNetwork } from '@sentrypeer/dht/testing';

const NODES = Number(process.argv[2] ?? 1000);
const HOURS = Number(process.argv[3] ?? 1);
const LOSS_RATE = 0.1;
const CHURN_PER_HOUR = 0.2;
const KEYS_COUNT = 200;
const LOOKUPS_PER_MINUTE = 20;
const JOIN_MS = 600_000;
const SETTLE_MS = 1_200_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

interface SimulatedNode {
  readonly engine: DhtEngine;
  readonly at: { readonly address: string; readonly port: number };
}

interface Lookup {
  readonly found: boolean;
  readonly hops: number;
  readonly answers: number;
  readonly tookMs: number;
}

const network = new SimulatedNetwork({
  seed: 20_261_125,
  lossRate: LOSS_RATE,
  latencyMs: [10, 100],
});
const living: SimulatedNode[] = [];
/** They put the values and stay, because a value disappears with the node that announces it. */
const keepers: SimulatedNode[] = [];
const lookups: Lookup[] = [];
let bornCount = 0;

function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(network.chance() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function join(): SimulatedNode {
  bornCount += 1;
  const address = `10.${bornCount >> 16}.${(bornCount >> 8) & 255}.${bornCount & 255}`;
  const at = { address, port: 4222 };
  const { clock, random } = network;
  const engine = new DhtEngine(
    { clock, random, send: (octets, to) => network.send(octets, at, to) },
    { families: [4] },
  );
  const node = { engine, at };
  network.attach(at, engine);
  if (living.length > 0) engine.bootstrap([pick(living).at, pick(living).at, pick(living).at]);
  network.touch(at);
  living.push(node);
  return node;
}

function churn(): void {
  const leaver = pick(living);
  if (!keepers.includes(leaver)) {
    living.splice(living.indexOf(leaver), 1);
    network.detach(leaver.at);
    join();
  }
  network.later(HOUR_MS / (NODES * CHURN_PER_HOUR), churn);
}

function lookUp(key: InfoHash): void {
  const node = pick(living);
  const startedMs = network.clock.nowMs();
  let found = false;
  node.engine.get(key, [], {
    onValue: () => (found = true),
    onDone: () => {
      const search = node.engine.status().families[0]?.searches.find((each) => each.key === key);
      const { hops = 0, answers = 0 } = search ?? {};
      lookups.push({ found, hops, answers, tookMs: network.clock.nowMs() - startedMs });
    },
  });
  network.touch(node.at);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percentile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

for (let index = 0; index < NODES; index += 1) network.later((index * JOIN_MS) / NODES, join);
const buildMs = performance.now();
network.run(JOIN_MS + SETTLE_MS);
console.log(
  `${NODES} nodes joined and settled (${((performance.now() - buildMs) / 1000).toFixed(0)} s of real time)`,
);

keepers.push(...living.slice(0, Math.min(50, NODES)));
const keys = Array.from({ length: KEYS_COUNT }, () => infoHash(randomBytes(20)));
let announcedCount = 0;
for (const key of keys) {
  const { engine, at } = pick(keepers);
  const value = unsignedValue(1n, { data: randomBytes(400), userType: 'text/plain' });
  const onSettled = (ok: boolean): void => {
    announcedCount += ok ? 1 : 0;
  };
  engine.put(key, value, { permanent: true, created: 0, onSettled });
  network.touch(at);
}
network.run(5 * MINUTE_MS);
console.log(`${announcedCount} of ${KEYS_COUNT} values announced`);

const before = { count: network.sentCount, octets: network.sentOctets, ms: performance.now() };
network.later(0, churn);
for (let minute = 0; minute < HOURS * 60; minute += 1)
  for (let index = 0; index < LOOKUPS_PER_MINUTE; index += 1)
    network.later(minute * MINUTE_MS + network.chance() * MINUTE_MS, () => lookUp(pick(keys)));
network.run(HOURS * HOUR_MS + 2 * MINUTE_MS);

const realSeconds = (performance.now() - before.ms) / 1000 / HOURS;
const perNodeHour = (total: number): number => total / NODES / HOURS;
const found = lookups.filter((lookup) => lookup.found);
const hops = found.map((lookup) => lookup.hops).filter((count) => count > 0);
console.log(`look-ups            ${lookups.length}`);
console.log(`found               ${((100 * found.length) / lookups.length).toFixed(2)} %`);
console.log(
  `steps, mean         ${mean(hops).toFixed(2)} (half of log2(n): ${(Math.log2(NODES) / 2).toFixed(2)})`,
);
console.log(`answers, mean       ${mean(found.map(({ answers }) => answers)).toFixed(1)}`);
console.log(
  `time, median        ${percentile(
    found.map(({ tookMs }) => tookMs),
    0.5,
  ).toFixed(0)} ms, 95 %: ${percentile(
    found.map(({ tookMs }) => tookMs),
    0.95,
  ).toFixed(0)} ms`,
);
console.log(
  `traffic             ${perNodeHour(network.sentCount - before.count).toFixed(0)} datagrams, ${(perNodeHour(network.sentOctets - before.octets) / 1e6).toFixed(2)} MB sent per node and hour`,
);
console.log(`real time           ${realSeconds.toFixed(1)} s per simulated hour`);
console.log(`memory              ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB resident`);
