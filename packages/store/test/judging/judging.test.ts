// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Decisions } from '../../src/judging/decisions.ts';
import { distinctBit, distinctCount, DistinctSet, setCount } from '../../src/judging/distinct.ts';
import type { ListedSubject } from '../../src/judging/evidence-reader.ts';
import type { JudgingPorts } from '../../src/judging/judging.ts';
import { RENEW_US_MIN } from '../../src/limits.ts';
import { Forgetting } from '../../src/retention/forgetting.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import {
  batchOf,
  DAY_US,
  NODE_ID,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
  type TestEvent,
  OBSERVATION,
} from '../fixtures.ts';

/** Numbers end in nine digits, and each suffix of nine or ten may be meant; a judge that lists all it has evidence of for a day. */
class Bench {
  readonly #directory = new TestDirectory();
  readonly path = this.#directory.file('sentrypeer.db');
  readonly clock = new TestClock();
  readonly store: Store;
  readonly reader: StoreReader;
  readonly #judging: ReturnType<Store['openJudging']>;
  readonly told: number[] = [];
  readonly lasts: { us: number } = { us: DAY_US };
  readonly #countsLocalCallers: boolean;
  #events = 0;

  constructor({ countsLocalCallers = false } = {}) {
    this.#countsLocalCallers = countsLocalCallers;
    this.store = Store.open({ logger: new TestLogger(), clock: this.clock }, { path: this.path });
    this.reader = StoreReader.open(this.path);
    this.#judging = this.store.openJudging(this.ports());
  }

  ports(): JudgingPorts {
    const { evidence } = this.store;
    return {
      numbers: {
        read: (dialled) => {
          const candidates = dialled.length < 9 ? [] : [dialled.slice(-10), dialled.slice(-9)];
          return {
            candidates,
            unread: dialled.length === 8 ? dialled : undefined,
            settle: (formsOf) =>
              candidates
                .map((e164) => ({
                  e164,
                  confidence: 1 - 0.5 / formsOf(e164),
                  forms: formsOf(e164),
                }))
                .toSorted((a, b) => b.forms - a.forms)[0],
          };
        },
        isCostly: (dialled) => dialled.startsWith('0044'),
        hotNumbersCount: 2,
        blocksOf: (e164) => (e164.length < 9 ? [] : [`${e164.slice(0, -2)}xx`]),
      },
      countsLocalCallers: this.#countsLocalCallers,
      toolOf: (userAgent) => (userAgent === 'friendly-scanner' ? 'SIPVicious' : undefined),
      begin: () => undefined,
      verdict: (subject, nowUs) => {
        const { kind, value } = subject;
        const found =
          kind === 'address'
            ? evidence.address(value)
            : kind === 'number'
              ? evidence.number(value)
              : evidence.range(value);
        const isGone = evidence.delisting(subject) !== undefined;
        const untilEpochUs = (found?.lastEpochUs ?? 0) + this.lasts.us;
        const listed = found !== undefined && !isGone && untilEpochUs > nowUs;
        return {
          level: listed ? 'listed' : undefined,
          score: listed ? 60 : 0,
          reasons: [listed ? 'it came' : isGone ? 'it was delisted' : 'too long ago'],
          untilEpochUs: listed ? untilEpochUs : undefined,
        };
      },
      changed: () => [],
      blockedWithin: () => [],
      partsNeeded: () => 1,
      reachOf: (value) =>
        value.includes('/') ? { kind: 'address', covers: () => true } : undefined,
      hasQuorum: () => false,
      optionsHash: 0,
      onChanged: (serial) => this.told.push(serial),
    };
  }

