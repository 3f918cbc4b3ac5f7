// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which of several readings counts, what neighbours say, and where the operator's decision ends, each at its limit. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  policyOf,
  type Block,
  type FleetWord,
  type NumberJudgement,
  type PoolSaid,
  type Subject,
  type Verdict,
} from '../src/index.ts';
import {
  allowance,
  judgeOf,
  MemoryEvidence,
  MUCH,
  NOON_US,
  NUMBER,
  PROVED,
  RANGE,
  type JudgeOptions,
} from './fixtures.ts';

const MOBILE = '46701234567';
/** Digits in which the number may begin anywhere: {@link MOBILE} at 30 %. */
const GUESS = `7382${MOBILE}`;
const DELISTED = { atEpochUs: NOON_US, comment: '' };

function block(kind: Subject['kind'], value: string, untilEpochUs?: number): Block {
  return { subject: { kind, value }, comment: '', createdEpochUs: NOON_US, untilEpochUs };
}

function dialled(
  evidence: MemoryEvidence,
  number: string,
  options: JudgeOptions = {},
): NumberJudgement {
  const judgement = judgeOf(evidence, options).judge({ number }, NOON_US).number;
  assert.ok(judgement !== undefined);
  return judgement;
}

function voters(count: number): PoolSaid {
  const voices = Array.from({ length: count }, (_, index) => ({
    name: `voter ${index}`,
    isVoter: true,
    networks: [`net ${index}`],
    facts: {
      grade: 'returned',
      contactsLog2: 3,
      daysCount: 1,
      triedPasswords: false,
      madeCostlyCalls: true,
      usedTool: false,
      breadthLog2: 0,
    } as const,
    lastEpochUs: NOON_US - 1,
    endEpochUs: NOON_US + 1e12,
  }));
  return { voices, votersCount: 3, isAdmitted: true };
}

test('Judge.judge() answers by the gravest reading, and says all of it', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set(MOBILE, { ...MUCH, formsCount: 9 });
  evidence.pool.set(MOBILE, voters(1));
  const { pool, ...judgement } = dialled(evidence, GUESS);
  assert.equal(judgement.level, 'listed');
  assert.deepEqual(
    [judgement.kind, judgement.e164, judgement.country, judgement.type, judgement.range],
    ['number', MOBILE, 'SE', 'mobile', undefined],
  );
  assert.equal(judgement.destinationClass, 'foreign-mobile');
  assert.equal(pool?.voters, 1);
});

test('Judge.judge() finds what exactly these digits meant, though they are read as nothing', () => {
  const evidence = new MemoryEvidence();
  const digits = '123456789012345678';
  evidence.meanings.set(digits, MOBILE);
  assert.deepEqual(
    [dialled(evidence, digits).level, dialled(evidence, digits).e164],
    ['none', undefined],
  );
  evidence.numbers.set(MOBILE, { ...MUCH, confidence: 0.1 });
  const { level, kind, e164, country, destinationClass } = dialled(evidence, digits);
  assert.deepEqual(
    [level, kind, e164, country, destinationClass],
    ['listed', 'unknown', MOBILE, 'SE', 'foreign-mobile'],
  );
  assert.equal(judgeOf(evidence).numberStanding(digits, NOON_US), 'met');
  // Digits that no plan knows, and that were never met, mean nothing.
  assert.deepEqual(dialled(evidence, '123456789012345679').pool, undefined);
});

test('Judge.judge() weighs how sure the digits mean it with how sure it was meant before', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set(MOBILE, { ...MUCH, confidence: 0.6 });
  const level = (number: string, home?: string): string =>
    dialled(evidence, number, home === undefined ? {} : { home }).level;
  // 60 % and 90 % are 54 %, with an outside line 51.3 %.
  assert.equal(level('0701234567', 'SE'), 'listed');
  assert.equal(level('90701234567', 'SE'), 'listed');
  evidence.numbers.set(MOBILE, { ...MUCH, confidence: 0.57 });
  assert.equal(level('0701234567', 'SE'), 'listed');
  assert.equal(level('90701234567', 'SE'), 'none');
  assert.equal(level(`+${MOBILE}`), 'listed');
});

