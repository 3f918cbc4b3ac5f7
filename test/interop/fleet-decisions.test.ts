// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What an operator decides at one hub holds at all of them, including decisions made while the database is away. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import pg from 'pg';
import type { Decision } from '@sentrypeer/event';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Decisions } from '@sentrypeer/store';
import { DaemonProcess, until } from '../e2e/daemon-process.ts';
import { FleetWorld } from './fleet-world.ts';

const SCANNER = '45.13.7.9';
/** An address of the second hub's operator. */
const OWN = '45.13.9.1';

async function ask(daemon: DaemonProcess, path: string): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
  assert.equal(response.status, 200);
  return (await response.json()) as Record<string, unknown>;
}

async function isListed(daemon: DaemonProcess, address: string): Promise<boolean> {
  return (await ask(daemon, `/v1/check?address=${address}`))['listed'] === true;
}

async function pullOf(daemon: DaemonProcess): Promise<Readonly<Record<string, unknown>>> {
  const { pull } = await ask(daemon, '/v1/fleet');
  return (pull ?? {}) as Readonly<Record<string, unknown>>;
}

/** Like `sentrypeer block` next to the running daemon. */
function decide(daemon: DaemonProcess, decision: Decision): void {
  using decisions = Decisions.open({ clock: systemClock, logger: silentLogger }, daemon.dbFile);
  decisions.write(decision);
}

const address = (value: string) => ({ kind: 'address', value }) as const;

test('what is decided at one hub holds at all, and while the database is away where it was said', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const files = [await world.join('hub-1', 'hub'), await world.join('hub-2', 'hub')] as const;
  const [first, second] = await Promise.all([
    DaemonProcess.start([`--fleet-file=${files[0]}`, '--fleet-hub']),
    DaemonProcess.start([`--fleet-file=${files[1]}`, '--fleet-hub', `--own-address=${OWN}`]),
  ]);
  await using _first = first;
  await using _second = second;

  const command = ['allow', 'add', '45.14.0.0/16', 'always', 'our', 'office'];
  const run = await DaemonProcess.run([...command, '-f', first.dbFile]);
  assert.equal(run.status, 0, run.stderr);
  const untilEpochUs = systemClock.epochUs() + 3_600_000_000;
  decide(first, { kind: 'block', subject: address(SCANNER), comment: 'scans', untilEpochUs });
  decide(first, { kind: 'block', subject: address(OWN), comment: '', untilEpochUs: undefined });
  await until('the block at the other hub', () => isListed(second, SCANNER));
  assert.deepEqual(second.rows('SELECT value, comment FROM allowance'), [
    { value: '45.14.0.0/16', comment: 'our office' },
  ]);
  const blocks = 'SELECT value, comment, until_us FROM operator_block ORDER BY value';
  await until('all blocks', () => second.rows(blocks).length === 2);
  assert.deepEqual(second.rows(blocks), first.rows(blocks), 'until the same moment');
  assert.deepEqual(
    [await isListed(first, OWN), await isListed(second, OWN)],
    [true, false],
    'own addresses stand above the decisions of others',
  );

  await world.postgres.kill();
  decide(second, { kind: 'unblock', subject: address(SCANNER) });
  await until('it holds where it was said', async () => !(await isListed(second, SCANNER)));
  await until('it waits', async () => (await pullOf(second))['waiting_decisions'] === 1);
  assert.equal(await isListed(first, SCANNER), true);
  await world.postgres.begin();
  await until('it holds everywhere', async () => !(await isListed(first, SCANNER)));
  await until('nothing waits', async () => (await pullOf(second))['waiting_decisions'] === 0);
  await until('it is counted', async () => (await pullOf(first))['taken_decisions'] === 1);

  // Somebody with a hub's password may write nonsense; the others leave it out, and continue.
  await using thief = await login(world, 'hub-2');
  const uuid = randomUUID();
  const claim = (...values: readonly unknown[]): Promise<unknown> =>
    thief.client.query('SELECT fleet.decide($1, $2, $3, $4, $5, $6)', [...values]);
  await claim(randomUUID(), 'block', 'address', 'not an address', '', null);
  await claim(randomUUID(), 'allow', null, 'everything', '', null);
  await claim(randomUUID(), 'block', null, '45.13.0.0/16', '', null);
  for (let time = 0; time < 2; time += 1)
    await claim(uuid, 'block', 'address', '45.15.0.1', '', null);
  await until('what comes after it', () => isListed(first, '45.15.0.1'));
  assert.equal(first.output().split('fleet_decision_left_out').length - 1, 3);
  assert.equal(await isListed(first, '45.13.0.1'), false);
  assert.deepEqual(first.rows('SELECT value FROM allowance'), [{ value: '45.14.0.0/16' }]);
  assert.equal(
    await world.number(`SELECT count(*) FROM fleet.decision WHERE value = '45.15.0.1'`),
    1,
  );
  await assert.rejects(claim(randomUUID(), 'burn', 'address', '45.15.0.2', '', null), /check/);
});

async function login(world: FleetWorld, user: string) {
  const password = world.password(user);
  const { port } = world.postgres;
  const client = new pg.Client({ host: '127.0.0.1', port, database: 'fleet', user, password });
  client.on('error', () => undefined); // PostgreSQL may end before it.
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}
