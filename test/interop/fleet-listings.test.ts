// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Nodes that only follow what the hubs list: each answers, lists and serves its feed as the hubs do. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decision } from '@sentrypeer/event';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Decisions } from '@sentrypeer/store';
import { COUNTS_LOCAL, DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer } from '../e2e/sip-peers.ts';
import { FleetWorld } from './fleet-world.ts';

/** Satellite numbers, far apart, called by somebody who proved to be there: that alone lists them. */
const NUMBERS = ['+881612345601', '+881623456701', '+881634567801', '+881645678901'] as const;
/** One of the follower's own numbers. */
const OWN = '+881656789001';
const OFFICE = '45.13.9.1';

async function ask(daemon: DaemonProcess, path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
  assert.equal(response.status, 200, path);
  return (await response.json()) as Record<string, unknown>;
}

async function isListed(daemon: DaemonProcess, what: string): Promise<boolean> {
  const name = what.startsWith('+') ? 'number' : 'address';
  return (await ask(daemon, `/v1/check?${name}=${encodeURIComponent(what)}`))['listed'] === true;
}

/** What the node lists, in its feed, its lists and its firewall list. */
function listings(daemon: DaemonProcess): readonly unknown[] {
  return daemon.rows('SELECT kind, value, level, grade FROM listing ORDER BY kind, value');
}

async function call(daemon: DaemonProcess, user: string): Promise<void> {
  using peer = await StreamPeer.open(daemon.ports.tcp);
  await peer.send(sipRequest({ method: 'INVITE', user, callId: user }));
}

/** Like `sentrypeer block` next to the running daemon. */
function decide(daemon: DaemonProcess, decision: Decision): void {
  using decisions = Decisions.open({ clock: systemClock, logger: silentLogger }, daemon.dbFile);
  decisions.write(decision);
}

const address = (value: string) => ({ kind: 'address', value }) as const;

async function followOf(daemon: DaemonProcess): Promise<Readonly<Record<string, unknown>>> {
  return ((await ask(daemon, '/v1/fleet'))['follow'] ?? {}) as Readonly<Record<string, unknown>>;
}

async function untilAlike(...daemons: readonly DaemonProcess[]): Promise<void> {
  await until('all nodes to list the same', () => {
    const [first, ...others] = daemons.map((daemon) => JSON.stringify(listings(daemon)));
    return others.every((one) => one === first);
  });
}

test('a node that only follows answers as the hubs do, its own word first, also while all else is away', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const hubFile = await world.join('hub-1', 'hub');
  const followerFile = await world.join('pbx-1', 'follower');
  const sensorFile = await world.join('berlin-1');
  using folder = new TemporaryFolder();
  const followerArgs = ['--no-sip', `--fleet-file=${followerFile}`, '--fleet-follower'];
  const own = [`--own-number=${OWN}`, `--own-address=${OFFICE}`];
  const [hub, sensor, firstFollower] = await Promise.all([
    DaemonProcess.start([`--fleet-file=${hubFile}`, '--fleet-hub', COUNTS_LOCAL]),
    DaemonProcess.start([`--fleet-file=${sensorFile}`]),
    DaemonProcess.start([...followerArgs, ...own], { folder: folder.path }),
  ]);
  let follower = firstFollower;
  await using _hub = hub;
  await using _sensor = sensor;
  for (const number of [...NUMBERS, OWN]) await call(sensor, number);
  decide(hub, {
    kind: 'block',
    subject: address('45.13.0.0/16'),
    comment: 'a secret of the operator',
    untilEpochUs: undefined,
  });
  await until('the last number at the hub', () => isListed(hub, OWN));
  for (const number of NUMBERS) {
    await until(`${number} at the follower`, () => isListed(follower, number));
    await until(`${number} at the sensor`, () => isListed(sensor, number));
  }
  await until('the block', () => isListed(follower, '45.13.7.1'));
  const { reasons } = await ask(follower, '/v1/check?address=45.13.7.1');
  assert.deepEqual(reasons, ['blocked by the operator of the fleet']);
  // Its own numbers and addresses take precedence over all of it.
  assert.deepEqual(
    [await isListed(hub, OWN), await isListed(follower, OWN), await isListed(follower, OFFICE)],
    [true, false, false],
  );
  await untilAlike(hub, sensor);
  const byHub = (await ask(hub, `/v1/check?number=${NUMBERS[0]}`))['reasons'] as string[];
  const here = (await ask(follower, `/v1/check?number=${NUMBERS[0]}`))['reasons'];
  assert.deepEqual(here, ['the hubs of the fleet say so', ...byHub], 'and why');
  assert.equal(follower.number('SELECT count(*) FROM honey'), 0, 'it has no event');

  // What is delisted at the hub is delisted everywhere, including where it was seen.
  decide(hub, {
    kind: 'delist',
    subject: { kind: 'number', value: NUMBERS[3].slice(1) },
    comment: '',
  });
  await until('it to be taken off', async () => !(await isListed(follower, NUMBERS[3])));
  await until(
    'it to be taken off where it was met',
    async () => !(await isListed(sensor, NUMBERS[3])),
  );

  // Its own allowlist applies, and nobody else's.
  decide(follower, { kind: 'allow', value: NUMBERS[2], comment: '', untilEpochUs: undefined });
  await until('its own word', async () => !(await isListed(follower, NUMBERS[2])));
  assert.equal(await isListed(hub, NUMBERS[2]), true);

  await world.postgres.kill();
  await until('it says so', async () => (await followOf(follower))['trouble'] !== null);
  const ready = await ask(follower, '/readyz');
  assert.match(JSON.stringify(ready), /"part":"fleet".*does not answer/);
  follower.signal('SIGKILL');
  await follower.ended();
  await follower[Symbol.asyncDispose]();
  follower = await DaemonProcess.start([...followerArgs, ...own], { folder: folder.path });
  assert.deepEqual(
    [await isListed(follower, NUMBERS[0]), await isListed(follower, '45.13.7.1')],
    [true, true],
    'it has its own copy',
  );
  decide(hub, {
    kind: 'delist',
    subject: { kind: 'number', value: NUMBERS[1].slice(1) },
    comment: '',
  });
  await until('it is off at the hub', async () => !(await isListed(hub, NUMBERS[1])));
  await world.postgres.begin();
  await until('it hears of it', async () => !(await isListed(follower, NUMBERS[1])));
  assert.equal(await isListed(follower, NUMBERS[0]), true);

  // A node that leaves the fleet stops acting on its listings.
  await follower[Symbol.asyncDispose]();
  await using alone = await DaemonProcess.start(['--no-sip'], { folder: folder.path });
  await until('it forgets', async () => !(await isListed(alone, NUMBERS[0])));
});

