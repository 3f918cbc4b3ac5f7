// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hexText } from '@sentrypeer/bytes';
import { infoHash } from '../../src/info-hash.ts';
import {
  EARLY_OCTETS_MAX,
  EARLY_PARTS_MAX,
  SESSION_IDLE_MS_MAX,
  SESSION_MS_MAX,
  SESSION_OCTETS_MAX,
  SESSION_OCTETS_MAX_ALL,
  SESSION_STRETCHES_MAX,
  SESSIONS_MAX,
  SESSIONS_PER_SOURCE_MAX,
} from '../../src/limits.ts';
import { Reassembly, type MessageWithValues } from '../../src/engine/reassembly.ts';
import { unsignedValue } from '../../src/values/value.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { encodeQuery } from '../../src/wire/encode-message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { VALUES, vector } from '../wire/vectors.ts';

const SOURCE = { address: '192.0.2.1', port: 4222 };
const ENVELOPE = { network: 0, client: false, agent: undefined };

function header(tid: number, sizes: readonly number[]): MessageWithValues {
  const id = infoHash('putter');
  const decoded = decodeMessage(
    encodeQuery(ENVELOPE, 'put', tid, { id, key: infoHash('key'), values: sizes }),
  );
  assert.ok(decoded.ok && decoded.message.kind === 'query');
  return decoded.message;
}

function from(number: number): { readonly address: string; readonly port: number } {
  return { address: `10.0.${number >> 8}.${number & 255}`, port: 4222 };
}

test('add() puts captured messages together in any order, and parts before the header', () => {
  for (const [flow, steps, name] of [
    ['put-big', [1, 2, 3, 4], 'string-3000'],
    ['put-signed', [3, 4], 'signed-rsa4096'],
    ['put-encrypted', [1, 2, 3], 'encrypted-rsa4096'],
    ['put-certificate', [1, 2, 3], 'certificate'],
  ] as const) {
    const expected = VALUES.find((value) => value.name === name)?.packed_hex;
    const datagrams = steps.map((step) => vector(flow, step));
    for (const order of [datagrams, datagrams.toReversed()]) {
      const reassembly = new Reassembly();
      let complete: readonly string[] | undefined;
      for (const datagram of order) {
        const decoded = decodeMessage(datagram);
        assert.ok(decoded.ok);
        const { message } = decoded;
        const results =
          message.kind === 'part'
            ? message.parts.map((part) => reassembly.add(part, SOURCE, message.tid, 0))
            : [reassembly.open(message as MessageWithValues, SOURCE, 0)];
        for (const result of results) {
          assert.notEqual(result, 'dropped');
          if (typeof result === 'object')
            complete = result.complete?.map((value) => hexText(encodeValue(value))) ?? complete;
        }
      }
      assert.deepEqual(complete, [expected], flow);
      assert.equal(reassembly.sessionsCount, 0);
      assert.equal(reassembly.reservedOctets, 0);
    }
  }
});

test('add() makes the value of parts of any size, in any order, with repetitions', () => {
  const packed = encodeValue(
    unsignedValue(9n, { data: new Uint8Array(3000).map((_, index) => index) }),
  );
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: packed.length - 1 }), { maxLength: 30 });
  fc.assert(
    fc.property(cuts, fc.infiniteStream(fc.nat()), (points, shuffle) => {
      const edges = [0, ...points.toSorted((a, b) => a - b), packed.length];
      const parts = edges.slice(1).map((end, index) => ({
        index: 0,
        offset: edges[index] ?? 0,
        octets: packed.subarray(edges[index], end),
      }));
      const order = [...parts, ...parts.slice(0, 3)]
        .map((part) => ({ part, at: shuffle.next().value }))
        .toSorted((a, b) => a.at - b.at);
      const reassembly = new Reassembly();
      reassembly.open(header(1, [packed.length]), SOURCE, 0);
      const results = order.map(({ part }) => reassembly.add(part, SOURCE, 1, 0));
      const whole = results.filter((result) => typeof result === 'object');
      assert.deepEqual(
        whole.map((each) => each.complete?.map(({ id }) => id)),
        [[9n]],
      );
    }),
  );
});

test('add() does not mix up sources and transactions', () => {
  const reassembly = new Reassembly();
  const packed = encodeValue(unsignedValue(1n, { data: new Uint8Array(700) }));
  reassembly.open(header(1, [packed.length]), SOURCE, 0);
  const part = { index: 0, offset: 0, octets: packed };
  assert.equal(reassembly.add(part, { ...SOURCE, port: 1 }, 1, 0), undefined);
  assert.equal(reassembly.add(part, SOURCE, 2, 0), undefined);
  assert.equal(typeof reassembly.add(part, SOURCE, 1, 0), 'object');
});

test('add() drops parts that reach beyond their value or belong to none', () => {
  const reassembly = new Reassembly();
  reassembly.open(header(1, [700]), SOURCE, 0);
  const octets = new Uint8Array(10);
  for (const part of [
    { index: 0, offset: 695, octets },
    { index: 0, offset: 2 ** 32 - 1, octets },
    { index: 1, offset: 0, octets },
    { index: 0, offset: 0, octets: new Uint8Array(0) },
  ])
    assert.equal(reassembly.add(part, SOURCE, 1, 0), 'dropped');
});

