// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Decisions } from '../../src/judging/decisions.ts';
import { distinctBit, distinctCount } from '../../src/judging/distinct.ts';
import type { JudgingPorts } from '../../src/judging/judging.ts';
import { RENEW_US_MIN } from '../../src/limits.ts';
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
  readonly #judging: { step(): boolean };
  readonly lasts: { us: number } = { us: DAY_US };
  #events = 0;

  constructor() {
    this.store = Store.open({ logger: new TestLogger(), clock: this.clock }, { path: this.path });
    this.reader = StoreReader.open(this.path);
    this.#judging = this.store.openJudging(this.ports());
  }

  ports(): JudgingPorts {
    const { evidence } = this.store;
    return {
      readDialled: (dialled) => {
        const candidates = dialled.length < 9 ? [] : [dialled.slice(-10), dialled.slice(-9)];
        return {
          candidates,
          settle: (formsOf) =>
            candidates
              .map((e164) => ({ e164, confidence: 1 - 0.5 / formsOf(e164), forms: formsOf(e164) }))
              .toSorted((a, b) => b.forms - a.forms)[0],
        };
      },
      toolOf: (userAgent) => (userAgent === 'friendly-scanner' ? 'SIPVicious' : undefined),
      verdict: (subject, nowUs) => {
        const { kind, value } = subject;
        const found = kind === 'address' ? evidence.address(value) : evidence.number(value);
        const isGone = evidence.delisting(subject) !== undefined;
        const untilEpochUs = (found?.lastEpochUs ?? 0) + this.lasts.us;
        const listed = found !== undefined && !isGone && untilEpochUs > nowUs;
        return {
          listed,
          score: listed ? 60 : 0,
          reasons: [listed ? 'it came' : isGone ? 'it was delisted' : 'too long ago'],
          untilEpochUs: listed ? untilEpochUs : undefined,
        };
      },
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
    while (this.#judging.step());
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

const PROVED: TestEvent = { grade: 'returned', sourceIp: '11.22.33.44' };

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
  });
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
  });
  // The same suffix, in no more forms: it was not meant.
  assert.equal(evidence.number('442071234'), undefined);
  assert.equal(evidence.formsOf('442071234'), 2);
  assert.equal(evidence.dialled('+90442071234')?.grade, 'handshake');
  assert.equal(evidence.dialled('00442071234')?.grade, 'seen');
  assert.equal(evidence.dialled('0044'), undefined);
});

test('Judging.step() goes on where it was, and counts nothing twice', () => {
  using bench = new Bench();
  assert.equal(bench.store.isJudgingDue(), false);
  bench.record(PROVED, PROVED);
  assert.equal(bench.store.isJudgingDue(), true);
  bench.judge();
  const again = bench.store.openJudging(bench.ports());
  while (again.step());
  bench.record(PROVED);
  while (again.step());
  assert.equal(bench.reader.evidence.address('11.22.33.44')?.eventsCount, 3);
  assert.equal(bench.reader.evidence.number('0442071234567'.slice(-10))?.eventsCount, 3);
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
  assert.deepEqual(bench.changes(), ['listed address 11.22.33.44', 'listed number 2071234567']);
  assert.deepEqual(listings.counts(), { address: 1, number: 1 });
  assert.deepEqual(listings.listing({ kind: 'address', value: '11.22.33.44' }), {
    kind: 'address',
    value: '11.22.33.44',
    listingId: 1,
    sinceEpochUs: NOON_US,
    untilEpochUs: NOON_US + DAY_US,
    score: 60,
  });
  bench.later(DAY_US);
  bench.judge();
  assert.deepEqual(listings.listings(0, 10), []);
  assert.deepEqual(listings.counts(), { address: 0, number: 0 });
  assert.deepEqual(bench.changes().slice(2), [
    'unlisted address 11.22.33.44',
    'unlisted number 2071234567',
  ]);
  const { oldest, newest } = listings.changeIds();
  assert.deepEqual([oldest, newest], [1, 4]);
  assert.equal(listings.changes(3, 10)[0]?.reason, 'too long ago');
});

test('a listing has a higher id than all before it, also those that are gone', () => {
  using bench = new Bench();
  const { listings } = bench.reader;
  bench.record(PROVED);
  bench.judge();
  assert.deepEqual(
    listings.listings(0, 10).map(({ kind, listingId }) => [kind, listingId]),
    [
      ['address', 1],
      ['number', 2],
    ],
  );
  bench.later(DAY_US);
  bench.judge();
  bench.record(PROVED);
  bench.judge();
  assert.deepEqual(
    listings.listings(2, 10, 'address').map(({ kind, listingId }) => [kind, listingId]),
    [['address', 5]],
  );
  assert.deepEqual(listings.listings(5, 10, 'address'), []);
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
    eventsCount: 1,
    comment: 'a customer',
  });
});

test('all listings are looked at again after a decision, and at the start', () => {
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

test('distinctCount() tells a few apart exactly, and many about', () => {
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

test('Judging.step() takes what other nodes share for no evidence', () => {
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
