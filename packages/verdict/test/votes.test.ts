// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClaimFacts } from '@sentrypeer/event';
import {
  DEFAULT_POLICY,
  hasQuorum,
  policyOf,
  quorumOf,
  type PolicyName,
  type PoolSaid,
  type PoolVoice,
} from '../src/index.ts';
import { notListed, type Verdict } from '../src/verdict.ts';
import { withVotes } from '../src/votes.ts';
import {
  ADDRESS,
  allowance,
  anyPolicy,
  DAY_US,
  judgeOf,
  MemoryEvidence,
  NOON_US,
} from './fixtures.ts';

const VICTIM = '45.12.3.4';
const NUMBER = '442071234567';

const FACTS: ClaimFacts = {
  grade: 'returned',
  contactsLog2: 3,
  daysCount: 1,
  triedPasswords: true,
  madeCostlyCalls: false,
  usedTool: false,
  breadthLog2: 0,
};

interface VoiceOptions extends Partial<ClaimFacts> {
  readonly isVoter?: boolean;
  /** @default one of its own */
  readonly networks?: readonly string[];
  readonly endDays?: number;
}

function voice(name: string, options: VoiceOptions = {}): PoolVoice {
  const { isVoter = true, networks = [`${name}.0.0/16`], endDays = 5, ...facts } = options;
  const lastEpochUs = NOON_US - DAY_US;
  const endEpochUs = NOON_US + endDays * DAY_US;
  return { name, isVoter, networks, facts: { ...FACTS, ...facts }, lastEpochUs, endEpochUs };
}

function said(voices: readonly PoolVoice[], votersCount = 3, isAdmitted = true): PoolSaid {
  return { voices, votersCount, isAdmitted };
}

/** The verdict on the victim if this is said about it. */
function judged(pool: PoolSaid, options: Parameters<typeof judgeOf>[1] = {}) {
  const evidence = new MemoryEvidence();
  evidence.pool.set(VICTIM, pool);
  const address = judgeOf(evidence, options).judge({ address: VICTIM }, NOON_US).address;
  assert.ok(address !== undefined);
  return address;
}

test('`quorumOf()` is more than a third of the voters, two at least, and what the operator says', () => {
  const counts = [1, 2, 3, 5, 6, 8, 9, 64];
  assert.deepEqual(
    counts.map((count) => quorumOf(count, 2)),
    [2, 2, 2, 2, 3, 3, 4, 22],
  );
  assert.equal(quorumOf(3, 5), 5);
});

test('a quorum of voters lists what they say attacks, and names itself', () => {
  const alone = judged(said([voice('Alice')]));
  assert.equal(alone.level, 'none');
  assert.deepEqual(alone.pool, {
    voters: 1,
    uncounted: 0,
    quorum: 2,
    strangers: 0,
    networks: 0,
  });
  const both = judged(said([voice('Alice', { endDays: 5 }), voice('Bob', { endDays: 3 })]));
  assert.equal(both.level, 'listed');
  assert.equal(both.untilEpochUs, NOON_US + 3 * DAY_US, 'until the quorum is no more');
  assert.equal(both.ownUntilEpochUs, undefined);
  assert.deepEqual(both.reasons, [
    '2 of 3 voters named it in the pool, 2 are needed: Alice, Bob',
    '2 voters of these say that it attacked',
  ]);
});

test('voters who met it without an attack make it watched, and one liar does not change that', () => {
  const harmless = { triedPasswords: false };
  assert.equal(judged(said([voice('A', harmless), voice('B', harmless)])).level, 'watch');
  const oneLies = said([voice('A', harmless), voice('B', harmless), voice('C')]);
  assert.equal(judged(oneLies).level, 'watch');
  const forged = said([voice('A', { grade: 'seen' }), voice('B', { grade: 'seen' })]);
  assert.equal(judged(forged).level, 'none');
  assert.deepEqual(judged(forged).pool, {
    voters: 0,
    uncounted: 0,
    quorum: 2,
    strangers: 0,
    networks: 0,
  });
});

test('what only one voter says raises neither score nor end', () => {
  const two = judged(said([voice('A'), voice('B')]));
  const extreme = { grade: 'handshake', contactsLog2: 15, daysCount: 8, endDays: 7 } as const;
  const three = judged(said([voice('A'), voice('B'), voice('C', extreme)]));
  assert.equal(three.score, two.score);
  assert.equal(three.untilEpochUs, two.untilEpochUs);
});

