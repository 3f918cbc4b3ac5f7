// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWide, likelySlip, parseAllowed, spellings } from '../src/index.ts';

/** Texts that mean the same as the first one. */
const ALIKE: readonly (readonly string[])[] = [
  ['45.1.2.3', '45.1.2.3/32', '::ffff:45.1.2.3', '::ffff:2d01:203', '::FFFF:45.1.2.3/128'],
  ['45.1.2.0/24', '::ffff:45.1.2.0/120'],
  ['2a02:6b8::1', '2A02:06B8:0:0::1', '2a02:6b8:0:0:0:0:0:1/128'],
  ['2a02:6b8::/32', '2a02:6b8:0::/32', '2A02:6B8:0:0:0:0:0:0/32'],
  ['+46701234567', '+46701234567-+46701234567'],
  ['2001', '2001-2001'],
  ['+4670*'],
  ['+46701234500-+46701234599'],
  ['2000-2999'],
  ['*97'],
];

for (const [value = '', ...others] of ALIKE) {
  test(`spellings() keeps whatever means ${value} as that`, () => {
    const kept = [value, ...others].map((one) => ({ value: one }));
    for (const text of [value, ...others]) {
      assert.deepEqual(spellings(text, kept), { value, alike: others });
      assert.deepEqual(spellings(text, []), { value, alike: [] });
    }
  });
}

test('spellings() takes nothing for another thing, and leaves what it cannot read as it is', () => {
  const kept = ALIKE.map(([value = '']) => ({ value }));
  for (const [value = ''] of ALIKE) assert.deepEqual(spellings(value, kept).alike, []);
  assert.deepEqual(spellings('nonsense', [{ value: 'nonsense ' }]), {
    value: 'nonsense',
    alike: [],
  });
});

const digits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), minLength, maxLength });

/** Addresses and networks, numbers, ranges of them, prefixes and what is dialled, in odd spellings too. */
const text = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.tuple(fc.ipV4(), fc.nat(33)).map(([address, length]) => `${address}/${length}`),
  fc.tuple(fc.ipV6(), fc.nat(129)).map(([address, length]) => `${address.toUpperCase()}/${length}`),
  fc.ipV4().map((address) => `::ffff:${address}`),
  digits(1, 16),
  digits(1, 16).map((one) => `+${one}`),
  digits(1, 6).map((one) => `+${one}*`),
  fc.tuple(digits(4, 8), digits(4, 8)).map(([from, to]) => `+${from}-+${to}`),
  fc.tuple(digits(4, 4), digits(4, 4)).map(([from, to]) => `${from}-${to}`),
  fc.string({ unit: fc.constantFrom(...Array.from('+*#-/.:0129afx ')), maxLength: 20 }),
);

test('how something allowed is kept means the same, and is kept so', () => {
  fc.assert(
    fc.property(text, (one) => {
      const { value } = spellings(one, []);
      assert.deepEqual(parseAllowed(value), parseAllowed(one));
      assert.equal(spellings(value, []).value, value);
    }),
    { numRuns: 2000 },
  );
});

test('likelySlip() knows a slip in an address from a number with dots', () => {
  assert.equal(likelySlip('192.0.2.256'), 'it looks like an address and is none');
  assert.equal(
    likelySlip('020.7946.0958'),
    'write a number without blanks and hyphens: 02079460958',
  );
});

test('isWide() and likelySlip() take whatever may be written', () => {
  fc.assert(
    fc.property(text, (one) => {
      const allowed = parseAllowed(one);
      if (allowed === undefined) likelySlip(one);
      else isWide(allowed);
    }),
    { numRuns: 2000 },
  );
});
