// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Evidence, the operator's decisions, votes of the pool, listings of hubs, forgetting, restarts with other options and
 * between two steps of the judge, a full database, and a clock that is put forward and back, in any order: lists, feed,
 * look-ups, explanations, the SIP agent and a judge that has seen nothing all agree, what is guarded is never refused,
 * what is blocked is always refused, and in the end nothing is left.
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
import { latin1Octets } from '@sentrypeer/bytes';
import { unreachable } from '@sentrypeer/kernel';
import { Agent } from '@sentrypeer/redirect';
import { ListingFeed } from '@sentrypeer/store';
import type { Judge } from '@sentrypeer/verdict';
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
/** Addresses and networks of IPv4 and IPv6 that decisions name. */
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
/** As telephones at home dial; without a home country no plan knows them. */
const DIGITS = ['0701234567', '0592891005'] as const;
const RANGES = ['9725928910xx', '972592891xxx', '97259289xxxx'] as const;
const OWN_NUMBER = '+972592892055';
const ALLOWED: Readonly<Record<string, (number: string) => boolean>> = {
  '+972592891077': (number) => number === '972592891077',
  '+9725928910*': (number) => number.startsWith('9725928910'),
  '+972592891000-+972592891005': (number) => number === '972592891005',
  '0701234567': (number) => number === '46701234567',
  '99912000-99912999': (number) => number === '99912345',
};
const MIB = 1_048_576;
/** Entries and changes of the feed that a follower takes at a time. */
const PAGE = 100;
/** The level that a change of the feed gives to an entry; other changes end it. */
const LEVELS: ReadonlyMap<string, string> = new Map([
  ['listed', 'listed'],
  ['watched', 'watch'],
]);
/** Sources of a flood: more than the smallest database can keep. */
const FLOOD_COUNT = 300;
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