  record(...events: readonly TestEvent[]): void {
    const numbered = events.map((event) => ({
      eventUuid: uuidOf((this.#events += 1)),
      eventEpochUs: this.clock.us,
      ...event,
    }));
    this.store.append([batchOf(numbered)]);
  }

  judge(): void {
    this.clock.ms += 1000;
    finish(this.#judging);
  }

  later(us: number): void {
    this.clock.us += us;
  }

  changes(): readonly string[] {
    const { listings } = this.reader;
    return listings.changes(0, 1000).map(({ change, kind, value }) => `${change} ${kind} ${value}`);
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.store.close();
    this.#directory[Symbol.dispose]();
  }
}

function finish(judging: ReturnType<Store['openJudging']>): void {
  for (let left = judging.step(); left.urgent || left.rest;) left = judging.step();
}

const PROVED: TestEvent = { grade: 'returned', sourceIp: '11.22.33.44' };

test('Judging.step() counts calls by the hour under the number that they mean, proved or not', () => {
  using bench = new Bench();
  bench.record(
    { calledNumber: '00442071234567' },
    { ...PROVED, calledNumber: '900442071234567' },
    { calledNumber: '0046701234567' },
    { sipMethod: 'REGISTER', calledNumber: '101' },
  );
  bench.judge();
  const tops = bench.reader.rates.tops('number', bench.clock.us - DAY_US, bench.clock.us + 1, 10);
  assert.deepEqual(
    tops.map(({ name, seenCount }) => [name, seenCount]),
    [
      ['+2071234567', 2],
      ['+6701234567', 1],
    ],
  );
});

test('Judging.step() sums up what an address did that proved to be there', () => {
  using bench = new Bench();
  bench.record(
    { ...PROVED, details: { digest: { user: '', realm: '', nonce: '', uri: '', response: '' } } },
    {
      ...PROVED,
      grade: 'handshake',
      transportType: 'TCP',
      sipMethod: 'REGISTER',
      calledNumber: '100',
    },
    { ...PROVED, userAgent: undefined, calledNumber: undefined },
  );
  bench.later(DAY_US);
  bench.record(PROVED);
  bench.judge();
  assert.deepEqual(bench.reader.evidence.address('11.22.33.44'), {
    grade: 'handshake',
    eventsCount: 4,
    firstEpochUs: NOON_US,
    lastEpochUs: NOON_US + DAY_US,
    daysCount: 2,
    nodesCount: 1,
    transports: ['UDP', 'TCP'],
    tool: 'SIPVicious',
    credentialsCount: 1,
    callsCount: 2,
    costlyCallsCount: 2,
    attemptsCount: 4,
    targetsCount: 2,
  });
});

test('Judging.step() takes the addresses of a /64 for one source', () => {
  using bench = new Bench();
  const hosts = Array.from(
    { length: 200 },
    (_, index) => `2a00:1450:1::${(index + 1).toString(16)}`,
  );
  bench.record({ ...PROVED, sourceIp: '2a00:1450:2::1' }, PROVED);
  for (const sourceIp of hosts) {
    bench.later(1000);
    bench.record({ ...PROVED, sourceIp });
  }
  bench.judge();
  bench.judge();
  const { evidence, listings } = bench.reader;
  assert.equal(evidence.number('2071234567')?.sourcesCount, 3);
  assert.equal(evidence.address('2a00:1450:1::ffff')?.eventsCount, hosts.length);
  for (const [address, entry] of [
    ['2a00:1450:2::1', '2a00:1450:2::/64'],
    ['11.22.33.44', '11.22.33.44'],
    ['2a00:1450:1::1', '2a00:1450:1::/64'],
    ['2a00:1450:1::ffff', '2a00:1450:1::/64'],
    ['2a00:1450:1:1::1', undefined],
  ] as const) {
    assert.equal(listings.listing({ kind: 'address', value: address })?.value, entry, address);
  }
  assert.equal(listings.counts().address, 3);
});

test('Judging.step() takes no address of a site for a proof against a number, unless it is told to', () => {
  const local = [
    ...Array.from({ length: 40 }, (_, index) => `10.${index}.0.1`),
    '127.0.0.1',
    '172.17.0.1',
    '192.168.1.7',
    '169.254.1.1',
    '100.64.3.4',
    '::1',
    'fe80::1',
    'fd00:1:2::1',
  ];
  for (const [counts, sourcesMin] of [
    [false, 0],
    [true, 30],
  ] as const) {
    using bench = new Bench({ countsLocalCallers: counts });
    bench.record(
      ...local.map((sourceIp) => ({ ...PROVED, grade: 'handshake' as const, sourceIp })),
    );
    bench.judge();
    const { evidence } = bench.reader;
    const before = evidence.number('2071234567');
    assert.equal(before?.eventsCount, local.length, 'they are calls all the same');
    assert.equal(before.proved === undefined, !counts);
    assert.ok((before.proved?.networksCount ?? 0) >= sourcesMin);
    bench.record(PROVED, { ...PROVED, sourceIp: '100.128.0.1' });
    bench.judge();
    if (counts) continue;
    const { networksCount, sourcesCount, eventsCount } =
      evidence.number('2071234567')?.proved ?? {};
    assert.deepEqual([networksCount, sourcesCount, eventsCount], [2, 2, 2]);
  }
});

test('Forgetting.forget() takes the evidence of a /64 with an address, and its addresses with a network', () => {
  using bench = new Bench();
  const sources = ['2a00:1450:1::1', '2a00:1450:1::2', '2a00:1450:1:0:1:2:3:4', '2a00:1450:1:1::1'];
  bench.record(...sources.map((sourceIp) => ({ ...PROVED, sourceIp })));
  bench.judge();
  const { numbers } = bench.ports();
  const ports = { logger: new TestLogger(), clock: bench.clock, numbers };
  using forgetting = Forgetting.open(ports, bench.path);
  const forget = (value: string): ReturnType<Forgetting['forget']> =>
    forgetting.forget({ kind: 'address', value }, value);
  assert.deepEqual(forget('2a00:1450:1::1'), { events: 1, entries: 2, wasListed: true });
  bench.judge();
  const { evidence, listings } = bench.reader;
  assert.equal(evidence.address('2a00:1450:1::2'), undefined);
  assert.deepEqual(
    listings.listings(undefined, 9, { kinds: ['address'] }).map(({ value }) => value),
    ['2a00:1450:1:1::/64'],
  );
  assert.equal(evidence.wasMet('2a00:1450:1::1'), false);
  assert.equal(evidence.wasMet('2a00:1450:1::2'), true);
  assert.deepEqual(forget('2a00:1450:1::/64'), { events: 2, entries: 2, wasListed: false });
  assert.equal(evidence.wasMet('2a00:1450:1:0:1:2:3:4'), false);
  assert.equal(evidence.wasMet('2a00:1450:1:1::1'), true);
});

test('Judging.step() keeps nothing against an address that only packets claim', () => {
  using bench = new Bench();
  bench.record({}, {}, { sourceIp: '11.22.33.45' });
  bench.judge();
  assert.equal(bench.reader.evidence.address('203.0.113.5'), undefined);
  assert.deepEqual(
    bench.changes().filter((change) => change.includes('address')),
    [],
  );
});

test('Judging.step() counts forms, sources and calls of a number', () => {
  using bench = new Bench();
  bench.record(
    { calledNumber: '00442071234', sourceIp: '11.0.0.1' },
    { calledNumber: '90442071234', sourceIp: '11.0.0.2' },
    { calledNumber: '90442071234', sourceIp: '11.0.0.2', grade: 'handshake' },
    { calledNumber: '100', sourceIp: '11.0.0.2' },
  );
  bench.judge();
  const { evidence } = bench.reader;
  assert.deepEqual(evidence.number('0442071234'), {
    grade: 'handshake',
    eventsCount: 3,
    firstEpochUs: NOON_US,
    lastEpochUs: NOON_US,
    daysCount: 1,
    nodesCount: 1,
    formsCount: 2,
    sourcesCount: 2,
    confidence: 0.75,
    proved: {
      grade: 'handshake',
      eventsCount: 1,
      firstEpochUs: NOON_US,
      lastEpochUs: NOON_US,
      daysCount: 1,
      sourcesCount: 1,
      networksCount: 1,
    },
  });
  // The same suffix, in no more forms: it was not meant.
  assert.equal(evidence.number('442071234'), undefined);
  assert.equal(evidence.formsOf('442071234'), 2);
  assert.equal(evidence.meaningOf('+90442071234'), '0442071234');
  assert.equal(evidence.meaningOf('00442071234'), '0442071234');
  assert.equal(evidence.meaningOf('0044'), undefined);
});

test('Judging.step() counts only calls: no ACK, REGISTER or OPTIONS names a number that is called', () => {
  using bench = new Bench();
  for (const sipMethod of ['ACK', 'REGISTER', 'OPTIONS', 'CANCEL', 'MESSAGE', undefined]) {
    bench.record({ ...PROVED, sipMethod, calledNumber: '00442071234567' });
  }
  bench.judge();
  assert.equal(bench.reader.evidence.number('2071234567'), undefined);
  assert.equal(bench.reader.evidence.meaningOf('00442071234567'), undefined);
  assert.equal(bench.reader.evidence.address('11.22.33.44')?.callsCount, 0);
});

test('Judging.step() keeps digits that no plan knows under themselves', () => {
  using bench = new Bench();
  bench.record({ ...PROVED, calledNumber: '+12345678' });
  bench.record({ ...PROVED, calledNumber: '12345678' });
  bench.judge();
  const { evidence } = bench.reader;
  assert.equal(evidence.meaningOf('12345678'), '12345678');
  assert.equal(evidence.number('12345678')?.confidence, 1);
});

test('Judging.step() counts days also where each brings another prefix, and proved days apart', () => {
  using bench = new Bench();
  for (let day = 0; day < 10; day += 1) {
    const event = { calledNumber: `90${day}442071234567`, sourceIp: `11.${day}.0.1` };
    bench.record({ ...event, grade: day % 5 === 0 ? 'returned' : 'seen' });
    bench.judge();
    bench.later(DAY_US);
  }
  const found = bench.reader.evidence.number('2071234567');
  assert.deepEqual(
    [found?.daysCount, found?.eventsCount, found?.firstEpochUs, found?.lastEpochUs],
    [10, 10, NOON_US, NOON_US + 9 * DAY_US],
  );
  const { daysCount, eventsCount, networksCount, lastEpochUs } = found?.proved ?? {};
  assert.deepEqual([daysCount, eventsCount, networksCount], [2, 2, 2]);
  assert.equal(lastEpochUs, NOON_US + 5 * DAY_US);
});

test('Judging.step() counts the proved numbers of a block, and no others', () => {
  using bench = new Bench();
  const { evidence, listings } = bench.reader;
  for (const [end, grade] of [
    ['01', 'returned'],
    ['01', 'handshake'],
    ['02', 'seen'],
    ['03', 'returned'],
  ] as const) {
    bench.record({ ...PROVED, grade, calledNumber: `004420712345${end}` });
  }
  bench.judge();
  assert.deepEqual(evidence.range('20712345xx'), {
    numbersCount: 2,
    networksCount: 1,
    daysCount: 1,
    firstEpochUs: NOON_US,
    lastEpochUs: NOON_US,
    example: '2071234503',
  });
  assert.equal(listings.listing({ kind: 'range', value: '20712345xx' })?.score, 60);
  const subject = { kind: 'number', value: '2071234501' } as const;
  bench.store.decide({ kind: 'delist', subject, comment: '' });
  assert.equal(evidence.range('20712345xx')?.numbersCount, 1);
  bench.store.decide({
    kind: 'delist',
    subject: { kind: 'range', value: '20712345xx' },
    comment: '',
  });
  assert.equal(evidence.range('20712345xx'), undefined);
});

test('only what comes after a delisting counts, even if events before it are judged later', () => {
  using bench = new Bench();
  const subject = { kind: 'number', value: '2071234567' } as const;
  const call = (source: number): TestEvent => ({
    ...PROVED,
    calledNumber: `9${source}442071234567`,
    sourceIp: `11.${source}.0.1`,
  });
  bench.record(...Array.from({ length: 20 }, (_, index) => call(index)));
  bench.judge();
  bench.record(call(30), { ...call(31), grade: 'handshake' });
  bench.store.decide({ kind: 'delist', subject, comment: '' });
  bench.record({ ...call(7), grade: 'seen' });
  bench.judge();
  const found = bench.reader.evidence.number('2071234567');
  assert.deepEqual(
    [found?.grade, found?.eventsCount, found?.sourcesCount, found?.proved],
    ['seen', 1, 1, undefined],
  );
  assert.ok((found?.confidence ?? 0) > 0.5, 'it is read as before');
});

test('DistinctSet tells some tens to about a fifth, and 200 from few', () => {
  for (const count of [1, 2, 10, 50, 100, 200]) {
    const set = new DistinctSet();
    for (let index = 0; index < count; index += 1) set.add(`11.${index}.7.9`);
    const found = countOf(set);
    if (count <= 2) assert.equal(found, count);
    else if (count === 200) assert.ok(found > 100, String(found));
    else assert.ok(Math.abs(found - count) <= count / 4 + 1, `${count}: ${found}`);
  }
});

test('DistinctSet and distinctCount() never overcount a few, so that nothing is listed too early', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (seed) => {
      const networks = Array.from({ length: 16 }, (_, index) => {
        const bits = Math.imul(seed ^ index, 0x9e_37_79_b1) >>> 0;
        return `${1 + (bits % 223)}.${(bits >>> 8) % 256}`;
      });
      for (let count = 1; count <= networks.length; count += 1) {
        const some = new Set(networks.slice(0, count));
        const set = new DistinctSet();
        let word = 0;
        for (const network of some) {
          set.add(network);
          word = (word | distinctBit(network)) >>> 0;
        }
        assert.ok(countOf(set) <= some.size, `${countOf(set)} of ${some.size}`);
        if (count <= 8) assert.ok(distinctCount(word) <= some.size);
      }
    }),
  );
});

