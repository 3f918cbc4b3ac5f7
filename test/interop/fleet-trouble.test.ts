// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * A PostgreSQL that is slow, locked, or refuses: nothing else waits, it is said where an operator looks, and nothing is
 * lost.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Decisions } from '@sentrypeer/store';
import { COUNTS_LOCAL, DaemonProcess, until } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer, UdpPeer } from '../e2e/sip-peers.ts';
import { FleetWorld } from './fleet-world.ts';

const EVENTS = 'SELECT count(*) FROM fleet.event';
const TWICE = 'SELECT count(*) - count(DISTINCT event_uuid) FROM fleet.event';
const RECORDED = 'SELECT count(*) FROM honey';
const BLOCKED = '45.13.0.0/16';

async function ask(daemon: DaemonProcess, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
  assert.equal(response.status, 200, path);
  return await response.text();
}

/** Holds what the statement locks until it is let go, as a person with a forgotten session does. */
async function hold({ postgres }: FleetWorld, sql: string): Promise<AsyncDisposable> {
  const client = postgres.client('fleet', 'owner');
  await client.connect();
  await client.query(`BEGIN; ${sql}`);
  return { [Symbol.asyncDispose]: () => client.end() };
}

/** The nodes berlin-1 and hub-1. */
async function sensorAndHub(world: FleetWorld): Promise<readonly [DaemonProcess, DaemonProcess]> {
  const files = [await world.join('berlin-1'), await world.join('hub-1', 'hub')];
  return Promise.all([
    DaemonProcess.start([`--fleet-file=${files[0]}`]),
    DaemonProcess.start([`--fleet-file=${files[1]}`, '--fleet-hub', COUNTS_LOCAL]),
  ]);
}

/** Ends the connections of a role, so that it connects again. */
async function endConnections(world: FleetWorld, role: string): Promise<void> {
  await world.rows(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}'`,
  );
}

async function send(daemon: DaemonProcess, from: number, count: number): Promise<void> {
  using peer = await UdpPeer.open();
  for (let index = from; index < from + count; index += 1) {
    const user = `+4670${String(index).padStart(7, '0')}`;
    await peer.send(sipRequest({ method: 'INVITE', user, callId: user }), daemon.ports.udp);
    if (index % 50 === 0) await daemon.recorded(index - 1); // So that no buffer of the system overflows.
  }
}

test('a lock in the database is reported within seconds, and only holds up what needs it', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const [sensor, hub] = await sensorAndHub(world);
  await using _sensor = sensor;
  await using _hub = hub;
  await send(sensor, 1, 1);
  await until('the first event at the hub', () => hub.number(RECORDED) === 1);
  {
    await using _held = await hold(world, 'LOCK TABLE fleet.event IN ACCESS EXCLUSIVE MODE');
    await send(sensor, 2, 20);
    await sensor.recorded(21);
    await until('the log to say it', () => /fleet_push_failed.*fleet_silent/.test(sensor.output()));
    await until('/readyz to say it', async () =>
      /"part":"fleet","why":"[^"]*has not answered for 5 s/.test(await ask(sensor, '/readyz')),
    );
    assert.match(await ask(sensor, '/metrics'), /sentrypeer_fleet_push_failing 1/);
  }
  await until('all of it at the hub', () => hub.number(RECORDED) === 21);
  await until('the all-clear', () => sensor.output().includes('fleet_push_resumed'));
  {
    // What hubs list needs this row; what they take does not.
    await using _held = await hold(world, 'SELECT * FROM fleet.listing_mark FOR UPDATE');
    await until('the hub to say it', () => /fleet_pull_failed.*55P03/.test(hub.output()));
    await send(sensor, 22, 20);
    await until('the hub to go on', () => hub.number(RECORDED) === 41);
    assert.match(await ask(hub, '/metrics'), /sentrypeer_fleet_pull_failing 1/);
  }
  await until('the all-clear of the hub', () => hub.output().includes('fleet_pull_resumed'));
  assert.deepEqual([await world.number(EVENTS), await world.number(TWICE)], [41, 0]);
});

