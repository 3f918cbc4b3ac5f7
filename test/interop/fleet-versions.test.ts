// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Programs of several versions with one fleet: which of them continue, and what those say that cannot. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Decisions } from '@sentrypeer/store';
import { COUNTS_LOCAL, DaemonProcess, until } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer } from '../e2e/sip-peers.ts';
import { fleetCommand } from './fleet-command.ts';
import { FleetWorld } from './fleet-world.ts';

/** What versions 4 and 5 added; without it the database is as the program of version 3 made it. */
const BACK_TO_3 = `
  BEGIN;
  DROP FUNCTION fleet.publish, fleet.lead, fleet.decide;
  DROP TABLE fleet.listing, fleet.listing_mark, fleet.decision, fleet.decision_mark;
  DELETE FROM fleet.migration WHERE version > 3;
  COMMIT`;

/** A node of version 1, by the statements that its program sends: it must be served for as long as it is not refused. */
const OLD_LOG = '00000000-0000-7000-8000-000000000001';
const oldJoin = `
  SELECT fleet.prepare_days(7);
  SELECT max(version) AS version, max(oldest) AS oldest FROM fleet.migration;
  SELECT epoch, mark, repeat_mark FROM fleet.open_log('old', '${OLD_LOG}', 1, 0, 0, 0, 0, '0.1')`;
const oldPush = (id: number, number: string): string => `
  BEGIN;
  SELECT fleet.push('${OLD_LOG}', 1, ${id - 1}, ${id}, ${id - 1}, ${id}, 1, 0);
  INSERT INTO fleet.event (epoch, honey_id, event_time, event_uuid, collected_method, source_ip, source_port, destination_ip,
      destination_port, transport_type, message_kind, method, called_number, called_number_source, user_agent, request_uri,
      to_uri, to_user, from_uri, from_user, grade, anomalies, details, created_by_node_id, seen_count)
    VALUES (1, ${id}, now(), gen_random_uuid(), 'responsive', '127.3.0.${id}', 5060, '127.0.0.1', 5060, 'TCP', 'request',
      'INVITE', '${number}', 'request-uri', 'x', 'sip:x', 'sip:x', 'x', 'sip:y', 'y', 'handshake', NULL, NULL, 'old', 1);
  INSERT INTO fleet.repeat (epoch, honey_id, added, last_seen) VALUES (1, ${id}, 2, now());
  COMMIT`;

/** Satellite numbers, far apart: one proved caller lists them. */
const NUMBERS = ['+881612345601', '+881623456701', '+881634567801', '+881645678901'] as const;

async function call(daemon: DaemonProcess, user: string): Promise<void> {
  using peer = await StreamPeer.open(daemon.ports.tcp);
  await peer.send(sipRequest({ method: 'INVITE', user, callId: user }));
}

async function isListed(daemon: DaemonProcess, what: string): Promise<boolean> {
  const name = what.startsWith('+') ? 'number' : 'address';
  const url = `http://127.0.0.1:${daemon.ports.api}/v1/check?${name}=${encodeURIComponent(what)}`;
  return ((await (await fetch(url)).json()) as { readonly listed: boolean }).listed;
}

