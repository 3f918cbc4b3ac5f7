// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * A fleet under load: sensors, two hubs and a follower as real processes over one PostgreSQL, which waits for its disk.
 * How long is it from a packet at a sensor to the refusal at the follower, at rest and under load? Then PostgreSQL,
 * hubs and sensors are killed with SIGKILL in turn while the load continues: is each event that a sensor committed in
 * the fleet and at each hub exactly once, do repeats add up, and do all nodes list the same in the end? It ends with an
 * error if not. Needs Debian's postgresql; TESTED_PROGRAM names a bundle.
 *
 * With --calm nothing is killed.
 *
 *     npm run bundle && TESTED_PROGRAM=$PWD/dist/main.js node bench/fleet-load.ts [--rate 2000] [--sensors 5] [--samples 120]
 *         [--distinct 0.75] [--calm]
 */

import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { COUNTS_LOCAL, until } from '../test/e2e/daemon-process.ts';
import { sipRequest, StreamPeer } from '../test/e2e/sip-peers.ts';
import { FleetWorld } from '../test/interop/fleet-world.ts';
import { freePort } from '../test/interop/tool.ts';
import { FleetNode } from './load/fleet-node.ts';
import { machineLine } from './load/processes.ts';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rate: { type: 'string', default: '2000' },
    sensors: { type: 'string', default: '5' },
    samples: { type: 'string', default: '120' },
    distinct: { type: 'string', default: '0.75' },
    calm: { type: 'boolean', default: false },
  },
});
/** Requests a second to all sensors together. */
const RATE = Number(options.rate);
const SENSORS = Number(options.sensors);
/** Samples of the delay under load. */
const SAMPLES = Number(options.samples);
const HUBS = 2;
const HUB_NAMES = ['hub-1', 'hub-2'];
/** The share of requests that are separate events; the others are repeats, which are counted on an event. */
const DISTINCT = Number(options.distinct);
const SOURCES = 40;
const BURST_MS = 10;
/** Milliseconds of load before the first sample: by then the nodes have compiled their code. */
const WARM_MS = 15_000;
/** Milliseconds between two samples, between two checks for the refusal, and of an outage. */
const SAMPLE_MS = 400;
const LOOK_MS = 20;
const AWAY_MS = 4000;
/** Milliseconds after a kill until the next one. */
const BETWEEN_MS = 5000;
const DEADLINE_MS = 120_000;
const SETTINGS = { fsync: 'on', log_statement: 'none', log_min_messages: 'warning' };

/** Sends until its parent says stop, and reports how many. */
async function sendLoad(ports: readonly number[]): Promise<void> {
  const sockets = await Promise.all(
    Array.from({ length: SOURCES }, async (_, index) => {
      const socket = createSocket('udp4').bind(0, `127.1.0.${index + 1}`);
      await once(socket, 'listening');
      return socket;
    }),
  );
  const over = new AbortController();
  process.once('message', () => over.abort());
  let sent = 0;
  const startedAtMs = performance.now();
  while (!over.signal.aborted) {
    const due = ((performance.now() - startedAtMs) / 1000) * RATE;
    for (; sent < due; sent += 1) {
      const isNew = Math.floor(sent * DISTINCT) !== Math.floor((sent - 1) * DISTINCT);
      const number = isNew ? 200_000_000 + sent : 100_000_000 + (sent % 800);
      const user = `0046${number}`;
      const socket = sockets[Math.floor(sent / 8) % SOURCES];
      const message = sipRequest({ method: 'INVITE', user, callId: `load-${sent}` });
      socket?.send(
        Buffer.from(message, 'latin1'),
        ports[Math.floor(sent / 16) % ports.length] ?? 0,
        '127.0.0.1',
      );
    }
    await after(BURST_MS);
  }
  for (const socket of sockets) socket.close();
  process.send?.({ sent, seconds: (performance.now() - startedAtMs) / 1000 });
  process.disconnect?.();
}

interface Fleet {
  readonly world: FleetWorld;
  readonly sensors: readonly FleetNode[];
  readonly hubs: readonly FleetNode[];
  readonly follower: FleetNode;
}