test('Judge.judge() lets no guess have a number refused: not by its block, by votes or by its neighbours', () => {
  const evidence = new MemoryEvidence();
  const many = { ...RANGE, numbersCount: 99, networksCount: 99, daysCount: 99 };
  evidence.ranges.set('467012345xx', many);
  evidence.pool.set(MOBILE, voters(3));
  const options = { blocks: [block('number', MOBILE)] };
  assert.equal(dialled(evidence, GUESS, options).level, 'none');
  assert.equal(dialled(evidence, GUESS).level, 'none');
  assert.equal(dialled(evidence, `+${MOBILE}`, options).range, undefined);
  assert.equal(dialled(evidence, `+${MOBILE}`).range, '467012345xx');
  // At exactly the share that the policy requires, it is no longer a guess.
  const policy = policyOf(new Map([['number-confidence', 30]]));
  assert.equal(dialled(evidence, GUESS, { ...options, policy }).level, 'listed');
  const higher = policyOf(new Map([['number-confidence', 31]]));
  assert.equal(dialled(evidence, GUESS, { ...options, policy: higher }).level, 'none');
});

test('Judge.judge() votes on a guess only where the policy takes it for sure enough', () => {
  const evidence = new MemoryEvidence();
  evidence.pool.set(MOBILE, voters(3));
  const at = (percent: number): string =>
    dialled(evidence, GUESS, { policy: policyOf(new Map([['number-confidence', percent]])) }).level;
  assert.deepEqual([30, 31].map(at), ['watch', 'none']);
});

test('Judge.judge() counts other numbers of the block, without the one that is asked for', () => {
  const evidence = new MemoryEvidence();
  evidence.ranges.set('467012345xx', { ...RANGE, numbersCount: 3, networksCount: 2 });
  const reason = (): string | undefined => dialled(evidence, `+${MOBILE}`).reasons[0];
  assert.match(reason() ?? '', /^3 other numbers of \+467012345xx were tried/);
  // Its own calls are too long ago, but it is one of the three.
  const proved = { ...PROVED, lastEpochUs: 0 };
  evidence.numbers.set(MOBILE, { ...NUMBER, grade: 'returned', lastEpochUs: 0, proved });
  assert.match(reason() ?? '', /^2 other numbers of \+467012345xx were tried/);
  evidence.numbers.set(MOBILE, { ...NUMBER, lastEpochUs: 0 });
  assert.match(reason() ?? '', /^3 other numbers of \+467012345xx were tried/);
  evidence.numbers.set(MOBILE, MUCH);
  assert.equal(dialled(evidence, `+${MOBILE}`).range, undefined, 'its own evidence is graver');
});

test('Judge.judge() takes a block for hot by the numbers in it other than the one asked for', () => {
  const evidence = new MemoryEvidence();
  const called = { ...NUMBER, grade: 'returned', proved: PROVED } as const;
  evidence.numbers.set(MOBILE, called);
  const level = (numbersCount: number): string => {
    evidence.ranges.set('467012345xx', { ...RANGE, numbersCount });
    return dialled(evidence, `+${MOBILE}`).level;
  };
  assert.deepEqual([2, 3].map(level), ['watch', 'listed']);
  const policy = policyOf(new Map([['range-watch', 4]]));
  evidence.ranges.set('467012345xx', { ...RANGE, numbersCount: 4 });
  assert.equal(dialled(evidence, `+${MOBILE}`, { policy }).level, 'watch');
});

test('Judge.judge() goes on with the wider blocks where a narrower one is guarded', () => {
  const evidence = new MemoryEvidence();
  const many = { ...RANGE, numbersCount: 99, networksCount: 99, daysCount: 99 };
  evidence.ranges.set('467012345xx', many);
  evidence.ranges.set('4670123xxxx', many);
  assert.equal(dialled(evidence, `+${MOBILE}`).range, '467012345xx');
  const allowances = [allowance('+46701234599')];
  assert.equal(dialled(evidence, `+${MOBILE}`, { allowances }).level, 'none');
  const ended = [allowance('+46701234599', { untilEpochUs: NOON_US })];
  assert.equal(dialled(evidence, `+${MOBILE}`, { allowances: ended }).range, '467012345xx');
});

