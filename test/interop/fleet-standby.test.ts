// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A standby takes over without what its primary committed last: what comes back by itself, and what is said. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Decisions } from '@sentrypeer/store';
import { COUNTS_LOCAL, DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer } from '../e2e/sip-peers.ts';
import { FleetWorld } from './fleet-world.ts';

const NODES = [
  { name: 'berlin-1', role: 'sensor', args: [] },
  { name: 'hub-1', role: 'hub', args: ['--fleet-hub', COUNTS_LOCAL] },
  { name: 'pbx-1', role: 'follower', args: ['--no-sip', '--fleet-follower'] },
] as const;
const [EARLY, LOST, LATER] = ['+881612345601', '+881623456702', '+881634567803'] as const;
const BLOCKED = '45.13.7.9';

type Name = (typeof NODES)[number]['name'];

/** Nodes that move from one server to another, as behind a name that changes its address. */
class Nodes implements AsyncDisposable {
  readonly #world: FleetWorld;
  readonly #files = new Map<Name, string>();
  readonly #folders = new Map<Name, TemporaryFolder>();
  readonly #running = new Map<Name, DaemonProcess>();

  constructor(world: FleetWorld) {
    this.#world = world;
  }

  async join(): Promise<void> {
    for (const { name, role } of NODES) {
      this.#files.set(name, await this.#world.join(name, role));
      this.#folders.set(name, new TemporaryFolder());
    }
  }

  async start(port: number): Promise<void> {
    for (const { name, args } of NODES) {
      const [file = '', folder] = [this.#files.get(name), this.#folders.get(name)?.path];
      const address = readFileSync(file, 'utf8');
      writeFileSync(file, address.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`));
      const options = folder === undefined ? {} : { folder };
      const daemon = await DaemonProcess.start([`--fleet-file=${file}`, ...args], options);
      this.#running.set(name, daemon);
    }
  }

  async stop(): Promise<void> {
    for (const daemon of this.#running.values()) await daemon[Symbol.asyncDispose]();
    this.#running.clear();
  }

  node(name: Name): DaemonProcess {
    const daemon = this.#running.get(name);
    assert.ok(daemon !== undefined, name);
    return daemon;
  }

  ready(name: Name): Promise<string> {
    return ask(this.node(name), '/readyz');
  }

  /** Somebody proved calls a number at the sensor, which lists it at once. */
  async call(number: string): Promise<void> {
    using peer = await StreamPeer.open(
      this.node('berlin-1').ports.tcp,
      `127.3.0.${number.slice(-1)}`,
    );
    await peer.send(sipRequest({ method: 'INVITE', user: number, callId: number }));
  }

  async untilRefused(number: string): Promise<void> {
    const path = `/v1/check?number=${encodeURIComponent(number)}`;
    for (const name of ['hub-1', 'pbx-1'] as const) {
      await until(`${number} to be refused by ${name}`, async () =>
        (await ask(this.node(name), path)).includes('"listed":true'),
      );
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    for (const folder of this.#folders.values()) folder[Symbol.dispose]();
  }
}

async function ask(daemon: DaemonProcess, path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
  assert.equal(response.status, 200, path);
  return await response.text();
}

test('a standby that takes over without the last transactions gets back what it lacks, or it is said', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  await using nodes = new Nodes(world);
  await nodes.join();
  await using standby = await world.postgres.standby(t);
  if (standby === undefined) return;
  await standby.begin({ log_statement: 'none' });
  await nodes.start(world.postgres.port);
  await nodes.call(EARLY);
  await nodes.untilRefused(EARLY);
  await until(
    'the standby to have it',
    async () => (await standby.number('fleet', 'SELECT count(*) FROM fleet.listing')) > 0,
  );

  await standby.rows('postgres', "ALTER SYSTEM SET primary_conninfo = ''");
  await standby.rows('postgres', 'SELECT pg_reload_conf()');
  const receivers = 'SELECT count(*) FROM pg_stat_wal_receiver';
  await until(
    'the standby to be cut off',
    async () => (await standby.number('postgres', receivers)) === 0,
  );
  await nodes.call(LOST);
  await nodes.untilRefused(LOST);
  {
    const { dbFile } = nodes.node('hub-1');
    using decisions = Decisions.open({ clock: systemClock, logger: silentLogger }, dbFile);
    const subject = { kind: 'address', value: BLOCKED } as const;
    decisions.write({ kind: 'block', subject, comment: '', untilEpochUs: undefined });
  }
  const taken = "SELECT count(*) FROM cursor WHERE name = 'fleet-decisions' AND honey_id > 0";
  await until(
    'the hub to know the number of its decision',
    () => nodes.node('hub-1').number(taken) === 1,
  );
  await nodes.stop();
  await world.postgres.kill();

  await nodes.start(standby.port);
  for (const name of ['berlin-1', 'hub-1'] as const) {
    await until(`${name} to say that it is read-only`, async () =>
      (await nodes.ready(name)).includes('25006'),
    );
  }
  await until('the follower to say that the standby is cut off', async () =>
    /"part":"fleet","why":"[^"]*is a standby that has heard nothing/.test(
      await nodes.ready('pbx-1'),
    ),
  );
  await nodes.untilRefused(LOST); // The copy remains in force.

  await standby.promote();
  await nodes.call(LATER);
  await nodes.untilRefused(LATER);
  await until('the all-clear', async () => !(await nodes.ready('pbx-1')).includes('degraded'));
  assert.match(nodes.node('berlin-1').output(), /fleet_went_back/);
  await until('the hub to say that its decision is gone', () =>
    nodes.node('hub-1').output().includes('fleet_decisions_lost'),
  );
  assert.equal(await standby.number('fleet', 'SELECT count(*) FROM fleet.decision'), 0);
  assert.match(nodes.node('pbx-1').output(), /fleet_follow_failed.*fleet_standby/);
  const numbers = 'SELECT count(*) - count(DISTINCT called_number) FROM fleet.event';
  assert.equal(await standby.number('fleet', 'SELECT count(*) FROM fleet.event'), 3);
  assert.equal(await standby.number('fleet', numbers), 0);
});
