// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Numbers and ranges are allowed, blocked, delisted and called in any order: all answers agree, what is allowed is
 * never refused, and what is blocked always is.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Subject } from '@sentrypeer/event';
import type { JudgeOptions } from '../../src/services/open-judging.ts';
import { DecidingNode } from './deciding-node.ts';

const HOUR_US = 3_600_000_000;
const OPTIONS: JudgeOptions = {
  homeCountry: 'SE',
  ownNumbers: ['+972592892999'],
  ownAddresses: [],
  policy: [
    { name: 'networks-foreign-mobile', value: 1 },
    { name: 'networks-unallocated', value: 1 },
    { name: 'range-listed-100', value: 2 },
    { name: 'range-listed-1000', value: 3 },
  ],
};

/** Few numbers, close to one another, so that steps meet; the last is at home. */
const NUMBERS = [
  '972592891005',
  '972592891006',
  '972592891077',
  '972592891177',
  '972592892055',
  '46701234567',
];
const OWN = '972592892999';
const RANGES = ['9725928910xx', '972592891xxx', '97259289xxxx', '467012345xx', '46701234xxx'];
const ALLOWED: Readonly<Record<string, (number: string) => boolean>> = {
  '+972592891077': (number) => number === '972592891077',
  '+9725928910*': (number) => number.startsWith('9725928910'),
  '+972592891100-+972592891199': (number) => number === '972592891177',
  '0701234567': (number) => number === '46701234567',
};
const SUBJECTS: readonly Subject[] = [
  ...NUMBERS.map((value) => ({ kind: 'number', value }) as const),
  ...RANGES.map((value) => ({ kind: 'range', value }) as const),
];

type Step =
  | { readonly kind: 'call'; readonly number: string; readonly form: string }
  | { readonly kind: 'pass'; readonly hours: number }
  | { readonly kind: 'settle' }
  | { readonly kind: 'allow'; readonly value: string; readonly hours: number | undefined }
  | { readonly kind: 'disallow'; readonly value: string }
  | { readonly kind: 'block'; readonly subject: Subject; readonly hours: number | undefined }
  | { readonly kind: 'unblock' | 'delist'; readonly subject: Subject };

const hours = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
const value = fc.constantFrom(...Object.keys(ALLOWED));
const subject = fc.constantFrom(...SUBJECTS);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('call'),
      number: fc.constantFrom(...NUMBERS),
      form: fc.constantFrom('+', '00', '9011'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pass'), hours: fc.nat({ max: 8 }) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'settle' }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('allow'), value, hours }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('disallow'), value }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('block'), subject, hours }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom('unblock', 'delist'), subject }),
  },
) as fc.Arbitrary<Step>;

/** When each of the operator's decisions ends. */
interface Words {
  readonly allowed: Map<string, number>;
  /** By kind and value. */
  readonly blocked: Map<string, number>;
}

function take(node: DecidingNode, one: Step, { allowed, blocked }: Words): void {
  const nowUs = node.clock.us;
  const endOf = (hoursLong: number | undefined): number | undefined =>
    hoursLong === undefined ? undefined : nowUs + hoursLong * HOUR_US;
  switch (one.kind) {
    case 'call':
      node.meet(
        ['45.1.2.3', '46.1.2.3', '47.1.2.3'].map((sourceIp) => ({
          sourceIp,
          calledNumber: `${one.form}${one.number}`,
        })),
      );
      return;
    case 'pass':
      return node.clock.pass(one.hours * HOUR_US);
    case 'settle':
      return node.settle();
    case 'allow': {
      const untilEpochUs = endOf(one.hours);
      assert.ok(node.decide({ kind: 'allow', value: one.value, comment: '', untilEpochUs }));
      allowed.set(one.value, untilEpochUs ?? Infinity);
      return;
    }
    case 'disallow':
      if (node.decide({ kind: 'disallow', value: one.value })) allowed.delete(one.value);
      return;
    case 'block': {
      const untilEpochUs = endOf(one.hours);
      node.decide({ kind: 'block', subject: one.subject, comment: '', untilEpochUs });
      blocked.set(`${one.subject.kind} ${one.subject.value}`, untilEpochUs ?? Infinity);
      return;
    }
    case 'unblock':
      if (node.decide({ kind: 'unblock', subject: one.subject }))
        blocked.delete(`${one.subject.kind} ${one.subject.value}`);
      return;
    case 'delist':
      node.decide({ kind: 'delist', subject: one.subject, comment: '' });
  }
}

function isIn(number: string, range: string): boolean {
  const prefix = range.slice(0, range.indexOf('x'));
  return number.length === range.length && number.startsWith(prefix);
}

/** The level of each entry of the feed for somebody who followed its changes from the beginning. */
function followed(node: DecidingNode): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const { change, kind, value: text, level } of node.reader.listings.changes(0, 100_000)) {
    if (change === 'unlisted') entries.delete(`${kind} ${text}`);
    else if (kind !== 'address') entries.set(`${kind} ${text}`, level);
  }
  return entries;
}

