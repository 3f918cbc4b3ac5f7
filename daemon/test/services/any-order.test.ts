// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Evidence, the operator's word, votes of the pool, what hubs list, forgetting, starts with other options and between two
 * steps of the judge, and a clock that is put forward and back, in whatever order: lists, feed, look-ups and a judge that
 * has seen nothing say the same, what is guarded is refused nowhere, what is blocked is, and in the end nothing is left.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Subject } from '@sentrypeer/event';
import {
  contains,
  covers,
  formatPrefix,
  isIpv4,
  parseIp,
  parsePrefix,
  type Prefix,
} from '@sentrypeer/ip';
import type { JudgeOptions } from '../../src/services/open-judging.ts';
import { unreachable } from '@sentrypeer/kernel';
import { DecidingNode, idOf } from './deciding-node.ts';

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
const FOREVER_US = 400 * DAY_US;

const ADDRESSES = [
  '45.13.0.1',
  '45.13.0.2',
  '45.14.1.1',
  '2a02:6b8:1::1',
  '2a02:6b8:1::2',
  '2a02:6b8:1:80::1',
  '2a02:6b8:1:100::1',
  '2a02:6b8:1:180::1',
] as const;
const OWN_ADDRESS = '2a02:6b8:1:80::1';
/** By which IPv4 and IPv6 are decided on. */
const NETWORKS = [
  ...ADDRESSES,
  '45.13.0.0/31',
  '45.13.0.0/16',
  '2a02:6b8:1::/64',
  '2a02:6b8:1::/60',
  '2a02:6b8:1::/56',
  '2a02:6b8:1:100::/56',
  '2a02:6b8:1::/52',
  '2a02:6b8:1::/48',
  '2a02:600::/24',
] as const;
const NUMBERS = [
  '972592891005',
  '972592891006',
  '972592891077',
  '972592892055',
  '46701234567',
  '99912345',
] as const;
const RANGES = ['9725928910xx', '972592891xxx', '97259289xxxx'] as const;
const OWN_NUMBER = '+972592892055';
const ALLOWED: Readonly<Record<string, (number: string) => boolean>> = {
  '+972592891077': (number) => number === '972592891077',
  '+9725928910*': (number) => number.startsWith('9725928910'),
  '+972592891000-+972592891005': (number) => number === '972592891005',
  '0701234567': (number) => number === '46701234567',
  '99912000-99912999': (number) => number === '99912345',
};
const VOTERS = ['Alice', 'Bob', 'Carol'] as const;

function subjectOf(text: string): Subject {
  if (text.includes('.') || text.includes(':')) {
    return { kind: 'address', value: formatPrefix(prefixOf(text)) };
  }
  return { kind: text.includes('x') ? 'range' : 'number', value: text };
}

function prefixOf(text: string): Prefix {
  const found = parsePrefix(text);
  assert.ok(found !== undefined, text);
  return found;
}

/** What explain and lists speak of. */
const SUBJECTS: readonly Subject[] = [
  ...NETWORKS.map(subjectOf),
  ...['2a02:6b8:1:80::/64', '2a02:6b8:1:100::/64', '2a02:6b8:1:180::/64'].map(subjectOf),
  ...NUMBERS.map(subjectOf),
  ...RANGES.map(subjectOf),
];

const USUAL: JudgeOptions = {
  homeCountry: 'SE',
  ownNumbers: [OWN_NUMBER],
  ownAddresses: [],
  policy: [
    { name: 'network-56', value: 2 },
    { name: 'network-48', value: 2 },
    { name: 'network-spread', value: 2 },
    { name: 'networks-foreign-mobile', value: 2 },
    { name: 'range-listed-1000', value: 3 },
    { name: 'networks-unread', value: 1 },
    { name: 'days-unread', value: 1 },
  ],
};
const OPTIONS: readonly JudgeOptions[] = [
  USUAL,
  { ...USUAL, ownNumbers: [], ownAddresses: [OWN_ADDRESS] },
  { ...USUAL, homeCountry: 'IL' },
  { ...USUAL, homeCountry: undefined, poolQuorum: 3 },
  {
    ...USUAL,
    policy: [
      { name: 'network-56', value: 0 },
      { name: 'range-watch', value: 3 },
      { name: 'address-days-max', value: 1 },
    ],
  },
];

