// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Nodes of a fleet whose clocks are wrong by years, days and hours list the same, and none of it is lost. */

import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { COUNTS_LOCAL, DaemonProcess, until } from '../e2e/daemon-process.ts';
import { sipRequest, StreamPeer } from '../e2e/sip-peers.ts';
import { FleetWorld } from './fleet-world.ts';
import { peer } from './peer.ts';

/** Whose clock is how far ahead, as `faketime` writes it. */
const CLOCKS = {
  'sensor-1': '-3y',
  'sensor-2': '+4d',
  'sensor-3': '+2y',
  hub: '-5h',
  follower: '+7h',
} as const;
const NUMBERS = ['+881612345601', '+881623456701', '+881634567801'] as const;
const HOUR_MS = 3_600_000;

async function start(clock: string, args: readonly string[]): Promise<DaemonProcess> {
  const [library = ''] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
  const env = { LD_PRELOAD: library, FAKETIME: clock, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  return await DaemonProcess.start(args, { env });
}

interface Verdict {
  readonly listed: boolean;
  readonly expires: string | null;
}

async function check(daemon: DaemonProcess, number: string): Promise<Verdict> {
  const path = `/v1/check?number=${encodeURIComponent(number)}`;
  const response = await fetch(`http://127.0.0.1:${daemon.ports.api}${path}`);
  return (await response.json()) as Verdict;
}

test('what a node with a wrong clock met is refused everywhere, and ends at the same moment', async (t) => {
  if (peer('faketime', t) === undefined) return;
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  const hubFile = await world.join('hub-1', 'hub');
  const followerFile = await world.join('pbx-1', 'follower');
  const names = ['sensor-1', 'sensor-2', 'sensor-3'] as const;
  await using scope = new AsyncDisposableStack();
  const hub = scope.use(
    await start(CLOCKS.hub, [`--fleet-file=${hubFile}`, '--fleet-hub', COUNTS_LOCAL]),
  );
  const follower = scope.use(
    await start(CLOCKS.follower, ['--no-sip', `--fleet-file=${followerFile}`, '--fleet-follower']),
  );
  for (const [index, name] of names.entries()) {
    const args = [`--fleet-file=${await world.join(name)}`, '--api=off'];
    const sensor = scope.use(await start(CLOCKS[name], args));
    const user = NUMBERS[index] ?? '';
    using caller = await StreamPeer.open(sensor.ports.tcp);
    await caller.send(sipRequest({ method: 'INVITE', user, callId: user }));
    await until(`${name}'s number at the hub`, async () => (await check(hub, user)).listed);
    await until(
      `${name}'s number at the follower`,
      async () => (await check(follower, user)).listed,
    );
    const ends = [await check(hub, user), await check(follower, user)].map(({ expires }) =>
      Date.parse(expires ?? ''),
    );
    const [atHub = Number.NaN, atFollower = Number.NaN] = ends;
    const apartMs = atFollower - atHub - 12 * HOUR_MS;
    assert.ok(Math.abs(apartMs) < HOUR_MS / 60, `${name}: ${apartMs} ms apart`);
  }
  const wrong = await world.number(
    'SELECT count(*) FROM fleet.event WHERE abs(extract(epoch FROM received_at - event_time)) > 120',
  );
  assert.equal(wrong, 0, 'for people they are of the time of the database');
});