test('one name and one network have one vote each', () => {
  assert.equal(judged(said([voice('A'), voice('A')])).level, 'none');
  const near = { networks: ['45.12.0.0/16'] };
  const sybils = judged(said([voice('A', near), voice('B', near)]));
  assert.equal(sybils.level, 'none');
  assert.deepEqual(sybils.pool, {
    voters: 1,
    uncounted: 1,
    quorum: 2,
    strangers: 0,
    networks: 0,
  });
  assert.deepEqual(sybils.reasons, [
    '2 voters named it in the pool and have 1 vote, 2 are needed: one for each name and each network that a link proved',
  ]);
  assert.equal(judged(said([voice('A', near), voice('B', near), voice('C')])).level, 'listed');
  const unchecked = { networkCheck: false };
  assert.equal(judged(said([voice('A', near), voice('B', near)]), unchecked).level, 'listed');
  assert.equal(judged(said([voice('A', near), voice('A', near)]), unchecked).level, 'none');
});

test('voters whose network no link proved have no vote', () => {
  const unproved = { networks: [] };
  assert.equal(judged(said([voice('A'), voice('B', unproved)])).level, 'none');
  const many = Array.from({ length: 60 }, (_, index) => voice(`voter ${index}`, unproved));
  assert.equal(judged(said(many, 60)).level, 'none');
});

test('one server with an address of IPv4 and a network of IPv6 does not count as two voters', () => {
  const ipv4 = { networks: ['45.12.0.0/16'] };
  const ipv6 = { networks: ['2a01:4f0::/28'] };
  const both = { networks: ['45.12.0.0/16', '2a01:4f0::/28'] };
  assert.equal(judged(said([voice('A', ipv4), voice('B', ipv6)])).level, 'none');
  assert.equal(judged(said([voice('A', both), voice('B', both)])).level, 'none');
  const system = { networks: ['AS64500'] };
  assert.equal(judged(said([voice('A', ipv4), voice('B', system)])).level, 'none');
  const other = { networks: ['46.1.0.0/16'] };
  assert.equal(judged(said([voice('A', both), voice('B', other)])).level, 'listed');
});

test('who passes on the connections of voters takes no vote from them', () => {
  const relay = '46.66.0.0/16';
  const voices = ['A', 'B', 'C'].map((name) => voice(name, { networks: [relay, `${name}/16`] }));
  assert.equal(judged(said(voices)).pool?.voters, 3);
  // C has only the network that the others do not need.
  voices[2] = voice('C', { networks: [relay] });
  assert.equal(judged(said(voices)).pool?.voters, 3);
  voices[1] = voice('B', { networks: [relay] });
  assert.equal(judged(said(voices)).pool?.voters, 2);
});

test('who says less, in the network of one who says that it attacked, takes no vote from him', () => {
  const harmless = {
    grade: 'handshake',
    triedPasswords: false,
    networks: ['A.0.0/16'],
  } as const;
  assert.equal(judged(said([voice('A'), voice('B'), voice('C', harmless)])).level, 'listed');
});

test('what ended, or was met before the operator delisted it, counts no more', () => {
  assert.equal(judged(said([voice('A'), voice('B', { endDays: 0 })])).level, 'none');
  const evidence = new MemoryEvidence();
  evidence.pool.set(VICTIM, said([voice('A'), voice('B')]));
  evidence.delistings.set(`address ${VICTIM}`, { atEpochUs: NOON_US - DAY_US, comment: '' });
  assert.equal(judgeOf(evidence).judge({ address: VICTIM }, NOON_US).level, 'none');
  evidence.delistings.set(`address ${VICTIM}`, { atEpochUs: NOON_US - DAY_US - 1, comment: '' });
  assert.equal(judgeOf(evidence).judge({ address: VICTIM }, NOON_US).level, 'listed');
});

test('while voters name far more than usual, what is new waits and says so', () => {
  const waiting = judged(said([voice('A'), voice('B')], 3, false));
  assert.equal(waiting.level, 'none');
  assert.match(waiting.reasons[0] ?? '', /sentrypeer pool resume/);
});

test('a quorum of voters watches a number and never lists it', () => {
  const evidence = new MemoryEvidence();
  const handshake = {
    grade: 'handshake',
    contactsLog2: 15,
    daysCount: 8,
    madeCostlyCalls: true,
  } as const;
  evidence.pool.set(NUMBER, said([voice('A', handshake), voice('B', handshake)], 2));
  const judge = judgeOf(evidence);
  const number = judge.judge({ number: `+${NUMBER}` }, NOON_US).number;
  assert.equal(number?.level, 'watch');
  assert.deepEqual(number?.pool, { voters: 2, uncounted: 0, quorum: 2, strangers: 0, networks: 0 });
  assert.equal(judge.numberStanding(`+${NUMBER}`, NOON_US), 'met');
  // Digits that may only mean it are not affected by what is said about it.
  assert.equal(judge.judge({ number: '2071234567' }, NOON_US).number?.level, 'none');
});