type Step =
  | { readonly kind: 'meet'; readonly value: string }
  | { readonly kind: 'call'; readonly value: string; readonly networks: number }
  | { readonly kind: 'pass'; readonly hours: number; readonly us: number }
  | { readonly kind: 'jump'; readonly hours: number }
  | { readonly kind: 'settle' | 'crash' | 'backup' | 'restore' }
  | { readonly kind: 'start'; readonly options: number }
  | { readonly kind: 'allow' | 'block'; readonly value: string; readonly hours: number | undefined }
  | { readonly kind: 'disallow' | 'unblock' | 'delist' | 'forget'; readonly value: string }
  | {
      readonly kind: 'hubs';
      readonly value: string;
      readonly level: 'listed' | 'watch' | 'none';
      readonly hours: number;
      readonly isBlocked: boolean;
      readonly isDelisted: boolean;
    }
  | { readonly kind: 'say'; readonly who: string; readonly values: readonly string[] }
  | { readonly kind: 'trust' | 'distrust'; readonly who: string };

const network = fc.constantFrom(...NETWORKS);
const range = fc.constantFrom<string>(...NUMBERS, ...RANGES);
const anything = fc.oneof(network, range);
const hours = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
const who = fc.constantFrom(...VOTERS);
/** As lists name what can be named in the pool, and by hubs. */
const named = fc.constantFrom<string>(
  '45.13.0.1',
  '45.14.1.1',
  '2a02:6b8:1::/64',
  '2a02:6b8:1:80::/64',
  '2a02:6b8:1:180::/64',
  '972592891005',
  '972592891077',
);

function weighed(
  weight: number,
  arbitrary: fc.Arbitrary<unknown>,
): { weight: number; arbitrary: fc.Arbitrary<Step> } {
  return { weight, arbitrary: arbitrary as fc.Arbitrary<Step> };
}

const is = <K extends string>(...kinds: readonly K[]): fc.Arbitrary<K> => fc.constantFrom(...kinds);

const DECISIONS = [
  weighed(4, fc.record({ kind: is('meet'), value: fc.constantFrom(...ADDRESSES) })),
  weighed(
    4,
    fc.record({
      kind: is('call'),
      value: fc.constantFrom(...NUMBERS),
      networks: fc.integer({ min: 1, max: 3 }),
    }),
  ),
  weighed(3, fc.record({ kind: is('settle') })),
  weighed(
    3,
    fc.record({
      kind: is('allow'),
      value: fc.oneof(network, fc.constantFrom(...Object.keys(ALLOWED))),
      hours,
    }),
  ),
  weighed(3, fc.record({ kind: is('block'), value: anything, hours })),
  weighed(
    2,
    fc.record({
      kind: is('disallow'),
      value: fc.oneof(network, fc.constantFrom(...Object.keys(ALLOWED))),
    }),
  ),
  weighed(3, fc.record({ kind: is('unblock', 'delist'), value: anything })),
];
const TIMES = [
  weighed(
    2,
    fc.record({
      kind: is('pass'),
      hours: fc.integer({ min: 0, max: 8 }),
      us: fc.integer({ min: -1, max: 1 }),
    }),
  ),
];
const SAID = [
  weighed(
    5,
    fc.record({
      kind: is('hubs'),
      value: fc.oneof(
        named,
        fc.constantFrom(
          '2a02:6b8:1::/56',
          '2a02:6b8:1::/48',
          ...RANGES,
          '45.13.0.0/16',
          '2a02:600::/24',
          '2a02:6b8:1::/60',
        ),
      ),
      level: is('listed', 'watch', 'none'),
      hours: fc.integer({ min: 1, max: 30 }),
      isBlocked: fc.boolean(),
      isDelisted: fc.boolean(),
    }),
  ),
  weighed(4, fc.record({ kind: is('say'), who, values: fc.uniqueArray(named, { maxLength: 4 }) })),
  weighed(3, fc.record({ kind: is('trust'), who })),
  weighed(1, fc.record({ kind: is('distrust'), who })),
];
const STARTS = [
  weighed(2, fc.record({ kind: is('start'), options: fc.nat({ max: OPTIONS.length - 1 }) })),
  weighed(1, fc.record({ kind: is('backup', 'restore') })),
  weighed(4, fc.record({ kind: is('crash') })),
  weighed(
    3,
    fc.record({
      kind: is('forget'),
      value: anything,
    }),
  ),
  weighed(2, fc.record({ kind: is('jump'), hours: fc.constantFrom(-30, -3, -1, 1, 3, 30, 2000) })),
];