test('Judge.judge() obeys a block of a number or of a range, but for those whom people call in need', () => {
  const evidence = new MemoryEvidence();
  const helpline = '18002738255';
  const blocks = [
    block('number', helpline),
    block('number', '4611612399'),
    block('range', '46701234xxx', NOON_US + 5),
    block('number', '46701234999'),
  ];
  const options = { home: 'SE', blocks };
  assert.equal(dialled(evidence, `+${helpline}`, options).level, 'none');
  const ranged = dialled(evidence, '0701234567', options);
  assert.deepEqual([ranged.level, ranged.range], ['listed', '46701234xxx']);
  const one = dialled(evidence, '0701234999', options);
  assert.deepEqual([one.level, one.range], ['listed', undefined]);
  const judge = judgeOf(evidence, options);
  const subject = (kind: Subject['kind'], value: string): Verdict['level'] =>
    judge.subject({ kind, value }, NOON_US).level;
  assert.deepEqual(
    [
      subject('number', helpline),
      subject('number', '46701234999'),
      subject('number', '46701234567'), // It is on lists by its range.
      subject('range', '46701234xxx'),
      subject('range', '46701235xxx'),
    ],
    ['none', 'listed', 'none', 'listed', 'none'],
  );
  assert.equal(judge.subject({ kind: 'range', value: '46701234xxx' }, NOON_US + 5).level, 'none');
  const standing = (number: string): string => judge.numberStanding(number, NOON_US);
  assert.deepEqual(['0701234999', '0701234567', '0701235567'].map(standing), [
    'met',
    'met',
    'unmet',
  ]);
});

test('Judge.judge() obeys a block of digits that no plan knows, with or without a plus', () => {
  const evidence = new MemoryEvidence();
  const blocks = [block('number', '123456789012345678')];
  for (const number of ['123456789012345678', '+123456789012345678']) {
    assert.equal(dialled(evidence, number, { blocks }).level, 'listed', number);
    assert.equal(judgeOf(evidence, { blocks }).numberStanding(number, NOON_US), 'met', number);
    assert.equal(dialled(evidence, number).level, 'none', number);
  }
  assert.equal(dialled(evidence, '12345678901234567', { blocks }).level, 'none');
  // What is not a number at all has no digits that could be blocked.
  assert.equal(dialled(evidence, 'nobody', { blocks: [block('number', '')] }).level, 'none');
});

test('Judge.subject() says why a number is not listed: guarded, delisted, or by its own evidence', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set(MOBILE, MUCH);
  evidence.delistings.set('number 46701234568', { ...DELISTED, comment: 'a customer' });
  const subject = (value: string, options: JudgeOptions = {}): Verdict =>
    judgeOf(evidence, options).subject({ kind: 'number', value }, NOON_US);
  assert.equal(subject(MOBILE).level, 'listed');
  assert.deepEqual(subject(MOBILE, { allowances: [allowance(`+${MOBILE}`)] }).reasons, [
    'it is on the allowlist',
  ]);
  assert.deepEqual(subject('46701234568').reasons, [
    'it was delisted (a customer) and nothing came since',
  ]);
  assert.deepEqual(dialled(evidence, '+46701234568').reasons, [
    'it was delisted (a customer) and nothing came since',
  ]);
  assert.deepEqual(subject('46701234569').reasons, []);
});

test('Judge.numberStanding() asks for evidence, blocks, votes and delistings, in this order', () => {
  const evidence = new MemoryEvidence();
  evidence.delistings.set(`number ${MOBILE}`, { ...DELISTED, atEpochUs: NOON_US - 10 });
  const standing = (number = `+${MOBILE}`, options: JudgeOptions = {}): string =>
    judgeOf(evidence, options).numberStanding(number, NOON_US);
  assert.equal(standing(), 'delisted');
  evidence.pool.set(MOBILE, voters(1));
  assert.equal(standing(), 'delisted');
  evidence.pool.set(MOBILE, voters(2));
  assert.equal(standing(), 'met');
  evidence.pool.clear();
  assert.equal(standing(`+${MOBILE}`, { blocks: [block('number', MOBILE)] }), 'met');
  evidence.numbers.set(MOBILE, NUMBER);
  assert.equal(standing(), 'met');
  assert.equal(standing(GUESS), 'unmet', 'nobody knows whether it is meant');
  const sure = policyOf(new Map([['number-confidence', 30]]));
  assert.equal(standing(GUESS, { policy: sure }), 'met');
  evidence.meanings.set(GUESS, MOBILE);
  assert.equal(standing(GUESS), 'met');
  // Met in many forms, it is the likeliest, and the rest of the digits a prefix.
  evidence.meanings.clear();
  evidence.numbers.set(MOBILE, { ...NUMBER, formsCount: 9 });
  assert.equal(standing(GUESS), 'met');
});

