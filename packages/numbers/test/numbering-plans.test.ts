// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { NumberingPlans, type NumberType } from '../src/index.ts';

const plans = await NumberingPlans.load();

/** Their names of types; our type for satellites is none of theirs. */
const THEIRS: Readonly<Record<string, NumberType>> = {
  FIXED_LINE: 'fixed',
  MOBILE: 'mobile',
  FIXED_LINE_OR_MOBILE: 'fixed-or-mobile',
  TOLL_FREE: 'toll-free',
  PREMIUM_RATE: 'premium',
  SHARED_COST: 'shared-cost',
  PERSONAL_NUMBER: 'personal',
  VOIP: 'voip',
  PAGER: 'pager',
  UAN: 'company',
  VOICEMAIL: 'voicemail',
};

test('NumberingPlans.read() says what libphonenumber says, of digits that begin with any country code', () => {
  const codes = plans.countries().map((country) => plans.home(country)?.callingCode ?? '');
  let validCount = 0;
  const number = fc.tuple(fc.constantFrom(...codes), fc.stringMatching(/^[0-9]{4,11}$/));
  fc.assert(
    fc.property(number, ([code, rest]) => {
      const e164 = code + rest;
      const theirs = parsePhoneNumberFromString(`+${e164}`);
      const ours = plans.read(e164);
      // They consider a trunk prefix after the country code a slip; it leads nowhere.
      if (theirs !== undefined && theirs.number !== `+${e164}`) return;
      const isValid = theirs?.isValid() === true;
      if (isValid) validCount += 1;
      assert.equal(
        ours !== undefined && ours.type !== 'unallocated',
        isValid && e164.length >= 7,
        e164,
      );
      if (!isValid || ours === undefined || ours.type === 'satellite') return;
      assert.equal(ours.type, THEIRS[theirs.getType() ?? ''], e164);
      assert.equal(ours.country, theirs.country, e164);
    }),
    { numRuns: 5000 },
  );
  assert.ok(validCount > 150, String(validCount));
});

for (const [e164, country, type] of [
  ['46701234567', 'SE', 'mobile'],
  ['442071234567', 'GB', 'fixed'],
  ['12125550123', 'US', 'fixed-or-mobile'],
  ['449012345678', 'GB', 'premium'],
  ['491801234567', 'DE', 'shared-cost'],
  ['881612345678', undefined, 'satellite'],
  ['8821612345', undefined, 'satellite'],
  ['4470712345', undefined, undefined],
  ['3712000000', undefined, undefined],
  ['37120000000', 'LV', 'mobile'],
  ['37110000000', 'LV', 'unallocated'],
] as const) {
  test(`NumberingPlans.read() reads ${e164} as ${type ?? 'nothing that it is sure of'}`, () => {
    const read = plans.read(e164);
    if (type === undefined) assert.ok(read === undefined || read.type === 'unallocated');
    else assert.deepEqual(read, { e164, country, type });
  });
}

test('HomePlan.withoutTrunkPrefix() takes off what a country dials before its own numbers', () => {
  assert.equal(plans.home('SE')?.withoutTrunkPrefix('0701234567'), '701234567');
  assert.equal(plans.home('US')?.withoutTrunkPrefix('12125550123'), '2125550123');
  assert.equal(plans.home('RU')?.withoutTrunkPrefix('84951234567'), '4951234567');
  assert.equal(plans.home('ES')?.withoutTrunkPrefix('911234567'), '911234567');
  assert.equal(plans.home('XX'), undefined);
});

test('NumberingPlans.grouped() writes numbers as libphonenumber does for those abroad', () => {
  assert.equal(plans.grouped('442079460958'), '+44 20 7946 0958');
  assert.equal(plans.grouped('12125550123'), '+1 212 555 0123');
  assert.equal(plans.grouped('4687654321'), '+46 8 765 43 21');
  assert.equal(plans.grouped('870773111632'), '+870 773 111 632');
  assert.equal(plans.grouped('999123'), '+999123'); // No country's.
  const codes = plans.countries().map((country) => plans.home(country)?.callingCode ?? '');
  const number = fc.tuple(fc.constantFrom(...codes), fc.stringMatching(/^[0-9]{4,11}$/));
  let groupedCount = 0;
  fc.assert(
    fc.property(number, ([code, rest]) => {
      const e164 = code + rest;
      const theirs = parsePhoneNumberFromString(`+${e164}`);
      if (theirs?.number !== `+${e164}` || !theirs.isValid()) return;
      groupedCount += 1;
      assert.equal(plans.grouped(e164), theirs.formatInternational(), e164);
    }),
    { numRuns: 5000 },
  );
  assert.ok(groupedCount > 150, String(groupedCount));
});