test('another hub says what is listed when one dies, and says all again when the database was put back', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const names = ['hub-1', 'hub-2'] as const;
  const files = [await world.join(names[0], 'hub'), await world.join(names[1], 'hub')] as const;
  const followerFile = await world.join('pbx-1', 'follower');
  const hubArgs = (file: string): readonly string[] => [
    `--fleet-file=${file}`,
    '--fleet-hub',
    COUNTS_LOCAL,
  ];
  const [first, follower] = await Promise.all([
    DaemonProcess.start(hubArgs(files[0])),
    DaemonProcess.start(['--no-sip', `--fleet-file=${followerFile}`, '--fleet-follower']),
  ]);
  await using _follower = follower;
  await call(first, NUMBERS[0]);
  await until('the first number', () => isListed(follower, NUMBERS[0]));
  await using second = await DaemonProcess.start(hubArgs(files[1]));
  await until('the first number at the second hub', () => isListed(second, NUMBERS[0]));
  first.signal('SIGKILL');
  await first.ended();
  await first[Symbol.asyncDispose]();
  await call(second, NUMBERS[1]);
  const sentAtMs = performance.now();
  await until('the second number', () => isListed(follower, NUMBERS[1]));
  t.diagnostic(`after the hub died: ${Math.round(performance.now() - sentAtMs)} ms`);
  assert.equal(await isListed(follower, NUMBERS[0]), true);

  // The database is restored to a time when nothing was listed: the hub says everything again, in a new life.
  const [{ life } = {}] = await world.rows('SELECT life FROM fleet.listing_mark');
  await world.rows(
    'BEGIN; SELECT * FROM fleet.listing_mark FOR UPDATE; DELETE FROM fleet.listing; UPDATE fleet.listing_mark SET last = 0; COMMIT',
  );
  await until('another life', async () => {
    const [mark] = await world.rows('SELECT life FROM fleet.listing_mark');
    return mark?.['life'] !== life;
  });
  const listed = "SELECT count(*) FROM fleet.listing WHERE level = 'listed'";
  await until('all of it again', async () => (await world.number(listed)) >= 2);
  await untilAlike(second, follower);
  assert.equal(await isListed(follower, NUMBERS[0]), true);
});

test('a listing that no hub can say is left out, counted and said, and what comes after it is taken', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const file = await world.join('pbx-1', 'follower');
  // As somebody with a stolen hub password: text that is not an address, and after it one that is.
  await world.rows(`
    INSERT INTO fleet.listing SELECT 'address', value, serial, 'listed', 60, 'handshake', '[]', 0, 4102444800000000, 0, 0, 1,
      false, false, 'hub-9' FROM (VALUES ('45.13.0.01', 1), ('everybody', 2), ('45.13.0.7', 3)) AS v (value, serial);
    UPDATE fleet.listing_mark SET last = 3`);
  await using follower = await DaemonProcess.start([
    '--no-sip',
    `--fleet-file=${file}`,
    '--fleet-follower',
  ]);
  await until('the one that is an address', () => isListed(follower, '45.13.0.7'));
  await until('the count', async () => (await followOf(follower))['left_out'] === 2);
  assert.match(follower.output(), /fleet_listing_left_out.*45\.13\.0\.01/);
  assert.equal(await isListed(follower, '45.13.0.1'), false);
});
