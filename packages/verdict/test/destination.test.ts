// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which class a number is of, at home and abroad, and which calls speak against their caller. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  classesIn,
  DESTINATION_CLASSES,
  destinationClass,
  isCostly,
  type DestinationClass,
} from '../src/destination.ts';
import { DEFAULT_POLICY, POLICY_RULES } from '../src/policy.ts';
import { plans } from './fixtures.ts';

/** Number, its class without a home country, and its class at home, where that is another one. */
const NUMBERS: readonly (readonly [string, DestinationClass, string?, DestinationClass?])[] = [
  ['449098790000', 'premium', 'GB', 'special'],
  ['46900123456', 'premium', 'SE', 'special'],
  ['979123456789', 'premium'],
  ['870776123456', 'satellite'],
  ['881612345678', 'satellite'],
  ['447700900123', 'unallocated', 'GB', 'home'],
  // Of the countries that share a code, the one with these first digits.
  ['18760000000', 'unallocated', 'JM', 'home'],
  ['18760000000', 'unallocated', 'US', 'unallocated'],
  ['88312345678', 'unallocated'],
  ['46771234567', 'special', 'SE', 'special'],
  ['447011234567', 'special', 'GB', 'special'],
  ['447640123456', 'special', 'GB', 'special'],
  ['883510001234', 'special'],
  ['878101234567890', 'special'],
  ['972592891005', 'foreign-mobile', 'IL', 'home'],
  ['46701234567', 'foreign-mobile', 'SE', 'home'],
  ['442079460958', 'foreign-fixed', 'GB', 'home'],
  ['445612345678', 'foreign-fixed', 'GB', 'home'],
  ['6834123', 'foreign-fixed', 'NU', 'home'],
  ['12125550123', 'foreign-fixed', 'US', 'home'],
  ['445512345678', 'foreign-fixed', 'GB', 'home'],
  ['41860791234567', 'foreign-fixed', 'CH', 'home'],
  ['18005550123', 'toll-free', 'US', 'toll-free'],
  ['80012345678', 'toll-free'],
  ['97912345678', 'unread'],
  ['4684567', 'unread', 'SE', 'unread'],
  ['0123456', 'unread', 'SE', 'unread'],
  ['46116123', 'harmonised', 'SE', 'harmonised'],
  ['44116123', 'harmonised'],
  // One digit more or less, or not at the beginning, and it is a number like others.
  ['461161234', 'foreign-fixed', 'SE', 'home'],
  ['4411612', 'unread'],
  ['298201234', 'foreign-fixed', 'FO', 'home'],
  ['448116116123', 'unallocated', 'GB', 'home'],
  ['18002738255', 'helpline', 'US', 'helpline'],
];

for (const [number, abroad, country, atHome = abroad] of NUMBERS) {
  test(`+${number} is ${abroad}${atHome === abroad ? '' : `, and ${atHome} in ${country}`}`, () => {
    assert.equal(destinationClass(plans, number, undefined), abroad);
    if (country !== undefined)
      assert.equal(destinationClass(plans, number, plans.home(country)), atHome);
    // Of no other country is it a number at home.
    assert.equal(destinationClass(plans, number, plans.home('FR')), abroad);
  });
}

test('classesIn() finds the classes of all numbers of a block, by its first digits in full', () => {
  const classes = (block: string, country?: string): readonly string[] => {
    const home = country === undefined ? undefined : plans.home(country);
    return [...classesIn(plans, block, home)].toSorted((a, b) => a.localeCompare(b));
  };
  assert.deepEqual(classes('467012345xx'), ['foreign-mobile']);
  assert.deepEqual(classes('467012345xx', 'SE'), ['home']);
  assert.deepEqual(classes('46701234xxx', 'SE'), ['home']);
  assert.deepEqual(classes('4670123xxxx'), ['foreign-mobile']);
  // 116 and three digits, in a block with numbers that nobody was given.
  assert.deepEqual(classes('461161xx'), ['harmonised']);
  // One helpline among a hundred numbers: its last digits are looked at in full.
  assert.deepEqual(classes('180027382xx'), ['helpline', 'toll-free']);
});

test('isCostly() is what is called only to earn money, unless it is a number at home as it was dialled', () => {
  for (const [number, abroad] of NUMBERS) {
    const costs = !['toll-free', 'unread', 'harmonised', 'helpline', 'home'].includes(abroad);
    assert.equal(isCostly({ plans, home: undefined }, `+${number}`, number), costs, number);
  }
  const home = plans.home('SE');
  const isCostlyAtHome = (dialled: string, e164: string): boolean =>
    isCostly({ plans, home }, dialled, e164);
  assert.ok(!isCostlyAtHome('+46701234567', '46701234567'));
  assert.ok(isCostlyAtHome('+972592891005', '972592891005'));
  assert.ok(isCostlyAtHome('00972592891005', '972592891005'));
  // A neighbour's number, which was taken for one abroad by its last digits.
  assert.ok(!isCostlyAtHome('0812345678', '812345678'));
  assert.ok(!isCostlyAtHome('086834123', '6834123'), 'not Niue');
  assert.ok(isCostly({ plans, home: undefined }, '086834123', '6834123'));
  assert.ok(isCostlyAtHome('0900123456', '46900123456'), 'a premium number at home');
  // Digits that mean nothing at home were meant for what they were taken for.
  assert.ok(isCostlyAtHome('*31*', '972592891005'));
});

test('less ordinary numbers take less proof, and those that people call in need are never listed', () => {
  const order: readonly (readonly [DestinationClass, number, number])[] = [
    ['premium', 1, 1],
    ['satellite', 1, 1],
    ['unallocated', 1, 1],
    ['special', 2, 1],
    ['foreign-mobile', 2, 1],
    ['foreign-fixed', 3, 2],
    ['home', 5, 3],
    ['unread', 5, 3],
    ['toll-free', 8, 5],
    ['harmonised', 0, 1],
    ['helpline', 0, 1],
  ];
  for (const [name, networks, days] of order) {
    assert.equal(DEFAULT_POLICY[`networks-${name}`], networks, name);
    assert.equal(DEFAULT_POLICY[`days-${name}`], days, name);
    assert.match(DESTINATION_CLASSES[name].name, /^[a-z]/);
    for (const line of [`networks-${name}`, `days-${name}`] as const)
      assert.notEqual(POLICY_RULES[line].doc, '');
  }
});
