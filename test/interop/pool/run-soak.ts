// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Five daemons that share for this many minutes, of which two are killed with -9 in every round. */

import { performance } from 'node:perf_hooks';
import { Dhtnode } from '../opendht/real-nodes.ts';
import { Fleet } from './fleet.ts';
import { MACHINES_COUNT } from './namespaces.ts';

const MINUTE_MS = 60_000;
const endMs = performance.now() + Number(process.argv[2] ?? 12) * MINUTE_MS;

await using dhtnode = await Dhtnode.start(4222);
await using fleet = await Fleet.start(`20.0.0.254:${dhtnode.port}`);
await fleet.attack(1);
await fleet.converge();
const from = fleet.attacksCount;
let killedCount = 0;
for (let round = 0; performance.now() < endMs; round += 1) {
  await fleet.attack(4);
  await fleet.converge();
  const machines = [round % MACHINES_COUNT, (round * 2 + 1) % MACHINES_COUNT];
  await fleet.restart([...new Set(machines)]);
  killedCount += new Set(machines).size;
}
await fleet.converge();
fleet.assertNothingTwice();
console.log(`${fleet.attacksCount} events on each of five; ${killedCount} times killed with -9`);
console.log(fleet.report(from, fleet.attacksCount));
console.log(`memory: ${fleet.memory()}`);
