// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexText } from '@sentrypeer/bytes';
import type { Endpoint } from '@sentrypeer/ip';
import {
  decodeDiscovery,
  Discovery,
  DISCOVERY_GROUPS,
  encodeAnnouncement,
  encodeDiscoveryQuery,
  type Announcement,
} from '../../src/routing/discovery.ts';
import { infoHash } from '../../src/info-hash.ts';
import { DISCOVERY_ANSWERS_PER_SECOND_MAX } from '../../src/limits.ts';
import { Admission } from '../../src/engine/admission.ts';
import { UNPROVED_OCTETS_PER_HOUR } from '../../src/engine/limits.ts';
import { Packer } from '../../src/msgpack/packer.ts';
import { testCore } from '../core-for-tests.ts';
import { vector } from '../wire/vectors.ts';

const PEER: Announcement = { id: infoHash('peer'), port: 4223, network: 0 };

test('what was captured is read, and written again to the same octets', () => {
  assert.equal(decodeDiscovery(vector('peer-discovery', 1)), 'query');
  assert.equal(hexText(encodeDiscoveryQuery()), hexText(vector('peer-discovery', 1)));
  const heard = decodeDiscovery(vector('peer-discovery', 2));
  assert.ok(typeof heard === 'object');
  assert.equal(hexText(encodeAnnouncement(heard)), hexText(vector('peer-discovery', 2)));
});

test('decodeDiscovery() leaves other services and nonsense alone', () => {
  for (const octets of [
    [],
    [0xc1],
    [0xa1, 0x78],
    [0x81, 0xa1, 0x78, 0x01],
    [0x81, 0xa3, 0x64, 0x68, 0x74, 0x93, 1, 2, 3],
  ])
    assert.equal(decodeDiscovery(Uint8Array.from(octets)), undefined);
  const unreachable = encodeAnnouncement({ ...PEER, port: 0 });
  assert.equal(decodeDiscovery(unreachable), undefined);
});

function made(disconnected = () => false) {
  const { core, pass } = testCore();
  const sent: { readonly octets: Uint8Array; readonly to: Endpoint }[] = [];
  const learnt: string[] = [];
  const discovery = new Discovery({
    core,
    admission: new Admission(),
    portOf: (family) => (family === 4 ? 4222 : undefined),
    send: (octets, to) => sent.push({ octets, to }),
    learn: (id, { address, port }) => learnt.push(`${id} ${address} ${port}`),
    isDisconnected: disconnected,
  });
  return { core, pass, sent, learnt, discovery };
}

test('start() asks and announces in the groups of its families, once while somebody answers', () => {
  const { discovery, sent, pass, core } = made();
  discovery.start();
  pass(600_000);
  assert.deepEqual(
    sent.map(({ to }) => to),
    [DISCOVERY_GROUPS[4], DISCOVERY_GROUPS[4]],
  );
  assert.deepEqual(
    sent.map(({ octets }) => decodeDiscovery(octets)),
    ['query', { id: core.id, port: 4222, network: 0 }],
  );
});

test('while nobody answers it asks again with growing pauses', () => {
  const { discovery, sent, pass } = made(() => true);
  discovery.start();
  pass(10 * 60_000);
  // At 0, 10, 30, 70 and then each 60 seconds.
  assert.equal(sent.length / 2, 4 + 8);
});

test('receive() answers whoever asks, a limited number of times a second', () => {
  const { discovery, sent, core } = made();
  const asker = { address: '192.0.2.1', port: 8888 };
  for (let index = 0; index < 100; index += 1) discovery.receive(encodeDiscoveryQuery(), asker);
  assert.equal(sent.length, DISCOVERY_ANSWERS_PER_SECOND_MAX);
  assert.deepEqual(sent[0]?.to, asker);
  assert.deepEqual(decodeDiscovery(sent[0]?.octets ?? new Uint8Array(0)), {
    id: core.id,
    port: 4222,
    network: 0,
  });
});

test('receive() learns nodes of its network at the address they speak from, and not itself', () => {
  const { discovery, learnt, core } = made();
  const from = { address: '192.0.2.1', port: 8888 };
  discovery.receive(encodeAnnouncement(PEER), from);
  discovery.receive(encodeAnnouncement({ ...PEER, network: 1 }), from);
  discovery.receive(encodeAnnouncement({ ...PEER, id: core.id }), from);
  assert.deepEqual(learnt, [`${PEER.id} 192.0.2.1 4223`]);
});

test('receive() answers again in the next second, so many octets an hour to one source', () => {
  const { discovery, sent, pass } = made();
  const ask = (address: string): void => {
    for (let index = 0; index < 40; index += 1)
      discovery.receive(encodeDiscoveryQuery(), { address, port: 8888 });
  };
  ask('192.0.2.1');
  pass(999);
  ask('192.0.2.1');
  assert.equal(sent.length, DISCOVERY_ANSWERS_PER_SECOND_MAX);
  pass(1);
  ask('192.0.2.1');
  assert.equal(sent.length, 2 * DISCOVERY_ANSWERS_PER_SECOND_MAX);
  for (let second = 0; second < 30; second += 1) {
    pass(1000);
    ask('192.0.2.1');
  }
  const octets = sent.reduce((sum, each) => sum + each.octets.length, 0);
  assert.ok(octets <= UNPROVED_OCTETS_PER_HOUR + 100, String(octets));
  const { length } = sent;
  pass(1000);
  ask('198.51.100.1');
  assert.equal(sent.length, length + DISCOVERY_ANSWERS_PER_SECOND_MAX);
});

test('receive() answers nobody in a family that the node does not have, and no nonsense', () => {
  const { discovery, sent, learnt } = made();
  discovery.receive(encodeDiscoveryQuery(), { address: '2001:db8::1', port: 8888 });
  discovery.receive(Uint8Array.of(0xc1), { address: '192.0.2.1', port: 8888 });
  assert.deepEqual([sent, learnt], [[], []]);
});

test('decodeDiscovery() wants id, port and network', () => {
  const id = new Uint8Array(20).fill(1);
  const announced = (count: number, write: (packer: Packer) => Packer): unknown =>
    decodeDiscovery(write(new Packer().map(1).text('dht').array(count)).finish());
  assert.ok(announced(3, (packer) => packer.binary(id).uint(1).uint(0)) !== undefined);
  for (const nothing of [
    announced(0, (packer) => packer),
    announced(2, (packer) => packer.binary(id).uint(1)),
    announced(3, (packer) => packer.binary(id).text('x').uint(0)),
    announced(3, (packer) => packer.binary(id).uint(65_536).uint(0)),
    announced(3, (packer) => packer.binary(id).uint(1).text('x')),
    announced(3, (packer) => packer.binary(id.subarray(1)).uint(1).uint(0)),
  ])
    assert.equal(nothing, undefined);
});
