// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How fast do one and four nodes push to a fleet, beside `psql \copy` of the same rows as text into the same table with the
 * same indexes, in turn in the same run? The nodes' logs are written before; each node is a process. ROWS and ROUNDS can
 * be changed. Needs Debian's postgresql and postgresql-client.
 */

import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Pusher } from '@sentrypeer/fleet';
import { readFleetAddress } from '@sentrypeer/fleet/address';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { FLEET_EVENT_COLUMNS, FLEET_REPEAT_COLUMNS, FleetReader, Store } from '@sentrypeer/store';
import { batchOf, uuidOf } from '../packages/store/test/fixtures.ts';
import { until } from '../test/e2e/daemon-process.ts';
import { FleetWorld } from '../test/interop/fleet-world.ts';
import { findPeer } from '../test/interop/peer.ts';
import { machineLine } from './load/processes.ts';

const ROWS = Number(process.env['ROWS'] ?? '100000');
const ROUNDS = Number(process.env['ROUNDS'] ?? '5');
const BATCH = 500;
const DEADLINE_MS = 300_000;
/** What `\copy` gets: all that a push writes. */
const COLUMNS = `epoch, ${FLEET_EVENT_COLUMNS.join(', ')}`;

const [, , asked, path = '', file = ''] = process.argv;
if (asked === 'node') await push();
else await compare();

/** One node: pushes its whole log, says so, and ends. */
async function push(): Promise<void> {
  const store = Store.open({ logger: silentLogger, clock: systemClock }, { path });
  const reader = FleetReader.open(path);
  const reading = readFleetAddress(readFileSync(file, 'utf8'));
  if (!('address' in reading)) throw new Error(reading.trouble);
  process.send?.('ready');
  await once(process, 'message');
  const pusher = new Pusher(
    {
      log: {
        open: async () => store.openFleet(),
        resume: async (place) => store.resumeFleet(place),
        next: async (share, hasArrived) => store.nextForFleet(share, hasArrived),
        hasMore: (marks) => reader.hasMore(marks),
        rows: (marks) => ({
          ...reader.batch(marks),
          eventColumns: FLEET_EVENT_COLUMNS,
          repeatColumns: FLEET_REPEAT_COLUMNS,
        }),
      },
      logger: silentLogger,
      clock: systemClock,
      random: Math.random,
    },
    { address: reading.address, self: { nodeId: 'bench', version: '1' }, hasMessages: false },
  );
  await until('the push', () => pusher.state.pushedEvents >= ROWS, DEADLINE_MS);
  process.send?.('done');
  await pusher.close(1000);
  reader.close();
  store.close();
  process.disconnect?.();
}

async function compare(): Promise<void> {
  const psql = findPeer('psql');
  const context = { name: 'bench', skip: () => undefined } as unknown as TestContext;
  await using world = await FleetWorld.open(context);
  if (world === undefined || psql === undefined) throw new Error('PostgreSQL is missing');
  console.log(`${machineLine()}; ${ROWS} rows a node, medians of ${ROUNDS} rounds in turn`);
  const nodes = await Promise.all(
    ['a-1', 'a-2', 'a-3', 'a-4'].map(async (name) => ({
      file: await world.join(name),
      log: join(world.folder.path, `${name}.db`),
    })),
  );
  for (const { log } of nodes) fill(log);
  const text = join(world.postgres.folder, 'rows.txt');
  for (const count of [1, nodes.length]) {
    const rates = { push: [] as number[], copy: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      const chosen = nodes.slice(0, count);
      for (const { log } of chosen) beginAnew(log);
      rates.push.push((count * ROWS) / (await pushAll(chosen)));
      if (round === 0 && count === 1) {
        await world.rows(`COPY (SELECT ${COLUMNS} FROM fleet.event) TO '${text}'`);
        chmodSync(world.folder.path, 0o755);
      }
      await world.rows('TRUNCATE fleet.event, fleet.repeat, fleet.node');
      rates.copy.push((count * ROWS) / (await copyAll(psql, world, text, count)));
      await world.rows('TRUNCATE fleet.event, fleet.repeat, fleet.node');
    }
    const [pushed, copied] = [median(rates.push), median(rates.copy)];
    console.log(
      `${count} ${count === 1 ? 'node' : 'nodes'}: push ${Math.round(pushed)} rows a second, \\copy ${Math.round(copied)}: ${(pushed / copied).toFixed(2)}`,
    );
  }
}

function fill(log: string): void {
  using store = Store.open({ logger: silentLogger, clock: systemClock }, { path: log });
  for (let first = 0; first < ROWS; first += BATCH) {
    const events = Array.from({ length: BATCH }, (_, at) => ({
      eventUuid: uuidOf(first + at),
      eventEpochUs: systemClock.epochUs(),
      sourceIp: `203.0.${(first + at) % 113}.${(first + at) % 251}`,
      calledNumber: `0044${(first + at) % 20_011}`,
    }));
    store.append([batchOf(events)]);
  }
}

/** As a log that was never pushed. */
function beginAnew(log: string): void {
  using store = Store.open({ logger: silentLogger, clock: systemClock }, { path: log });
  store.openFleet();
  store.resumeFleet({ epoch: 0, mark: 0, repeatMark: 0 });
}

/** Seconds. */
async function pushAll(nodes: readonly { readonly log: string; readonly file: string }[]) {
  const children = nodes.map(({ log, file }) =>
    fork(import.meta.filename, ['node', log, file], { stdio: 'inherit' }),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
  const startedMs = performance.now();
  const done = Promise.all(children.map((child) => once(child, 'message')));
  for (const child of children) child.send('go');
  await done;
  const seconds = (performance.now() - startedMs) / 1000;
  await Promise.all(children.map((child) => once(child, 'exit')));
  return seconds;
}

/** Seconds. */
async function copyAll(psql: string, world: FleetWorld, text: string, count: number) {
  const { folder, port } = world.postgres;
  const command = `\\copy fleet.event (${COLUMNS}) FROM '${text}'`;
  const startedMs = performance.now();
  const ended = Array.from({ length: count }, async () => {
    const args = ['-X', '-q', '-h', folder, '-p', String(port), '-U', 'owner', '-d', 'fleet'];
    const [status] = await once(
      spawn(psql, [...args, '-c', command], { stdio: 'inherit' }),
      'exit',
    );
    if (status !== 0) throw new Error(`psql ended with ${String(status)}`);
  });
  await Promise.all(ended);
  return (performance.now() - startedMs) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
