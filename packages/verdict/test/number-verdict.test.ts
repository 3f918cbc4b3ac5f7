// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Points and reasons for the calls to a number, to a range and from an address, each at its limit. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressVerdict } from '../src/address-verdict.ts';
import { needsOf, numberVerdict } from '../src/number-verdict.ts';
import { DEFAULT_POLICY, policyOf, type PolicyName } from '../src/policy.ts';
import { rangeVerdict } from '../src/range-verdict.ts';
import type { NumberEvidence, Verdict } from '../src/index.ts';
import { ADDRESS, DAY_US, MUCH, NOON_US, NUMBER, PROVED, RANGE } from './fixtures.ts';

const HOUR_US = 3_600_000_000;
const PREMIUM = { class: 'premium', isHot: false } as const;
const FIXED = { class: 'foreign-fixed', isHot: false } as const;

/** Points for one thing only, so that each can be told from the others. */
function only(...changes: readonly (readonly [PolicyName, number])[]) {
  const points: readonly PolicyName[] = [
    'points-seen',
    'points-returned',
    'points-handshake',
    'points-count',
    'points-days',
    'points-nodes',
    'points-forms',
    'points-sources',
    'points-range',
    'points-credentials',
    'points-tool',
    'points-calls',
    'points-transports',
  ];
  return policyOf(
    new Map([
      ...points.map((name) => [name, 0] as const),
      ['number-threshold', 10],
      ['address-threshold', 10],
      ...changes,
    ]),
  );
}

const number = (changes: Partial<NumberEvidence>, policy = DEFAULT_POLICY, to = PREMIUM): Verdict =>
  numberVerdict({ ...NUMBER, ...changes }, to, policy, NOON_US);

test('needsOf() asks for one network and one day less in a hot range, and for one at least', () => {
  const of = (name: 'premium' | 'foreign-fixed' | 'helpline', isHot: boolean) =>
    needsOf({ class: name, isHot }, DEFAULT_POLICY);
  assert.deepEqual(of('foreign-fixed', false), { networks: 3, days: 2 });
  assert.deepEqual(of('foreign-fixed', true), { networks: 2, days: 1 });
  assert.deepEqual(of('premium', true), { networks: 1, days: 1 });
  assert.deepEqual(of('helpline', true), { networks: 0, days: 1 });
});

test('numberVerdict() gives points for forms and sources, up to ten of them', () => {
  const forms = only(['points-seen', 10], ['points-forms', 45]);
  const sources = only(['points-seen', 10], ['points-sources', 45]);
  for (const [count, score] of [
    [1, 10],
    [2, 15],
    [10, 55],
    [11, 55],
  ] as const) {
    assert.equal(number({ formsCount: count }, forms).score, score, `${count} forms`);
    assert.equal(number({ sourcesCount: count }, sources).score, score, `${count} sources`);
  }
  const all = only(['points-seen', 100], ['points-forms', 100]);
  assert.equal(number({ formsCount: 10 }, all).score, 100);
  assert.equal(number({ formsCount: 10, confidence: 0.6 }, all).score, 60, 'of a hundred');
});

test('numberVerdict() takes a guess from the very share of the policy on', () => {
  assert.equal(number({ confidence: 0.5 }, only(['points-seen', 100])).level, 'watch');
  assert.deepEqual(number({ confidence: 0.499 }).reasons, [
    'digits that may mean this number were dialled, but that is a guess',
  ]);
  const strict = policyOf(new Map([['number-grade', 2]]));
  assert.deepEqual(number({ grade: 'returned' }, strict).reasons, [
    'calls to this number are of the grade returned, which does not count',
  ]);
  assert.equal(number({ grade: 'handshake' }, strict).level, 'watch');
});

test('numberVerdict() counts for a listing the sources of proved calls, and no node that shares them', () => {
  const policy = only(['points-returned', 4], ['points-sources', 45], ['points-nodes', 50]);
  const much = { grade: 'returned', sourcesCount: 10, nodesCount: 3 } as const;
  assert.equal(number({ ...much, proved: PROVED }, policy).level, 'watch');
  const proved = { ...PROVED, sourcesCount: 3 };
  assert.deepEqual(number({ ...much, proved }, policy).score, 14);
  assert.equal(number({ ...much, proved }, policy).level, 'listed');
});