test('no order of decisions, calls and time has an allowed number refused, or a blocked one let through', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 14 }), (steps) => {
      using node = new DecidingNode(OPTIONS);
      const words: Words = { allowed: new Map(), blocked: new Map() };
      for (const one of steps) take(node, one, words);
      node.settle();
      const nowUs = node.clock.us;
      const entries = node.entries(['number', 'range']);
      const levels = new Map(
        entries.map(({ kind, value: text, level }): [string, string] => [`${kind} ${text}`, level]),
      );
      assert.deepEqual(followed(node), levels, 'the feed says what the lists say');
      const fresh = node.judge();
      for (const one of SUBJECTS) {
        const name = `${one.kind} ${one.value}`;
        const { level } = fresh.subject(one, nowUs);
        assert.equal(levels.get(name) ?? 'none', level, `explain and lists: ${name}`);
        assert.equal(node.running.subject(one, nowUs).level, level, `running: ${name}`);
      }
      const isListed = (name: string): boolean => levels.get(name) === 'listed';
      const inForce = (number: string): boolean =>
        [...words.allowed].some(([text, end]) => nowUs < end && ALLOWED[text]?.(number) === true);
      const holdsGuarded = (range: string): boolean =>
        [...words.allowed].some(
          ([text, end]) =>
            nowUs < end &&
            (NUMBERS.some((number) => isIn(number, range) && ALLOWED[text]?.(number) === true) ||
              (text === '+9725928910*' && range.startsWith('97259289'))),
        ) || isIn(OWN, range);
      for (const number of [...NUMBERS, OWN]) {
        const isOnList =
          isListed(`number ${number}`) ||
          entries.some(
            ({ kind, value: text }) =>
              kind === 'range' && isIn(number, text) && isListed(`range ${text}`),
          );
        for (const form of ['+', '00', '9011']) {
          const question = { number: `${form}${number}` };
          const { level } = fresh.judge(question, nowUs);
          assert.equal(node.running.judge(question, nowUs).level, level, question.number);
          assert.equal(level === 'listed', isOnList, `${question.number} is ${level}`);
        }
        const isBlocked = (name: string): boolean => nowUs < (words.blocked.get(name) ?? 0);
        if (number === OWN || inForce(number)) {
          assert.ok(!isOnList, `${number} is guarded`);
        } else if (
          isBlocked(`number ${number}`) ||
          RANGES.some(
            (range) => isIn(number, range) && !holdsGuarded(range) && isBlocked(`range ${range}`),
          )
        ) {
          assert.ok(isOnList, `${number} is blocked`);
        }
      }
    }),
    { numRuns: Number(process.env['RUNS'] ?? 40) },
  );
});

test('a number that was delisted is not refused with its block, until a proved caller calls it again', () => {
  using node = new DecidingNode(OPTIONS);
  const range = { kind: 'range', value: '9725928910xx' } as const;
  const levels = (): readonly string[] => {
    node.settle();
    const judge = node.judge();
    const nowUs = node.clock.us;
    const entry = node.entries(['range']).find(({ value: text }) => text === range.value);
    assert.equal(entry?.level ?? 'none', judge.subject(range, nowUs).level);
    return ['+972592891005', '+972592891077'].map((number) => judge.judge({ number }, nowUs).level);
  };
  const call = (number: string): void =>
    take(node, { kind: 'call', number, form: '+' }, { allowed: new Map(), blocked: new Map() });
  call('972592891005');
  call('972592891006');
  assert.deepEqual(levels(), ['listed', 'listed']);
  const subjectOfOne = { kind: 'number', value: '972592891005' } as const;
  node.decide({ kind: 'delist', subject: subjectOfOne, comment: '' });
  assert.deepEqual(levels(), ['none', 'none']);
  call('972592891007');
  assert.deepEqual(levels(), ['none', 'watch']);
  call('972592891005');
  assert.deepEqual(levels(), ['listed', 'listed']);
  // Delisted before anybody called a number in its block.
  node.decide({ kind: 'delist', subject: { kind: 'number', value: '972592891099' }, comment: '' });
  assert.deepEqual(levels(), ['listed', 'watch']);
});

for (const how of ['it ended', 'it was removed'] as const) {
  test(`what nobody called yet is refused again once an allowance over it is gone because ${how}`, () => {
    using node = new DecidingNode(OPTIONS);
    const listed = (): readonly string[] => {
      node.settle();
      return node
        .entries(['number', 'range'])
        .filter(({ level }) => level === 'listed')
        .map(({ value: text }) => text)
        .sort((a, b) => a.localeCompare(b));
    };
    const fromHub = { kind: 'number', value: '972592891077' } as const;
    const blockFromHub = { kind: 'number', value: '972592891006' } as const;
    const here = { kind: 'number', value: '972592891005' } as const;
    const range = { kind: 'range', value: '9725928910xx' } as const;
    const untilEpochUs = how === 'it ended' ? node.clock.us + HOUR_US : undefined;
    node.decide({ kind: 'allow', value: '+9725928910*', comment: '', untilEpochUs });
    for (const one of [here, range]) {
      node.decide({ kind: 'block', subject: one, comment: '', untilEpochUs: undefined });
    }
    const forDay = { untilEpochUs: node.clock.us + 24 * HOUR_US };
    node.follow({ ...fromHub, level: 'listed' }, forDay);
    node.follow({ ...blockFromHub, level: 'listed' }, { ...forDay, isBlocked: true });
    assert.deepEqual(listed(), []);
    node.clock.pass(HOUR_US);
    if (how === 'it was removed') node.decide({ kind: 'disallow', value: '+9725928910*' });
    const values = [here, fromHub, blockFromHub, range].map(({ value: text }) => text);
    assert.deepEqual(
      listed(),
      values.toSorted((a, b) => a.localeCompare(b)),
    );
  });
}