/** A node, and what was decided of it. */
class World implements Disposable {
  readonly node = new DecidingNode(USUAL);
  options = USUAL;
  /** Ends of what is in force. A file that is put back takes them along. */
  words = { allowed: new Map<string, number>(), blocked: new Map<string, number>() };
  #kept: { readonly restore: () => void; readonly words: World['words'] } | undefined;

  /** What ended by a clock that nobody doubted, and was removed, is gone for good, also when the clock is put back. */
  #dropEnded(): void {
    const { node, words } = this;
    const { evidence } = node.reader;
    const blocks = new Set(evidence.blocks().map(({ subject }) => subject.value));
    const allowances = new Set(evidence.allowances().map(({ value }) => value));
    const drop = (ends: Map<string, number>, isThere: (value: string) => boolean): void => {
      for (const [value, end] of ends)
        if (end <= node.clock.us && !isThere(value)) ends.delete(value);
    };
    drop(words.blocked, (value) => blocks.has(subjectOf(value).value));
    drop(words.allowed, (value) => allowances.has(value));
  }

  take(step: Step): void {
    this.#dropEnded();
    const { node, words } = this;
    const nowUs = node.clock.us;
    switch (step.kind) {
      case 'meet':
        return node.meet(Array.from({ length: 3 }, () => ({ sourceIp: step.value })));
      case 'call':
        return node.meet(
          Array.from({ length: step.networks }, (_, at) => ({
            sourceIp: `${60 + at}.1.2.3`,
            calledNumber: `+${step.value}`,
          })),
        );
      case 'pass':
        return node.clock.pass(Math.max(0, step.hours * HOUR_US + step.us));
      case 'jump':
        node.clock.us += step.hours * HOUR_US;
        node.clock.ms += 1000;
        node.store.maintain(); // Looks at the clock.
        return;
      case 'settle':
        return node.settle();
      case 'crash': // Between two steps of the judge.
        node.stepOnce();
        return node.restart(this.options);
      case 'start':
        this.options = OPTIONS[step.options] ?? USUAL;
        return node.restart(this.options);
      case 'backup':
        this.#kept = { restore: node.backup(), words: structuredClone(words) };
        return;
      case 'restore':
        this.#kept?.restore();
        if (this.#kept !== undefined) this.words = structuredClone(this.#kept.words);
        return;
      case 'allow': {
        const untilEpochUs = step.hours === undefined ? undefined : nowUs + step.hours * HOUR_US;
        node.decide({ kind: 'allow', value: step.value, comment: '', untilEpochUs });
        words.allowed.set(step.value, untilEpochUs ?? Infinity);
        return;
      }
      case 'block': {
        const untilEpochUs = step.hours === undefined ? undefined : nowUs + step.hours * HOUR_US;
        node.decide({ kind: 'block', subject: subjectOf(step.value), comment: '', untilEpochUs });
        words.blocked.set(step.value, untilEpochUs ?? Infinity);
        return;
      }
      case 'disallow':
        if (node.decide({ kind: 'disallow', value: step.value })) words.allowed.delete(step.value);
        return;
      case 'unblock':
        if (node.decide({ kind: 'unblock', subject: subjectOf(step.value) }))
          words.blocked.delete(step.value);
        return;
      case 'delist':
        node.decide({ kind: 'delist', subject: subjectOf(step.value), comment: '' });
        return;
      case 'forget':
        return node.forget(subjectOf(step.value));
      case 'hubs': {
        const untilEpochUs = nowUs + step.hours * HOUR_US;
        const { isBlocked, isDelisted, level } = step;
        // Hubs block what they list, and list networks of IPv4 and odd ones for that alone.
        const isOdd = /^45.*\/|\/24$|\/60$/u.test(step.value);
        const one = {
          ...subjectOf(step.value),
          level: isBlocked && level === 'watch' ? 'listed' : level,
        } as const;
        return node.follow(one, {
          untilEpochUs,
          isBlocked: isBlocked || isOdd,
          isDelisted: isDelisted && level === 'none',
        });
      }
      case 'say':
        return node.say(step.who, step.values);
      case 'trust':
        return node.trust(step.who);
      case 'distrust':
        return node.store.setTrust(idOf(step.who), 'distrusted');
      default:
        return unreachable(step);
    }
  }

  /** All answers are the same one. */
  agree(): void {
    const { node } = this;
    node.settle();
    const nowUs = node.clock.us;
    const entries = node.entries(['address', 'number', 'range']);
    const levels = new Map(
      entries.map(({ kind, value, level }) => [`${kind} ${value}`, level] as const),
    );
    assert.deepEqual(this.#followed(), levels, 'the feed says what the lists say');
    const fresh = node.judge();
    for (const one of SUBJECTS) {
      const { level } = fresh.subject(one, nowUs);
      assert.equal(node.running.subject(one, nowUs).level, level, `running: ${one.value}`);
      const onLists = levels.get(`${one.kind} ${one.value}`) ?? 'none';
      const isIpv6 = one.kind === 'address' && one.value.includes(':');
      // Of networks within one another only the widest is an entry.
      if (!isIpv6) assert.equal(onLists, level, `explain and lists: ${one.value}`);
      else if (onLists === 'listed') assert.equal(level, 'listed', one.value);
      else if (level === 'listed')
        assert.ok(this.#isWithin(one.value, levels), `${one.value} is on no list`);
    }
    this.#agreeOnAddresses(levels, fresh);
    this.#agreeOnNumbers(levels, fresh);
  }

  #followed(): ReadonlyMap<string, string> {
    const entries = new Map<string, string>();
    for (const { change, kind, value, level } of this.node.reader.listings.changes(0, 100_000)) {
      if (change === 'unlisted') entries.delete(`${kind} ${value}`);
      else entries.set(`${kind} ${value}`, level);
    }
    return entries;
  }

  #isWithin(value: string, levels: ReadonlyMap<string, string>): boolean {
    return [...levels].some(([name, level]) => {
      if (level !== 'listed' || !name.startsWith('address ')) return false;
      return covers(prefixOf(name.slice(8)), prefixOf(value));
    });
  }

  #agreeOnAddresses(levels: ReadonlyMap<string, string>, fresh: World['node']['running']): void {
    const { node, words } = this;
    const nowUs = node.clock.us;
    const listed = [...levels].flatMap(([name, level]) =>
      name.startsWith('address ') && level === 'listed' ? prefixOf(name.slice(8)) : [],
    );
    const wide = listed.filter(({ base }) => !isIpv4(base));
    for (const outer of wide)
      for (const inner of wide)
        assert.ok(outer === inner || !covers(outer, inner), 'no entry lies within another');
    for (const address of ADDRESSES) {
      const ip = parseIp(address);
      assert.ok(ip !== undefined);
      const isOnList = listed.some((entry) => contains(entry, ip));
      const { level } = fresh.judge({ address }, nowUs);
      assert.equal(node.running.judge({ address }, nowUs).level, level, `running: ${address}`);
      assert.equal(isOnList, level === 'listed', `${address} is ${level}`);
      const inForce = (map: ReadonlyMap<string, number>): boolean =>
        [...map].some(
          ([value, end]) => nowUs < end && /[.:]/u.test(value) && contains(prefixOf(value), ip),
        );
      const isOwn = this.options.ownAddresses.includes(address);
      if (isOwn || inForce(words.allowed)) assert.ok(!isOnList, `${address} is guarded`);
      else if (inForce(words.blocked)) assert.ok(isOnList, `${address} is blocked`);
    }
  }

  #agreeOnNumbers(levels: ReadonlyMap<string, string>, fresh: World['node']['running']): void {
    const { node, words, options } = this;
    const nowUs = node.clock.us;
    for (const number of NUMBERS) {
      const isOnList =
        levels.get(`number ${number}`) === 'listed' ||
        RANGES.some(
          (one) =>
            number.length === one.length &&
            number.startsWith(one.slice(0, one.indexOf('x'))) &&
            levels.get(`range ${one}`) === 'listed',
        );
      const question = { number: `+${number}` };
      const { level } = fresh.judge(question, nowUs);
      assert.equal(node.running.judge(question, nowUs).level, level, `running: ${number}`);
      // A range is listed where its most ordinary number would be; one of them may be refused before.
      if (isOnList) assert.equal(level, 'listed', `${number} is ${level}`);
      const isAllowed = [...words.allowed].some(
        ([text, end]) => nowUs < end && ALLOWED[text]?.(number) === true,
      );
      const isHome = options.homeCountry === 'SE';
      if (
        options.ownNumbers.includes(`+${number}`) ||
        (isAllowed && (isHome || number !== '46701234567'))
      )
        assert.notEqual(level, 'listed', `${number} is guarded`);
      else if (!isAllowed && nowUs < (words.blocked.get(number) ?? 0))
        assert.equal(level, 'listed', `${number} is blocked`);
    }
  }

  /** When all words have ended and all that is known is too old, nothing is left. */
  end(): void {
    const { node } = this;
    for (const value of this.words.allowed.keys()) node.decide({ kind: 'disallow', value });
    for (const value of this.words.blocked.keys())
      node.decide({ kind: 'unblock', subject: subjectOf(value) });
    this.words.allowed.clear();
    this.words.blocked.clear();
    node.settle();
    node.clock.pass(FOREVER_US);
    for (let times = 0; times < 3; times += 1) node.settle();
    assert.deepEqual(
      node.entries(['address', 'number', 'range']).map(({ value }) => value),
      [],
    );
    assert.deepEqual([...this.#followed()], []);
    assert.equal(
      node.reader.evidence.blocks().length + node.reader.evidence.allowances().length,
      0,
    );
    this.agree();
  }

  [Symbol.dispose](): void {
    this.node[Symbol.dispose]();
  }
}

const MIXES = {
  'evidence and decisions': [...DECISIONS, ...TIMES],
  'what hubs and voters say': [...DECISIONS, ...TIMES, ...SAID],
  'starts, forgetting and the clock': [...DECISIONS, ...TIMES, ...SAID, ...STARTS],
};

for (const [what, steps] of Object.entries(MIXES)) {
  test(`all answers agree after any order of ${what}`, () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 16 }), (order) => {
        using world = new World();
        for (const step of order) world.take(step);
        world.agree();
        world.end();
      }),
      { numRuns: Number(process.env['RUNS'] ?? 25) },
    );
  });
}

