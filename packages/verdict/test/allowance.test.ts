// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatPrefix } from '@sentrypeer/ip';
import { isOnlyCode, isWide, likelySlip, parseAllowed, spellings } from '../src/index.ts';

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

/** Addresses and networks, numbers, ranges of them, prefixes and dialled digits, including odd spellings. */
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
  assert.equal(likelySlip('192.0.2.256'), 'it looks like an address but is not one');
  assert.equal(
    likelySlip('020.7946.0958'),
    'write a number without blanks and hyphens: 02079460958',
  );
});

test('parseAllowed() takes a prefix without its plus for no dialled digits', () => {
  for (const one of ['46*', '4670*', '0046*', '0*']) {
    assert.equal(parseAllowed(one), undefined, one);
    assert.match(likelySlip(one) ?? '', /^a prefix begins with \+/u, one);
  }
  for (const code of ['*97', '**61', '*21#', '31*1', '2000#'])
    assert.equal(parseAllowed(code)?.kind, 'dialled', code);
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

/** What is allowed by a text, in short. */
function read(value: string): string | undefined {
  const allowed = parseAllowed(value);
  if (allowed === undefined) return undefined;
  if (allowed.kind === 'network') return `network ${formatPrefix(allowed.network)}`;
  if (allowed.kind === 'prefix') return `prefix ${allowed.prefix}`;
  return `${allowed.kind} ${allowed.from} to ${allowed.to}`;
}

test('parseAllowed() reads numbers with both their ends, prefixes, and digits as they are dialled', () => {
  for (const [value, as] of [
    ['45.1.2.3', 'network 45.1.2.3'],
    ['2a02:6b8::/32', 'network 2a02:6b8::/32'],
    ['+4670*', 'prefix 4670'],
    ['+4*', 'prefix 4'],
    ['+46701234567', 'numbers 46701234567 to 46701234567'],
    ['+46701234500-+46701234599', 'numbers 46701234500 to 46701234599'],
    ['+46701-+46701', 'numbers 46701 to 46701'],
    ['0701234567', 'dialled 0701234567 to 0701234567'],
    ['2000-2999', 'dialled 2000 to 2999'],
    ['*97', 'dialled *97 to *97'],
    ['1#', 'dialled 1# to 1#'],
    ['5'.repeat(64), `dialled ${'5'.repeat(64)} to ${'5'.repeat(64)}`],
  ] as const) {
    assert.equal(read(value), as, value);
  }
});

test('parseAllowed() reads no code of a country, no marks without digits, and no ends that do not belong together', () => {
  for (const value of [
    '5'.repeat(65),
    '+',
    '+*',
    '+46x*',
    '+46-70*',
    '+4670',
    '+46',
    '*',
    '**',
    '#',
    '20*1-20*2',
    '2000-2999-3999',
    '2000-299',
    '2999-2000',
    '-',
    '2000-',
    '-2000',
    '46701234500-+4670123459',
    '+46701234500-46701234599',
    '+46701234500-+4670123459x',
    '+4670123450x-+46701234599',
    '+4670123450x',
  ]) {
    assert.equal(read(value), undefined, value);
  }
});

test('isWide() is all that takes in more than a large network, a country, or an area code', () => {
  const wide = (value: string): boolean => {
    const allowed = parseAllowed(value);
    assert.ok(allowed !== undefined, value);
    return isWide(allowed);
  };
  for (const value of [
    '0.0.0.0/0',
    '44.0.0.0/7',
    '::ffff:0:0/96',
    '::/0',
    '2a02::/19',
    '+1*',
    '+46700000000-+46710000000',
    '00000000-10000000',
  ]) {
    assert.ok(wide(value), value);
  }
  for (const value of [
    '45.0.0.0/8',
    '45.1.2.3',
    '2a02::/20',
    '::/95',
    '2a02::1',
    '+46*',
    '+46701234567',
    '+46700000000-+46709999999',
    '00000000-09999999',
    '*97',
  ]) {
    assert.ok(!wide(value), value);
  }
});

test('isOnlyCode() is a plus and four digits at most', () => {
  for (const value of ['+1', '+44', '+4670']) assert.ok(isOnlyCode(value), value);
  for (const value of ['+46701', '46', '4670', '+', '+46x', '+4x', '', '46+'])
    assert.ok(!isOnlyCode(value), value);
});

test('likelySlip() says what to write for the usual slips, and nothing where it does not know', () => {
  for (const [value, why] of [
    ['45.1.2.3/24', 'bits after the length must be 0: write 45.1.2.0/24'],
    ['2a02:6b8::1/32', 'bits after the length must be 0: write 2a02:6b8::/32'],
    ['45.1.2.3/40', undefined],
    ['office/24', undefined],
    ['+46', '+46 is a code and not a number'],
    ['45.1.2.300', 'it looks like an address but is not one'],
    ['+46 70 123-45 67', 'write a number without blanks and hyphens: +46701234567'],
    ['(070) 123 45 67', 'write a number without blanks and hyphens: 0701234567'],
    ['+46 7', undefined],
    ['+46701234567', undefined],
    ['0701234567', undefined],
    ['office 5', undefined],
    ['070+123 45', undefined],
    ['5 '.repeat(65), undefined],
  ] as const) {
    assert.equal(likelySlip(value), why, value);
  }
});