test('own evidence and votes give the graver of both, with the reasons of both', () => {
  const evidence = new MemoryEvidence();
  evidence.addresses.set(VICTIM, ADDRESS);
  evidence.pool.set(VICTIM, said([voice('A'), voice('B')]));
  const both = judgeOf(evidence).judge({ address: VICTIM }, NOON_US);
  assert.equal(both.level, 'listed');
  assert.match(both.reasons[0] ?? '', /voters named it/);
  assert.ok(both.reasons.some((reason) => reason.includes('came to the honeypot once')));
  assert.equal(judgeOf(evidence).addressStanding(VICTIM, NOON_US), 'met');
});

/* 30 % of the voters may lie, any number of strangers, under any policy. */

const lie = fc.record(
  {
    grade: fc.constantFrom('seen' as const, 'returned' as const, 'handshake' as const),
    contactsLog2: fc.nat(15),
    daysCount: fc.integer({ min: 1, max: 8 }),
    triedPasswords: fc.boolean(),
    madeCostlyCalls: fc.boolean(),
    usedTool: fc.boolean(),
    breadthLog2: fc.nat(15),
    endDays: fc.integer({ min: -1, max: 7 }),
  },
  { noNullPrototype: true },
);

test('up to a third of the voters and any number of strangers list no victim', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.array(lie, { minLength: 21, maxLength: 21 }),
      fc.array(lie, { maxLength: 40 }),
      anyPolicy,
      (votersCount, lies, strange, policy) => {
        const liars = lies
          .slice(0, Math.floor(votersCount / 3))
          .map((facts, index) => voice(`voter ${index}`, facts));
        const strangers = strange.map((facts, index) =>
          voice(`stranger ${index}`, { ...facts, isVoter: false, networks: [`net ${index}`] }),
        );
        const pool = said([...liars, ...strangers], votersCount);
        const evidence = new MemoryEvidence();
        evidence.pool.set(VICTIM, pool);
        evidence.pool.set(NUMBER, pool);
        const judge = judgeOf(evidence, { policy });
        const question = { address: VICTIM, number: `+${NUMBER}` };
        assert.equal(judge.judge(question, NOON_US).level, 'none');
        assert.equal(judge.addressStanding(VICTIM, NOON_US), 'unmet');
        assert.equal(judge.numberStanding(`+${NUMBER}`, NOON_US), 'unmet');
      },
    ),
    { numRuns: 300 },
  );
});

const place = fc.constantFrom('45.12.0.0/16', '45.13.0.0/16', '2a01:4f0::/28', 'AS64500');

test('keys in fewer networks than it takes votes list no victim, however many are voters', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ facts: lie, networks: fc.subarray(['45.12.0.0/16', '2a01:4f0::/28']) }),
        {
          maxLength: 64,
        },
      ),
      anyPolicy,
      (sybils, policy) => {
        const voices = sybils.map(({ facts, networks }, index) =>
          voice(`sybil ${index}`, { ...facts, networks }),
        );
        const evidence = new MemoryEvidence();
        evidence.pool.set(VICTIM, said(voices, voices.length));
        evidence.pool.set(NUMBER, said(voices, voices.length));
        const question = { address: VICTIM, number: `+${NUMBER}` };
        const { level } = judgeOf(evidence, { policy }).judge(question, NOON_US);
        assert.equal(level, 'none');
      },
    ),
    { numRuns: 300 },
  );
});

test('another voter, or another network of one, takes no vote away', () => {
  const anyVoice = fc.record({
    name: fc.nat(9),
    networks: fc.subarray([
      '45.12.0.0/16',
      '45.13.0.0/16',
      '46.1.0.0/16',
      '2a01:4f0::/28',
      '2a02:4f0::/28',
      'AS64500',
      'AS64501',
    ]),
  });
  fc.assert(
    fc.property(fc.array(anyVoice, { maxLength: 12 }), anyVoice, place, (some, more, network) => {
      const votes = (voices: typeof some): number =>
        judged(
          said(
            voices.map(({ name, networks }) => voice(`${name}`, { networks })),
            40,
          ),
        ).pool?.voters ?? 0;
      const before = votes(some);
      assert.ok(votes([...some, more]) >= before);
      const [first, ...others] = some;
      if (first === undefined) return;
      const wider = { ...first, networks: [...first.networks, network] };
      assert.ok(votes([wider, ...others]) >= before);
    }),
  );
});