test('Judge.judge() forgets what voters met before the operator delisted the number', () => {
  const evidence = new MemoryEvidence();
  evidence.pool.set(MOBILE, voters(3));
  assert.equal(dialled(evidence, `+${MOBILE}`).level, 'watch');
  evidence.delistings.set(`number ${MOBILE}`, { ...DELISTED, atEpochUs: NOON_US - 1 });
  assert.equal(dialled(evidence, `+${MOBILE}`).level, 'none');
  evidence.delistings.set(`number ${MOBILE}`, { ...DELISTED, atEpochUs: NOON_US - 2 });
  assert.equal(dialled(evidence, `+${MOBILE}`).level, 'watch');
});

test('Judge lists no block in which a number was delisted, until a proved caller calls that one again', () => {
  const evidence = new MemoryEvidence();
  evidence.ranges.set('467012345xx', { ...RANGE, numbersCount: 3, networksCount: 2 });
  const levels = (): readonly string[] => {
    const judge = judgeOf(evidence);
    return [
      judge.subject({ kind: 'range', value: '467012345xx' }, NOON_US).level,
      judge.judge({ number: `+${MOBILE}` }, NOON_US).level,
      judge.judge({ number: '+46701234501' }, NOON_US).level,
    ];
  };
  assert.deepEqual(levels(), ['listed', 'listed', 'listed']);
  evidence.delistings.set(`number ${MOBILE}`, DELISTED);
  // A list of ranges would refuse the delisted number along with the others.
  assert.deepEqual(levels(), ['watch', 'none', 'watch']);
  const { reasons } = judgeOf(evidence).subject({ kind: 'range', value: '467012345xx' }, NOON_US);
  assert.equal(
    reasons.at(-1),
    `it is only watched: +${MOBILE}, one of these numbers, was delisted`,
  );
  evidence.numbers.set(MOBILE, NUMBER);
  assert.deepEqual(levels(), ['watch', 'watch', 'watch']);
  evidence.numbers.set(MOBILE, { ...NUMBER, grade: 'returned', proved: PROVED });
  assert.deepEqual(levels(), ['listed', 'listed', 'listed']);
});

/** What hubs say of it. */
function word(level: 'listed' | 'watch', more: Partial<FleetWord> = {}): FleetWord {
  const lastEpochUs = NOON_US - 1;
  return { level, score: 60, reasons: ['calls'], lastEpochUs, untilEpochUs: NOON_US + 1, ...more };
}

test('digits that are blocked as they are dialled are refused so, also where they mean a number at home', () => {
  const evidence = new MemoryEvidence();
  const digits = '0701234567';
  const blocks = [block('number', digits, NOON_US + 1)];
  for (const home of [undefined, 'SE']) {
    const options = { blocks, ...(home === undefined ? {} : { home }) };
    const judged = dialled(evidence, digits, options);
    assert.deepEqual([judged.level, judged.kind, judged.e164], ['listed', 'unknown', undefined]);
    assert.equal(dialled(evidence, `+${MOBILE}`, options).level, 'none', 'not in other forms');
    assert.equal(dialled(evidence, '00701234567', options).level, 'none');
    const judge = judgeOf(evidence, options);
    assert.equal(judge.subject({ kind: 'number', value: digits }, NOON_US).level, 'listed');
    assert.equal(judge.subject({ kind: 'number', value: digits }, NOON_US + 1).level, 'none');
    assert.equal(judge.numberStanding(digits, NOON_US), 'met');
    assert.equal(judge.guardOf({ kind: 'number', value: digits }, NOON_US), undefined);
    assert.equal(judge.blockOn({ kind: 'number', value: digits }, NOON_US)?.subject.value, digits);
  }
});