/** As a reader counts a column. */
function countOf(set: DistinctSet): number {
  const bits = BigInt.asUintN(64, set.toColumn());
  return setCount({ x_low: Number(bits & 0xffff_ffffn), x_high: Number(bits >> 32n) }, 'x');
}

test('Judging.step() goes on where it was, and counts nothing twice', () => {
  using bench = new Bench();
  assert.equal(bench.store.isJudgingDue(), false);
  bench.record(PROVED, PROVED);
  assert.equal(bench.store.isJudgingDue(), true);
  bench.judge();
  const again = bench.store.openJudging(bench.ports());
  finish(again);
  bench.record(PROVED);
  finish(again);
  assert.equal(bench.reader.evidence.address('11.22.33.44')?.eventsCount, 3);
  assert.equal(bench.reader.evidence.number('0442071234567'.slice(-10))?.eventsCount, 3);
});

test('Judging.step() judges all evidence again after a change of the options, and otherwise only what changed', () => {
  using bench = new Bench();
  bench.record(PROVED);
  bench.judge();
  const judged: string[] = [];
  const ports = bench.ports();
  const verdict: JudgingPorts['verdict'] = (subject, nowUs) => {
    judged.push(`${subject.kind} ${subject.value}`);
    return ports.verdict(subject, nowUs);
  };
  finish(bench.store.openJudging({ ...ports, verdict, optionsHash: 12_345 }));
  assert.ok(judged.includes('address 11.22.33.44') && judged.length > 1, judged.join());
  judged.length = 0;
  const changed: ListedSubject[] = [{ kind: 'address', value: '11.22.33.44' }];
  const once = (): readonly ListedSubject[] => changed.splice(0);
  finish(bench.store.openJudging({ ...ports, verdict, optionsHash: 12_345, changed: once }));
  assert.ok(judged.includes('address 11.22.33.44'), judged.join());
});

