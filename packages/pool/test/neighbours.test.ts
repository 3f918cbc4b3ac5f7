// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '@sentrypeer/ip';
import { encodeAnnouncement } from '../src/announcement.ts';
import type { Signer } from '../src/ed25519.ts';
import { ANNOUNCE_LONELY_MS, ANNOUNCE_MS, NEIGHBOURS_MAX } from '../src/limits.ts';
import { Neighbours } from '../src/neighbours.ts';
import { newSigner } from './claims.ts';

const OPTIONS = { dhtPort: 4222, networkId: 7, version: '0.1.0' };
const SOURCE: Endpoint = { address: 'fe80::2', port: 8172, zone: 'eth0' };

/** A node whose clock, timer and link are controlled by the test. */
function node(signer: Signer = newSigner()) {
  const state = { nowMs: 0, wakeInMs: 0, wake: (): void => undefined, connected: false };
  const sent: Uint8Array[] = [];
  const called: Endpoint[] = [];
  const keys: string[] = [];
  const neighbours = new Neighbours(
    {
      clock: { nowMs: () => state.nowMs, epochUs: () => 0 },
      wakeAfter: (waitMs, run) => {
        state.wakeInMs = waitMs;
        state.wake = run;
        return () => {
          state.wake = () => undefined;
        };
      },
      signer,
      send: (octets) => sent.push(octets),
      isConnected: () => state.connected,
      call: (endpoint) => called.push(endpoint),
      learnKey: (nodeId) => keys.push(nodeId),
    },
    OPTIONS,
  );
  return { signer, state, sent, called, keys, neighbours };
}

test('`Neighbours` calls upon whom it hears, with the port it was told and the address it came from', () => {
  const a = node();
  const b = node();
  const [announcement] = b.sent;
  assert.ok(announcement !== undefined);
  a.neighbours.receive(announcement, SOURCE);
  assert.deepEqual(a.called, [{ address: 'fe80::2', port: 4222, zone: 'eth0' }]);
  assert.deepEqual(a.keys, [b.signer.nodeId]);
  assert.equal(a.neighbours.count, 1);
  a.neighbours.receive(announcement, SOURCE);
  assert.equal(a.called.length, 1, 'not again within a minute');
  a.state.nowMs = 61_000;
  a.neighbours.receive(announcement, SOURCE);
  assert.equal(a.called.length, 2);
});

test('`Neighbours` answers a newcomer, but not twice in two seconds', () => {
  const a = node();
  a.state.nowMs = 10_000;
  for (let index = 0; index < 5; index += 1)
    a.neighbours.receive(encodeAnnouncement(OPTIONS, newSigner()), {
      ...SOURCE,
      address: `fe80::${index}`,
    });
  assert.equal(a.sent.length, 2);
  assert.equal(a.called.length, 5);
});

test('`Neighbours` announces often while it is alone, then rarely, and not after close', () => {
  const a = node();
  assert.equal(a.state.wakeInMs, ANNOUNCE_LONELY_MS);
  a.state.connected = true;
  a.state.wake();
  assert.equal(a.state.wakeInMs, ANNOUNCE_MS);
  assert.equal(a.sent.length, 2);
  a.neighbours.close();
  a.state.wake();
  assert.equal(a.sent.length, 2);
});

test('`Neighbours` refuses what is forged, of another network, too large or no announcement', () => {
  const a = node();
  const honest = newSigner();
  const forged = encodeAnnouncement(OPTIONS, {
    ...newSigner(),
    nodeId: honest.nodeId,
    publicKey: honest.publicKey,
  });
  const elsewhere = encodeAnnouncement({ ...OPTIONS, networkId: 8 }, honest);
  const text = JSON.parse(new TextDecoder().decode(encodeAnnouncement(OPTIONS, honest))) as object;
  const others = [
    { ...text, dht_port: 0 },
    { ...text, dht_port: 4223 },
    { ...text, version: 'x\u001b' },
    { ...text, version: 'y' },
    { ...text, node_id: newSigner().nodeId },
    { ...text, padding: 'x'.repeat(2000) },
    [],
    null,
  ].map((value) => new TextEncoder().encode(JSON.stringify(value)));
  const all = [forged, elsewhere, ...others, new Uint8Array(), Uint8Array.of(0xff)];
  all.forEach((octets, index) =>
    a.neighbours.receive(octets, { ...SOURCE, address: `fe80::1:${index}` }),
  );
  assert.deepEqual(a.called, []);
  assert.deepEqual(a.neighbours.counters, { announcements: 0, refused: all.length });
});

test('`Neighbours` checks few announcements of one source in a second, and remembers few neighbours', () => {
  const a = node();
  for (let index = 0; index < 100; index += 1)
    a.neighbours.receive(encodeAnnouncement(OPTIONS, newSigner()), SOURCE);
  assert.equal(a.called.length, 2);
  for (let index = 0; index < NEIGHBOURS_MAX + 50; index += 1) {
    a.state.nowMs += 1000;
    a.neighbours.receive(encodeAnnouncement(OPTIONS, newSigner()), SOURCE);
  }
  assert.equal(a.neighbours.count, NEIGHBOURS_MAX);
});

test('`Neighbours` passes over what it announced itself', () => {
  const a = node();
  const [own] = a.sent;
  assert.ok(own !== undefined);
  a.neighbours.receive(own, SOURCE);
  assert.deepEqual(a.neighbours.counters, { announcements: 0, refused: 0 });
});
