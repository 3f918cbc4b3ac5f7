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
