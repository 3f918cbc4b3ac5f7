// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedTable } from '../src/bounded-table.ts';

test('BoundedTable drops the oldest unproved entry first, and proved ones only when there is no other', () => {
  const table = new BoundedTable<number>({ entriesMax: 3, lifetimeMs: 1000 });
  table.set('proved', 1, true, 0);
  table.set('old', 2, false, 1);
  table.set('new', 3, false, 2);
  table.set('newer', 4, false, 3);
  assert.equal(table.get('old', 4), undefined);
  assert.deepEqual([...table.values()], [1, 3, 4]);
  table.set('new', 3, true, 5);
  table.set('newer', 4, true, 6);
  table.set('newest', 5, false, 7);
  assert.deepEqual([...table.values()], [3, 4, 5]);
});

test('BoundedTable never holds more than its limit, whatever comes', () => {
  const table = new BoundedTable<number>({ entriesMax: 10, lifetimeMs: 1000 });
  for (let index = 0; index < 1000; index += 1) {
    table.set(`${index % 37}`, index, index % 5 === 0, index);
    assert.ok(table.size <= 10);
  }
});

test('BoundedTable forgets an entry when its time is over, counted from the last set', () => {
  const table = new BoundedTable<string>({ entriesMax: 3, lifetimeMs: 1000 });
  table.set('a', 'first', false, 0);
  table.set('a', 'second', false, 500);
  assert.equal(table.get('a', 1499), 'second');
  assert.equal(table.get('a', 1500), undefined);
  table.set('b', 'third', false, 2000);
  assert.equal(table.size, 1);
});

test('BoundedTable drops what is over by itself, proved or not, two of each at a time', () => {
  const table = new BoundedTable<number>({ entriesMax: 20, lifetimeMs: 1000 });
  for (let index = 0; index < 5; index += 1) {
    table.set(`proved ${index}`, index, true, 0);
    table.set(`unproved ${index}`, index, false, 0);
  }
  table.set('first', 0, false, 999);
  assert.equal(table.size, 11);
  table.set('second', 0, false, 1000);
  assert.equal(table.size, 8);
  table.set('third', 0, true, 1000);
  assert.equal(table.size, 5);
});

test('BoundedTable keeps the order of the others when one is set again or deleted', () => {
  const table = new BoundedTable<string>({ entriesMax: 4, lifetimeMs: 1000 });
  for (const key of ['a', 'b', 'c', 'd']) table.set(key, key, false, 0);
  table.set('b', 'again', false, 1);
  assert.deepEqual([...table.values()], ['a', 'c', 'd', 'again']);
  table.delete('c');
  table.delete('nothing');
  assert.deepEqual([...table.values()], ['a', 'd', 'again']);
  table.set('e', 'e', false, 2);
  table.set('f', 'f', false, 3);
  assert.deepEqual([...table.values()], ['d', 'again', 'e', 'f']);
});
