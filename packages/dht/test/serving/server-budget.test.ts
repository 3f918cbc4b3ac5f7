// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a server refuses, and whom it believes, by the state of its node. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ANSWER_VALUES_OCTETS_MAX,
  NODE_HEARD_MS_MAX,
  PROVED_OCTETS_BURST,
  SCANNED_VALUE_OCTETS,
  TARGET_NODES,
} from '../../src/limits.ts';
import { divergingAt, type InfoHash } from '../../src/info-hash.ts';
import { Field, type Condition } from '../../src/wire/message.ts';
import type { OutgoingArguments } from '../../src/wire/encode-message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { textValue } from '../engines.ts';
import { farFrom, idsNear, KEY, parts, PEER, query, SOURCE } from '../parts.ts';

const LIFE_MS = 600_000;
const ELSEWHERE = { address: '192.0.2.2', port: 4222 };
const NO_SUCH = { field: Field.type, type: 9 } as const;

/** A server that has shown itself to the asker, who may still have so many octets. */
function made(leftOctets = PROVED_OCTETS_BURST) {
  const all = parts();
  const { core, admission, server, overlay, storage, tokens, sends } = all;
  admission.prove(SOURCE, 0);
  if (leftOctets < PROVED_OCTETS_BURST)
    assert.ok(admission.mayAnswer(SOURCE, PROVED_OCTETS_BURST - leftOctets, 0));
  const node = overlay.cache.mentioned(PEER, SOURCE, 0);
  const store = (id: bigint, text: string): number => {
    const value = textValue(id, text);
    assert.ok(storage.putRemote(KEY, value, 's', LIFE_MS, 0));
    return encodeValue(value).length;
  };
  /** What a get with this filter brings: the number of values or rows, or that there is no answer. */
  const got = (select: readonly Field[], ...where: readonly Condition[]): number | string => {
    server.answer(query('get', { key: KEY, filter: { select, where } }), node, SOURCE, []);
    const [first] = sends();
    if (first === undefined) return 'no answer';
    assert.ok(first.message.kind === 'reply');
    const { slots, fields } = first.message.args;
    return slots?.length ?? fields?.rows.length ?? 0;
  };
  const put = (key: InfoHash, args: Partial<OutgoingArguments> = {}, from = SOURCE): void => {
    const token = tokens.make(from, core.clock.nowMs());
    server.answer(query('put', { key, token, ...args }), node, from, [textValue(1n, 'x')]);
  };
  return { ...all, node, store, got, put };
}

test('a look through values costs eight octets for each, and is left when they are used up', () => {
  for (const [leftOctets, expected, withheldCount] of [
    [3 * SCANNED_VALUE_OCTETS, 0, 0],
    [3 * SCANNED_VALUE_OCTETS - 1, 'no answer', 1],
  ] as const) {
    const { store, got, counters } = made(leftOctets);
    for (const id of [1n, 2n, 3n]) store(id, 'x');
    assert.equal(got([], NO_SUCH), expected);
    assert.equal(counters.answersWithheld, withheldCount);
  }
});

test('whole values cost their octets besides', () => {
  const octets =
    encodeValue(textValue(1n, 'one')).length + encodeValue(textValue(2n, 'two')).length;
  for (const [lessOctets, expected] of [
    [0, 2],
    [1, 'no answer'],
  ] as const) {
    const { store, got, counters } = made(2 * SCANNED_VALUE_OCTETS + octets - lessOctets);
    store(1n, 'one');
    store(2n, 'two');
    assert.equal(got([]), expected);
    assert.equal(counters.answersWithheld, lessOctets);
  }
});

test('fields cost no more than the look', () => {
  const { store, got } = made(SCANNED_VALUE_OCTETS);
  store(1n, 'x'.repeat(1000));
  assert.equal(got([Field.id]), 1);
});

test('a look-up by id costs nothing, and neither does a key without values', () => {
  const { store, got, counters } = made(0);
  assert.equal(got([]), 0);
  store(1n, 'x');
  assert.equal(got([], { field: Field.id, id: 2n }), 0);
  assert.equal(got([Field.id], NO_SUCH, { field: Field.id, id: 1n }), 0);
  assert.equal(got([Field.id], { field: Field.id, id: 1n }), 1);
  assert.equal(counters.answersWithheld, 0);
  assert.equal(got([Field.id], NO_SUCH), 'no answer');
  assert.equal(got([], { field: Field.id, id: 1n }), 'no answer');
});

test('one answer brings a mebibyte of whole values, and no more', () => {
  const { storage, got } = made();
  const around = encodeValue(textValue(1n, 'x'.repeat(60_000))).length - 60_000;
  const count = 16;
  const text = 'x'.repeat(ANSWER_VALUES_OCTETS_MAX / count - around);
  for (let id = 1n; id <= BigInt(count) + 1n; id += 1n)
    storage.putLocal(KEY, textValue(id, text), LIFE_MS);
  assert.equal(got([]), count);
});

