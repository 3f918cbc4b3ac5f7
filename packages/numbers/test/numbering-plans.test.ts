// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parsePhoneNumberFromString, type CountryCode } from 'libphonenumber-js/max';
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
  // Countries of one code are told apart by what their numbers begin with.
  ['12423651234', 'BS', 'fixed'],
  ['18765551234', 'JM', 'mobile'],
  ['14165551234', 'CA', 'fixed-or-mobile'],
  ['77012345678', 'KZ', 'mobile'],
  ['73012345678', 'RU', 'fixed'],
  ['447911123456', 'GG', 'mobile'],
  ['12420000000', 'BS', 'unallocated'],
  ['18760000000', 'JM', 'unallocated'],
  ['12120000000', 'US', 'unallocated'],
  ['467700000', 'SE', 'unallocated'],
  // Codes of no country.
  ['80012345678', undefined, 'toll-free'],
  ['870773111632', undefined, 'satellite'],
  ['870123456789', undefined, 'unallocated'],
  ['882991234567', undefined, 'unallocated'],
  // Seven digits are the fewest.
  ['6834123', 'NU', 'fixed'],
  ['49115512', 'DE', 'unallocated'],
  // Fifteen are the most.
  ['491234567890123', 'DE', 'unallocated'],
  // One of the countries that share a code has numbers of this length.
  ['448001110', 'GB', 'unallocated'],
] as const) {
  test(`NumberingPlans.read() reads ${e164} as ${type ?? 'nothing that it is sure of'}`, () => {
    const read = plans.read(e164);
    if (type === undefined) assert.ok(read === undefined || read.type === 'unallocated');
    else assert.deepEqual(read, { e164, country, type });
  });
}

for (const digits of ['683412', '491155', '4912345678901234', '4677', '9991234567', '79123456']) {
  test(`NumberingPlans.read() reads nothing in ${digits}: too few digits, too many, or no country`, () => {
    assert.equal(plans.read(digits), undefined);
  });
}

test('HomePlan.withoutTrunkPrefix() takes off what a country dials before its own numbers', () => {
  assert.equal(plans.home('SE')?.withoutTrunkPrefix('0701234567'), '701234567');
  assert.equal(plans.home('US')?.withoutTrunkPrefix('12125550123'), '2125550123');
  assert.equal(plans.home('RU')?.withoutTrunkPrefix('84951234567'), '4951234567');
  assert.equal(plans.home('ES')?.withoutTrunkPrefix('911234567'), '911234567');
  assert.equal(plans.home('XX'), undefined);
});

/** What is dialled at home, and the national number: plans that differ from "a zero, then the number". */
for (const [country, dialled, national, why] of [
  ['AR', '0111512345678', '91112345678', 'a mobile number has a 9 abroad for the 15'],
  ['AR', '0223151234567', '92231234567', 'the 15 stands after the area code, whatever its length'],
  ['AR', '02231234567', '2231234567', ''],
  ['AR', '91112345678', '91112345678', 'the 9 belongs to the number'],
  ['AU', '0412345678', '412345678', ''],
  ['AU', '18310412345678', '412345678', '1831 hides who calls'],
  ['AU', '1831412345678', '412345678', ''],
  ['BR', '01123456789', '1123456789', ''],
  ['BR', '0211123456789', '1123456789', '21 is a carrier'],
  ['BR', '01511987654321', '11987654321', '15 is a carrier'],
  ['BR', '902111987654321', '11987654321', '90 is for collect calls'],
  [
    'BR',
    '02112345678',
    '2112345678',
    '21 is an area, if too few digits follow for an area and a number',
  ],
  ['BR', '900123456', '900123456', 'premium-rate numbers begin with 900'],
  ['BY', '80172345678', '172345678', '8, then 0 for calls within the country'],
  ['BY', '0172345678', '172345678', 'the 8 is no longer needed'],
  ['BY', '88011001010', '8011001010', 'toll-free numbers have no 0 after the 8'],
  ['BY', '8011001010', '8011001010', 'toll-free numbers begin with 80'],
  ['CI', '0712345678', '0712345678', 'numbers have ten digits since 2021, the zero included'],
  ['CN', '01065529988', '1065529988', 'the area 10 is Beijing'],
  ['CN', '1065529988', '1065529988', ''],
  ['CN', '13800138000', '13800138000', 'mobile numbers begin with 13 to 19'],
  ['CN', '013800138000', '13800138000', 'with a zero from another area'],
  ['CN', '1795113800138000', '13800138000', '17951 is a carrier'],
  ['CN', '1795101065529988', '1065529988', 'the zero is dialled after a carrier, too'],
  ['CN', '1259301065529988', '1065529988', '12593 is a carrier'],
  [
    'CN',
    '1123456789',
    '1123456789',
    '112 is for help; no area and no mobile number begins with 11',
  ],
  ['GB', '1800202079460958', '2079460958', '18002 is for text telephones'],
  ['HU', '0612345678', '12345678', 'the trunk prefix is 06, Budapest 1'],
  ['HU', '06301234567', '301234567', ''],
  ['IT', '0612345678', '0612345678', 'the zero belongs to the number'],
  ['IT', '3123456789', '3123456789', 'mobile numbers have none'],
  ['JP', '0312345678', '312345678', ''],
  ['JP', '0077782409', '0077782409', 'toll-free numbers that begin with 00'],
  ['KR', '021234567', '21234567', ''],
  ['KR', '082021234567', '21234567', '082 is a carrier'],
  ['KZ', '87172123456', '7172123456', ''],
  ['KZ', '8089012345', '8089012345', 'personal numbers begin with 8'],
  ['LT', '061234567', '61234567', 'since March 2024'],
  ['LT', '861234567', '61234567', 'until March 2025'],
  ['LT', '080012345', '80012345', ''],
  ['LT', '80012345', '80012345', 'toll-free numbers begin with 8'],
  ['MX', '5512345678', '5512345678', 'no prefixes since 2019'],
  ['MX', '015512345678', '5512345678', 'until 2019'],
  ['MX', '0445512345678', '5512345678', 'a mobile in the area, until 2019'],
  ['MX', '0455512345678', '5512345678', 'a mobile elsewhere, until 2019'],
  ['RU', '88005553535', '8005553535', ''],
  ['RU', '8005553535', '8005553535', 'toll-free numbers begin with 8'],
  ['RU', '8534951234567', '4951234567', '53 is a carrier'],
  ['RU', '8552123456', '8552123456', 'Naberezhnye Chelny, without the trunk prefix'],
  ['RU', '88552123456', '8552123456', 'and with it'],
  ['SM', '886377', '0549886377', 'the area is not dialled at home'],
  ['SM', '0549886377', '0549886377', ''],
] as const) {
  const because = why === '' ? '' : `: ${why}`;
  test(`HomePlan.withoutTrunkPrefix() makes ${dialled} of ${country} ${national}${because}`, () => {
    assert.equal(plans.home(country)?.withoutTrunkPrefix(dialled), national);
  });
}