test('Judging.step() does not let an event be younger than it is', () => {
  using bench = new Bench();
  bench.record({ ...PROVED, eventEpochUs: NOON_US + 400 * DAY_US });
  bench.judge();
  assert.equal(bench.reader.evidence.address('11.22.33.44')?.lastEpochUs, NOON_US);
});

test('listings begin, end by themselves, and followers are told of both', () => {
  using bench = new Bench();
  bench.record(PROVED);
  bench.judge();
  const { listings } = bench.reader;
  const first = listings.changeIds().oldest;
  assert.deepEqual(bench.changes(), ['listed address 11.22.33.44', 'listed number 2071234567']);
  assert.deepEqual(listings.counts(), { address: 1, number: 1, range: 0 });
  assert.deepEqual(listings.listing({ kind: 'address', value: '11.22.33.44' }), {
    kind: 'address',
    value: '11.22.33.44',
    level: 'listed',
    score: 60,
    reasons: ['it came'],
    grade: 'returned',
    listingId: first,
    sinceEpochUs: NOON_US,
    untilEpochUs: NOON_US + DAY_US,
    firstSeenEpochUs: NOON_US,
    lastSeenEpochUs: NOON_US,
    eventsCount: 1,
    isBlocked: false,
  });
  bench.later(DAY_US);
  bench.judge();
  assert.deepEqual(listings.listings(0, 10), []);
  assert.deepEqual(listings.counts(), { address: 0, number: 0, range: 0 });
  assert.deepEqual(bench.changes().slice(2), [
    'unlisted address 11.22.33.44',
    'unlisted number 2071234567',
  ]);
  const { oldest, newest } = listings.changeIds();
  assert.deepEqual([oldest, newest], [first, first + 3]);
  assert.deepEqual(listings.changes(newest - 2, 10)[0]?.reasons, ['too long ago']);
});