test('digits are guarded by the number that they mean at home, and by none without a home country', () => {
  const evidence = new MemoryEvidence();
  const digits = '0701234567';
  const options = {
    blocks: [block('number', digits)],
    allowances: [allowance(`+${MOBILE}`, { comment: 'a customer' })],
  };
  const of = (home: JudgeOptions): readonly string[] => {
    const judge = judgeOf(evidence, { ...options, ...home });
    const subject = { kind: 'number', value: digits } as const;
    return [
      dialled(evidence, digits, { ...options, ...home }).level,
      judge.subject(subject, NOON_US).level,
      judge.guardOf(subject, NOON_US) ?? 'none',
      judge.numberStanding(digits, NOON_US),
    ];
  };
  assert.deepEqual(of({}), ['listed', 'listed', 'none', 'met']);
  const why = 'it is on the allowlist (a customer)';
  assert.deepEqual(of({ home: 'SE' }), ['none', 'none', why, 'guarded']);
  // The digits themselves may be guarded, and what no home country reads as a number has no other meaning.
  assert.deepEqual(of({ home: 'SE', allowances: [allowance(digits)] }).slice(0, 2), [
    'none',
    'none',
  ]);
  assert.deepEqual(of({ home: 'FR' }).slice(0, 2), ['listed', 'listed']);
});

test('what attackers dialled says nothing of digits that mean a number at home', () => {
  const evidence = new MemoryEvidence();
  const digits = '0701234567';
  evidence.numbers.set(digits, MUCH);
  evidence.meanings.set(digits, digits);
  const of = (value: string, home: JudgeOptions): readonly string[] => [
    dialled(evidence, value, home).level,
    judgeOf(evidence, home).subject({ kind: 'number', value }, NOON_US).level,
  ];
  assert.deepEqual(of(digits, {}), ['listed', 'listed']);
  assert.deepEqual(of(digits, { home: 'SE' }), ['none', 'none']);
  const { reasons } = judgeOf(evidence, { home: 'SE' }).subject(
    { kind: 'number', value: digits },
    NOON_US,
  );
  assert.deepEqual(reasons, [`in the home country these digits mean +${MOBILE}`]);
  // Hubs and voters may have no home country, or another one.
  evidence.numbers.clear();
  evidence.words.set(digits, word('listed'));
  evidence.pool.set(digits, voters(3));
  assert.deepEqual(of(digits, {}), ['listed', 'listed']);
  assert.deepEqual(of(digits, { home: 'SE' }), ['none', 'none']);
});

test('hubs refuse a number, a range and digits, but nobody whom people call in need', () => {
  const evidence = new MemoryEvidence();
  for (const value of [MOBILE, '123456789012345678', '9725928910xx', '18002738255', '461161xx'])
    evidence.words.set(value, word('listed'));
  const subject = (kind: Subject['kind'], value: string, nowUs = NOON_US): Verdict['level'] =>
    judgeOf(evidence).subject({ kind, value }, nowUs).level;
  assert.equal(dialled(evidence, `+${MOBILE}`).level, 'listed');
  assert.equal(subject('number', MOBILE), 'listed');
  assert.equal(subject('number', MOBILE, NOON_US + 1), 'none');
  assert.equal(dialled(evidence, '123456789012345678').level, 'listed');
  assert.equal(judgeOf(evidence).numberStanding('123456789012345678', NOON_US), 'met');
  const ranged = dialled(evidence, '+972592891005');
  assert.deepEqual([ranged.level, ranged.range], ['listed', '9725928910xx']);
  assert.equal(subject('range', '9725928910xx'), 'listed');
  assert.equal(dialled(evidence, '+18002738255').level, 'none');
  assert.equal(dialled(evidence, '+46116123').level, 'none');
  evidence.words.set('46116123', word('watch'));
  assert.equal(dialled(evidence, '+46116123').level, 'watch', 'to be told of them does no harm');
});