async function measure(): Promise<void> {
  await using scope = new AsyncDisposableStack();
  const fleet = await open(scope);
  console.log(
    `${machineLine()}; ${SENSORS} sensors, ${HUBS} hubs, 1 follower, PostgreSQL with fsync, ${RATE} requests a second, ${DISTINCT * 100} % of them new events`,
  );
  const samples = new Samples(fleet);
  console.log(`at rest: ${await samples.take(Math.ceil(SAMPLES / 4))}`);
  const load = startLoad(scope, fleet);
  await after(WARM_MS);
  const before = [...fleet.sensors, ...fleet.hubs, fleet.follower].map((node) => node.seconds);
  const rows = await fleet.world.number('SELECT count(*) FROM fleet.event');
  const startedAtMs = performance.now();
  console.log(`under load: ${await samples.take(SAMPLES)}`);
  const tookSeconds = (performance.now() - startedAtMs) / 1000;
  const pushed = (await fleet.world.number('SELECT count(*) FROM fleet.event')) - rows;
  const used = [...fleet.sensors, ...fleet.hubs, fleet.follower].map(
    (node, index) => node.seconds - (before[index] ?? 0),
  );
  const share = (from: number, to: number): string =>
    `${((used.slice(from, to).reduce((sum, one) => sum + one, 0) / tookSeconds / (to - from)) * 100).toFixed(0)} %`;
  console.log(
    `meanwhile ${Math.round(pushed / tookSeconds)} events a second reached the fleet; of a processor each sensor took ${share(0, SENSORS)}, each hub ${share(SENSORS, SENSORS + HUBS)}, the follower ${share(SENSORS + HUBS, SENSORS + HUBS + 1)}`,
  );
  if (!options.calm) await killAll(fleet);
  load.send('stop');
  const [{ sent, seconds }] = (await once(load, 'message')) as [{ sent: number; seconds: number }];
  await settle(fleet, samples.numbers, `${sent} requests in ${seconds.toFixed(0)} s`);
}

async function open(scope: AsyncDisposableStack): Promise<Fleet> {
  const context = { name: 'bench', skip: () => undefined } as unknown as TestContext;
  const world = await FleetWorld.open(context, { settings: SETTINGS });
  if (world === undefined) throw new Error('PostgreSQL is missing');
  scope.use(world);
  const start = async (name: string, role: string, args: readonly string[]): Promise<FleetNode> => {
    const file = await world.join(name, role);
    return scope.use(await FleetNode.start(name, [`--fleet-file=${file}`, ...args]));
  };
  const sensors: FleetNode[] = [];
  for (let index = 1; index <= SENSORS; index += 1) {
    const port = await freePort(); // The same port after a kill.
    sensors.push(await start(`sensor-${index}`, 'sensor', [`--sip-port=${port}`, '--api=off']));
  }
  const hubs: FleetNode[] = [];
  for (const name of HUB_NAMES) hubs.push(await start(name, 'hub', ['--fleet-hub', COUNTS_LOCAL]));
  const follower = await start('pbx-1', 'follower', ['--no-sip', '--fleet-follower']);
  return { world, sensors, hubs, follower };
}

function startLoad(scope: AsyncDisposableStack, { sensors }: Fleet): ChildProcess {
  const ports = sensors.map(({ daemon }) => String(daemon.ports.udp));
  const args = ['load', ...ports, '--rate', String(RATE), '--distinct', String(DISTINCT)];
  const load = fork(import.meta.filename, args, { stdio: 'inherit' });
  scope.defer(() => void load.kill('SIGKILL'));
  return load;
}

interface Sample {
  readonly number: string;
  readonly sentMs: number;
  readonly refusedMs: number;
}