test('numberVerdict() says what was called, how, by whom, and what is missing', () => {
  const proved = { ...PROVED, eventsCount: 4, sourcesCount: 3, networksCount: 2, daysCount: 2 };
  const evidence = {
    grade: 'returned',
    eventsCount: 9,
    formsCount: 2,
    sourcesCount: 5,
    daysCount: 3,
    nodesCount: 2,
    proved,
  } as const;
  const { level, reasons } = numberVerdict(
    { ...NUMBER, ...evidence },
    FIXED,
    DEFAULT_POLICY,
    NOON_US,
  );
  assert.equal(level, 'watch');
  assert.deepEqual(reasons, [
    'the number was called 9 times at the honeypot',
    '4 times by callers that proved to be there (returned): about 3 addresses in about 2 networks on 2 days',
    'it was dialled in 2 forms',
    'calls claimed to come from about 5 addresses',
    'on 3 days',
    'about 2 nodes saw it',
    'it is only watched: fixed lines of other countries are refused after proved calls from 3 networks on 2 days; these came from 2 networks on 2 days',
  ]);
  assert.deepEqual(number({ grade: 'returned', proved: PROVED }).reasons, [
    'the number was called once at the honeypot',
    'once by callers that proved to be there (returned): one address',
  ]);
  const helpline = { class: 'helpline', isHot: false } as const;
  assert.equal(
    numberVerdict(MUCH, helpline, DEFAULT_POLICY, NOON_US).reasons.at(-1),
    'it is only watched: helplines are never refused',
  );
  const strict = policyOf(new Map([['number-grade', 2]]));
  assert.equal(
    number({ grade: 'handshake', proved: PROVED }, strict).reasons.at(-1),
    'it is only watched: calls of the grade returned do not count',
  );
});

test('numberVerdict() says why it does not even watch: too little, or too long ago', () => {
  const little = only(['points-seen', 9]);
  assert.equal(number({}, little).level, 'none');
  assert.equal(number({}, little).reasons.at(-1), 'that is not enough to watch it');
  const just = only(['points-seen', 10]);
  assert.equal(number({}, just).level, 'watch');
  const old = { lastEpochUs: NOON_US - HOUR_US };
  assert.equal(number(old, just).reasons.at(-1), 'that is too long ago');
  assert.equal(number({ lastEpochUs: NOON_US - HOUR_US + 1 }, just).level, 'watch');
});

test('numberVerdict() watches what was listed while calls that may be forged go on', () => {
  const proved = { ...PROVED, lastEpochUs: NOON_US - 90 * DAY_US };
  const { level, reasons } = number({ grade: 'returned', proved });
  assert.equal(level, 'watch');
  assert.equal(reasons.at(-1), 'the proved calls are too long ago to refuse it');
});

test('rangeVerdict() gives points for numbers, and says what was tried and what is missing', () => {
  const evidence = { ...RANGE, numbersCount: 4, networksCount: 1, daysCount: 2 };
  const of = (others?: number, now = NOON_US, changes: Partial<typeof RANGE> = {}) =>
    rangeVerdict(
      '9725928910xx',
      { ...evidence, ...changes },
      'foreign-mobile',
      DEFAULT_POLICY,
      now,
      others,
    );
  assert.equal(of().score, 45); // 40 and three ninths of 15.
  assert.equal(of(undefined, NOON_US, { numbersCount: 99 }).score, 55);
  assert.deepEqual(of().reasons, [
    '4 numbers of +9725928910xx were tried by proved callers in one network',
    'on 2 days',
    'it is only watched: the range is refused after proved calls to 3 numbers and, for mobile numbers of other countries, from 2 networks on 1 day',
  ]);
  assert.equal(of(1).reasons[0]?.startsWith('1 other number of +9725928910xx were'), true);
  assert.deepEqual(of(3, NOON_US, { networksCount: 2, daysCount: 1 }).reasons, [
    '3 other numbers of +9725928910xx were tried by proved callers in about 2 networks',
  ]);
  const { untilEpochUs = 0 } = of();
  assert.equal(of(undefined, untilEpochUs - 1).level, 'watch');
  assert.deepEqual(
    [of(undefined, untilEpochUs).level, of(undefined, untilEpochUs).reasons.at(-1)],
    ['none', 'that is too long ago'],
  );
  assert.deepEqual(of(undefined, NOON_US, { numbersCount: 1 }).reasons, []);
});

test('rangeVerdict() lists from the very numbers, networks and days on that are asked for', () => {
  const level = (numbersCount: number, networksCount: number, daysCount: number): string =>
    rangeVerdict(
      '9725928910xx',
      { ...RANGE, numbersCount, networksCount, daysCount },
      'foreign-fixed',
      DEFAULT_POLICY,
      NOON_US,
    ).level;
  assert.equal(level(3, 3, 2), 'listed');
  assert.deepEqual([level(2, 3, 2), level(3, 2, 2), level(3, 3, 1)], ['watch', 'watch', 'watch']);
  const never = policyOf(new Map([['networks-premium', 0]]));
  const much = { ...RANGE, numbersCount: 99, networksCount: 99, daysCount: 99 };
  const of = (name: 'premium' | 'home' | 'helpline' | 'harmonised' | 'unread', policy = never) =>
    rangeVerdict('9725928910xx', much, name, policy, NOON_US);
  assert.equal(of('premium').level, 'watch');
  assert.equal(of('premium', DEFAULT_POLICY).level, 'listed');
  for (const name of ['home', 'helpline', 'harmonised', 'unread'] as const) {
    assert.equal(of(name).level, 'none');
    assert.match(of(name).reasons[0] ?? '', /^ranges of .* are never listed$/);
  }
  const full = only(['points-range', 100], ['points-sources', 100]);
  assert.equal(rangeVerdict('9725928910xx', much, 'premium', full, NOON_US).score, 100);
});