test('what hubs say of a number counts as met for as long as it holds, and not beyond a delisting', () => {
  const evidence = new MemoryEvidence();
  evidence.words.set(MOBILE, word('watch'));
  const standing = (nowUs: number): string => judgeOf(evidence).numberStanding(`+${MOBILE}`, nowUs);
  assert.deepEqual([standing(NOON_US), standing(NOON_US + 1)], ['met', 'unmet']);
  assert.equal(dialled(evidence, `+${MOBILE}`).level, 'watch');
  evidence.delistings.set(`number ${MOBILE}`, { ...DELISTED, atEpochUs: NOON_US - 2 });
  assert.equal(dialled(evidence, `+${MOBILE}`).level, 'watch');
  evidence.delistings.set(`number ${MOBILE}`, { ...DELISTED, atEpochUs: NOON_US - 1 });
  assert.equal(dialled(evidence, `+${MOBILE}`).level, 'none');
});

test('a range is listed where its most ordinary number would be, and watched otherwise', () => {
  const evidence = new MemoryEvidence();
  const level = (value: string, networksCount: number): Verdict['level'] => {
    const many = { numbersCount: 99, daysCount: 9, networksCount };
    evidence.ranges.set(value, { ...RANGE, ...many, example: value.replaceAll('x', '5') });
    return judgeOf(evidence).subject({ kind: 'range', value }, NOON_US).level;
  };
  assert.deepEqual([level('9725928910xx', 1), level('9725928910xx', 2)], ['watch', 'listed']);
  // Toll-free numbers with a helpline among them.
  assert.equal(level('180027382xx', 99), 'none', 'which is guarded');
  assert.equal(level('1800273xxxx', 99), 'none');
  const evidenceOfNone = new MemoryEvidence();
  assert.equal(
    judgeOf(evidenceOfNone).subject({ kind: 'range', value: '9725928910xx' }, NOON_US).level,
    'none',
  );
});

test('a block of a range that holds a guarded number has no effect on the others, nor has an ended one', () => {
  const evidence = new MemoryEvidence();
  const blocks = [block('range', '467012345xx'), block('range', '46709876xxx', NOON_US)];
  const options = { blocks, allowances: [allowance('+46701234599')] };
  assert.equal(dialled(evidence, `+${MOBILE}`, { blocks }).level, 'listed');
  assert.equal(dialled(evidence, `+${MOBILE}`, options).level, 'none');
  assert.equal(dialled(evidence, '+46709876543', options).level, 'none');
  // A number that is blocked itself is refused beside it.
  const one = { ...options, blocks: [...blocks, block('number', MOBILE)] };
  assert.equal(dialled(evidence, `+${MOBILE}`, one).level, 'listed');
});

test('a guard says which block has no effect', () => {
  const evidence = new MemoryEvidence();
  const allowances = [allowance(`+${MOBILE}`)];
  const { reasons } = dialled(evidence, `+${MOBILE}`, {
    allowances,
    blocks: [block('number', MOBILE)],
  });
  assert.deepEqual(reasons, [
    'it is on the allowlist',
    `so the block of +${MOBILE} has no effect on it`,
  ]);
  assert.deepEqual(dialled(evidence, `+${MOBILE}`, { allowances }).reasons, [
    'it is on the allowlist',
  ]);
});

test('Judge.numberStanding() takes a reading for meant from the confidence on that the policy asks for', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set(MOBILE, NUMBER);
  const standing = (percent: number): string =>
    judgeOf(evidence, {
      policy: policyOf(new Map([['number-confidence', percent]])),
    }).numberStanding(GUESS, NOON_US);
  assert.deepEqual([30, 31].map(standing), ['met', 'unmet']);
});

test('Judge takes a number as meant from exactly the confidence that the policy asks for', () => {
  const evidence = new MemoryEvidence();
  evidence.delistings.set(`number ${MOBILE}`, DELISTED);
  const at = (percent: number): JudgeOptions => ({
    policy: policyOf(new Map([['number-confidence', percent]])),
  });
  const standing = (percent: number): string =>
    judgeOf(evidence, at(percent)).numberStanding(`00${MOBILE}`, NOON_US);
  assert.deepEqual([95, 96].map(standing), ['delisted', 'unmet']);
  const level = (percent: number, more: JudgeOptions): string =>
    dialled(evidence, `00${MOBILE}`, { ...at(percent), ...more }).level;
  const blocks = [block('number', MOBILE)];
  assert.deepEqual([level(95, { blocks }), level(96, { blocks })], ['listed', 'none']);
  evidence.delistings.clear();
  evidence.pool.set(MOBILE, voters(3));
  assert.deepEqual([level(95, {}), level(96, {})], ['watch', 'none']);
});