test('a message whose parts never come is given up, and frees what it held', () => {
  const reassembly = new Reassembly();
  reassembly.open(header(1, [65_000, 65_000]), SOURCE, 0);
  reassembly.add({ index: 0, offset: 0, octets: new Uint8Array(10) }, SOURCE, 1, 0);
  assert.equal(reassembly.reservedOctets, 65_000);
  assert.equal(reassembly.expire(SESSION_IDLE_MS_MAX - 1), 0);
  assert.equal(reassembly.expire(SESSION_IDLE_MS_MAX), 1);
  assert.equal(reassembly.reservedOctets, 0);
  assert.equal(reassembly.isBusy, false);
});

test('a message whose parts trickle in is given up after ten seconds', () => {
  const reassembly = new Reassembly();
  reassembly.open(header(1, [65_000]), SOURCE, 0);
  for (let ms = 0; ms < SESSION_MS_MAX; ms += 1000) {
    assert.equal(reassembly.expire(ms), 0);
    reassembly.add({ index: 0, offset: ms, octets: new Uint8Array(1) }, SOURCE, 1, ms);
  }
  assert.equal(reassembly.expire(SESSION_MS_MAX), 1);
});

test('announced sizes reserve nothing, and what has come is bounded for a message and in all', () => {
  const reassembly = new Reassembly();
  const sizes = Array.from({ length: 1000 }, () => 65_000);
  const one = new Uint8Array(1);
  for (let source = 0; source < 10; source += 1) reassembly.open(header(1, sizes), from(source), 0);
  assert.equal(reassembly.reservedOctets, 0);
  for (let source = 0; source < 10; source += 1) {
    for (let index = 0; index < 1000; index += 1)
      reassembly.add({ index, offset: 0, octets: one }, from(source), 1, 0);
    assert.ok(reassembly.reservedOctets <= (source + 1) * SESSION_OCTETS_MAX);
  }
  assert.ok(reassembly.reservedOctets <= SESSION_OCTETS_MAX_ALL);
});

test('open() bounds messages of one source and of all', () => {
  const reassembly = new Reassembly();
  for (let tid = 1; tid <= SESSIONS_PER_SOURCE_MAX + 5; tid += 1)
    reassembly.open(header(tid, [700]), SOURCE, 0);
  assert.equal(reassembly.sessionsCount, SESSIONS_PER_SOURCE_MAX);
  for (let source = 0; source < 2 * SESSIONS_MAX; source += 1)
    reassembly.open(header(1, [700]), from(source), 0);
  assert.equal(reassembly.sessionsCount, SESSIONS_MAX);
});

test('parts before their header are bounded in number and octets', () => {
  const many = new Reassembly();
  const dropped = (reassembly: Reassembly, count: number, size: number): number => {
    let droppedCount = 0;
    for (let tid = 0; tid < count; tid += 1)
      if (
        reassembly.add({ index: 0, offset: 0, octets: new Uint8Array(size) }, SOURCE, tid, 0) ===
        'dropped'
      )
        droppedCount += 1;
    return droppedCount;
  };
  assert.equal(dropped(many, EARLY_PARTS_MAX + 7, 1), 7);
  assert.equal(dropped(new Reassembly(), 4, EARLY_OCTETS_MAX / 2), 2);
  many.expire(SESSION_IDLE_MS_MAX);
  assert.equal(many.isBusy, false);
});

test('open() answers nothing where no value can come', () => {
  const reassembly = new Reassembly();
  assert.equal(reassembly.open(header(1, [0, 65_569, 2 ** 31]), SOURCE, 0), undefined);
  assert.equal(reassembly.sessionsCount, 0);
});

const A = encodeValue(unsignedValue(1n, { data: new Uint8Array(700).fill(1) }));
const B = encodeValue(unsignedValue(2n, { data: new Uint8Array(700).fill(2) }));

function ids(
  values: readonly { readonly id: bigint }[] | undefined,
): readonly bigint[] | undefined {
  return values?.map(({ id }) => id);
}

function whole(index: number, octets: Uint8Array) {
  return { index, offset: 0, octets };
}

test('each value is handed up when it is whole, and all of them when none is missing', () => {
  const reassembly = new Reassembly();
  reassembly.open(header(1, [A.length, B.length]), SOURCE, 0);
  assert.ok(reassembly.expects(SOURCE, 1));
  const first = reassembly.add(whole(1, B), SOURCE, 1, 0);
  assert.ok(typeof first === 'object');
  assert.deepEqual([ids(first.values), ids(first.complete)], [[2n], undefined]);
  assert.equal(reassembly.open(header(1, [A.length, B.length]), SOURCE, 0), undefined);
  const second = reassembly.add(whole(0, A), SOURCE, 1, 0);
  assert.ok(typeof second === 'object');
  assert.deepEqual([ids(second.values), ids(second.complete)], [[1n], [2n, 1n]]);
  assert.equal(second.source, SOURCE);
  assert.equal(second.message.tid, 1);
  assert.equal(reassembly.sessionsCount, 0);
  assert.equal(reassembly.reservedOctets, 0);
  assert.ok(!reassembly.expects(SOURCE, 1));
});