/** Steps that say nothing of one another. */
const apart = fc.uniqueArray(
  fc.oneof(
    fc.record({ kind: is('meet'), value: fc.constantFrom(...ADDRESSES) }),
    fc.record({ kind: is('call'), value: fc.constantFrom(...NUMBERS), networks: fc.constant(2) }),
    fc.record({
      kind: is('allow'),
      value: fc.oneof(network, fc.constantFrom(...Object.keys(ALLOWED))),
    }),
    fc.record({ kind: is('block'), value: anything }),
    fc.record({ kind: is('trust'), who }),
    fc.record({
      kind: is('say'),
      who,
      values: fc.constant(['45.13.0.1', '2a02:6b8:1:180::/64', '972592891077']),
    }),
    fc.record({
      kind: is('hubs'),
      value: fc.constantFrom(
        '45.13.0.2',
        '2a02:6b8:1:80::/64',
        '2a02:6b8:1:100::/56',
        '2a02:6b8:1::/60',
        '9725928910xx',
      ),
      level: fc.constant('listed'),
      hours: fc.constant(30),
      isBlocked: fc.constant(false),
      isDelisted: fc.constant(false),
    }),
  ) as fc.Arbitrary<Step>,
  { minLength: 2, maxLength: 14, selector: (step) => JSON.stringify(step) },
);

test('what says nothing of one another leads to the same lists in every order', () => {
  const orders = apart.chain((steps) => {
    const other = fc.shuffledSubarray([...steps], { minLength: steps.length });
    return fc.tuple(
      fc.constant(steps),
      other,
      fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
    );
  });
  fc.assert(
    fc.property(orders, ([one, other, settles]) => {
      const lists = (steps: readonly Step[], pauses: readonly boolean[]): readonly string[] => {
        using world = new World();
        for (const [at, step] of steps.entries()) {
          world.take(step);
          if (pauses[at] === true) world.node.settle();
        }
        world.agree();
        return world.node
          .entries(['address', 'number', 'range'])
          .map(
            ({ value, level, untilEpochUs, isBlocked }) =>
              `${value} ${level} ${untilEpochUs} ${isBlocked}`,
          )
          .toSorted();
      };
      assert.deepEqual(lists(other, settles), lists(one, []));
    }),
    { numRuns: Number(process.env['RUNS'] ?? 15) },
  );
});
