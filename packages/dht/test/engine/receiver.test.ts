// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What becomes of each datagram, by what a node counts and answers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Counters } from '../../src/engine/counters.ts';
import { infoHash } from '../../src/info-hash.ts';
import { PART_OCTETS, QUERIES_PER_SOURCE_PER_SECOND_MAX } from '../../src/limits.ts';
import {
  encodeLegacyUpdate,
  encodePart,
  encodeQuery,
  encodeReply,
} from '../../src/wire/encode-message.ts';
import { fragment } from '../../src/wire/fragment.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { TestDht, textOf, textValue } from '../engines.ts';
import { Stranger } from '../stranger.ts';

const KEY = infoHash('key');
const ENVELOPE = { network: 0, client: false, agent: undefined };

function made() {
  const dht = new TestDht({ latencyMs: [1, 1] });
  const node = dht.add();
  const peer = new Stranger(dht, '192.0.2.1');
  const token = peer.token(node.at);
  const { counters } = node.engine;
  /** What this datagram changes in these counters. */
  const counted = (
    octets: Uint8Array,
    ...names: readonly (keyof Counters)[]
  ): readonly number[] => {
    const before = names.map((name) => counters[name]);
    peer.send(octets, node.at);
    dht.network.run(10);
    return names.map((name, index) => counters[name] - (before[index] ?? 0));
  };
  return { dht, node, peer, token, counters, counted };
}

/** The header of a put, and the parts of its values. */
function aPut(peer: Stranger, token: Uint8Array, tid: number, texts: readonly string[]) {
  const packed = texts.map((text, index) => encodeValue(textValue(BigInt(index + 1), text)));
  const [header, ...parts] = fragment(packed, { network: 0, tid }, (values) =>
    encodeQuery(ENVELOPE, 'put', tid, { id: peer.id, key: KEY, token, values }),
  );
  assert.ok(header !== undefined);
  return { header, parts };
}

test('each datagram is counted with its octets, and why it was left', () => {
  const { node, peer, counted } = made();
  const { id } = peer;
  const ping = encodeQuery(ENVELOPE, 'ping', 5, { id });
  const all = ['datagramsReceived', 'octetsReceived', 'queriesAnswered'] as const;
  assert.deepEqual(counted(ping, ...all), [1, ping.length, 1]);
  const kinds = ['refused', 'otherNetwork', 'repliesUnmatched', 'queriesAnswered'] as const;
  for (const [octets, ...expected] of [
    [Uint8Array.of(0xc1), 1, 0, 0, 0],
    [encodeQuery({ ...ENVELOPE, network: 7 }, 'ping', 5, { id }), 0, 1, 0, 0],
    [encodeQuery(ENVELOPE, 'ping', 5, { id: node.engine.id }), 1, 0, 0, 0],
    [encodeLegacyUpdate(ENVELOPE, 5, { id, refreshed: [1n] }), 0, 0, 1, 0],
    [encodeReply(ENVELOPE, 5, { id }), 0, 0, 1, 0],
    [encodePart(7, 5, { index: 0, offset: 0, octets: Uint8Array.of(1) }), 0, 1, 0, 0],
  ] as const)
    assert.deepEqual(counted(octets, ...kinds), expected);
});

test('a datagram of a family that the node does not have is none of ours', () => {
  const { dht, node, peer, counters } = made();
  const ping = encodeQuery(ENVELOPE, 'ping', 5, { id: peer.id });
  peer.send(ping, node.at, { address: '2001:db8::1', port: 4222 });
  peer.send(ping, node.at, { address: '224.0.0.1', port: 4222 });
  dht.network.run(10);
  assert.equal(counters.badSource, 2);
});