test('a listing has a higher id than all before it, also those that are gone', () => {
  using bench = new Bench();
  const { listings } = bench.reader;
  const first = listings.serial() + 1;
  bench.record(PROVED);
  bench.judge();
  assert.deepEqual(
    listings.listings(0, 10).map(({ kind, listingId }) => [kind, listingId]),
    [
      ['address', first],
      ['number', first + 1],
    ],
  );
  bench.later(DAY_US);
  bench.judge();
  bench.record(PROVED);
  bench.judge();
  assert.deepEqual(
    listings
      .listings(first + 1, 10, { kinds: ['address'] })
      .map(({ kind, listingId }) => [kind, listingId]),
    [['address', first + 4]],
  );
  assert.deepEqual(listings.listings(first + 4, 10, { kinds: ['address'] }), []);
});

test('followers are told that a listing lasts longer where that is news, not with each contact', () => {
  using bench = new Bench();
  bench.record(PROVED);
  bench.judge();
  bench.later(RENEW_US_MIN / 2);
  bench.record(PROVED);
  bench.judge();
  assert.equal(bench.changes().length, 2);
  const subject = { kind: 'address', value: '11.22.33.44' } as const;
  const { untilEpochUs } = bench.reader.listings.listing(subject) ?? {};
  assert.equal(untilEpochUs, NOON_US + RENEW_US_MIN / 2 + DAY_US);
  bench.later(DAY_US / 2);
  bench.record(PROVED);
  bench.judge();
  assert.deepEqual(bench.changes().slice(2), [
    'listed address 11.22.33.44',
    'listed number 2071234567',
  ]);
});

