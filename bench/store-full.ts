// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How much processor time does an event cost in a database at its size limit, compared with the same database without a
 * limit? Both record in turn in one process, so that a busy machine disturbs both alike.
 *
 *   node bench/store-full.ts [MiB] [events] [events per commit]
 */

import { randomFillSync } from 'node:crypto';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { latin1Octets } from '@sentrypeer/bytes';
import { EventBatchWriter, EventUuids, type Observation } from '@sentrypeer/event';
import { assert, silentLogger, systemClock } from '@sentrypeer/kernel';
import { Store } from '@sentrypeer/store';
import { call, recordCalls } from './load/calls.ts';
import { machineLine, temporaryFolder } from './load/processes.ts';

const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';
const MEBIBYTE = 1_048_576;
const CALLS_PER_MEBIBYTE = 1300;
/** More than all events of the part of the size that is free when a flood begins. */
const WARM_CALLS_PER_MEBIBYTE = 90;
const FIRST_NUMBER = 500_000_000;
const BLOCK_OCTETS = 8 * MEBIBYTE;
const MESSAGE = latin1Octets(
  `OPTIONS sip:0@198.51.100.7 SIP/2.0\r\nSubject: ${'x'.repeat(400)}\r\n\r\n`,
);

const sizeMib = Number(process.argv[2] ?? 128);
const eventsCount = Number(process.argv[3] ?? 100_000);
const commitCount = Number(process.argv[4] ?? 3500);
const random = { fill: (octets: Uint8Array): Uint8Array => randomFillSync(octets) };
const uuids = new EventUuids({ random });
let made = FIRST_NUMBER;

const forged = (index: number): Observation => ({
  ...call(`127.1.${index & 3}.${index % 250}`, `00${String(index).padStart(10, '0')}`),
  grade: 'seen',
  sipMethod: 'OPTIONS',
  sipMessage: MESSAGE,
});

function nextBatch(): Uint8Array {
  const writer = new EventBatchWriter(new Uint8Array(BLOCK_OCTETS), NODE_ID, 'responsive');
  for (let count = 0; count < commitCount; count += 1, made += 1) {
    assert(writer.addEvent(uuids.next(systemClock.epochUs()), forged(made)), 'fits');
  }
  return writer.finish();
}

const open = (path: string, databaseOctetsMax: number): Store =>
  Store.open({ logger: silentLogger, clock: systemClock }, { path, databaseOctetsMax });

console.log(machineLine());
using folder = temporaryFolder();
const paths = { full: join(folder.path, 'full.db'), grown: join(folder.path, 'grown.db') };
const octetsMax = sizeMib * MEBIBYTE;
const filling = open(paths.full, octetsMax);
recordCalls(filling, sizeMib * CALLS_PER_MEBIBYTE, forged);
while (filling.maintain()) continue;
filling.close();
copyFileSync(paths.full, paths.grown);

using grown = open(paths.grown, Number.POSITIVE_INFINITY);
using full = open(paths.full, octetsMax);
const costs = new Map([
  [grown, 0],
  [full, 0],
]);
const warmCount = sizeMib * WARM_CALLS_PER_MEBIBYTE;
let measured = 0;
for (let count = 0; measured < eventsCount; count += commitCount) {
  const isWarm = count >= warmCount;
  for (const store of [grown, full]) {
    const batch = nextBatch();
    const before = process.cpuUsage();
    store.append([batch]);
    store.maintain();
    const { user, system } = process.cpuUsage(before);
    if (isWarm) costs.set(store, (costs.get(store) ?? 0) + user + system);
  }
  if (isWarm) measured += commitCount;
}
const [grownUs, fullUs] = [...costs.values()].map((us) => us / measured);
assert(grownUs !== undefined && fullUs !== undefined, 'measured');
console.log(
  `${measured} events each: growing ${grownUs.toFixed(2)} us, at its limit ${fullUs.toFixed(2)} us, ` +
    `ratio ${(grownUs / fullUs).toFixed(3)}`,
);
