// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readQuestion } from '@sentrypeer/numbers';
import { NeverListed } from '../src/index.ts';
import { allowance, NOON_US, plans } from './fixtures.ts';

const home = plans.home('SE');

function allowing(value: string): NeverListed {
  const options = { ownAddresses: [], ownNumbers: [], allowances: [allowance(value)] };
  return new NeverListed({ plans, home }, options);
}

for (const range of ['0850780200-0850780299', '90850780200-90850780299', '850780200-850780299']) {
  test(`NeverListed guards ${range}, as it is dialled at home, in every other form`, () => {
    const never = allowing(range);
    for (const form of ['0850780250', '00850780250', '+46850780250', '0046850780250']) {
      const reading = readQuestion(plans, form, home);
      assert.match(never.number(reading, NOON_US) ?? '', /^it is on the allowlist/, form);
    }
    assert.match(never.e164('46850780250', NOON_US) ?? '', /^it is on the allowlist/);
    assert.match(never.range('468507802xx', NOON_US) ?? '', /^of some of its numbers/);
    assert.equal(never.e164('46850780300', NOON_US), undefined);
    assert.equal(never.e164('46850780199', NOON_US), undefined);
    assert.equal(never.range('468507803xx', NOON_US), undefined);
  });
}

test('NeverListed takes a range of extensions, or one whose ends mean different things, for nothing else', () => {
  for (const range of ['2000-2999', '0850780200-1850780299', '2000000000000000-2999999999999999']) {
    const never = allowing(range);
    assert.equal(never.e164('46850780250', NOON_US), undefined, range);
    assert.equal(never.e164('462500123', NOON_US), undefined, range);
  }
});