test('a decision made by another process is carried out', () => {
  using bench = new Bench();
  bench.record(PROVED);
  bench.judge();
  using decisions = Decisions.open({ clock: bench.clock, logger: new TestLogger() }, bench.path);
  decisions.write({
    kind: 'delist',
    subject: { kind: 'address', value: '11.22.33.44' },
    comment: 'a customer',
  });
  bench.judge();
  assert.deepEqual(bench.changes().slice(2), ['unlisted address 11.22.33.44']);
  assert.deepEqual(bench.reader.evidence.delisting({ kind: 'address', value: '11.22.33.44' }), {
    atEpochUs: NOON_US,
    comment: 'a customer',
  });
});

test('all listings are judged again after a decision, and at the start', () => {
  using bench = new Bench();
  const count = 200;
  bench.record(
    ...Array.from({ length: count }, (_, index) => ({
      ...PROVED,
      sourceIp: `11.22.${index >> 8}.${index & 255}`,
      calledNumber: undefined,
    })),
  );
  bench.judge();
  assert.equal(bench.reader.listings.listings(0, 1000).length, count);
  bench.lasts.us = -1;
  bench.judge();
  assert.equal(bench.reader.listings.listings(0, 1000).length, count);
  bench.store.decide({
    kind: 'allow',
    value: '11.22.0.0/16',
    comment: '',
    untilEpochUs: undefined,
  });
  bench.judge();
  assert.equal(bench.reader.listings.listings(0, 1000).length, 0);
});