test('all voters together list nothing that is guarded', () => {
  const voices = Array.from({ length: 9 }, (_, index) => voice(`voter ${index}`));
  const pool = said(voices, 9);
  assert.equal(judged(pool).level, 'listed');
  assert.equal(judged(pool, { allowances: [allowance('45.12.0.0/16')] }).level, 'none');
  assert.equal(judged(pool, { ownAddresses: [VICTIM] }).level, 'none');
  assert.equal(
    judged(pool, { policy: { ...DEFAULT_POLICY, 'address-threshold': 100 } }).level,
    'none',
  );
  assert.equal(judged(said(voices.slice(0, 4), 9), { quorumMin: 5 }).level, 'none');
});

/** Points for nothing but what is named. */
function pointsFor(points: Partial<Record<PolicyName, number>>): typeof DEFAULT_POLICY {
  const none = [
    'points-seen',
    'points-returned',
    'points-handshake',
    'points-count',
    'points-days',
  ] as const;
  const rest = Object.entries(points) as [PolicyName, number][];
  return policyOf(new Map([...none.map((name) => [name, 0] as const), ...rest]));
}

test('what counts is what the vote says that completes the quorum, the best ones first', () => {
  const voices = [
    voice('A', { contactsLog2: 0, daysCount: 1, endDays: 1 }),
    voice('B', { contactsLog2: 10, daysCount: 7, endDays: 7 }),
    voice('C', { contactsLog2: 5, daysCount: 4, endDays: 4 }),
  ];
  const of = (points: Partial<Record<PolicyName, number>>) =>
    judged(said(voices), { policy: pointsFor({ 'address-threshold': 1, ...points }) });
  // 32 contacts of 1,000 are half of the points, and so are 4 of 7 days.
  assert.equal(of({ 'points-count': 100 }).score, 50);
  assert.equal(of({ 'points-days': 100 }).score, 50);
  const full = of({ 'points-count': 100, 'points-days': 100 });
  assert.deepEqual([full.level, full.listed, full.score], ['listed', true, 100]);
  assert.equal(full.untilEpochUs, NOON_US + 4 * DAY_US);
  assert.equal(of({ 'points-count': 100, 'points-days': 100, 'points-returned': 40 }).score, 100);
});

test('votes count from the threshold on, and from the grade on that the policy wants', () => {
  const two = (facts: Partial<ClaimFacts>): PoolSaid =>
    said([voice('A', facts), voice('B', facts)]);
  const level = (pool: PoolSaid, points: Partial<Record<PolicyName, number>>): string =>
    judged(pool, { policy: pointsFor(points) }).level;
  const returned = { 'points-returned': 40 };
  assert.equal(level(two({}), { ...returned, 'address-threshold': 40 }), 'listed');
  assert.equal(level(two({}), { ...returned, 'address-threshold': 41 }), 'none');
  const handshake = { 'points-handshake': 60, 'address-threshold': 60 };
  assert.equal(level(two({ grade: 'handshake' }), handshake), 'listed');
  assert.equal(level(two({}), handshake), 'none');
  // One of two that says more is not believed.
  const mixed = said([voice('A', { grade: 'handshake' }), voice('B')]);
  assert.equal(level(mixed, handshake), 'none');
  const strict = { 'address-grade': 2, 'address-threshold': 1, 'points-returned': 40 };
  assert.equal(level(two({}), strict), 'none');
  assert.equal(level(two({ grade: 'handshake' }), { ...strict, 'points-handshake': 1 }), 'listed');
});

test('any of what only attackers do makes votes refuse', () => {
  const harmless = { triedPasswords: false } as const;
  for (const [facts, isAttack] of [
    [{}, false],
    [{ triedPasswords: true }, true],
    [{ madeCostlyCalls: true }, true],
    [{ usedTool: true }, true],
    [{ breadthLog2: 2 }, false],
    [{ breadthLog2: 3 }, true],
    [{ contactsLog2: 6 }, false],
    [{ contactsLog2: 7 }, true],
    [{ daysCount: 8 }, false],
  ] as const) {
    const one = { ...harmless, ...facts };
    const { level } = judged(said([voice('A', one), voice('B', one)]));
    assert.equal(level, isAttack ? 'listed' : 'watch', JSON.stringify(facts));
  }
});

test('strangers are counted, each once, by the first of their networks', () => {
  const stranger = (name: string, ...networks: readonly string[]): PoolVoice =>
    voice(name, { isVoter: false, networks });
  const { pool } = judged(
    said([
      voice('A'),
      stranger('S', '45.1.0.0/16', '45.2.0.0/16'),
      stranger('T', '45.1.0.0/16'),
      stranger('U', '45.3.0.0/16'),
      stranger('V'),
    ]),
  );
  assert.deepEqual(pool, { voters: 1, uncounted: 0, quorum: 2, strangers: 4, networks: 2 });
});

