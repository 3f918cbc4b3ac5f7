// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { infoHash } from '../../src/info-hash.ts';
import {
  FETCH_COPIES_MAX,
  GET_VALUES_MAX,
  LISTEN_STORERS_MAX,
  LISTEN_VALUES_PER_STORER_MAX,
} from '../../src/limits.ts';
import { ListenOperation } from '../../src/node/listen-operation.ts';
import { contentDigest, GetOperation, PutOperation } from '../../src/node/operations.ts';
import { identityOf, signValue, type Identity } from '../../src/values/signature.ts';
import { encryptedValue, unsignedValue, type Value } from '../../src/values/value.ts';
import { Field, type Condition } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { testCore } from '../core-for-tests.ts';

const KEY = infoHash('key');
const LIFE_MS = 600_000;
const text = new TextEncoder();

function value(id: bigint, content: string, type = 0): Value {
  return unsignedValue(id, { data: text.encode(content), type });
}

function anIdentity(): Identity {
  const identity = identityOf(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey);
  assert.ok(identity !== undefined);
  return identity;
}

test('contentDigest() covers content, signature and cypher, and not the id', () => {
  const signed = signValue(anIdentity(), 1n, { data: text.encode('a') }, 0);
  const all = [
    value(1n, 'a'),
    value(1n, 'b'),
    value(1n, 'a', 3),
    encryptedValue(1n, text.encode('a')),
    encryptedValue(1n, text.encode('b')),
    signed,
    { ...signed, signature: new Uint8Array(128) },
  ];
  assert.equal(new Set(all.map(contentDigest)).size, all.length);
  for (const each of all)
    assert.equal(contentDigest({ ...each, id: 9n, priority: 3 }), contentDigest(each));
});

function aGet(families: readonly (4 | 6)[] = [4]) {
  const told: string[] = [];
  const operation = new GetOperation(KEY, [], families, {
    onValue: ({ id, data }) => told.push(`${id} ${new TextDecoder().decode(data)}`),
    onDone: () => told.push('done'),
  });
  return { operation, told };
}

test('a get reports each id and content once, and ends when all families have', () => {
  const { operation, told } = aGet([4, 6]);
  for (const each of [value(1n, 'a'), value(1n, 'a'), value(1n, 'b'), value(2n, 'a')])
    operation.report(each);
  operation.finish(4);
  operation.finish(4);
  operation.report(value(3n, 'c'));
  operation.finish(6);
  operation.finish(6);
  operation.report(value(4n, 'late'));
  assert.deepEqual(told, ['1 a', '1 b', '2 a', '3 c', 'done']);
});

test('a get fetches three copies of an id, and so many ids', () => {
  const { operation, told } = aGet();
  for (let count = 0; count < FETCH_COPIES_MAX; count += 1) {
    assert.ok(!operation.isFetched(1n));
    operation.claim(1n);
  }
  assert.ok(operation.isFetched(1n));
  operation.claim(2n);
  for (let id = 3n; id <= BigInt(GET_VALUES_MAX); id += 1n) operation.claim(id);
  assert.ok(operation.isFetched(1n << 40n), 'no other id');
  assert.ok(!operation.isFetched(2n), 'another copy');
  for (let id = 1n; id <= BigInt(GET_VALUES_MAX) + 5n; id += 1n) operation.report(value(id, ''));
  assert.equal(told.length, GET_VALUES_MAX);
});

function aPut(families: readonly (4 | 6)[]) {
  const settled: boolean[] = [];
  const one = value(1n, 'a');
  const content = { key: KEY, value: one, packed: encodeValue(one), permanent: true, created: 5 };
  const operation = new PutOperation(content, families, (ok) => settled.push(ok));
  return { operation, settled };
}

test('a put succeeds if either family does, and is settled once', () => {
  for (const [first, second, ok] of [
    [true, false, true],
    [false, true, true],
    [false, false, false],
  ] as const) {
    const { operation, settled } = aPut([4, 6]);
    operation.finish(4, first);
    operation.finish(4, !first);
    assert.deepEqual(settled, []);
    operation.finish(6, second);
    assert.deepEqual(settled, [ok]);
    operation.cancel();
    assert.deepEqual(settled, [ok]);
    assert.ok(operation.cancelled);
  }
});

test('a put that is cancelled is settled with what was reached until then', () => {
  const early = aPut([4, 6]);
  assert.equal(early.operation.cancelled, false);
  early.operation.cancel();
  early.operation.finish(4, true);
  early.operation.finish(6, true);
  assert.deepEqual(early.settled, [false]);
  const late = aPut([4, 6]);
  late.operation.finish(4, true);
  late.operation.cancel();
  assert.deepEqual(late.settled, [true]);
});

function aListen(where: readonly Condition[] = []) {
  const { core, pass } = testCore();
  const told: string[] = [];
  const operation = new ListenOperation(core, KEY, where, (event) =>
    told.push(
      event.kind === 'value'
        ? `${event.value.id} ${new TextDecoder().decode(event.value.data)} ${event.from}`
        : `end ${event.id}`,
    ),
  );
  return { core, pass, told, operation };
}