test('a value that eight nodes are closer to is confirmed, counted and not kept', () => {
  const { core, good, put, storage, counters, sends } = made();
  const key = farFrom(core.id, 0);
  const [first, ...ids] = idsNear(key, 100, TARGET_NODES);
  for (const [index, id] of ids.entries()) good(id, { address: `10.0.${index}.1`, port: 4222 });
  put(key);
  assert.deepEqual([storage.has(key), counters.valuesRefused], [true, 0], 'seven are too few');
  const another = divergingAt(key, 90, new Uint8Array(20));
  good(first ?? assert.fail(), { address: '10.0.99.1', port: 4222 });
  sends();
  put(another);
  assert.deepEqual([storage.has(another), counters.valuesRefused], [false, 1]);
  const [reply] = sends();
  assert.ok(reply?.message.kind === 'reply' && reply.message.args.valueId === 1n);
});

test('a value is kept if one of the closest nodes is farther than we', () => {
  const { core, good, put, storage } = made();
  const key = farFrom(core.id, 60);
  for (const [index, id] of idsNear(key, 100, TARGET_NODES).entries())
    good(id, { address: `10.0.${index}.1`, port: 4222 });
  good(divergingAt(key, 10, new Uint8Array(20)), { address: '10.0.99.1', port: 4222 });
  put(key);
  assert.ok(storage.has(key));
});

test('a listen from another address than that of its node is not taken: its address is asked', () => {
  const { core, node, server, tokens, subscriptions, sends, admission } = made();
  node.endpoint = ELSEWHERE;
  node.heardAtMs = 0;
  node.repliedAtMs = 0;
  const token = tokens.make(SOURCE, core.clock.nowMs());
  const listen = query('listen', { key: KEY, token, socketId: 3, version: 1 });
  server.answer(listen, node, SOURCE, []);
  assert.equal(subscriptions.count, 0);
  const asked = sends();
  assert.deepEqual(
    asked.map(({ message, to }) => [message.kind === 'query' && message.name, to]),
    [['ping', `${SOURCE.address} ${SOURCE.port}`]],
  );
  admission.prove(ELSEWHERE, 0);
  node.endpoint = SOURCE;
  server.answer(listen, node, SOURCE, []);
  assert.equal(subscriptions.count, 1);
});

test('a token moves a node to the address it comes from, unless the node answers elsewhere', () => {
  const { node, put, pass } = made();
  node.endpoint = ELSEWHERE;
  node.heardAtMs = 0;
  node.repliedAtMs = 0;
  put(KEY);
  assert.deepEqual(node.endpoint, ELSEWHERE);
  pass(NODE_HEARD_MS_MAX);
  put(KEY);
  assert.deepEqual(node.endpoint, SOURCE);
});

test('who asks over IPv6 and says nothing else gets nodes of IPv6', () => {
  const { server, overlay, admission, sends, good } = parts([6]);
  const source = { address: '2001:db8::1', port: 4222 };
  const known = good(KEY, { address: '2001:db8::2', port: 4222 });
  admission.prove(source, 0);
  const node = overlay.cache.mentioned(PEER, source, 0);
  server.answer(query('find', { target: KEY }), node, source, []);
  const [reply] = sends();
  assert.ok(reply?.message.kind === 'reply');
  assert.deepEqual(reply.message.args.n6, [{ id: KEY, endpoint: known.endpoint }]);
  assert.equal(reply.message.args.n4, undefined);
});

test('a family that the node does not run has no nodes to list', () => {
  const { server, node, sends, counters } = made();
  server.answer(query('find', { target: KEY, want: [10] }), node, SOURCE, []);
  const [reply] = sends();
  assert.ok(reply?.message.kind === 'reply' && reply.message.args.n6 === undefined);
  assert.equal(counters.queriesAnswered, 1);
});

test('a pong to an address that has not shown itself is counted', () => {
  const { server, overlay, counters, sends } = parts();
  const node = overlay.cache.mentioned(PEER, SOURCE, 0);
  server.answer(query('ping', {}), node, SOURCE, [], 57);
  assert.equal(sends().length, 1);
  assert.equal(counters.queriesAnswered, 1);
});

test('an update of an address that has not shown itself is answered like a ping', () => {
  const { server, overlay, sends } = parts();
  const node = overlay.cache.mentioned(PEER, SOURCE, 0);
  server.answer(query('update', { key: KEY, socketId: 1 }), node, SOURCE, [], 80);
  const [pong] = sends();
  assert.ok(pong?.message.kind === 'reply' && pong.message.args.id !== PEER);
});

test('the life of a value is counted from when it was made; the future is now', () => {
  for (const [ageS, lifeMs] of [
    [undefined, LIFE_MS],
    [590, 10_000],
    [-86_400, LIFE_MS],
  ] as const) {
    const { core, put, storage, pass } = made();
    const created = ageS === undefined ? undefined : core.clock.epochUs() / 1_000_000 - ageS;
    put(KEY, { created });
    pass(lifeMs - 1);
    assert.ok(storage.has(KEY), String(ageS));
    pass(1);
    assert.ok(!storage.has(KEY), String(ageS));
  }
});
