// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Exact values of the counters of distinct texts; judging.test.ts shows how good their estimates are. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import {
  distinctBit,
  distinctCount,
  DistinctSet,
  setCount,
  wordsOf,
} from '../../src/judging/distinct.ts';

/** A word with that many ones. */
function ones(count: number): number {
  return count === 32 ? 0xffff_ffff : 2 ** count - 1;
}

test('distinctBit() is one of 32 bits, the same for the same text in all databases', () => {
  // A column keeps them, so they may never change.
  assert.deepEqual(
    ['', 'a', 'b', '11.22.33.44', '2a00:1450:1::/64'].map((text) => Math.log2(distinctBit(text))),
    [28, 20, 29, 24, 10],
  );
  const all = new Set(Array.from({ length: 1000 }, (_, index) => distinctBit(`${index}`)));
  assert.equal(all.size, 32);
  assert.ok([...all].every((bit) => bit > 0 && (bit & (bit - 1)) === 0));
});

test('distinctCount() is exact up to a quarter of the bits, and an estimate beyond', () => {
  assert.deepEqual(
    [0, 1, 7, 8, 9, 16, 31, 32].map((count) => distinctCount(ones(count))),
    [0, 1, 7, 8, 11, 22, 111, 111],
  );
  assert.equal(distinctCount(0x8000_0001), 2);
});

test('setCount() counts both words', () => {
  const of = (low: number, high: number): number => setCount({ x_low: low, x_high: high }, 'x');
  assert.deepEqual(
    [
      of(0, 0),
      of(1, 0),
      of(0, 1),
      of(ones(8), ones(8)),
      of(ones(8), ones(9)),
      of(ones(32), ones(32)),
    ],
    [0, 1, 1, 16, 20, 266],
  );
});

test('DistinctSet.toColumn() is the same for the same texts in all databases', () => {
  const columnOf = (...texts: readonly string[]): bigint => {
    const set = new DistinctSet();
    for (const text of texts) set.add(text);
    return set.toColumn();
  };
  // Sets of different times are joined.
  assert.deepEqual(
    [columnOf(), columnOf(''), columnOf('2a00:1450:1::/64'), columnOf('', '2a00:1450:1::/64')],
    [0n, 2n ** 60n, 2n ** 10n, 2n ** 60n + 2n ** 10n],
  );
});

test('DistinctSet has the same bits in a column, in both words', () => {
  const texts = Array.from({ length: 500 }, (_, index) => `text ${index}`);
  const [all, first] = [new DistinctSet(), new DistinctSet()];
  for (const text of texts) all.add(text);
  assert.equal(all.toColumn(), -1n, 'signed, as SQLite has it');
  first.add('11.22.33.44');
  first.add('11.22.33.44');
  using database = new DatabaseSync(':memory:');
  const read = database.prepare(`SELECT ${wordsOf('x')} FROM (SELECT ? AS x)`);
  assert.equal(setCount(read.get(first.toColumn()) ?? {}, 'x'), 1);
  assert.equal(setCount(read.get(all.toColumn()) ?? {}, 'x'), 266);
  const bits = texts.map((text) => {
    const set = new DistinctSet();
    set.add(text);
    return BigInt.asUintN(64, set.toColumn());
  });
  assert.equal(new Set(bits).size, 64);
  for (const [index, text] of texts.entries()) {
    const bit = BigInt(distinctBit(text));
    assert.ok(bits[index] === bit || bits[index] === bit << 32n, text);
  }
});