/** Numbers called by somebody who proved to be there, which lists them at once; each is far from the others. */
class Samples {
  readonly #fleet: Fleet;
  readonly numbers: string[] = [];

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  /** @returns The time from packets at a sensor to the refusals at the follower, and how it was spent. */
  async take(count: number): Promise<string> {
    const delays: Promise<Sample>[] = [];
    for (let index = 0; index < count; index += 1) {
      delays.push(this.#one());
      await after(SAMPLE_MS * (0.5 + Math.random())); // So that no timer of the program stays in step with it.
    }
    const samples = await Promise.all(delays);
    const stages = await Promise.all(samples.map((sample) => this.#stages(sample)));
    const names = ['push', 'pull and judge', 'publish', 'follow'];
    const medians = names.map(
      (name, stage) =>
        `${name} ${part(
          stages.map((one) => one[stage] ?? 0),
          0.5,
        )}`,
    );
    const all = samples.map(({ sentMs, refusedMs }) => refusedMs - sentMs);
    return `from the packet at a sensor to the refusal at the follower p50 ${part(all, 0.5)} ms, p99 ${part(all, 0.99)} ms, at most ${part(all, 1)} ms (${count} samples; medians of its parts: ${medians.join(', ')} ms)`;
  }

  /** Milliseconds of each stage, as recorded in the database: all clocks belong to one machine here. */
  async #stages({ number, sentMs, refusedMs }: Sample): Promise<readonly number[]> {
    const digits = number.slice(1);
    const [row] = await this.#fleet.world.rows(`
      SELECT (SELECT extract(epoch FROM min(received_at)) * 1000 FROM fleet.event WHERE called_number = '${number}')::float8
        AS received, since_us / 1000.0::float8 AS judged, serial / 1000.0::float8 AS published
      FROM fleet.listing WHERE kind = 'number' AND value = '${digits}'`);
    const [received, judged, published] = ['received', 'judged', 'published'].map((name) =>
      Number(row?.[name]),
    );
    const times = [sentMs, received ?? 0, judged ?? 0, published ?? 0, refusedMs];
    return times.slice(1).map((time, index) => time - (times[index] ?? 0));
  }

  async #one(): Promise<Sample> {
    const index = this.numbers.length;
    const number = `+8816${String(1009 + index * 37).padStart(4, '0')}5601`;
    this.numbers.push(number);
    const sensor = this.#fleet.sensors[index % SENSORS];
    assert.ok(sensor !== undefined);
    const { tcp } = sensor.daemon.ports;
    using peer = await StreamPeer.open(tcp, `127.2.${index >> 8}.${(index & 255) + 1}`);
    const sentMs = wallMs();
    await peer.send(sipRequest({ method: 'INVITE', user: number, callId: number }));
    const deadlineMs = sentMs + DEADLINE_MS;
    while (!(await this.#fleet.follower.isListed(number))) {
      assert.ok(wallMs() < deadlineMs, `${number} is not refused`);
      await after(LOOK_MS);
    }
    return { number, sentMs, refusedMs: wallMs() };
  }
}

/** Each is killed in turn under load, and comes back. */
async function killAll({ world, sensors, hubs }: Fleet): Promise<void> {
  const victims = ['postgres', hubs[0], sensors[0], 'postgres', hubs[1], sensors[1], 'postgres'];
  for (const victim of victims) {
    if (victim === undefined) continue;
    const rows = await world.number('SELECT count(*) FROM fleet.event');
    if (victim === 'postgres') {
      await world.postgres.kill();
      await after(AWAY_MS);
      await world.postgres.begin(SETTINGS);
    } else if (typeof victim !== 'string') {
      await victim.kill();
      await after(AWAY_MS);
      await victim.comeBack();
    }
    const grown = async (): Promise<boolean> =>
      (await world.number('SELECT count(*) FROM fleet.event')) > rows;
    await until('events in the fleet', grown);
    await after(BETWEEN_MS);
  }
  const names = victims.map((victim) => (typeof victim === 'string' ? victim : victim?.name));
  console.log(`killed with SIGKILL: ${names.join(', ')}`);
}

/** After the load: waits until all nodes have everything, reports how long that took, and compares every event. */
async function settle(fleet: Fleet, numbers: readonly string[], sent: string): Promise<void> {
  const { world, sensors, hubs, follower } = fleet;
  const endedAtMs = performance.now();
  const since = (): string => `${((performance.now() - endedAtMs) / 1000).toFixed(1)} s`;
  const count = 'SELECT count(*) FROM honey';
  const pending = 'SELECT count(*) FROM pending_repeat';
  let isQuiet = 0;
  await until('the last request to be committed', async () => {
    const rows = sensors.map(({ daemon }) => daemon.number(count)).reduce((a, b) => a + b, 0);
    const isSame = rows === isQuiet && sensors.every(({ daemon }) => daemon.number(pending) === 0);
    isQuiet = rows;
    await after(200);
    return isSame;
  });
  const total = isQuiet;
  const inFleet = 'SELECT count(*) FROM fleet.event';
  await until('the fleet', async () => (await world.number(inFleet)) >= total, DEADLINE_MS);
  console.log(`${sent}; ${total} events are in the fleet ${since()} after the end of the load`);
  await until(
    'the hubs',
    () => hubs.every(({ daemon }) => daemon.number(count) >= total),
    DEADLINE_MS,
  );
  console.log(`both hubs have them after ${since()}`);
  const listings = 'SELECT kind, value, level, grade FROM listing ORDER BY kind, value';
  const listed = ({ daemon }: FleetNode): string => JSON.stringify(daemon.rows(listings));
  const judged = ({ daemon }: FleetNode): boolean =>
    daemon.number(
      "SELECT honey_id >= (SELECT max(honey_id) FROM honey) FROM cursor WHERE name = 'judge'",
    ) === 1;
  await until('the judges', () => hubs.every(judged), DEADLINE_MS);
  await until('equal hubs', () => new Set(hubs.map(listed)).size === 1, DEADLINE_MS);
  const levels = hubs[0]?.daemon.rows(
    'SELECT level, count(*) AS count FROM listing GROUP BY level',
  );
  const counts = levels?.map(({ level, count: rows }) => `${String(rows)} at ${String(level)}`);
  console.log(
    `both hubs have judged them, and list the same after ${since()}: ${counts?.join(', ')}`,
  );
  const nodes = [...hubs, ...sensors, follower];
  await until('equal nodes', () => new Set(nodes.map(listed)).size === 1, DEADLINE_MS);
  console.log(`all nodes list the same after ${since()}`);
  const refuses = async (node: FleetNode): Promise<boolean> =>
    (await Promise.all(numbers.map((number) => node.isListed(number)))).every(Boolean);
  for (const node of [...hubs, follower]) await until(node.name, () => refuses(node), DEADLINE_MS);
  console.log(
    `hubs and follower refuse all ${numbers.length} numbers of the samples after ${since()}`,
  );
  await compare(fleet);
}

/** Each event that a sensor committed must be in the fleet and at each hub once, with all repeats. */
async function compare({ world, sensors, hubs }: Fleet): Promise<void> {
  const uuids: string[] = [];
  let messages = 0;
  for (const { name, daemon } of sensors) {
    const sql = `
      SELECT event_uuid::text AS uuid, seen_count + coalesce(r.added, 0)::integer AS seen FROM fleet.event AS e
      LEFT JOIN (SELECT node, epoch, honey_id, sum(added) AS added FROM fleet.repeat GROUP BY 1, 2, 3) AS r
      USING (node, epoch, honey_id) WHERE node = '${name}' ORDER BY event_uuid`;
    const own = (): readonly string[] =>
      daemon
        .rows('SELECT event_uuid AS uuid, seen_count AS seen FROM honey ORDER BY uuid')
        .map((row) => `${String(row['uuid'])} ${String(row['seen'])}`);
    let trouble: string | undefined = 'not compared';
    const isSame = async (): Promise<boolean> => {
      const pushed = await world.rows(sql);
      const texts = pushed.map((row) => `${String(row['uuid'])} ${String(row['seen'])}`);
      trouble = difference(texts, own());
      return trouble === undefined;
    };
    // Repeats that were held back to be counted together come some time later.
    await until(name, isSame).catch(() => assert.fail(`${name}: ${trouble}`));
    for (const text of own()) {
      const [uuid = '', seen] = text.split(' ');
      uuids.push(uuid);
      messages += Number(seen);
    }
  }
  uuids.sort();
  for (const { name, daemon } of hubs) {
    const taken = daemon.rows('SELECT event_uuid AS uuid FROM honey ORDER BY uuid');
    const trouble = difference(
      taken.map((row) => String(row['uuid'])),
      uuids,
    );
    assert.equal(trouble, undefined, name);
  }
  const repeats = await world.number('SELECT coalesce(sum(added), 0) FROM fleet.repeat');
  console.log(
    `each of ${uuids.length} events is in the fleet and at both hubs exactly once; ${messages} messages, ${repeats} of them repeats after the push`,
  );
}

/** The difference; both are in order. */
function difference(found: readonly string[], wanted: readonly string[]): string | undefined {
  const [has, needs] = [new Set(found), new Set(wanted)];
  const lost = wanted.filter((one) => !has.has(one));
  const more = found.filter((one) => !needs.has(one));
  if (found.length === wanted.length && lost.length + more.length === 0) return undefined;
  const some = `${lost.slice(0, 3).join(', ')}; ${more.slice(0, 3).join(', ')}`;
  return `${found.length} of ${wanted.length} events, ${lost.length} missing and ${more.length} others: ${some}`;
}

/** The value that this share of them does not exceed. */
function part(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN).toFixed(0);
}

/** As the database has it, but with its fraction. */
function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

if (positionals[0] === 'load') await sendLoad(positionals.slice(1).map(Number));
else await measure();
