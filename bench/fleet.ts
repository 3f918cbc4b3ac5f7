// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How fast do one and four nodes push to a fleet, compared with `psql \copy` of the same rows as text into the same
 * table with the same indexes, in turn in the same run? The nodes' logs are written beforehand; each node is a process.
 * Both log in as a node, over TCP. Processor time is that of the node or of psql, and that of PostgreSQL's processes
 * for them. ROWS, ROUNDS and NODES can be changed. Needs Debian's postgresql and postgresql-client.
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
const COUNTS = (process.env['NODES'] ?? '1,4').split(',').map(Number);
const BATCH = 500;
const DEADLINE_MS = 300_000;
/** Of /proc/PID/stat. */
const TICKS_PER_SECOND = 100;
/** The rows for `\copy`: everything that a push writes. */
const COLUMNS = `epoch, ${FLEET_EVENT_COLUMNS.join(', ')}`;

const [, , asked, path = '', file = ''] = process.argv;
if (asked === 'node') await push();
else await compare();

/** One node: pushes its whole log, reports, and ends. */
async function push(): Promise<void> {
  const store = Store.open({ logger: silentLogger, clock: systemClock }, { path });
  const reader = FleetReader.open(path);
  const reading = readFleetAddress(readFileSync(file, 'utf8'));
  if (!('address' in reading)) throw new Error(reading.trouble);
  process.send?.('ready');
  await once(process, 'message');
  const before = process.cpuUsage();
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
  const { user, system } = process.cpuUsage(before);
  process.send?.((user + system) / 1e6);
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
  for (const count of COUNTS) {
    const pushes: Cost[] = [];
    const copies: Cost[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const chosen = nodes.slice(0, count);
      for (const { log } of chosen) beginAnew(log);
      pushes.push(await costOf(world, () => pushAll(chosen)));
      if (round === 0) {
        await world.rows(
          `COPY (SELECT ${COLUMNS} FROM fleet.event WHERE node = 'a-1') TO '${text}'`,
        );
        chmodSync(world.folder.path, 0o755);
      }
      await world.rows('TRUNCATE fleet.event, fleet.repeat, fleet.node');
      copies.push(await costOf(world, () => copyAll(psql, world, text, count)));
      await world.rows('TRUNCATE fleet.event, fleet.repeat, fleet.node');
    }
    const rows = count * ROWS;
    const rate = (costs: readonly Cost[]): number =>
      rows / median(costs.map((cost) => cost.seconds));
    const each = (costs: readonly Cost[], whose: 'client' | 'server'): string =>
      `${((median(costs.map((cost) => cost[whose])) / rows) * 1e6).toFixed(1)} us`;
    const cost = (costs: readonly Cost[]): string =>
      `${Math.round(rate(costs))} rows a second (processor time of a row: ${each(costs, 'client')}, PostgreSQL ${each(costs, 'server')})`;
    console.log(
      `${count} ${count === 1 ? 'node' : 'nodes'}: push ${cost(pushes)}, \\copy ${cost(copies)}: ${(rate(pushes) / rate(copies)).toFixed(2)}`,
    );
  }
}

/** Seconds of wall-clock time and of processor time. */
interface Cost {
  readonly seconds: number;
  readonly client: number;
  readonly server: number;
}

/** The cost of work whose processes have ended when it is done, except those of PostgreSQL, which end soon. */
async function costOf(world: FleetWorld, work: () => Promise<Omit<Cost, 'server'>>): Promise<Cost> {
  const file = readFileSync(join(world.postgres.folder, 'data/postmaster.pid'), 'utf8');
  const [pid = ''] = file.split('\n');
  const before = endedSeconds(pid);
  const cost = await work();
  const others =
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
  await until('the last connection to end', async () => (await world.number(others)) === 0);
  return { ...cost, server: endedSeconds(pid) - before };
}

/** Processor seconds of all ended children of a process. */
function endedSeconds(pid: string): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // From the third field on.
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
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

/** Makes it a log that was never pushed. */
function beginAnew(log: string): void {
  using store = Store.open({ logger: silentLogger, clock: systemClock }, { path: log });
  store.openFleet();
  store.resumeFleet({ epoch: 0, mark: 0, repeatMark: 0 });
}

async function pushAll(nodes: readonly { readonly log: string; readonly file: string }[]) {
  const children = nodes.map(({ log, file }) =>
    fork(import.meta.filename, ['node', log, file], { stdio: 'inherit' }),
  );
  // A child that finishes sooner ends before the others.
  const ended = Promise.all(children.map((child) => once(child, 'exit')));
  await Promise.all(children.map((child) => once(child, 'message')));
  const startedMs = performance.now();
  const done = Promise.all(children.map((child) => once(child, 'message')));
  for (const child of children) child.send('go');
  const client = (await done).reduce((sum, [seconds]) => sum + Number(seconds), 0);
  const seconds = (performance.now() - startedMs) / 1000;
  await ended;
  return { seconds, client };
}

async function copyAll(psql: string, world: FleetWorld, text: string, count: number) {
  const { port } = world.postgres;
  const command = `\\copy fleet.event (${COLUMNS}) FROM '${text}'`;
  const [startedMs, before] = [performance.now(), endedSeconds('self')];
  const ended = Array.from({ length: count }, async (_, index) => {
    const name = `a-${index + 1}`;
    const env = { ...process.env, PGPASSWORD: world.password(name) };
    const args = ['-X', '-q', '-h', '127.0.0.1', '-p', String(port), '-U', name, '-d', 'fleet'];
    const [status] = await once(
      spawn(psql, [...args, '-c', command], { stdio: 'inherit', env }),
      'exit',
    );
    if (status !== 0) throw new Error(`psql ended with ${String(status)}`);
  });
  await Promise.all(ended);
  const seconds = (performance.now() - startedMs) / 1000;
  return { seconds, client: endedSeconds('self') - before };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