test('Decisions.write() keeps an allowlist', () => {
  using bench = new Bench();
  using decisions = Decisions.open({ clock: bench.clock, logger: new TestLogger() }, bench.path);
  const allow = { kind: 'allow', value: '+4670*', untilEpochUs: undefined } as const;
  decisions.write({ ...allow, comment: 'ours' });
  decisions.write({ ...allow, comment: 'still ours', untilEpochUs: NOON_US + 1 });
  assert.deepEqual(bench.reader.evidence.allowances(), [
    { value: '+4670*', comment: 'still ours', createdEpochUs: NOON_US, untilEpochUs: NOON_US + 1 },
  ]);
  assert.equal(bench.reader.evidence.decisionsCount(), 2);
  decisions.write({ kind: 'disallow', value: '+4670*' });
  assert.deepEqual(decisions.allowances(), []);
  assert.throws(() => decisions.write({ kind: 'disallow', value: '+4670*' }), {
    code: 'allowance_unknown',
  });
  assert.equal(bench.reader.evidence.decisionsCount(), 3);
});

test('the reading of a number goes with its total', () => {
  using bench = new Bench();
  bench.record({ calledNumber: '00442071234567' });
  bench.judge();
  bench.later(400 * DAY_US);
  while (bench.store.maintain());
  assert.equal(bench.reader.numbersCount(), 0);
  assert.equal(bench.reader.evidence.formsOf('2071234567'), 0);
  bench.record({ calledNumber: '00442071234567' });
  bench.judge();
  assert.equal(bench.reader.evidence.number('2071234567')?.eventsCount, 1);
});

test('distinctCount() counts a few exactly, and many roughly', () => {
  const bitsOf = (count: number): number =>
    Array.from({ length: count }, (_, index) => distinctBit(`11.22.33.${index}${NODE_ID}`)).reduce(
      (bits, bit) => (bits | bit) >>> 0,
      0,
    );
  assert.equal(distinctCount(0), 0);
  assert.equal(distinctCount(bitsOf(1)), 1);
  assert.ok(Math.abs(distinctCount(bitsOf(20)) - 20) <= 8, String(distinctCount(bitsOf(20))));
  assert.equal(distinctCount(bitsOf(2000)), 111);
});

test('Judging.step() does not take what other nodes share for evidence', () => {
  using bench = new Bench();
  bench.record(PROVED);
  bench.judge();
  const before = bench.reader.evidence.number('0442071234567'.slice(-10));
  const { sipMessage: _octets, anomalies: _codes, details: _details, ...event } = OBSERVATION;
  bench.store.deliver([
    {
      event: {
        ...event,
        eventUuid: '0191f6a1-0000-4000-8000-0000000000ff',
        anomalies: '',
        detailsJson: undefined,
        sipMessage: '',
      },
      nodeId: 'another',
      collectedMethod: 'responsive',
      origin: { publicKey: undefined, address: '10.0.0.1' },
    },
  ]);
  bench.judge();
  assert.deepEqual(bench.reader.evidence.number('0442071234567'.slice(-10)), before);
});
