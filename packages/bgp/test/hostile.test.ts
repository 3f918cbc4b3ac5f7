// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Speaker, type NeighbourOptions, type NeighbourStatus } from '@sentrypeer/bgp';
import { prefix, type Prefix } from '@sentrypeer/ip';
import fc from 'fast-check';
import { encodeKeepalive, encodeMessage, MessageType } from '../src/wire/message.ts';
import { RawPeer, rawOpen } from './raw-peer.ts';
import { World } from './world.ts';

const HERE = '10.0.0.1';
const THERE = '10.0.0.2';
const GOOD = '10.0.0.3';

function neighbour(name: string, address: string): NeighbourOptions {
  return {
    name,
    address,
    remoteAsn: 64_999,
    passive: true,
    limits: { prefixesMax: 1_000_000 },
  };
}

/** A speaker with a neighbour that may do anything, and one that behaves. */
async function open(world: World): Promise<Speaker> {
  return Speaker.open(world.ports(HERE), {
    asn: 65_332,
    routerId: HERE,
    listen: [{ host: HERE, port: 179 }],
    neighbours: [neighbour('hostile', THERE), neighbour('good', GOOD)],
  });
}

function statusOf(speaker: Speaker, name: string): NeighbourStatus {
  const found = speaker.status().neighbours.find((one) => one.name === name);
  assert.ok(found !== undefined);
  return found;
}

const dial = (world: World, from = THERE): RawPeer => new RawPeer(world, from, `${HERE}:179`);
const many = (count: number): readonly Prefix[] =>
  Array.from({ length: count }, (_, index) =>
    prefix(`45.${index >> 16}.${(index >> 8) & 255}.${index & 255}`),
  );

test('Speaker closes strangers without a word, and says so once a minute', async () => {
  const world = new World();
  const speaker = await open(world);
  const strangers = Array.from({ length: 2000 }, (_, index) =>
    dial(world, `198.51.${index >> 8}.${index & 255}`),
  );
  await world.pass(10);
  assert.ok(strangers.every((one) => one.isClosed && one.messages.length === 0));
  assert.equal(speaker.status().strangersCount, 2000);
  assert.equal(world.events('bgp_stranger').length, 1);
});

test('Speaker holds one connection that says nothing for each neighbour, the newest', async () => {
  const world = new World();
  const speaker = await open(world);
  const peers: RawPeer[] = [];
  for (let index = 0; index < 100; index += 1) {
    peers.push(dial(world));
    await world.pass(2);
  }
  await world.pass(10);
  // The first one has the session, the last one waits.
  const open_ = peers.filter((one) => !one.isClosed);
  assert.ok(open_.length <= 2, String(open_.length));
  assert.equal(peers.at(-1)?.isClosed, false);
  await peers.at(-1)?.establish();
  await world.pass(100);
  assert.equal(statusOf(speaker, 'hostile').state, 'Established');
  assert.equal(peers.filter((one) => !one.isClosed).length, 1);
});

test('Speaker gives a connection that says nothing 4 minutes', async () => {
  const world = new World();
  const speaker = await open(world);
  const silent = dial(world);
  await world.pass(239_000);
  assert.equal(silent.isClosed, false);
  await world.pass(5000);
  assert.equal(silent.notified, 'Hold Timer Expired');
  assert.equal(statusOf(speaker, 'hostile').flapsCount, 0);
});

test('Speaker that is sent nonsense at any time ends only that session, with a NOTIFICATION', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 2 }),
      fc.oneof(
        fc.uint8Array({ minLength: 1, maxLength: 4096 }),
        fc
          .tuple(fc.integer({ min: 1, max: 5 }), fc.uint8Array({ minLength: 1, maxLength: 4077 }))
          .map(([type, body]) => encodeMessage(type as MessageType, body)),
      ),
      fc.integer({ min: 1, max: 4096 }),
      async (stage, octets, size) => {
        const world = new World();
        const speaker = await open(world);
        speaker.replace(many(3));
        const good = dial(world, GOOD);
        await good.establish();
        const peer = dial(world);
        await world.pass(2);
        if (stage > 0) await peer.send(rawOpen());
        if (stage > 1) await peer.send(encodeKeepalive());
        for (let at = 0; at < octets.length; at += size)
          await peer.send(octets.subarray(at, at + size));
        await world.pass(3000);
        assert.equal(statusOf(speaker, 'good').state, 'Established');
        const isOver = peer.isClosed;
        assert.equal(isOver && peer.notified === undefined && !isNotification(octets), false);
        void speaker.close();
        await world.pass(10_000);
      },
    ),
    { numRuns: 60 },
  );
});