test('a listen tells a value when the first storer has it, and its end when the last drops it', () => {
  const { operation, told } = aListen();
  const [a, b] = [{}, {}];
  operation.receive(a, value(1n, 'x'), 0, 'A');
  operation.receive(b, value(1n, 'x'), 0, 'B');
  operation.receive(a, value(1n, 'x'), 0, 'A');
  assert.deepEqual(told, ['1 x A']);
  assert.equal(operation.valuesCount, 1);
  operation.expire(a, [1n, 2n]);
  operation.expire({}, [1n]);
  assert.equal(told.length, 1);
  operation.expire(b, [1n]);
  assert.deepEqual(told, ['1 x A', 'end 1']);
  assert.equal(operation.valuesCount, 0);
  operation.receive(b, value(1n, 'x'), 0, 'B');
  assert.deepEqual(told.slice(2), ['1 x B']);
});

test('a listen tells new content of a known id, and one end', () => {
  const { operation, told } = aListen();
  const a = {};
  operation.receive(a, value(1n, 'x'));
  operation.receive(a, value(1n, 'y'));
  assert.deepEqual(told, ['1 x undefined', '1 y undefined']);
  operation.expire(a, [1n]);
  assert.deepEqual(told.slice(2), ['end 1']);
});

test('a listen ignores what its filter leaves out, the id 0, and all once it is closed', () => {
  const { operation, told, pass } = aListen([{ field: Field.type, type: 3 }]);
  const a = {};
  operation.receive(a, value(1n, 'x'));
  operation.receive(a, value(0n, 'x', 3));
  operation.receive(a, value(2n, 'x', 3));
  assert.equal(told.length, 1);
  operation.closed = true;
  operation.receive(a, value(3n, 'x', 3));
  operation.expire(a, [2n]);
  pass(2 * LIFE_MS);
  assert.equal(told.length, 1);
});

test('values end by our own clock: their life from when they were put, or refreshed', () => {
  const { operation, told, pass } = aListen();
  const a = {};
  operation.receive(a, value(1n, 'x'));
  operation.receive(a, value(2n, 'x'), LIFE_MS - 1000);
  operation.receive(a, value(3n, 'x'), 2 * LIFE_MS);
  operation.receive(a, value(4n, 'x'), -Infinity);
  pass(0);
  assert.deepEqual(told.slice(4), ['end 3']);
  pass(999);
  operation.refresh(a, [1n, 99n]);
  operation.refresh({}, [2n]);
  assert.equal(told.length, 5);
  pass(1);
  assert.deepEqual(told.slice(5), ['end 2']);
  pass(LIFE_MS - 2);
  assert.equal(told.length, 6);
  pass(1);
  assert.deepEqual(told.slice(6), ['end 1']);
  pass(10 * LIFE_MS);
  assert.equal(operation.valuesCount, 1, 'its storer reports the end');
});

test('a repeated value lives longer, never shorter', () => {
  const { operation, told, pass } = aListen();
  const a = {};
  operation.receive(a, value(1n, 'x'), 1000);
  operation.receive(a, value(1n, 'x'), 500);
  operation.receive(a, value(1n, 'x'), 9000);
  pass(LIFE_MS - 501);
  assert.equal(told.length, 1);
  pass(1);
  assert.deepEqual(told.slice(1), ['end 1']);
});

test('a listen tells no older edit of a signed value, and no forged one', () => {
  const { operation, told, core } = aListen();
  const owner = anIdentity();
  const edit = (sequence: number, content: string): Value =>
    signValue(owner, 1n, { data: text.encode(content) }, sequence);
  operation.receive({}, edit(2, 'two'), 0, 'A');
  operation.receive({}, edit(1, 'one'), 0, 'A');
  operation.receive({}, edit(2, 'two, too'), 0, 'A');
  operation.receive({}, { ...edit(3, 'three'), data: text.encode('forged') }, 0, 'A');
  assert.equal(core.counters.signaturesRefused, 1);
  operation.receive({}, edit(4, 'four'), 0, 'A');
  operation.receive({}, signValue(anIdentity(), 1n, { data: text.encode('other') }, 0), 0, 'A');
  assert.deepEqual(told, ['1 two A', '1 four A', '1 other A']);
});

test('a listen remembers a limited number of storers', () => {
  const { operation, told } = aListen();
  const storers = Array.from({ length: LISTEN_STORERS_MAX + 1 }, () => ({}));
  for (const [index, storer] of storers.entries())
    operation.receive(storer, value(BigInt(index + 1), 'x'));
  assert.equal(operation.valuesCount, LISTEN_STORERS_MAX);
  operation.expire(storers[0] ?? {}, [1n]);
  operation.receive(storers.at(-1) ?? {}, value(99n, 'x'));
  assert.equal(told.at(-1), '99 x undefined', 'there is room again');
});

test('a listen remembers a limited number of values of each storer', () => {
  const flood = aListen();
  const one = {};
  const most = BigInt(LISTEN_VALUES_PER_STORER_MAX);
  for (let id = 1n; id <= most; id += 1n) flood.operation.receive(one, value(id, ''));
  flood.operation.receive(one, value(1n, 'new'));
  assert.equal(flood.operation.valuesCount, LISTEN_VALUES_PER_STORER_MAX);
  flood.operation.receive(one, value(most + 1n, ''));
  assert.equal(flood.operation.valuesCount, LISTEN_VALUES_PER_STORER_MAX);
  assert.equal(flood.told.at(-1), 'end 2', 'the oldest of the storer, not what it just renewed');
});