test('a put in parts is answered when all of its values have come, in any order', () => {
  const { dht, node, peer, token } = made();
  const { header, parts } = aPut(peer, token, 77, ['x'.repeat(2000), 'y'.repeat(2000)]);
  const send = (octets: Uint8Array): void => {
    peer.send(octets, node.at);
    dht.network.run(10);
  };
  const [early, ...others] = parts;
  assert.ok(early !== undefined && others.length === 3);
  send(early);
  send(header);
  for (const part of others.slice(1)) send(part);
  assert.equal(peer.repliesTo(77).length, 0);
  assert.equal(node.engine.status().storedValues, 0);
  const [last] = others;
  assert.ok(last !== undefined);
  send(last);
  const ids = peer
    .repliesTo(77)
    .map((answer) => (answer.kind === 'reply' ? answer.args.valueId : undefined));
  assert.deepEqual(new Set(ids), new Set([1n, 2n]));
  assert.equal(node.engine.status().storedValues, 2);
});

test('a put whose parts never come is given up after three seconds of silence', () => {
  const { dht, node, peer, token, counters } = made();
  const { header, parts } = aPut(peer, token, 77, ['x'.repeat(2000)]);
  peer.send(header, node.at);
  dht.network.run(2000);
  assert.equal(counters.sessionsDropped, 0);
  dht.network.run(3000);
  assert.equal(counters.sessionsDropped, 1);
  for (const part of parts) peer.send(part, node.at);
  dht.network.run(10_000);
  assert.equal(peer.repliesTo(77).length, 0);
  const { header: again, parts: rest } = aPut(peer, token, 78, ['x'.repeat(2000)]);
  for (const octets of [again, ...rest]) peer.send(octets, node.at);
  dht.network.run(10);
  assert.equal(peer.repliesTo(78).length, 1);
});

test('parts of messages that are not awaited count as questions, others do not', () => {
  const { dht, node, peer, token, counters } = made();
  const part = (tid: number) =>
    encodePart(0, tid, { index: 0, offset: 0, octets: new Uint8Array(1) });
  dht.network.run(2000);
  for (let tid = 0; tid < QUERIES_PER_SOURCE_PER_SECOND_MAX; tid += 1)
    peer.send(part(tid + 1000), node.at);
  dht.network.run(5);
  assert.equal(counters.rateLimited, 0);
  assert.ok(counters.partsDropped > 0);
  peer.send(part(7), node.at);
  peer.send(encodeQuery(ENVELOPE, 'ping', 5, { id: peer.id }), node.at);
  dht.network.run(5);
  assert.equal(counters.rateLimited, 2);
  dht.network.run(1000);
  const { header, parts } = aPut(peer, token, 77, ['x'.repeat(3 * PART_OCTETS)]);
  peer.send(header, node.at);
  dht.network.run(5);
  for (let tid = 0; tid < QUERIES_PER_SOURCE_PER_SECOND_MAX; tid += 1)
    peer.send(part(tid + 3000), node.at);
  dht.network.run(5);
  for (const octets of parts) peer.send(octets, node.at);
  dht.network.run(5);
  assert.equal(peer.repliesTo(77).length, 1);
});

test('a value is pushed to a listener only from the address of its storing node', () => {
  const { dht, node, peer, token } = made();
  let socketId: number | undefined;
  peer.onQuery = ({ tid, name, args }, from) => {
    if (name === 'listen') socketId = args.socketId;
    peer.reply(from, tid, { token });
  };
  const { events } = dht.listen(node, KEY);
  dht.network.runUntil(() => socketId !== undefined);
  dht.network.run(1000);
  const push = (id: bigint, text: string, from = peer.at, socket = socketId): void => {
    const values = [encodeValue(textValue(id, text))];
    peer.query(node.at, 'update', { key: KEY, socketId: socket, version: 1, values }, from);
    dht.network.run(10);
  };
  push(1n, 'forged', { address: '192.0.2.2', port: 4222 });
  push(2n, 'of another port', { ...peer.at, port: 4223 });
  push(3n, 'of no socket', peer.at, (socketId ?? 0) ^ 1);
  push(4n, 'good');
  assert.deepEqual(
    events.map((event) => event.kind === 'value' && `${textOf(event.value)} ${event.from}`),
    [`good ${peer.at.address}`],
  );
});
