// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimedDays, exponentOf, packFacts, unpackFacts, type ClaimFacts } from '../src/index.ts';

const NOTHING: ClaimFacts = {
  grade: 'seen',
  contactsLog2: 0,
  daysCount: 1,
  triedPasswords: false,
  madeCostlyCalls: false,
  usedTool: false,
  breadthLog2: 0,
};

test('`exponentOf()` is log2 rounded down, and 0 to 15 whatever the count', () => {
  const counts = [0, 1, 2, 3, 4, 7, 8, 32_767, 32_768, 65_536, 1e15];
  assert.deepEqual(counts.map(exponentOf), [0, 0, 1, 1, 2, 2, 3, 14, 15, 15, 15]);
});

test('`claimedDays()` is 1 to 8', () => {
  assert.deepEqual([0, 1, 2, 7, 8, 9, 1000].map(claimedDays), [1, 1, 2, 7, 8, 8, 8]);
});

for (const [changes, bits] of [
  [{}, 0],
  [{ grade: 'returned' }, 0x4000],
  [{ grade: 'handshake' }, 0x8000],
  [{ contactsLog2: 15 }, 0x3c00],
  [{ daysCount: 2 }, 0x0080],
  [{ daysCount: 8 }, 0x0380],
  [{ triedPasswords: true }, 0x0040],
  [{ madeCostlyCalls: true }, 0x0020],
  [{ usedTool: true }, 0x0010],
  [{ breadthLog2: 15 }, 0x000f],
] as const) {
  test(`\`packFacts()\` writes ${JSON.stringify(changes)} as 0x${bits.toString(16)}`, () => {
    assert.equal(packFacts({ ...NOTHING, ...changes }), bits);
    assert.deepEqual(unpackFacts(bits), { ...NOTHING, ...changes });
  });
}

test('`packFacts()` writes what `unpackFacts()` read of any 16 bits, if they name a grade', () => {
  for (let bits = 0; bits < 0x1_0000; bits += 1) {
    const facts = unpackFacts(bits);
    if (bits >= 0xc000) assert.equal(facts, undefined);
    else assert.equal(facts && packFacts(facts), bits);
  }
});
