// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Where a put goes, and what it asks there first (PROTOCOL 13.5). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REANNOUNCE_MARGIN_MS, RETRY_MS, TARGET_NODES } from '../../src/limits.ts';
import { Field } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { textValue } from '../engines.ts';
import { CREATED, putting } from './putting.ts';
import { KEY, range, TOKEN } from './searched.ts';

const LIFE_MS = 600_000;

test('a put goes to the eight closest nodes, and is over when all have confirmed it', () => {
  const { put, confirm, open, asked, search, core } = putting(9);
  const { settled, packed, operation } = put();
  assert.deepEqual(
    open(),
    range(1, TARGET_NODES).map((number) => `${number} put`),
  );
  const [first] = asked;
  assert.deepEqual(first?.args, { key: KEY, token: TOKEN, created: CREATED });
  assert.deepEqual(first.packed, [packed]);
  confirm(range(1, 7));
  assert.deepEqual([settled, operation.confirmedCount], [[], 7]);
  confirm([8]);
  assert.deepEqual([settled, operation.confirmedCount], [[true], 8]);
  assert.ok(search.isIdle);
  assert.equal(core.timers.nextAtMs, undefined);
});

test('a confirmation without the id of the value counts for nothing', () => {
  const { put, answer } = putting(2);
  const { settled, operation } = put();
  answer(1, { valueId: 2n });
  answer(2);
  assert.deepEqual([settled, operation.confirmedCount], [[], 0]);
});

test('a confirmation ends the count of refusals of its node', () => {
  const { put, confirm, node } = putting(1);
  put();
  node(1).authErrorsCount = 2;
  confirm([1]);
  assert.equal(node(1).authErrorsCount, 0);
});

test('a permanent value is looked for first, and put where it is not', () => {
  const { put, asked, answer, sent, confirm, search } = putting(1);
  const { settled, packed } = put({ permanent: true });
  assert.deepEqual(asked[0]?.args, {
    key: KEY,
    filter: { select: [Field.id, Field.sequence], where: [{ field: Field.id, id: 1n }] },
  });
  sent();
  const token = Uint8Array.of(9);
  answer(1, { token });
  assert.deepEqual(sent(), ['1 put']);
  assert.deepEqual(asked[0]?.args, { key: KEY, token, created: undefined });
  assert.deepEqual(asked[0]?.packed, [packed]);
  confirm([1]);
  assert.deepEqual(settled, [true]);
  assert.ok(!search.isIdle, 'it is permanent');
});

test('the probe of a permanent value that brings no token leaves the one we have', () => {
  const { put, answer, asked } = putting(1);
  put({ permanent: true });
  answer(1, { token: undefined });
  assert.deepEqual(asked[0]?.args.token, TOKEN);
});

test('a permanent value is refreshed where it is in this version or a later one', () => {
  for (const [id, sequence, expected] of [
    [1n, 5n, 'refresh'],
    [1n, 6n, 'refresh'],
    [1n, 4n, 'put'],
    [2n, 5n, 'put'],
  ] as const) {
    const { put, found, sent, asked, confirm } = putting(1);
    const { settled } = put({ permanent: true, sequence: 5 });
    sent();
    found(1, id, sequence);
    assert.deepEqual(sent(), [`1 ${expected}`], `${id} ${sequence}`);
    if (expected === 'refresh')
      assert.deepEqual(asked[0]?.args, { key: KEY, valueId: 1n, token: TOKEN });
    confirm([1]);
    assert.deepEqual(settled, [true]);
  }
});

test('a node that knows no filters shows whether it has the value by the value', () => {
  for (const [ids, expected] of [
    [[1n], '1 refresh'],
    [[3n, 1n], '1 refresh'],
    [[3n], '1 put'],
  ] as const) {
    const { put, answer, sent } = putting(1);
    put({ permanent: true });
    sent();
    answer(1, { values: ids.map((id) => encodeValue(textValue(id, 'x'))) });
    assert.deepEqual(sent(), [expected]);
  }
});

test('a list of fields without versions does not show the value', () => {
  const { put, answer, sent } = putting(1);
  put({ permanent: true });
  sent();
  answer(1, { fields: { fields: [Field.id], rows: [[1n]] } });
  assert.deepEqual(sent(), ['1 put']);
});

test('a refresh of what is no longer there becomes a put', () => {
  const { put, found, refuse, sent, confirm } = putting(1);
  const { settled } = put({ permanent: true });
  found(1);
  sent();
  refuse(1, 404);
  assert.deepEqual(sent(), ['1 put']);
  confirm([1]);
  assert.deepEqual(settled, [true]);
});

test('a put that is answered with 404 is tried again a second later', () => {
  const { put, refuse, sent, pass, confirm } = putting(1);
  const { settled } = put();
  sent();
  refuse(1, 404);
  pass(RETRY_MS - 1);
  assert.deepEqual(sent(), []);
  pass(1);
  assert.deepEqual(sent(), ['1 put']);
  confirm([1]);
  assert.deepEqual(settled, [true]);
});

test('after a refused token a new one is asked for, and the put sent again, both a second later', () => {
  const { put, refuse, answer, sent, pass, asked, search } = putting(1);
  put();
  sent();
  refuse(1, 401);
  assert.equal(search.nodes[0]?.token, undefined);
  pass(RETRY_MS - 1);
  assert.deepEqual(sent(), []);
  pass(1);
  assert.deepEqual(sent(), ['1 find']);
  const token = Uint8Array.of(8);
  answer(1, { token });
  assert.deepEqual(sent(), ['1 put']);
  assert.deepEqual(asked[0]?.args.token, token);
});

test('a permanent value is announced again ten seconds before it ends', () => {
  const { put, answer, confirm, found, sent, pass, settled } = (() => {
    const all = putting(1);
    return { ...all, ...all.put({ permanent: true }) };
  })();
  answer(1);
  confirm([1]);
  assert.deepEqual(settled, [true]);
  sent();
  pass(LIFE_MS - REANNOUNCE_MARGIN_MS - 1);
  assert.deepEqual(sent(), []);
  pass(1);
  assert.deepEqual(sent(), ['1 get']);
  found(1);
  confirm([1]);
  sent();
  put({ id: 2n });
  assert.deepEqual(sent(), ['1 put']);
});

test('a refresh that is refused for another reason is tried again a second later', () => {
  const { put, found, refuse, sent, pass } = putting(1);
  put({ permanent: true });
  found(1);
  sent();
  refuse(1, 203);
  assert.deepEqual(sent(), []);
  pass(RETRY_MS);
  assert.deepEqual(sent(), ['1 get']);
});
