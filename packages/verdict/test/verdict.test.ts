// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addressVerdict,
  type AddressEvidence,
  DEFAULT_POLICY,
  numberVerdict,
  parsePolicyChange,
  policyOf,
  destinationClass,
  rangeVerdict,
} from '../src/index.ts';
import {
  ADDRESS,
  anyPolicy,
  DAY_US,
  MUCH,
  NOON_US,
  NUMBER,
  plans,
  PROVED,
  RANGE,
} from './fixtures.ts';

const PREMIUM = { class: 'premium', isHot: false } as const;

test('addressVerdict() watches an address that proved to be there once, for a few hours', () => {
  const verdict = addressVerdict(ADDRESS, DEFAULT_POLICY, NOON_US);
  assert.deepEqual(
    { ...verdict, untilEpochUs: undefined },
    {
      level: 'watch',
      listed: false,
      score: 50,
      reasons: [
        'the address came to the honeypot once and proved to be there (returned)',
        'that is no attack yet',
      ],
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
    'it uses SIPVicious',
    'it comes again and again',
    'it tried to call 2 times',
    'on 7 days',
    'about 2 nodes saw it',
    'it came over UDP, TCP',
  ]);
  const once = addressVerdict(ADDRESS, DEFAULT_POLICY, NOON_US);
  assert.ok((verdict.untilEpochUs ?? 0) > (once.untilEpochUs ?? 0));
});

test('addressVerdict() lists what only attackers do, and nothing less', () => {
  const attacks: readonly Partial<AddressEvidence>[] = [
    { credentialsCount: 1 },
    { costlyCallsCount: 1, callsCount: 1 },
    { tool: 'SIPVicious' },
    { targetsCount: 5, attemptsCount: 5 },
    { eventsCount: 100 },
    { daysCount: 3, attemptsCount: 3, eventsCount: 3 },
  ];
  for (const attack of attacks) {
    const { level, reasons } = addressVerdict({ ...ADDRESS, ...attack }, DEFAULT_POLICY, NOON_US);
    assert.equal(level, 'listed', JSON.stringify(attack));
    assert.equal(reasons.length, 2 + (attack.daysCount === undefined ? 0 : 1), reasons.join('; '));
  }
  const harmless: readonly Partial<AddressEvidence>[] = [
    { grade: 'handshake' },
    { callsCount: 1, attemptsCount: 1, targetsCount: 1 },
    { targetsCount: 4, attemptsCount: 4 },
    { daysCount: 52, eventsCount: 104 },
    { daysCount: 3, attemptsCount: 3, firstEpochUs: NOON_US - 60 * DAY_US },
  ];
  for (const contact of harmless) {
    const { level } = addressVerdict({ ...ADDRESS, ...contact }, DEFAULT_POLICY, NOON_US);
    assert.equal(level, 'watch', JSON.stringify(contact));
  }
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
      const { level, untilEpochUs = 0, score } = addressVerdict(all, policy, NOON_US);
      assert.ok(score >= 0 && score <= 100);
      assert.equal(level !== 'none', score >= policy['address-threshold']);
      if (level === 'none') return;
      assert.ok(untilEpochUs - NOON_US <= policy['address-days-max'] * DAY_US);
      assert.equal(addressVerdict(all, policy, untilEpochUs - 1).level, level);
      assert.equal(addressVerdict(all, policy, untilEpochUs).level, 'none');
    }),
  );
});

test('numberVerdict() watches a number that was called once, over whatever it came', () => {
  const verdict = numberVerdict(NUMBER, PREMIUM, DEFAULT_POLICY, NOON_US);
  assert.equal(verdict.level, 'watch');
  assert.deepEqual(verdict.reasons, [
    'the number was called once at the honeypot',
    'it is only watched: no caller from the Internet proved its address',
  ]);
});

for (const [name, networks, days] of [
  ['premium', 1, 1],
  ['satellite', 1, 1],
  ['unallocated', 1, 1],
  ['special', 2, 1],
  ['foreign-mobile', 2, 1],
  ['foreign-fixed', 3, 2],
  ['home', 5, 3],
  ['toll-free', 8, 5],
  ['harmonised', undefined, undefined],
  ['helpline', undefined, undefined],
] as const) {
  test(`numberVerdict() asks for the proof that the class ${name} needs`, () => {
    const of = (networksCount: number, daysCount: number): string => {
      const proved = { ...PROVED, networksCount, sourcesCount: networksCount, daysCount };
      const evidence = { ...NUMBER, grade: 'returned', eventsCount: 100, proved } as const;
      return numberVerdict(evidence, { class: name, isHot: false }, DEFAULT_POLICY, NOON_US).level;
    };
    if (networks === undefined) {
      assert.equal(of(100, 90), 'watch');
      return;
    }
    assert.equal(of(networks, days), 'listed');
    if (networks > 1) assert.equal(of(networks - 1, 90), 'watch');
    if (days > 1) assert.equal(of(100, days - 1), 'watch');
  });
}

