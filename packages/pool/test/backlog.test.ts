// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backlog } from '../src/backlog.ts';

test('`Backlog` serves its tellers by turns, each in its order', () => {
  const backlog = new Backlog<string>(10);
  for (const entry of ['a1', 'a2', 'a3']) backlog.add('a', entry);
  backlog.add('b', 'b1');
  assert.equal(backlog.count, 4);
  const served = Array.from({ length: 5 }, () => backlog.take()?.entry);
  assert.deepEqual(served, ['a1', 'b1', 'a2', 'a3', undefined]);
  assert.equal(backlog.count, 0);
});

test('`Backlog` that is full takes from whoever has most in it', () => {
  const backlog = new Backlog<string>(3);
  assert.equal(backlog.add('honest', 'h1'), undefined);
  assert.equal(backlog.add('flood', 'f1'), undefined);
  assert.equal(backlog.add('flood', 'f2'), undefined);
  assert.equal(backlog.add('flood', 'f3'), 'f3');
  assert.equal(backlog.add('other', 'o1'), 'f2');
  assert.equal(backlog.count, 3);
  const served = Array.from({ length: 3 }, () => backlog.take()?.entry);
  assert.deepEqual(served, ['h1', 'f1', 'o1']);
});

test('`Backlog` passes over a teller who lost everything', () => {
  const backlog = new Backlog<string>(1);
  backlog.add('a', 'a1');
  assert.equal(backlog.add('b', 'b1'), 'a1', 'of two who have the same, the first');
  assert.deepEqual(backlog.take(), { teller: 'b', entry: 'b1' });
  assert.equal(backlog.take(), undefined);
  assert.equal(backlog.count, 0);
});