test('HomePlan.withoutTrunkPrefix() finds the national number that libphonenumber finds', () => {
  const number = fc.tuple(
    fc.constantFrom(...plans.countries()),
    fc.stringMatching(/^[0189]?[0-9]{6,11}$/),
  );
  let validCount = 0;
  fc.assert(
    fc.property(number, ([country, digits]) => {
      const home = plans.home(country);
      const theirs = parsePhoneNumberFromString(digits, { defaultCountry: country as CountryCode });
      if (home === undefined || theirs?.isValid() !== true) return;
      // They also look for an international prefix, and for the country's own code without one.
      if (home.afterInternationalPrefix(digits) !== undefined) return;
      if (digits.startsWith(home.callingCode)) return;
      validCount += 1;
      assert.equal(home.withoutTrunkPrefix(digits), theirs.nationalNumber, country);
    }),
    { numRuns: 5000 },
  );
  assert.ok(validCount > 150, String(validCount));
});

test('HomePlan.afterInternationalPrefix() knows the prefixes of the country, at the start only', () => {
  const after = (country: string, digits: string): string | undefined =>
    plans.home(country)?.afterInternationalPrefix(digits);
  assert.equal(after('SE', '0046701234567'), '46701234567');
  assert.equal(after('SE', '460046'), undefined);
  assert.equal(after('AU', '001146701234567'), '46701234567');
  assert.equal(after('AU', '0046701234567'), undefined);
  assert.equal(after('US', '01146701234567'), '46701234567');
  assert.equal(after('RU', '81046701234567'), '46701234567');
});

test('NumberingPlans.home() knows the countries of the world and no others', () => {
  const { country, callingCode } = plans.home('AR') ?? {};
  assert.deepEqual([country, callingCode], ['AR', '54']);
  assert.equal(plans.home('toString'), undefined);
  assert.ok(plans.countries().length > 200);
  assert.deepEqual(plans.countries().slice(0, 2), ['AC', 'AD']);
});

test('NumberingPlans.callingCodeOf() finds codes of one, two and three digits, and no others', () => {
  const codes = ['12', '7912', '4', '46', '461', '3581', '87077', '88116', '1'];
  assert.deepEqual(
    codes.map((digits) => plans.callingCodeOf(digits)),
    ['1', '7', undefined, '46', '46', '358', '870', '881', undefined],
  );
  for (const digits of ['', '0', '046', '999', '2101', '3883'])
    assert.equal(plans.callingCodeOf(digits), undefined, digits);
});

test('NumberingPlans.grouped() sets only the code apart where no custom is known', () => {
  assert.equal(plans.grouped('1242'), '+1 242');
  assert.equal(plans.grouped('12423651234'), '+1 242 365 1234');
  assert.equal(plans.grouped('80012345678'), '+800 1234 5678');
  assert.equal(plans.grouped('88116123456'), '+881 16123456');
  assert.equal(plans.grouped('2101'), '+2101');
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

test('NumberingPlans.mayBegin() knows what longer numbers may begin with', () => {
  for (const digits of ['46', '4670123', '4670123456789', '12', '121255501', '49301234567']) {
    assert.ok(plans.mayBegin(digits), digits);
  }
  for (const digits of ['12125550123', '121255501234', '46701234567890', '999', '0', '']) {
    assert.ok(!plans.mayBegin(digits), digits);
  }
});