test('nodes of an older and of this version work side by side while the fleet is migrated', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  await world.rows(BACK_TO_3);
  const [hubFile, sensorFile] = [await world.join('hub-1', 'hub'), await world.join('berlin-1')];
  await world.join('old-1');
  await using old = world.login('old-1');
  await old.connect();
  await old.query(oldJoin);
  await old.query(oldPush(1, NUMBERS[0]));
  const [hub, sensor] = await Promise.all([
    DaemonProcess.start([`--fleet-file=${hubFile}`, '--fleet-hub', COUNTS_LOCAL]),
    DaemonProcess.start([`--fleet-file=${sensorFile}`]),
  ]);
  await using _hub = hub;
  await using _sensor = sensor;
  await call(sensor, NUMBERS[1]);
  {
    using decisions = Decisions.open({ clock: systemClock, logger: silentLogger }, hub.dbFile);
    const subject = { kind: 'address', value: '45.13.7.0/24' } as const;
    decisions.write({ kind: 'block', subject, comment: '', untilEpochUs: undefined });
  }
  for (const number of NUMBERS.slice(0, 2)) {
    await until(`${number} at the hub`, () => isListed(hub, number));
  }
  for (const [daemon, event] of [
    [hub, 'fleet_decisions_wait'],
    [hub, 'fleet_listings_wait'],
    [sensor, 'fleet_listings_wait'],
  ] as const) {
    await until(event, () => daemon.output().includes(event));
  }

  // Nobody is stopped for it, and nobody connects anew.
  await old.query(`BEGIN; SELECT fleet.push('${OLD_LOG}', 1, 1, 1, 1, 1, 0, 0)`);
  const migrating = world.command('migrate');
  await old.query('COMMIT');
  assert.match(await migrating, /4, 5|version 5/);
  await old.query(oldPush(2, NUMBERS[2]));
  await call(sensor, NUMBERS[3]);
  for (const number of NUMBERS) {
    await until(`${number} at the hub`, () => isListed(hub, number));
    await until(`${number} at the sensor`, () => isListed(sensor, number));
  }
  await until('the block at the sensor', () => isListed(sensor, '45.13.7.1'));
  assert.equal(await world.number('SELECT count(*) FROM fleet.decision'), 1);
  const totals = 'SELECT count(*) FROM fleet.event';
  assert.equal(await world.number(totals), 4);
  assert.equal(await world.number('SELECT sum(added) FROM fleet.repeat'), 4);
});

test('a program that the fleet no longer serves says so, keeps what it records, and changes nothing', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const files = [await world.join('berlin-1'), await world.join('hub-1', 'hub')] as const;
  await using sensor = await DaemonProcess.start([`--fleet-file=${files[0]}`]);
  await call(sensor, NUMBERS[0]);
  const events = 'SELECT count(*) FROM fleet.event';
  await until('the first event', async () => (await world.number(events)) === 1);
  await using hub = await DaemonProcess.start([`--fleet-file=${files[1]}`, '--fleet-hub']);
  await until('it at the hub', () => hub.number('SELECT count(*) FROM honey') === 1);

  await world.rows('INSERT INTO fleet.migration (version, oldest) VALUES (98, 97), (99, 98)');
  // A hub that stays connected notices, too.
  await until('the hub to say so', () => /fleet_pull_failed.*fleet_too_new/.test(hub.output()));
  assert.match(hub.output(), /of version 99 and serves programs from version 98 on/);
  await world.postgres.kill(); // The sensor connects anew.
  await world.postgres.begin();
  await call(sensor, NUMBERS[1]);
  await until('the sensor to say so', () =>
    /fleet_push_failed.*fleet_too_new/.test(sensor.output()),
  );
  await until('/readyz to say so', async () => {
    const ready = await fetch(`http://127.0.0.1:${sensor.ports.api}/readyz`);
    return ready.status === 200 && /"part":"fleet".*upgrade it/.test(await ready.text());
  });
  assert.equal(await world.number(events), 1);
  for (const words of [['init'], ['migrate'], ['join', 'oslo-1', 'sensor', `${files[0]}-2`]]) {
    const refused = await fleetCommand(...words, '--fleet', world.postgres.url('fleet'));
    assert.equal(refused.status, 1, words.join(' '));
    assert.match(refused.stderr, /version 99/);
  }
  assert.equal(await world.number('SELECT max(version) FROM fleet.migration'), 99);

  await world.rows('UPDATE fleet.migration SET oldest = 1');
  await until('what waited', async () => (await world.number(events)) === 2);
  await until('it at the hub', () => hub.number('SELECT count(*) FROM honey') === 2);
  const newer = await fleetCommand('migrate', '--fleet', world.postgres.url('fleet'));
  assert.match(newer.stderr, /use the newer program/, 'an older program changes no rights');
});
