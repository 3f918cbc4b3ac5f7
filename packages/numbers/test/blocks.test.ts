// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockPrefix, blocksOf, NumberingPlans } from '../src/index.ts';

const plans = await NumberingPlans.load();

for (const [e164, blocks] of [
  ['46850780123', ['468507801xx', '46850780xxx', '4685078xxxx']],
  // Two digits must remain after the country code: a shorter block is a region.
  ['6834123', ['68341xx']],
  ['68341234', []],
  ['2904123', ['29041xx']],
  ['29022222', ['290222xx', '29022xxx']],
  ['1', []],
  ['0046850780123', []],
  ['21', []],
] as const) {
  test(`blocksOf() gives the blocks of ${e164}`, () => {
    assert.deepEqual(blocksOf(plans, e164), blocks);
  });
}

for (const [block, prefix] of [
  ['468507801xx', '468507801'],
  ['4685078xxxx', '4685078'],
  ['xx', ''],
  ['46850780123', '46850780123'],
] as const) {
  test(`blockPrefix() gives what all numbers of ${block} begin with`, () => {
    assert.equal(blockPrefix(block), prefix);
  });
}