test('Judge takes no other number for likelier because one was dialled in many forms', () => {
  const evidence = new MemoryEvidence();
  evidence.numbers.set(GUESS, { ...NUMBER, formsCount: 9, lastEpochUs: 0 });
  evidence.numbers.set(MOBILE, MUCH);
  assert.equal(dialled(evidence, GUESS).level, 'none');
  const forms = Object.assign(new MemoryEvidence(), {
    formsOf: (number: string): number => (number === GUESS ? 9 : 0),
  });
  forms.delistings.set(`number ${MOBILE}`, DELISTED);
  assert.equal(judgeOf(forms).numberStanding(GUESS, NOON_US), 'unmet');
  forms.delistings.set(`number ${GUESS}`, DELISTED);
  assert.equal(judgeOf(forms).numberStanding(GUESS, NOON_US), 'delisted');
});

test('Judge.judge() judges what the very digits meant, unless that is guarded or nothing was dialled', () => {
  const evidence = new MemoryEvidence();
  const meant = '442071234567';
  evidence.meanings.set(GUESS, meant);
  evidence.numbers.set(meant, { ...MUCH, confidence: 0.1 });
  const { level, kind, e164 } = dialled(evidence, GUESS);
  assert.deepEqual([level, kind, e164], ['listed', 'number', meant]);
  const allowances = [allowance(`+${meant}`)];
  assert.equal(dialled(evidence, GUESS, { allowances }).level, 'none');
  evidence.meanings.set(GUESS, MOBILE);
  evidence.numbers.set(MOBILE, MUCH);
  assert.equal(dialled(evidence, GUESS).level, 'listed', 'what it meant before is no guess');
  evidence.meanings.set('', MOBILE);
  assert.equal(dialled(evidence, 'nobody').level, 'none');
});

test('Judge.guardOf() says first why digits themselves are guarded', () => {
  const digits = { kind: 'number', value: '0701234567' } as const;
  const allowances = [allowance(digits.value, { comment: 'ours' }), allowance(`+${MOBILE}`)];
  const guard = judgeOf(new MemoryEvidence(), { home: 'SE', allowances }).guardOf(digits, NOON_US);
  assert.equal(guard, 'it is on the allowlist (ours)');
});

test('Judge takes digits for a number only by the home country', () => {
  const evidence = new MemoryEvidence();
  const digits = { kind: 'number', value: `00${MOBILE}` } as const;
  evidence.numbers.set(digits.value, MUCH);
  assert.equal(judgeOf(evidence).subject(digits, NOON_US).level, 'listed');
  assert.equal(judgeOf(evidence, { home: 'SE' }).subject(digits, NOON_US).level, 'none');
});

test('Judge.numberStanding() counts what hubs say of digits only if they mean nothing else', () => {
  const evidence = new MemoryEvidence();
  const standing = (digits: string, options: JudgeOptions = {}): string =>
    judgeOf(evidence, options).numberStanding(digits, NOON_US);
  assert.equal(standing('123456789012345678'), 'unmet');
  evidence.words.set('0701234567', word('listed'));
  assert.equal(standing('0701234567'), 'met');
  assert.equal(standing('0701234567', { home: 'SE' }), 'unmet');
});

test('Judge.judge() judges a delisted number by its neighbours again once it was called', () => {
  const evidence = new MemoryEvidence();
  evidence.ranges.set('467012345xx', { ...RANGE, numbersCount: 9, networksCount: 9 });
  evidence.delistings.set(`number ${MOBILE}`, DELISTED);
  assert.equal(dialled(evidence, `+${MOBILE}`).level, 'none');
  evidence.numbers.set(MOBILE, { ...NUMBER, lastEpochUs: 0 });
  assert.equal(dialled(evidence, `+${MOBILE}`).level, 'watch');
});
