// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* When a put is over, and what becomes of it where nodes come and go (PROTOCOL 13.5). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ASK_TICK_MS,
  ASKED_PER_TICK_MAX,
  PUTS_PER_NODE_MAX,
  RETRY_MS,
  TARGET_NODES,
} from '../../src/limits.ts';
import { putting } from './putting.ts';
import { range, recordOf } from './searched.ts';

const LIFE_MS = 600_000;

test('a put that was cancelled asks no more, and comes no more to new nodes', () => {
  const { put, answer, confirm, search, sent, pass, core } = putting(1);
  const { operation, settled } = put({ permanent: true });
  answer(1);
  confirm([1]);
  sent();
  const { size } = core.timers;
  operation.cancel();
  search.cancelPut(operation);
  assert.equal(core.timers.size, size - 1, 'it is not kept until it would be announced again');
  assert.deepEqual([search.isIdle, search.puts.size], [true, 0]);
  assert.equal(search.nodes[0]?.puts.get(operation), undefined);
  pass(LIFE_MS);
  assert.deepEqual(sent(), []);
  assert.deepEqual(settled, [true]);
  assert.equal(core.timers.nextAtMs, undefined);
});

test('a put that is cancelled between probe and put is not sent', () => {
  const { put, answer, search, sent } = putting(1);
  const { operation, settled } = put({ permanent: true });
  sent();
  operation.cancel();
  search.cancelPut(operation);
  answer(1);
  assert.deepEqual([sent(), settled, search.nodes[0]?.putsOpenCount], [[], [false], 0]);
});

test('a put that is cancelled while it waits to be tried again is not sent', () => {
  const { put, refuse, search, sent, pass } = putting(1);
  const { operation } = put();
  refuse(1, 203);
  operation.cancel();
  search.cancelPut(operation);
  sent();
  pass(RETRY_MS);
  assert.deepEqual(sent(), []);
});

test('a node that expires is no longer waited for', () => {
  const { put, confirm, expire } = putting(3);
  const { settled } = put();
  confirm([1, 3]);
  assert.deepEqual(settled, []);
  expire(2);
  assert.deepEqual(settled, [true]);
});

test('a node that leaves a put unanswered is replaced by the next', () => {
  const { put, confirm, stale, open, search } = putting(9);
  const { settled } = put();
  confirm(range(2, TARGET_NODES));
  stale(1);
  assert.ok(search.nodes[0]?.candidate);
  assert.deepEqual(open(), ['1 put', '9 find']);
  confirm([9]);
  assert.deepEqual(settled, []);
  confirm([9]);
  assert.deepEqual(settled, [true]);
});

test('a permanent put goes to a node that comes later', () => {
  const { put, answer, confirm, search, node, sent, step } = putting(1);
  put({ permanent: true });
  answer(1);
  confirm([1]);
  sent();
  node(0);
  search.offer(node(0));
  step();
  assert.deepEqual(sent(), ['0 find']);
  answer(0, { n4: [recordOf(1)] });
  assert.deepEqual(sent(), ['0 get']);
});

test('when no node is left, only permanent puts go on, and go to the next node', () => {
  const { put, expire, search, known, node, step, sent, answer } = putting(1);
  known.splice(0);
  const once = put();
  const always = put({ id: 2n, permanent: true });
  expire(1);
  assert.deepEqual([once.settled, always.settled, search.puts.size], [[false], [false], 1]);
  sent();
  search.offer(node(2));
  step();
  assert.deepEqual(sent(), ['2 find']);
  answer(2);
  assert.deepEqual(sent(), ['2 get']);
});

test('so many puts are sent to a node in a tick, and so many wait for their answer', () => {
  const { put, open, pass } = putting(1);
  for (const id of range(1, PUTS_PER_NODE_MAX + 8)) put({ id: BigInt(id) });
  assert.equal(open().length, ASKED_PER_TICK_MAX);
  pass(ASK_TICK_MS - 1);
  assert.equal(open().length, ASKED_PER_TICK_MAX);
  pass(1);
  assert.equal(open().length, 2 * ASKED_PER_TICK_MAX);
  pass(10 * ASK_TICK_MS);
  assert.equal(open().length, PUTS_PER_NODE_MAX);
});

