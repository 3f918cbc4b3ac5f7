// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressVerdict,
  DEFAULT_POLICY,
  numberVerdict,
  parsePolicyChange,
  policyOf,
  sinceDelisting,
} from '../src/index.ts';
import { ADDRESS, anyPolicy, DAY_US, NOON_US, NUMBER } from './fixtures.ts';

test('addressVerdict() lists an address that proved to be there once, for a few days', () => {
  const verdict = addressVerdict(ADDRESS, DEFAULT_POLICY, NOON_US);
  assert.deepEqual(
    { ...verdict, untilEpochUs: undefined },
    {
      listed: true,
      score: 50,
      reasons: ['the address came to the honeypot once and proved to be there (returned)'],
      untilEpochUs: undefined,
    },
  );
  assert.ok((verdict.untilEpochUs ?? 0) > NOON_US);
});

test('addressVerdict() lists longer and higher what did more, and says what it did', () => {
  const busy = {
    ...ADDRESS,
    grade: 'handshake' as const,
    eventsCount: 1000,
    daysCount: 7,
    nodesCount: 2,
    transports: ['UDP', 'TCP'] as const,
    tool: 'SIPVicious',
    credentialsCount: 3,
    callsCount: 2,
  };
  const verdict = addressVerdict(busy, DEFAULT_POLICY, NOON_US);
  assert.equal(verdict.score, 100);
  assert.deepEqual(verdict.reasons, [
    'the address came to the honeypot 1000 times and proved to be there (handshake)',
    'it tried passwords 3 times',
    'it tried to call 2 times',
    'it uses SIPVicious',
    'on 7 days',
    'about 2 nodes saw it',
    'it came over UDP, TCP',
  ]);
  const once = addressVerdict(ADDRESS, DEFAULT_POLICY, NOON_US);
  assert.ok((verdict.untilEpochUs ?? 0) > (once.untilEpochUs ?? 0));
});

test('addressVerdict() never lists by what may be forged, whatever the policy', () => {
  fc.assert(
    fc.property(
      anyPolicy,
      fc.nat(),
      fc.integer({ min: 1, max: 1000 }),
      (policy, eventsCount, daysCount) => {
        const forged = {
          ...ADDRESS,
          grade: 'seen' as const,
          eventsCount,
          daysCount,
          callsCount: 9,
        };
        assert.equal(addressVerdict(forged, policy, NOON_US).listed, false);
      },
    ),
  );
});

test('addressVerdict() holds until the time it names, and no longer', () => {
  const evidence = fc.record({
    grade: fc.constantFrom('returned' as const, 'handshake' as const),
    eventsCount: fc.integer({ min: 1, max: 1e6 }),
    daysCount: fc.integer({ min: 1, max: 100 }),
  });
  fc.assert(
    fc.property(anyPolicy, evidence, (policy, parts) => {
      const all = { ...ADDRESS, ...parts };
      const { listed, untilEpochUs = 0, score } = addressVerdict(all, policy, NOON_US);
      assert.ok(score >= 0 && score <= 100);
      assert.equal(listed, score >= policy['address-threshold']);
      if (!listed) return;
      assert.ok(untilEpochUs - NOON_US <= policy['address-days-max'] * DAY_US);
      assert.equal(addressVerdict(all, policy, untilEpochUs - 1).listed, true);
      assert.equal(addressVerdict(all, policy, untilEpochUs).listed, false);
    }),
  );
});

test('numberVerdict() lists a number that was called once, over whatever it came', () => {
  const verdict = numberVerdict(NUMBER, DEFAULT_POLICY, NOON_US);
  assert.equal(verdict.listed, true);
  assert.deepEqual(verdict.reasons, ['the number was called once at the honeypot']);
});

test('numberVerdict() does not list a guess', () => {
  const verdict = numberVerdict({ ...NUMBER, confidence: 0.3 }, DEFAULT_POLICY, NOON_US);
  assert.equal(verdict.listed, false);
  assert.match(verdict.reasons.join(), /guess/);
});

test('numberVerdict() obeys the policy', () => {
  const strict = policyOf(new Map([['number-grade', 1]]));
  assert.equal(numberVerdict(NUMBER, strict, NOON_US).listed, false);
  assert.equal(numberVerdict({ ...NUMBER, grade: 'returned' }, strict, NOON_US).listed, true);
});

test('sinceDelisting() leaves what came later', () => {
  const delisting = { atEpochUs: NOON_US, eventsCount: 5, comment: '' };
  assert.equal(sinceDelisting({ ...ADDRESS, eventsCount: 5 }, delisting), undefined);
  const later = { ...ADDRESS, eventsCount: 7, daysCount: 30, lastEpochUs: NOON_US + DAY_US };
  assert.deepEqual(sinceDelisting(later, delisting), {
    ...later,
    eventsCount: 2,
    daysCount: 2,
  });
  assert.equal(sinceDelisting(ADDRESS, undefined), ADDRESS);
});

test('parsePolicyChange() reads a line of the table, and refuses what is none', () => {
  assert.deepEqual(parsePolicyChange('address-threshold=70'), {
    name: 'address-threshold',
    value: 70,
  });
  for (const text of [
    '',
    'address-threshold',
    'address-threshold=',
    'address-threshold=0',
    'x=1',
    'address-threshold=1=2',
    'address-threshold=1.5',
    'address-grade=0',
  ]) {
    assert.equal(parsePolicyChange(text), undefined, text);
  }
});
