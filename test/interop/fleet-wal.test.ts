// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The worst evening of a fleet: no room for the WAL, hubs that are killed while somebody decides, an immediate stop. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '@sentrypeer/event';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Decisions } from '@sentrypeer/store';
import { COUNTS_LOCAL, DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer, UdpPeer } from '../e2e/sip-peers.ts';
import { FleetWorld } from './fleet-world.ts';

const EVENTS = 'SELECT count(*) FROM fleet.event';
const TWICE = 'SELECT count(*) - count(DISTINCT event_uuid) FROM fleet.event';
const RECORDED = 'SELECT count(*) FROM honey';
/** Octets of a file: less than a segment of the WAL, more than any file of a small fleet. */
const FILE_OCTETS = 12 * 1024 * 1024;
const NUMBER = '+881612345601';
const BLOCKS = ['45.13.0.0/16', '45.14.0.0/16'] as const;
const ALLOWED = ['45.15.0.0/16', '45.16.0.0/16'] as const;
const DECIDED = `
  SELECT 'allow' AS what, value FROM allowance UNION ALL SELECT 'block', value FROM operator_block ORDER BY what, value`;

const block = (value: string): Decision => ({
  kind: 'block',
  subject: { kind: 'address', value },
  comment: '',
  untilEpochUs: undefined,
});
const allow = (value: string): Decision => ({
  kind: 'allow',
  value,
  comment: '',
  untilEpochUs: undefined,
});

/** Like the commands next to a running daemon. */
function decide(daemon: DaemonProcess, ...decided: readonly Decision[]): void {
  using decisions = Decisions.open({ clock: systemClock, logger: silentLogger }, daemon.dbFile);
  for (const decision of decided) decisions.write(decision);
}

async function isListed(daemon: DaemonProcess, what: string): Promise<boolean> {
  const name = what.startsWith('+') ? 'number' : 'address';
  const url = `http://127.0.0.1:${daemon.ports.api}/v1/check?${name}=${encodeURIComponent(what)}`;
  return ((await (await fetch(url)).json()) as { readonly listed: boolean }).listed;
}

async function send(daemon: DaemonProcess, from: number, count: number): Promise<void> {
  using peer = await UdpPeer.open();
  for (let index = from; index < from + count; index += 1) {
    const user = `+4670${String(index).padStart(7, '0')}`;
    await peer.send(sipRequest({ method: 'INVITE', user, callId: user }), daemon.ports.udp);
  }
  await daemon.recorded(from + count - 1);
}

/** Uses up the WAL's last segments. */
async function fillWal(world: FleetWorld): Promise<void> {
  await until('no room for the WAL', async () => {
    try {
      await world.rows("SELECT pg_logical_emit_message(true, 'test', 'x')");
      await world.rows('SELECT pg_switch_wal()');
      return false;
    } catch {
      return world.postgres.log.includes('PANIC');
    }
  });
}

test('no room for the WAL, hubs killed while somebody decides, and an immediate stop: nothing is lost, all is said', async (t) => {
  await using world = await FleetWorld.open(t, { settings: { wal_recycle: 'off' } });
  if (world === undefined) return;
  const sensorFile = await world.join('berlin-1');
  const hubFiles = [await world.join('hub-1', 'hub'), await world.join('hub-2', 'hub')] as const;
  using firstFolder = new TemporaryFolder();
  using secondFolder = new TemporaryFolder();
  const startHub = (file: string, { path }: TemporaryFolder): Promise<DaemonProcess> =>
    DaemonProcess.start([`--fleet-file=${file}`, '--fleet-hub', COUNTS_LOCAL], { folder: path });
  const [sensor, hub1, hub2] = await Promise.all([
    DaemonProcess.start([`--fleet-file=${sensorFile}`]),
    startHub(hubFiles[0], firstFolder),
    startHub(hubFiles[1], secondFolder),
  ]);
  let [first, second] = [hub1, hub2];
  await using _sensor = sensor;
  await using scope = new AsyncDisposableStack();
  scope.defer(() => first[Symbol.asyncDispose]());
  scope.defer(() => second[Symbol.asyncDispose]());
  const hubs = (): readonly DaemonProcess[] => [first, second];
  const kill = async (daemon: DaemonProcess): Promise<void> => {
    daemon.signal('SIGKILL');
    await daemon.ended();
    await daemon[Symbol.asyncDispose]();
  };
  await send(sensor, 1, 20);
  await until('all of it at both hubs', () => hubs().every((hub) => hub.number(RECORDED) === 20));

  world.postgres.limitFiles(FILE_OCTETS);
  await fillWal(world);
  await send(sensor, 21, 20);
  await until('the sensor to say it', () => sensor.output().includes('fleet_push_failed'));
  for (const hub of hubs()) {
    await until('the hub to say it', () => hub.output().includes('fleet_pull_failed'));
  }
  // Each is killed right after somebody decided at it, while the database comes and goes.
  decide(first, block(BLOCKS[0]), allow(ALLOWED[0]));
  await kill(first);
  first = await startHub(hubFiles[0], firstFolder);
  decide(second, allow(ALLOWED[1]), block(BLOCKS[1]));
  await kill(second);
  second = await startHub(hubFiles[1], secondFolder);
  {
    using peer = await StreamPeer.open(sensor.ports.tcp);
    await peer.send(sipRequest({ method: 'INVITE', user: NUMBER, callId: NUMBER }));
  }
  await sensor.recorded(41);
  await world.postgres.stopAtOnce();
  await world.postgres.begin();
  await until('the fleet', async () => (await world.number(EVENTS)) === 41);
  for (const hub of hubs()) {
    await until('what was decided at both', () => hub.rows(DECIDED).length === 4);
  }
  await send(sensor, 42, 9);
  await world.postgres.stopAtOnce(); // Again, with pushes and decisions just made.
  decide(first, { kind: 'unblock', subject: { kind: 'address', value: BLOCKS[1] } });
  await kill(first);
  await world.postgres.begin();
  first = await startHub(hubFiles[0], firstFolder);

  await until('every event', async () => (await world.number(EVENTS)) === 50);
  assert.equal(await world.number(TWICE), 0);
  await until('all of it at both hubs', () => hubs().every((hub) => hub.number(RECORDED) === 50));
  const wanted = [
    { what: 'allow', value: ALLOWED[0] },
    { what: 'allow', value: ALLOWED[1] },
    { what: 'block', value: BLOCKS[0] },
  ];
  for (const hub of hubs()) {
    await until('what was decided', () => hub.rows(DECIDED).length === wanted.length);
    assert.deepEqual(hub.rows(DECIDED), wanted);
  }
  for (const daemon of [...hubs(), sensor]) {
    await until('the number', () => isListed(daemon, NUMBER));
    await until('the block', () => isListed(daemon, '45.13.7.1'));
    await until(
      'the block that was taken back',
      async () => !(await isListed(daemon, '45.14.7.1')),
    );
  }
  await until('the all-clear', () => sensor.output().includes('fleet_push_resumed'));
});