/** Messages answered only by closing: a NOTIFICATION of theirs. */
function isNotification(octets: Uint8Array): boolean {
  return octets[18] === MessageType.notification;
}

test('Speaker refuses an OPEN of another AS, of its own identifier, and one that comes twice', async () => {
  const world = new World();
  const speaker = await open(world);
  for (const [opens, name] of [
    [[rawOpen({ asn: 65_000 })], 'OPEN Message Error/Bad Peer AS'],
    [
      [rawOpen({ routerId: 1 }), rawOpen()],
      'Finite State Machine Error/Receive Unexpected Message in OpenConfirm State',
    ],
    [
      [encodeKeepalive()],
      'Finite State Machine Error/Receive Unexpected Message in OpenSent State',
    ],
  ] as const) {
    const peer = dial(world);
    await world.pass(2);
    for (const octets of opens) await peer.send(octets);
    await world.pass(10);
    assert.equal(peer.notified, name);
    assert.equal(statusOf(speaker, 'hostile').lastError?.name, name);
    await world.pass(300_000);
  }
});

test('Speaker keeps what a router does not read within its bound, and serves the others', async () => {
  const world = new World();
  const speaker = await open(world);
  const slow = dial(world);
  const good = dial(world, GOOD);
  await slow.establish();
  await good.establish();
  slow.stopReading();
  speaker.replace(many(100_000));
  await world.pass(1000);
  assert.equal(statusOf(speaker, 'good').prefixesOut, 100_000);
  const { prefixesOut, sent } = statusOf(speaker, 'hostile');
  assert.ok(prefixesOut < 60_000 && sent.octets <= 300_000, `${prefixesOut} ${sent.octets}`);
  // What comes and goes meanwhile is never sent to it.
  speaker.replace(many(10));
  await world.pass(1000);
  slow.startReading();
  await world.pass(1000);
  const after = statusOf(speaker, 'hostile');
  assert.deepEqual([after.prefixesOut, after.prefixesPending], [10, 0]);
  assert.ok(after.sent.octets < 700_000, String(after.sent.octets));
});

test('Speaker gives up a router that takes nothing for 8 minutes (RFC 9687)', async () => {
  const world = new World();
  const speaker = await open(world);
  const stuck = dial(world);
  await stuck.establish({ holdTimeS: 0 });
  stuck.stopReading();
  speaker.replace(many(100_000));
  await world.pass(479_000);
  assert.equal(statusOf(speaker, 'hostile').state, 'Established');
  await world.pass(3000);
  assert.equal(statusOf(speaker, 'hostile').lastError?.name, 'Send Hold Timer Expired');
  assert.equal(stuck.isClosed, true);
});

test('Speaker lets a neighbour that floods wait, and goes on with it afterwards', async () => {
  const world = new World();
  const speaker = await open(world);
  const peer = dial(world);
  await peer.establish();
  const flood = new Uint8Array(19 * 55_000);
  for (let at = 0; at < flood.length; at += 19) flood.set(encodeKeepalive(), at);
  for (let count = 0; count < 5; count += 1) await peer.send(flood);
  const { received } = statusOf(speaker, 'hostile');
  assert.ok(received.octets < 3 * flood.length, String(received.octets));
  await world.pass(10_000);
  assert.equal(statusOf(speaker, 'hostile').state, 'Established');
  assert.ok(statusOf(speaker, 'hostile').received.octets > 5 * flood.length);
});

test('Speaker counts and drops the routes of a neighbour', async () => {
  const world = new World();
  const speaker = await open(world);
  const peer = dial(world);
  await peer.establish();
  const attributes = [0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe7, 0x40, 3, 4, 10, 0, 0, 2];
  const good = [0, 0, 0, attributes.length, ...attributes, 32, 1, 2, 3, 4, 24, 1, 2, 3];
  const malformed = [0, 0, 0, 4, ...attributes.slice(0, 4), 32, 1, 2, 3, 4];
  await peer.send(encodeMessage(MessageType.update, Uint8Array.from(good)));
  await peer.send(encodeMessage(MessageType.update, Uint8Array.from(malformed)));
  const { prefixesDropped, updatesMalformed, state } = statusOf(speaker, 'hostile');
  assert.deepEqual([prefixesDropped, updatesMalformed, state], [3, 1, 'Established']);
});