test('numberVerdict() never lists by calls that may be forged, nor keeps listed by them, whatever the policy', () => {
  fc.assert(
    fc.property(anyPolicy, fc.nat(), fc.integer({ min: 1, max: 1000 }), (policy, events, days) => {
      const forged = { ...NUMBER, eventsCount: events + 1, daysCount: days, sourcesCount: 200 };
      assert.notEqual(numberVerdict(forged, PREMIUM, policy, NOON_US).level, 'listed');
      const much = { ...MUCH, lastEpochUs: NOON_US + 3650 * DAY_US };
      const at = NOON_US + policy['number-days-max'] * DAY_US;
      assert.notEqual(numberVerdict(much, PREMIUM, policy, at).level, 'listed');
    }),
  );
});

test('numberVerdict() lists until the time it names, and watches afterwards what still comes', () => {
  const evidence = { ...MUCH, lastEpochUs: NOON_US + 20 * DAY_US };
  const { level, untilEpochUs = 0 } = numberVerdict(evidence, PREMIUM, DEFAULT_POLICY, NOON_US);
  assert.equal(level, 'listed');
  const at = (us: number) => numberVerdict(evidence, PREMIUM, DEFAULT_POLICY, us).level;
  assert.equal(at(untilEpochUs - 1), 'listed');
  assert.equal(at(untilEpochUs), 'watch');
  const end = numberVerdict(evidence, PREMIUM, DEFAULT_POLICY, untilEpochUs).untilEpochUs ?? 0;
  assert.equal(at(end - 1), 'watch');
  assert.equal(at(end), 'none');
});

test('numberVerdict() does not list a guess', () => {
  const verdict = numberVerdict({ ...MUCH, confidence: 0.3 }, PREMIUM, DEFAULT_POLICY, NOON_US);
  assert.equal(verdict.level, 'none');
  assert.match(verdict.reasons.join(), /guess/);
});

test('numberVerdict() obeys the policy', () => {
  const strict = policyOf(new Map([['number-grade', 1]]));
  assert.equal(numberVerdict(NUMBER, PREMIUM, strict, NOON_US).level, 'none');
  assert.equal(numberVerdict(MUCH, PREMIUM, strict, NOON_US).level, 'listed');
  const never = policyOf(new Map([['networks-premium', 0]]));
  assert.equal(numberVerdict(MUCH, PREMIUM, never, NOON_US).level, 'watch');
});

test('rangeVerdict() watches from two numbers on, lists from more, the larger the block', () => {
  const of = (block: string, numbersCount: number): string => {
    const evidence = { ...RANGE, numbersCount, networksCount: 5, daysCount: 5 };
    return rangeVerdict(block, evidence, 'foreign-mobile', DEFAULT_POLICY, NOON_US).level;
  };
  for (const [block, listed] of [
    ['9725928910xx', 3],
    ['972592891xxx', 6],
    ['97259289xxxx', 12],
  ] as const) {
    assert.equal(of(block, 1), 'none');
    assert.equal(of(block, 2), 'watch');
    assert.equal(of(block, listed - 1), 'watch');
    assert.equal(of(block, listed), 'listed');
  }
});

for (const [number, home, expected] of [
  ['447012345678', undefined, 'special'],
  ['4470123456789012', undefined, 'unread'],
  ['881612345678', undefined, 'satellite'],
  ['979123456789', undefined, 'premium'],
  ['449012345678', undefined, 'premium'],
  ['449012345678', 'GB', 'special'],
  ['46701234567', undefined, 'foreign-mobile'],
  ['46701234567', 'SE', 'home'],
  ['46812345678', 'DE', 'foreign-fixed'],
  ['46812345678', 'SE', 'home'],
  ['4620123456', 'SE', 'toll-free'],
  ['46116123', 'SE', 'harmonised'],
  ['49116117', undefined, 'harmonised'],
  ['18002738255', 'US', 'helpline'],
  ['16135550123', 'US', 'foreign-fixed'],
  ['12125550123', 'US', 'home'],
  ['0000000123456789', 'SE', 'unread'],
] as const) {
  test(`destinationClass() takes ${number} for ${expected} in ${home}`, () => {
    const plan = home === undefined ? undefined : plans.home(home);
    assert.equal(destinationClass(plans, number, plan), expected);
  });
}

test('parsePolicyChange() reads a line of the table, and refuses what is not one', () => {
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