test('an answer makes room for the next put', () => {
  const { put, open, pass, answer, refuse } = putting(1);
  for (const id of range(1, PUTS_PER_NODE_MAX + 3)) put({ id: BigInt(id) });
  pass(10 * ASK_TICK_MS);
  answer(1, { valueId: 1n });
  assert.equal(open().length, PUTS_PER_NODE_MAX);
  refuse(1, 203);
  assert.equal(open().length, PUTS_PER_NODE_MAX);
});

test('permanent values, which are asked for first, take two of the requests of a tick', () => {
  const { put, open } = putting(1);
  for (const id of range(1, ASKED_PER_TICK_MAX)) put({ id: BigInt(id), permanent: true });
  assert.equal(open().length, ASKED_PER_TICK_MAX / 2);
});

test('what is cancelled while it waits for its turn is left out', () => {
  const { put, search, open, pass, asked } = putting(1);
  const all = range(1, ASKED_PER_TICK_MAX + 2).map((id) => put({ id: BigInt(id) }));
  const waiting = all[ASKED_PER_TICK_MAX] ?? assert.fail();
  waiting.operation.cancel();
  search.puts.cancel(waiting.operation, []);
  pass(ASK_TICK_MS);
  assert.equal(open().length, ASKED_PER_TICK_MAX + 1);
  assert.deepEqual(asked.at(-1)?.packed, [all.at(-1)?.packed]);
});

test('a put is over when those that lead now have it, though the last one has had it for long', () => {
  const { put, confirm, stale } = putting(9);
  const { settled } = put();
  confirm(range(2, 7));
  stale(1);
  confirm([9]);
  confirm([9]);
  confirm([1]);
  assert.deepEqual(settled, []);
  stale(8);
  assert.deepEqual(settled, [true]);
});

test('a put that one node refuses is not over when the other confirms it', () => {
  const { put, confirm, refuse } = putting(2);
  const { settled } = put();
  refuse(2, 203);
  confirm([1]);
  assert.deepEqual(settled, []);
});

test('a put that is over is not sent to a node where it still waited', () => {
  const { put, confirm, stale, answer, open, pass, asked } = putting(TARGET_NODES + 1);
  const waiting = ASKED_PER_TICK_MAX + 1;
  const puts = range(1, waiting).map((id) => put({ id: BigInt(id) }));
  stale(1);
  pass(ASK_TICK_MS);
  confirm([9]);
  for (const id of range(1, waiting))
    for (const number of range(2, TARGET_NODES + 1)) {
      pass(ASK_TICK_MS);
      confirm([number], BigInt(id));
    }
  assert.deepEqual(new Set(open()), new Set(['1 put']));
  answer(1, { valueId: 1n });
  const another = put({ id: 99n });
  const atOne = new Set(
    asked.filter(({ number }) => number === 1).map(({ packed }) => packed?.[0]),
  );
  assert.ok(atOne.has(another.packed) && !atOne.has(puts.at(-1)?.packed));
});

test('a node that expired during a put and is back gets it again', () => {
  const { put, confirm, expire, search, node, sent, pass, step } = putting(2);
  put({ permanent: true });
  expire(1);
  confirm([2]);
  pass(RETRY_MS);
  sent();
  node(1).expired = false;
  search.offer(node(1));
  step();
  assert.deepEqual(sent(), ['1 get']);
});

test('a value that is not permanent is not announced again, though a node has not confirmed it', () => {
  const { put, confirm, sent, pass } = putting(2);
  put();
  confirm([1]);
  sent();
  pass(LIFE_MS - 1);
  assert.deepEqual(sent(), []);
});
