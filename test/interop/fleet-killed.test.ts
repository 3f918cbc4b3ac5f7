// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Under load, with PostgreSQL and the node killed in turn, each event that the node committed is in the fleet once. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { FleetWorld } from './fleet-world.ts';

/** Milliseconds between two bursts of the load, and messages of each. */
const BURST_MS = 50;
const BURST = 10;
const KINDS = ['postgres', 'sensor', 'postgres', 'sensor', 'postgres'] as const;

test('PostgreSQL killed three times and a node twice under load: each event is in the fleet exactly once', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const { postgres } = world;
  const file = await world.join('berlin-1');
  using folder = new TemporaryFolder();
  const start = (): Promise<DaemonProcess> =>
    DaemonProcess.start(['--api=off', `--fleet-file=${file}`], { folder: folder.path });
  let daemon = await start();
  let port = daemon.ports.udp;
  using peer = await UdpPeer.open();
  const ending = new AbortController();
  let sent = 0;
  const load = (async () => {
    while (!ending.signal.aborted) {
      for (let index = 0; index < BURST; index += 1) {
        sent += 1;
        // Every third one repeats, so that repeats are counted on rows that were pushed, and on others.
        const user = `+4670${sent % 3 === 0 ? sent % 90 : sent}`;
        await peer.send(sipRequest({ method: 'INVITE', user, callId: 'load' }), port);
      }
      await wait(BURST_MS);
    }
  })();
  const rows = (): number => daemon.number('SELECT count(*) FROM honey');
  const grown = async (what: string): Promise<void> => {
    const before = rows();
    await until(what, () => rows() >= before + 100);
  };
  try {
    for (const kind of KINDS) {
      const before = await world.number('SELECT count(*) FROM fleet.event');
      await until(
        'events in the fleet',
        async () => (await world.number('SELECT count(*) FROM fleet.event')) >= before + 50,
      );
      if (kind === 'postgres') {
        await postgres.kill();
        await grown('the node records while the fleet is away');
        await postgres.begin();
      } else {
        daemon.signal('SIGKILL');
        await daemon.ended();
        await daemon[Symbol.asyncDispose]();
        daemon = await start();
        port = daemon.ports.udp;
      }
    }
    await grown('the node records to the end');
    await until(
      'repeats of rows that were pushed',
      async () => (await world.number('SELECT coalesce(sum(added), 0) FROM fleet.repeat')) > 0,
    );
  } finally {
    ending.abort();
    await load;
  }
  const messages = (): number => daemon.number('SELECT sum(seen_count) FROM honey');
  await until('the last messages to be committed', async () => {
    const before = daemon.accounted();
    await wait(200);
    return daemon.accounted() === before;
  });
  const pending = (): number => daemon.number('SELECT count(*) FROM pending_repeat');
  await until('repeats on their rows', () => pending() === 0);
  await until('the fleet to have every message', async () => {
    const inFleet = await world.number(`
      SELECT coalesce((SELECT sum(seen_count) FROM fleet.event), 0) + coalesce((SELECT sum(added) FROM fleet.repeat), 0)`);
    return inFleet >= messages();
  });
  const recorded = daemon.rows('SELECT event_uuid, seen_count FROM honey ORDER BY honey_id');
  const pushed = await world.rows(`
    SELECT event_uuid::text, (seen_count + coalesce((SELECT sum(added) FROM fleet.repeat AS r
      WHERE r.honey_id = e.honey_id AND r.epoch = e.epoch), 0))::integer AS seen_count
    FROM fleet.event AS e ORDER BY honey_id`);
  assert.ok(recorded.length > 500, String(recorded.length));
  assert.equal(pushed.length, recorded.length);
  const differing = pushed.filter(
    (row, index) =>
      row['event_uuid'] !== recorded[index]?.['event_uuid'] ||
      row['seen_count'] !== recorded[index]?.['seen_count'],
  );
  assert.deepEqual(differing.slice(0, 5), []);
  assert.equal(await world.number('SELECT max(epoch) FROM fleet.event'), 1);
  assert.equal(await world.number('SELECT rows_total FROM fleet.node'), pushed.length);
  const repeats = await world.number('SELECT sum(added) FROM fleet.repeat');
  t.diagnostic(
    `${recorded.length} events, ${messages()} messages of ${sent} sent, ${repeats} of them repeats after the push`,
  );
  await daemon[Symbol.asyncDispose]();
});