test('values that stand in the header itself are among those of the whole message', () => {
  const reassembly = new Reassembly();
  const id = infoHash('putter');
  const octets = encodeQuery(ENVELOPE, 'put', 1, { id, values: [A, B.length] });
  const decoded = decodeMessage(octets);
  assert.ok(decoded.ok && decoded.message.kind === 'query');
  assert.equal(reassembly.open(decoded.message, SOURCE, 0), undefined);
  const result = reassembly.add(whole(1, B), SOURCE, 1, 0);
  assert.ok(typeof result === 'object');
  assert.deepEqual([ids(result.values), ids(result.complete)], [[2n], [1n, 2n]]);
});

test('octets that are no value end their wait and spoil no other value', () => {
  const reassembly = new Reassembly();
  reassembly.open(header(1, [5, A.length]), SOURCE, 0);
  const first = reassembly.add(whole(0, new Uint8Array(5).fill(0xc1)), SOURCE, 1, 0);
  assert.deepEqual(typeof first === 'object' && [first.values, first.complete], [[], undefined]);
  const second = reassembly.add(whole(1, A), SOURCE, 1, 0);
  assert.deepEqual(typeof second === 'object' && ids(second.complete), [1n]);
});

test('parts before the header are used once: whole values, and the beginning of others', () => {
  const reassembly = new Reassembly();
  assert.equal(reassembly.add(whole(0, A), SOURCE, 1, 0), undefined);
  assert.equal(reassembly.add(whole(1, B.subarray(0, 300)), SOURCE, 1, 0), undefined);
  assert.equal(reassembly.add(whole(0, B), SOURCE, 2, 0), undefined, 'of another message');
  const opened = reassembly.open(header(1, [A.length, B.length]), SOURCE, 0);
  assert.deepEqual([ids(opened?.values), opened?.complete], [[1n], undefined]);
  const rest = { index: 1, offset: 300, octets: B.subarray(300) };
  const last = reassembly.add(rest, SOURCE, 1, 0);
  assert.deepEqual(typeof last === 'object' && ids(last.complete), [1n, 2n]);
  const other = reassembly.open(header(2, [B.length]), SOURCE, 0);
  assert.deepEqual(ids(other?.complete), [2n]);
  assert.equal(reassembly.isBusy, false);
});

test('parts that came before the header make room again when they are used or too old', () => {
  const reassembly = new Reassembly();
  for (let round = 1; round <= 5; round += 1) {
    const size = EARLY_OCTETS_MAX;
    assert.equal(reassembly.add(whole(0, new Uint8Array(size)), SOURCE, round, 0), undefined);
    assert.equal(reassembly.add(whole(0, A), SOURCE, round, 0), 'dropped');
    if (round % 2 === 0) reassembly.open(header(round, [70]), SOURCE, 0);
    else {
      reassembly.expire(SESSION_IDLE_MS_MAX - 1);
      assert.equal(reassembly.add(whole(0, A), SOURCE, round, 0), 'dropped');
      reassembly.expire(SESSION_IDLE_MS_MAX);
    }
  }
});

test('a value in too many separate pieces takes no more of them', () => {
  const reassembly = new Reassembly();
  reassembly.open(header(1, [1000]), SOURCE, 0);
  const one = (offset: number) =>
    reassembly.add({ index: 0, offset, octets: new Uint8Array(1) }, SOURCE, 1, 0);
  for (let piece = 0; piece < SESSION_STRETCHES_MAX; piece += 1)
    assert.equal(one(piece * 2), undefined);
  assert.equal(one(SESSION_STRETCHES_MAX * 2), 'dropped');
  assert.equal(one(1), undefined, 'what fills a gap');
});

test('a source whose messages are whole or given up may send as many again', () => {
  const reassembly = new Reassembly();
  for (let round = 0; round < 3; round += 1) {
    for (let tid = 1; tid <= SESSIONS_PER_SOURCE_MAX + 1; tid += 1)
      reassembly.open(header(tid, [A.length]), SOURCE, 0);
    assert.equal(reassembly.sessionsCount, SESSIONS_PER_SOURCE_MAX);
    for (let tid = 1; tid <= 10; tid += 1) reassembly.add(whole(0, A), SOURCE, tid, 0);
    assert.equal(reassembly.sessionsCount, SESSIONS_PER_SOURCE_MAX - 10);
    if (round === 1) assert.equal(reassembly.expire(SESSION_IDLE_MS_MAX), 54);
    else
      for (let tid = 11; tid <= SESSIONS_PER_SOURCE_MAX; tid += 1)
        reassembly.add(whole(0, A), SOURCE, tid, 0);
    assert.equal(reassembly.sessionsCount, 0);
  }
});
