// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Speaker } from '@sentrypeer/bgp';
import { encodeNotification, shutdownNotification } from '../src/wire/notification.ts';
import { RawPeer } from './raw-peer.ts';
import { World } from './world.ts';

const HERE = '10.0.0.1';
const THERE = '10.0.0.2';

test('what a router said at the end of a session is not lost after attempts that fail', async () => {
  const world = new World();
  const speaker = await Speaker.open(world.ports(HERE), {
    asn: 65_332,
    routerId: HERE,
    listen: [{ host: HERE, port: 179 }],
    neighbours: [{ name: 'router', address: THERE, remoteAsn: 64_999 }],
  });
  const [names, told] = [
    () => speaker.status().neighbours.map(({ lastError }) => lastError?.name),
    () => speaker.status().neighbours.map(({ lastNotification: one }) => one?.communication),
  ];
  const router = new RawPeer(world, THERE, `${HERE}:179`);
  await router.establish();
  await router.send(encodeNotification(shutdownNotification(2, 'work on line 7')));
  assert.deepEqual(names(), ['Cease/Administrative Shutdown']);

  await world.pass(20_000);
  assert.deepEqual(names(), ['ECONNREFUSED']);
  assert.deepEqual(told(), ['work on line 7']);

  const again = new RawPeer(world, THERE, `${HERE}:179`);
  await again.establish();
  again.close();
  await world.pass(10);
  assert.deepEqual(told(), [undefined], 'the session that ended last ended without a word');
  await speaker.close({ withdraw: false });
});
