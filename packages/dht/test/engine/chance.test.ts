// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chance } from '../../src/engine/chance.ts';

/** Chance from these octets, which are then repeated; with how often octets were fetched. */
function of(...given: readonly number[]): {
  readonly chance: Chance;
  readonly fills: () => number;
} {
  let at = 0;
  let fillsCount = 0;
  const fill = (octets: Uint8Array): Uint8Array => {
    fillsCount += 1;
    for (let index = 0; index < octets.length; index += 1) {
      octets[index] = given[at % given.length] ?? 0;
      at += 1;
    }
    return octets;
  };
  return { chance: new Chance({ fill }), fills: () => fillsCount };
}

test('octets() and u32() take each random octet once, in order', () => {
  const bytes = Array.from({ length: 251 }, (_, index) => index);
  const { chance, fills } = of(...bytes);
  assert.deepEqual(chance.octets(3), Uint8Array.of(0, 1, 2));
  assert.equal(chance.u32(), 0x03040506);
  assert.equal(fills(), 1);
  const rest = chance.octets(600);
  for (const [index, octet] of rest.entries()) assert.equal(octet, (7 + index) % 251);
  assert.equal(fills(), 2);
  assert.equal(chance.octets(0).length, 0);
});

test('u32() is not negative', () => {
  assert.equal(of(0xff).chance.u32(), 0xffff_ffff);
});

test('below(), between() and pick() reach both ends and nothing beyond', () => {
  const least = of(0).chance;
  const most = of(0xff).chance;
  const half = of(0x80, 0, 0, 0).chance;
  assert.deepEqual([least.below(6), half.below(6), most.below(6)], [0, 3, 5]);
  assert.deepEqual([least.between([3, 8]), half.between([3, 8]), most.between([3, 8])], [3, 6, 8]);
  const items = ['a', 'b', 'c'];
  assert.deepEqual([least.pick(items), half.pick(items), most.pick(items)], ['a', 'b', 'c']);
  assert.equal(most.pick([]), undefined);
});

test('valueId() and infoHash() are never zero', () => {
  const zeros = Array<number>(20).fill(0);
  assert.equal(
    of(...zeros.slice(0, 8), 1, 2, 3, 4, 5, 6, 7, 8).chance.valueId(),
    0x0102030405060708n,
  );
  assert.equal(of(0xff).chance.valueId(), (1n << 64n) - 1n);
  assert.equal(of(...zeros, ...zeros.map(() => 9)).chance.infoHash(), '09'.repeat(20));
});