/** Subjects that explain and the lists are asked about. */
const SUBJECTS: readonly Subject[] = [
  ...NETWORKS.map(subjectOf),
  ...['2a02:6b8:1:80::/64', '2a02:6b8:1:100::/64', '2a02:6b8:1:180::/64'].map(subjectOf),
  ...NUMBERS.map(subjectOf),
  ...DIGITS.map(subjectOf),
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

/** As it is dialled, and as an operator writes it. */
function textOf(value: string): string {
  const isDigits = DIGITS.some((one) => one === value);
  return isDigits || value.includes('.') || value.includes(':') ? value : `+${value}`;
}

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
  | { readonly kind: 'trust' | 'distrust'; readonly who: string }
  | { readonly kind: 'flood'; readonly grade: 'seen' | 'handshake'; readonly round: number };

const network = fc.constantFrom(...NETWORKS);
const dialled = fc.constantFrom<string>(...NUMBERS, ...DIGITS);
const range = fc.oneof(dialled, fc.constantFrom<string>(...RANGES));
const anything = fc.oneof(network, range);
const hours = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
const who = fc.constantFrom(...VOTERS);
/** In the form of the lists, if the pool and hubs can name it. */
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
      value: dialled,
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
          ...DIGITS,
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

/** Steps with a database that is full, or will be. */
const FULL = [
  weighed(
    4,
    fc.record({
      kind: is('flood'),
      grade: is('seen', 'handshake'),
      round: fc.nat({ max: 2 }),
    }),
  ),
];

/** A request to the SIP agent, from a peer that received it from an address. */
function invite(number: string, address: string): Uint8Array {
  return latin1Octets(
    [
      `INVITE sip:${number}@pbx.example SIP/2.0`,
      'Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-a',
      `Via: SIP/2.0/UDP phone.example;branch=z9hG4bK-b;received=${address}`,
      'From: <sip:100@pbx.example>;tag=f00d',
      `To: <sip:${number}@pbx.example>`,
      'Call-ID: call-1',
      'CSeq: 1 INVITE',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
  );
}

/** A node, and what was decided about it. */
class World implements Disposable {
  readonly node: DecidingNode;
  readonly #agent = new Agent(
    { judge: (question, nowUs) => this.node.running.judge(question, nowUs) },
    {
      refusal: 603,
      refusesWatched: false,
      emergencyNumber: '112',
      destination: undefined,
      secret: new Uint8Array(32),
    },
  );
  /** What a follower of the feed was told, up to the serial. */
  readonly #told = new Map<string, string>();
  #serial: number | undefined;
  options = USUAL;
  /** When each decision in force ends. Restoring a file restores these, too. */
  words = { allowed: new Map<string, number>(), blocked: new Map<string, number>() };
  #kept: { readonly restore: () => void; readonly words: World['words'] } | undefined;

  constructor(isFull = false) {
    this.node = new DecidingNode(USUAL, isFull ? { databaseOctetsMax: MIB } : {});
  }

  /**
   * Decisions that ended by a clock nobody doubted, and were removed, are gone for good, even if the clock is put back.
   */
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
    this.#take(step);
    this.#followed();
  }

  #take(step: Step): void {
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
            calledNumber: textOf(step.value),
          })),
        );
      case 'flood':
        return node.meet(
          Array.from({ length: FLOOD_COUNT }, (_, at) => ({
            grade: step.grade,
            sourceIp: `50.${step.round}.${at >> 8}.${at & 255}`,
            calledNumber: `+4420712${String(1000 * step.round + at).padStart(5, '0')}`,
            sipMessage: new Uint8Array(2000),
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
        const { subject, alike } = this.#named(step.value);
        node.decide({ kind: 'block', subject, alike, comment: '', untilEpochUs });
        for (const other of alike) words.blocked.delete(other);
        words.blocked.set(subject.value, untilEpochUs ?? Infinity);
        return;
      }
      case 'disallow':
        if (node.decide({ kind: 'disallow', value: step.value })) words.allowed.delete(step.value);
        return;
      case 'unblock': {
        const { subject, alike } = this.#named(step.value);
        const isThere = [subject.value, ...alike].some((one) => words.blocked.has(one));
        const isDone = node.decide({ kind: 'unblock', subject, alike });
        assert.ok(isDone || !isThere, `${step.value} is found where it is blocked`);
        for (const one of [subject.value, ...alike]) words.blocked.delete(one);
        return;
      }
      case 'delist':
        node.decide({ kind: 'delist', subject: subjectOf(step.value), comment: '' });
        return;
      case 'forget':
        return node.forget(subjectOf(step.value));
      case 'hubs': {
        const untilEpochUs = nowUs + step.hours * HOUR_US;
        const { isBlocked, isDelisted, level } = step;
        // Hubs block what they list, and list IPv4 and odd networks only for that reason.
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

  /** What an operator names, as a command or the API reads it. */
  #named(value: string): { readonly subject: Subject; readonly alike: readonly string[] } {
    const known = subjectOf(value);
    if (known.kind === 'address') return { subject: known, alike: [] };
    const read = this.node.blockable(textOf(value));
    assert.ok(read.kind === 'subject', value);
    return read;
  }

  /** What the SIP agent does with a call. */
  #isRefused(number: string, address = '127.0.0.1'): boolean {
    const { decision } = this.#agent.receive({
      octets: invite(number, address),
      transport: 'UDP',
      sourceIp: '127.0.0.1',
      sourcePort: 5070,
      epochUs: this.node.clock.us,
    });
    assert.ok(decision !== undefined, `${number} is decided on`);
    return decision.outcome === 'refused';
  }

  /** All answers agree. */
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
    for (const { kind, value, level } of entries) {
      assert.equal(fresh.subject({ kind, value }, nowUs).level, level, `explain: ${value}`);
      const network = level === 'listed' && value.includes('/') ? parsePrefix(value) : undefined;
      if (network !== undefined) assert.equal(fresh.network(network, nowUs).level, level, value);
    }
    for (const one of SUBJECTS) {
      const { level } = fresh.subject(one, nowUs);
      assert.equal(node.running.subject(one, nowUs).level, level, `running: ${one.value}`);
      const onLists = levels.get(`${one.kind} ${one.value}`) ?? 'none';
      const isIpv6 = one.kind === 'address' && one.value.includes(':');
      // Of nested networks, only the widest is an entry.
      if (!isIpv6) assert.equal(onLists, level, `explain and lists: ${one.value}`);
      else if (onLists === 'listed') assert.equal(level, 'listed', one.value);
      else if (level === 'listed')
        assert.ok(this.#isWithin(one.value, levels), `${one.value} is on no list`);
    }
    this.#agreeOnAddresses(levels, fresh);
    this.#agreeOnNumbers(levels, fresh);
    this.#agreeOnDigits(levels, fresh);
  }

  /** Entries as seen by a follower of the feed, which gets a snapshot if it is behind what is kept. */
  #followed(): ReadonlyMap<string, string> {
    const follower = new ListingFeed(this.node.reader.listings).follow(this.#serial);
    const told = this.#told;
    for (let page = follower.next(PAGE); page !== undefined; page = follower.next(PAGE)) {
      if (page.kind === 'begin') told.clear();
      const entries = page.kind === 'listings' ? page.listings : [];
      for (const { kind, value, level } of entries) told.set(`${kind} ${value}`, level);
      for (const { change, kind, value } of page.kind === 'changes' ? page.changes : []) {
        const level = LEVELS.get(change);
        if (level === undefined) told.delete(`${kind} ${value}`);
        else told.set(`${kind} ${value}`, level);
      }
    }
    this.#serial = follower.serial;
    return told;
  }

  #isWithin(value: string, levels: ReadonlyMap<string, string>): boolean {
    return [...levels].some(([name, level]) => {
      if (level !== 'listed' || !name.startsWith('address ')) return false;
      return covers(prefixOf(name.slice(8)), prefixOf(value));
    });
  }

  #agreeOnAddresses(levels: ReadonlyMap<string, string>, fresh: Judge): void {
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
      assert.equal(
        this.#isRefused('2001', address),
        isOnList,
        `the agent is asked about ${address}`,
      );
      const inForce = (map: ReadonlyMap<string, number>): boolean =>
        [...map].some(
          ([value, end]) => nowUs < end && /[.:]/u.test(value) && contains(prefixOf(value), ip),
        );
      const isOwn = this.options.ownAddresses.includes(address);
      const isGuarded = isOwn || inForce(words.allowed);
      for (const network of NETWORKS.filter((one) => one.includes('/')).map(prefixOf)) {
        if (isGuarded || !contains(network, ip)) continue;
        if (fresh.network(network, nowUs).level !== 'listed') continue;
        assert.ok(isOnList, `${address} lies in ${formatPrefix(network)}, which is listed`);
      }
      if (isGuarded) assert.ok(!isOnList, `${address} is guarded`);
      else if (inForce(words.blocked)) assert.ok(isOnList, `${address} is blocked`);
    }
  }

  #agreeOnNumbers(levels: ReadonlyMap<string, string>, fresh: Judge): void {
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
      assert.equal(this.#isRefused(question.number), level === 'listed', `the agent: ${number}`);
      // A range is listed if its most ordinary number would be; single numbers in it may be refused earlier.
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

  /** What is dialled at home, in any country. */
  #agreeOnDigits(levels: ReadonlyMap<string, string>, fresh: Judge): void {
    const { node, words } = this;
    const nowUs = node.clock.us;
    const isAllowed = [...words.allowed].some(
      ([text, end]) => nowUs < end && ALLOWED[text] !== undefined,
    );
    for (const digits of DIGITS) {
      const { level } = fresh.judge({ number: digits }, nowUs);
      const running = node.running.judge({ number: digits }, nowUs).level;
      assert.equal(running, level, `running: ${digits}`);
      assert.equal(this.#isRefused(digits), level === 'listed', `the agent: ${digits}`);
      const isOnList = levels.get(`number ${digits}`) === 'listed';
      if (isOnList) assert.equal(level, 'listed', `${digits} are ${level}`);
      const isBlocked = nowUs < (words.blocked.get(digits) ?? 0);
      if (isBlocked && !isAllowed) assert.ok(isOnList, `${digits} are blocked`);
      const { subject } = this.#named(digits);
      const isNumberBlocked = nowUs < (words.blocked.get(subject.value) ?? 0);
      if (isNumberBlocked && !isAllowed) assert.equal(level, 'listed', `${digits} are blocked`);
    }
  }

  /** When all decisions have ended and everything known is too old, nothing is left. */
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

const MIXES: Readonly<Record<string, readonly ReturnType<typeof weighed>[]>> = {
  'evidence and decisions': [...DECISIONS, ...TIMES],
  'what hubs and voters say': [...DECISIONS, ...TIMES, ...SAID],
  'starts, forgetting and the clock': [...DECISIONS, ...TIMES, ...SAID, ...STARTS],
  'floods of a full database, and all else': [...DECISIONS, ...TIMES, ...SAID, ...STARTS, ...FULL],
};

for (const [what, steps] of Object.entries(MIXES)) {
  test(`all answers agree after any order of ${what}`, () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(...steps), { minLength: 1, maxLength: 16 }), (order) => {
        using world = new World(steps.includes(FULL[0] as (typeof steps)[number]));
        for (const step of order) world.take(step);
        world.agree();
        world.end();
      }),
      { numRuns: Number(process.env['RUNS'] ?? 25) },
    );
  });
}

/** Steps that are independent of each other. */
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
