// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '@sentrypeer/ip';
import { encodeAnnouncement, parseAnnouncement } from '../src/announcement.ts';
import type { Signer } from '../src/ed25519.ts';
import {
  ANNOUNCE_ANSWER_MS_MIN,
  ANNOUNCE_LONELY_MS,
  ANNOUNCE_MS,
  ANNOUNCEMENT_OCTETS_MAX,
  APPLICATION_CHARACTERS_MAX,
  NEIGHBOUR_CALL_MS,
  NEIGHBOURS_MAX,
} from '../src/limits.ts';
import { Neighbours } from '../src/neighbours.ts';
import { newSigner } from './claims.ts';

const OPTIONS = { dhtPort: 4222, networkId: 7, version: '0.1.0' };
const SOURCE: Endpoint = { address: 'fe80::2', port: 8172, zone: 'eth0' };

/** A node whose clock, timer and link are controlled by the test. */
function node(signer: Signer = newSigner()) {
  const state = {
    nowMs: 0,
    wakeInMs: 0,
    wake: (): void => undefined,
    /** Timers that are running. */
    timers: new Set<() => void>(),
    connected: false,
  };
  const sent: Uint8Array[] = [];
  const called: Endpoint[] = [];
  const keys: string[] = [];
  const neighbours = new Neighbours(
    {
      clock: { nowMs: () => state.nowMs, epochUs: () => 0 },
      wakeAfter: (waitMs, run) => {
        state.wakeInMs = waitMs;
        const wake = (): void => {
          if (state.timers.delete(wake)) run();
        };
        state.wake = wake;
        state.timers.add(wake);
        return () => state.timers.delete(wake);
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
  a.state.nowMs = 5_000;
  a.neighbours.receive(announcement, SOURCE);
  assert.deepEqual(a.called, [{ address: 'fe80::2', port: 4222, zone: 'eth0' }]);
  assert.deepEqual(a.keys, [b.signer.nodeId]);
  assert.equal(a.neighbours.count, 1);
  a.state.nowMs = 4_999 + NEIGHBOUR_CALL_MS;
  a.neighbours.receive(announcement, SOURCE);
  assert.equal(a.called.length, 1, 'not again within a minute');
  a.state.nowMs += 1;
  a.neighbours.receive(announcement, SOURCE);
  assert.equal(a.called.length, 2);
  assert.deepEqual(a.neighbours.counters, { announcements: 3, refused: 0 });
  assert.equal(a.sent.length, 2, 'only a newcomer is answered');
});

test('`Neighbours` forgets the one that was called the longest ago', () => {
  const a = node();
  const hear = (signer: Signer): void => {
    a.state.nowMs += 1000;
    a.neighbours.receive(encodeAnnouncement(OPTIONS, signer), SOURCE);
  };
  const [first, second] = [newSigner(), newSigner()];
  for (const signer of [first, second]) hear(signer);
  for (let index = 2; index < NEIGHBOURS_MAX; index += 1) hear(newSigner());
  assert.equal(a.neighbours.count, NEIGHBOURS_MAX);
  a.state.nowMs += NEIGHBOUR_CALL_MS;
  hear(first);
  hear(newSigner());
  assert.equal(a.neighbours.count, NEIGHBOURS_MAX);
  const before = a.called.length;
  hear(first);
  assert.equal(a.called.length, before, 'it is known');
});

test('parseAnnouncement() takes what is just within its limits, and nothing without a member', () => {
  const signer = newSigner();
  const text = new TextDecoder().decode(encodeAnnouncement(OPTIONS, signer));
  const members = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const parsed = (changes: Readonly<Record<string, unknown>>) =>
    parseAnnouncement(new TextEncoder().encode(JSON.stringify({ ...members, ...changes })));
  assert.deepEqual(parsed({})?.told, {
    nodeId: signer.nodeId,
    publicKey: signer.publicKey,
    dhtPort: OPTIONS.dhtPort,
    networkId: OPTIONS.networkId,
    version: OPTIONS.version,
  });
  for (const name of Object.keys(members)) {
    assert.equal(parsed({ [name]: undefined }), undefined, name);
    assert.equal(parsed({ [name]: { name } }), undefined, name);
  }
  for (const [name, within, beyond] of [
    ['dht_port', 1, 0],
    ['dht_port', 65_535, 65_536],
    ['dht_port', 4222, 4222.5],
    ['dht_port', 4222, '4222'],
    ['network', 0, -1],
    ['network', 0xffff_ffff, 0x1_0000_0000],
    ['version', 'x'.repeat(APPLICATION_CHARACTERS_MAX), 'x'.repeat(APPLICATION_CHARACTERS_MAX + 1)],
    ['sentrypeer', members['sentrypeer'], 'sentrypeer-announcement-2'],
    ['node_id', members['node_id'], newSigner().nodeId],
    ['key', members['key'], 'AA'],
    ['sig', members['sig'], 'AA'],
  ] as const) {
    assert.notEqual(parsed({ [name]: within }), undefined, `${name} ${String(within)}`);
    assert.equal(parsed({ [name]: beyond }), undefined, `${name} ${String(beyond)}`);
  }
  const broken = encodeAnnouncement({ ...OPTIONS, version: 'xyz' }, signer);
  broken[new TextDecoder().decode(broken).indexOf('xyz')] = 0xff;
  assert.equal(parseAnnouncement(broken), undefined, 'it is not UTF-8');
  const padding = (octets: number): string => 'x'.repeat(octets - text.length - ',"p":""'.length);
  assert.notEqual(parsed({ p: padding(ANNOUNCEMENT_OCTETS_MAX) }), undefined);
  assert.equal(parsed({ p: padding(ANNOUNCEMENT_OCTETS_MAX + 1) }), undefined);
});

test('`Neighbours` answers a newcomer, but not twice in two seconds', () => {
  const a = node();
  a.state.nowMs = ANNOUNCE_ANSWER_MS_MIN - 1;
  a.neighbours.receive(encodeAnnouncement(OPTIONS, newSigner()), SOURCE);
  assert.equal(a.sent.length, 1);
  a.called.length = 0;
  a.state.nowMs += 1;
  for (let index = 0; index < 5; index += 1)
    a.neighbours.receive(encodeAnnouncement(OPTIONS, newSigner()), {
      ...SOURCE,
      address: `fe80::${index}`,
    });
  assert.equal(a.sent.length, 2);
  assert.equal(a.called.length, 5);
  assert.equal(a.state.timers.size, 1, 'the next announcement begins from this one');
});

test('`Neighbours` announces often while it is alone, then rarely, and not after close', () => {
  const a = node();
  assert.equal(a.state.wakeInMs, ANNOUNCE_LONELY_MS);
  a.state.connected = true;
  a.state.wake();
  assert.equal(a.state.wakeInMs, ANNOUNCE_MS);
  assert.equal(a.sent.length, 2);
  a.neighbours.close();
  assert.equal(a.state.timers.size, 0);
  a.state.nowMs += ANNOUNCE_MS;
  a.neighbours.receive(encodeAnnouncement(OPTIONS, newSigner()), SOURCE);
  assert.equal(a.sent.length, 2, 'nor for a newcomer');
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