test('a number that voters name is watched from the threshold on, and waits as an address does', () => {
  const judgedNumber = (pool: PoolSaid, policy = DEFAULT_POLICY) => {
    const evidence = new MemoryEvidence();
    evidence.pool.set(NUMBER, pool);
    return judgeOf(evidence, { policy }).judge({ number: `+${NUMBER}` }, NOON_US).number;
  };
  const two = [voice('A', { endDays: 2 }), voice('B')];
  const watched = judgedNumber(said(two));
  assert.deepEqual(watched?.reasons, ['2 of 3 voters named it in the pool, 2 are needed: A, B']);
  assert.deepEqual([watched.level, watched.listed], ['watch', false]);
  assert.equal(watched.untilEpochUs, NOON_US + 2 * DAY_US);
  const seen = { 'points-seen': 30 };
  const policy = (threshold: number) => pointsFor({ ...seen, 'number-threshold': threshold });
  assert.equal(judgedNumber(said(two), policy(30))?.level, 'watch');
  assert.equal(judgedNumber(said(two), policy(31))?.level, 'none');
  const proved = pointsFor({ ...seen, 'number-threshold': 30, 'number-grade': 1 });
  assert.equal(judgedNumber(said(two), proved)?.level, 'none', 'votes prove no call');
  const waiting = judgedNumber(said(two, 3, false));
  assert.equal(waiting?.level, 'none');
  assert.deepEqual(waiting.reasons, [
    '2 voters named it in the pool, but voters name far more than usual today: sentrypeer pool resume lets it through',
  ]);
  assert.deepEqual(judgedNumber(said(two.slice(0, 1)))?.reasons, []);
  const near = { networks: ['45.12.0.0/16'] };
  assert.deepEqual(judgedNumber(said([voice('A', near), voice('B', near)]))?.reasons, [
    '2 voters named it in the pool and have 1 vote, 2 are needed: one for each name and each network that a link proved',
  ]);
});

test('withVotes() is the graver verdict, until the later end of two that are as grave', () => {
  const verdict = (level: Verdict['level'], score: number, days: number | undefined): Verdict => ({
    level,
    listed: level === 'listed',
    score,
    reasons: [`${level} ${score}`],
    untilEpochUs: days === undefined ? undefined : NOON_US + days * DAY_US,
  });
  const of = (own: Verdict, voted: Verdict) => {
    const { level, score, reasons, untilEpochUs } = withVotes(own, voted);
    const days = untilEpochUs === undefined ? undefined : (untilEpochUs - NOON_US) / DAY_US;
    return [level, score, reasons, days];
  };
  const [low, high] = [verdict('watch', 40, 9), verdict('listed', 70, 3)];
  assert.deepEqual(of(low, high), ['listed', 70, ['listed 70', 'watch 40'], 3]);
  assert.deepEqual(of(high, low), ['listed', 70, ['listed 70', 'watch 40'], 3]);
  const longer = verdict('listed', 60, 5);
  assert.deepEqual(of(high, longer), ['listed', 70, ['listed 70', 'listed 60'], 5]);
  assert.deepEqual(of(longer, high), ['listed', 70, ['listed 70', 'listed 60'], 5]);
  const nothing = notListed();
  assert.deepEqual(withVotes(high, nothing), high);
  const few = notListed('too few voters');
  assert.deepEqual(of(nothing, few), ['none', 0, ['too few voters'], undefined]);
  assert.deepEqual(of(high, few), ['listed', 70, ['listed 70', 'too few voters'], 3]);
});

test('hasQuorum() is of votes that hold now, whatever they say and whatever was delisted', () => {
  const options = { quorumMin: 2, networkCheck: true, nowEpochUs: NOON_US };
  const harmless = { triedPasswords: false, grade: 'seen' } as const;
  const two = [voice('A', harmless), voice('B', harmless)];
  assert.ok(hasQuorum(said(two), options));
  assert.ok(hasQuorum(said(two, 3, false), options), 'also while it waits');
  assert.ok(!hasQuorum(said(two, 6), options));
  assert.ok(!hasQuorum(said(two.slice(1)), options));
  assert.ok(!hasQuorum(said(two), { ...options, quorumMin: 3 }));
  assert.ok(!hasQuorum(said(two), { ...options, nowEpochUs: NOON_US + 5 * DAY_US }));
  assert.ok(hasQuorum(said(two), { ...options, nowEpochUs: NOON_US + 5 * DAY_US - 1 }));
});