test('a database that takes no writes loses no decision and no event, and each reason is in the log', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const [sensor, hub] = await sensorAndHub(world);
  await using _sensor = sensor;
  await using _hub = hub;
  await send(sensor, 1, 1);
  await until('the first event at the hub', () => hub.number(RECORDED) === 1);
  const readOnly = 'default_transaction_read_only';
  for (const role of ['berlin-1', 'hub-1']) {
    await world.rows(`ALTER ROLE "${role}" SET ${readOnly} = on`);
    await endConnections(world, role);
  }
  {
    using decisions = Decisions.open({ clock: systemClock, logger: silentLogger }, hub.dbFile);
    const subject = { kind: 'address', value: BLOCKED } as const;
    decisions.write({ kind: 'block', subject, comment: '', untilEpochUs: undefined });
  }
  await send(sensor, 2, 20);
  await until('the sensor to say it', () => /fleet_push_failed.*25006/.test(sensor.output()));
  await until('the hub to say it', () => /fleet_pull_failed.*25006/.test(hub.output()));
  const waits = 'SELECT count(*) FROM fleet_decision';
  assert.equal(hub.number(waits), 1, 'the decision waits');

  // Another reason is said as well as the first one was.
  await world.rows('ALTER ROLE "berlin-1" CONNECTION LIMIT 0');
  await until('no connection', () =>
    /fleet_push_failed.*fleet_exhausted.*53300/.test(sensor.output()),
  );
  await world.rows('ALTER ROLE "berlin-1" CONNECTION LIMIT 4');
  await world.rows(`ALTER ROLE "berlin-1" PASSWORD 'another'`);
  await until('the password', () => /fleet_push_failed.*fleet_refused/.test(sensor.output()));
  await world.rows(`ALTER ROLE "berlin-1" PASSWORD '${world.password('berlin-1')}'`);

  for (const role of ['berlin-1', 'hub-1']) {
    await world.rows(`ALTER ROLE "${role}" RESET ${readOnly}`);
    await endConnections(world, role);
  }
  await until('all events at the hub', () => hub.number(RECORDED) === 21, 120_000);
  await until(
    'the decision',
    async () => (await world.number('SELECT count(*) FROM fleet.decision')) === 1,
  );
  await until('it does not wait any more', () => hub.number(waits) === 0);
  assert.deepEqual([await world.number(EVENTS), await world.number(TWICE)], [21, 0]);
});

test('a push that takes longer than a statement may take is made in smaller ones', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const file = await world.join('berlin-1');
  await world.rows(`
    CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$;
    CREATE TRIGGER slow BEFORE INSERT ON fleet.event FOR EACH ROW EXECUTE FUNCTION public.slow();
    ALTER ROLE "berlin-1" SET statement_timeout = '2s'`);
  await using sensor = await DaemonProcess.start([`--fleet-file=${file}`]);
  {
    await using _held = await hold(
      world,
      'SELECT * FROM fleet.migration; LOCK TABLE fleet.migration',
    );
    await send(sensor, 1, 600);
    await sensor.recorded(600);
  }
  await until('the timeout', () => /fleet_push_failed.*57014/.test(sensor.output()));
  await until('all events', async () => (await world.number(EVENTS)) === 600, 120_000);
  assert.equal(await world.number(TWICE), 0);
  assert.match(sensor.output(), /fleet_push_resumed/);
});

test('a call that proves itself is refused elsewhere as soon as the database is well again', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const files = [
    await world.join('berlin-1'),
    await world.join('hub-1', 'hub'),
    await world.join('pbx-1', 'follower'),
  ];
  const [sensor, hub, follower] = await Promise.all([
    DaemonProcess.start([`--fleet-file=${files[0]}`, '--api=off']),
    DaemonProcess.start([`--fleet-file=${files[1]}`, '--fleet-hub', COUNTS_LOCAL]),
    DaemonProcess.start(['--no-sip', `--fleet-file=${files[2]}`, '--fleet-follower']),
  ]);
  await using _sensor = sensor;
  await using _hub = hub;
  await using _follower = follower;
  const user = '+881612345601';
  await until('the hub to lead', async () =>
    (await ask(hub, '/v1/fleet')).includes('"leading":true'),
  );
  const isListed = async (daemon: DaemonProcess): Promise<boolean> =>
    (await ask(daemon, `/v1/check?number=${encodeURIComponent(user)}`)).includes('"listed":true');
  {
    // The hub takes the event, and lists it at once; it cannot say so.
    await using _held = await hold(world, 'SELECT * FROM fleet.listing_mark FOR UPDATE');
    using peer = await StreamPeer.open(sensor.ports.tcp);
    await peer.send(sipRequest({ method: 'INVITE', user, callId: user }));
    await until('it at the hub', () => isListed(hub));
    await until('the hub to say that it cannot', () => /fleet_pull_failed/.test(hub.output()));
    assert.equal(await isListed(follower), false);
  }
  await until('it at the follower', () => isListed(follower));
});