test('rangeVerdict() asks for more numbers the more the block has', () => {
  const level = (block: string, numbersCount: number): string => {
    const evidence = { ...RANGE, numbersCount, networksCount: 9, daysCount: 9 };
    return rangeVerdict(block, evidence, 'premium', DEFAULT_POLICY, NOON_US).level;
  };
  for (const [block, numbers] of [
    ['9725928910xx', 3],
    ['972592891xxx', 6],
    ['97259289xxxx', 12],
  ] as const) {
    assert.deepEqual(
      [level(block, numbers - 1), level(block, numbers)],
      ['watch', 'listed'],
      block,
    );
    assert.equal(level(block, 1), 'none');
  }
});

test('addressVerdict() gives points for what an address did, each once', () => {
  const points = (name: PolicyName, changes: Partial<typeof ADDRESS>): number =>
    addressVerdict({ ...ADDRESS, ...changes }, only(['points-returned', 10], [name, 20]), NOON_US)
      .score;
  assert.deepEqual(
    [0, 1, 2].map((credentialsCount) => points('points-credentials', { credentialsCount })),
    [10, 30, 30],
  );
  assert.deepEqual(
    [0, 1, 2].map((callsCount) => points('points-calls', { callsCount })),
    [10, 30, 30],
  );
  assert.deepEqual([points('points-tool', {}), points('points-tool', { tool: 'x' })], [10, 30]);
  const transports = ['UDP', 'TCP', 'TLS'] as const;
  assert.deepEqual(
    [1, 2, 3].map((count) =>
      points('points-transports', { transports: transports.slice(0, count) }),
    ),
    [10, 30, 50],
  );
});

test('addressVerdict() says why an address is not even watched, and which calls it tried', () => {
  const reasons = (changes: Partial<typeof ADDRESS>, policy = DEFAULT_POLICY) =>
    addressVerdict({ ...ADDRESS, ...changes }, policy, NOON_US).reasons;
  const strict = policyOf(new Map([['address-grade', 2]]));
  assert.deepEqual(reasons({}, strict), [
    'everything from this address has the grade returned, which does not count',
  ]);
  assert.equal(reasons({ grade: 'handshake' }, strict).at(-1), 'that is no attack yet');
  assert.deepEqual(reasons({ grade: 'seen' }), [
    'everything from this address has the grade seen, which does not count',
  ]);
  const high = policyOf(new Map([['address-threshold', 51]]));
  assert.equal(reasons({}, high).at(-1), 'that is not enough to be watched');
  assert.equal(reasons({ lastEpochUs: NOON_US - 30 * DAY_US }).at(-1), 'that is too long ago');
  assert.ok(reasons({ callsCount: 2, costlyCallsCount: 1 }).includes('it tried to call 2 times'));
  assert.ok(!reasons({ callsCount: 1, costlyCallsCount: 1 }).includes('it tried to call once'));
  assert.ok(reasons({ transports: ['UDP', 'TCP'] }).includes('it came over UDP, TCP'));
  assert.ok(!reasons({}).some((reason) => reason.startsWith('it came over')));
  const full = only(['points-returned', 100], ['points-tool', 100]);
  assert.equal(addressVerdict({ ...ADDRESS, tool: 'x' }, full, NOON_US).score, 100);
});

test('numberVerdict(), rangeVerdict() and addressVerdict() last a half-life, and an hour, for twice the threshold', () => {
  const policy = only(
    ['points-seen', 20],
    ['points-returned', 20],
    ['points-range', 20],
    ['number-half-life', 100],
    ['address-half-life', 50],
  );
  const ends = [
    number({}, policy).untilEpochUs,
    rangeVerdict('9725928910xx', RANGE, 'premium', policy, NOON_US).untilEpochUs,
    addressVerdict(ADDRESS, policy, NOON_US).untilEpochUs,
  ];
  const hours = ends.map((end = 0) => (end - NOON_US) / HOUR_US);
  assert.deepEqual(hours, [101, 101, 51]);
});
