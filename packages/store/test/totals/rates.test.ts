// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Messages per minute and hour: each is counted once, and nothing grows without a bound. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { silentLogger } from '@sentrypeer/kernel';
import { Store, StoreReader } from '../../src/index.ts';
import {
  RATE_DAYS_DEFAULT,
  RATE_DAYS_LONG,
  RATE_KEEP_INTERVAL_MS,
  RATE_MINUTES_MAX,
  RATE_NAMES_MAX,
  RATE_NAMES_OPEN_MAX,
} from '../../src/limits.ts';
import type { RateKind } from '../../src/totals/rate-table.ts';
import {
  batchOf,
  DAY_US,
  NOON_US,
  TestClock,
  TestDirectory,
  uuidOf,
  WITHOUT_VERSION_23,
  type TestEvent,
} from '../fixtures.ts';

const MINUTE_US = 60e6;
const HOUR_US = 60 * MINUTE_US;

class Setup implements Disposable {
  readonly clock = new TestClock();
  readonly #directory = new TestDirectory();
  readonly path = this.#directory.file('sentrypeer.db');
  readonly #rateDays: number;
  store: Store;
  readonly reader: StoreReader;
  #events = 0;

  constructor(rateDays = RATE_DAYS_DEFAULT) {
    this.#rateDays = rateDays;
    this.store = Store.open(
      { logger: silentLogger, clock: this.clock },
      { path: this.path, rateDays: this.#rateDays },
    );
    this.reader = StoreReader.open(this.path);
  }

  /** Gives every address a place. @param source Of the places. */
  place(source: number): void {
    for (let round = 0; round < 10; round += 1) {
      const { addresses, progress } = this.reader.places.addressesToPlace(source, 10);
      if (progress === undefined) return;
      const places = addresses.map(({ totalId }) => ({
        totalId,
        country: 'SE',
        network: 'AS64500',
        networkName: '',
      }));
      this.store.place(places, progress);
    }
  }

  receive(...events: readonly TestEvent[]): void {
    const all = events.map((event) => {
      this.#events += 1;
      return { eventUuid: uuidOf(this.#events), eventEpochUs: this.clock.us, ...event };
    });
    this.store.append([batchOf(all)]);
  }

  /** Lets the store do what is due. */
  settle(): void {
    this.clock.us += RATE_KEEP_INTERVAL_MS * 1000;
    while (this.store.maintain());
  }

  /** Of the hour before now: `kind name count`, by start. */
  series(minutes = 1, sinceUs = NOON_US - HOUR_US, untilUs = this.clock.us + 1): readonly string[] {
    return this.reader.rates
      .series(minutes, sinceUs, untilUs)
      .map(
        ({ startEpochUs, kind, name, seenCount }) =>
          `${(startEpochUs - NOON_US) / MINUTE_US} ${kind} ${name} ${seenCount}`,
      );
  }

  tops(kind: RateKind, sinceUs = NOON_US): readonly (readonly [string, number, number])[] {
    return this.reader.rates
      .tops(kind, sinceUs, this.clock.us + 1, 100)
      .map(({ name, seenCount, beforeCount }) => [name, seenCount, beforeCount]);
  }

  rows(where: string): number {
    using database = new DatabaseSync(this.path, { readOnly: true });
    const row = database.prepare(`SELECT count(*) AS count FROM rate_total WHERE ${where}`).get();
    return Number(row?.['count']);
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.store.close();
    this.#directory[Symbol.dispose]();
  }
}

test('messages and their repeats are counted by minute and hour, each kind adding up to all', () => {
  using setup = new Setup();
  setup.receive(
    {},
    { sipMethod: 'OPTIONS' },
    { sipMethod: '<b>', transportType: 'TCP', grade: 'handshake' },
  );
  setup.clock.us += 2 * MINUTE_US;
  setup.store.append([
    batchOf([], [{ eventUuid: uuidOf(1), count: 5, lastEpochUs: setup.clock.us }]),
  ]);
  setup.settle();
  assert.deepEqual(setup.series(), [
    '0 grade handshake 1',
    '0 grade seen 2',
    '2 grade seen 5',
    '0 method INVITE 1',
    '0 method OPTIONS 1',
    '0 method OTHER 1',
    '2 method INVITE 5',
    '0 transport TCP 1',
    '0 transport UDP 2',
    '2 transport UDP 5',
  ]);
  for (const minutes of [5, 60]) {
    const ofMethods = setup.series(minutes).filter((text) => text.includes('method'));
    assert.deepEqual(ofMethods, ['0 method INVITE 6', '0 method OPTIONS 1', '0 method OTHER 1']);
  }
  assert.deepEqual(setup.tops('tool'), [['friendly-scanner', 8, 0]]);
});

test('tops say how many there were in as many hours before', () => {
  using setup = new Setup();
  setup.receive({ userAgent: 'a' }, { userAgent: 'a' }, { userAgent: 'b' });
  setup.clock.us += HOUR_US;
  setup.receive(
    { userAgent: 'a' },
    { userAgent: 'b' },
    { userAgent: 'b' },
    { userAgent: undefined },
  );
  assert.deepEqual(setup.tops('tool', NOON_US + HOUR_US), [
    ['b', 2, 1],
    ['a', 1, 2],
  ]);
});

test('rare names of an hour are joined, the frequent ones stay, whatever an attacker calls himself', () => {
  using setup = new Setup();
  const flood = (first: number): readonly TestEvent[] =>
    Array.from({ length: 2 * RATE_NAMES_OPEN_MAX }, (_, at) => ({ userAgent: `x${first + at}` }));
  setup.receive(...Array.from({ length: 9 }, () => ({ userAgent: 'sipvicious' })), ...flood(0));
  const all = 9 + 2 * RATE_NAMES_OPEN_MAX;
  assert.equal(setup.rows("kind = 'tool'"), RATE_NAMES_OPEN_MAX + 1, 'while the minute lasts');
  setup.settle();
  assert.equal(setup.rows("kind = 'tool'"), RATE_NAMES_MAX + 1);
  const sum = (): number => setup.tops('tool').reduce((count, top) => count + top[1], 0);
  assert.equal(sum(), all);
  setup.receive({ userAgent: 'sipvicious' }, { userAgent: 'new' }, ...flood(10_000));
  setup.settle();
  assert.equal(sum(), all + 2 + 2 * RATE_NAMES_OPEN_MAX);
  assert.deepEqual(setup.tops('tool')[1], ['sipvicious', 10, 0], 'after what was joined');
});

test('minutes go after a day, hours after a month, and so does what a wrong clock wrote ahead', () => {
  using setup = new Setup();
  setup.receive({});
  setup.receive({ eventEpochUs: NOON_US - 3 * DAY_US });
  assert.equal(setup.rows('span = 1'), 3, 'no minutes of what came long ago');
  assert.equal(setup.rows("span = 60 AND kind = 'grade'"), 2);
  setup.clock.us += RATE_MINUTES_MAX * MINUTE_US;
  setup.settle();
  assert.equal(setup.rows('span = 1'), 0);
  assert.equal(setup.rows("span = 60 AND kind = 'grade'"), 2);
  setup.clock.us += RATE_DAYS_DEFAULT * DAY_US;
  setup.receive({});
  setup.settle();
  assert.equal(setup.rows("span = 60 AND kind = 'grade'"), 1);
  setup.clock.jumpTo(setup.clock.us - 5 * HOUR_US);
  setup.settle();
  assert.equal(setup.rows("span = 1 AND kind = 'grade'"), 1, 'who knows which time is right');
  setup.clock.jumpTo(setup.clock.us - 2 * DAY_US);
  setup.settle();
  assert.equal(setup.rows("span = 1 AND kind = 'grade'"), 0);
});

test('countries and networks are counted as they are placed, once whatever the source of places', () => {
  using setup = new Setup();
  setup.receive({}, {}, { sourceIp: '203.0.113.6' });
  setup.place(1);
  setup.clock.us += 1;
  setup.receive({});
  setup.place(1);
  assert.deepEqual(setup.tops('country'), [['SE', 4, 0]]);
  assert.deepEqual(setup.tops('network'), [['AS64500', 4, 0]]);
  setup.clock.us += 2 * HOUR_US;
  setup.place(2);
  assert.deepEqual(setup.tops('country'), [['SE', 4, 0]]);
});

test('sources are counted by address, or by /64, with those of as many hours before', () => {
  using setup = new Setup();
  assert.equal(setup.reader.rates.isKnownSince('source', setup.clock.us), false, 'nothing yet');
  setup.receive({ sourceIp: '203.0.113.6' }, { sourceIp: '2001:db8::1' });
  setup.place(1);
  setup.clock.us += HOUR_US;
  setup.receive({ sourceIp: '203.0.113.6' }, { sourceIp: '203.0.113.6' });
  setup.receive({ sourceIp: '2001:db8::1' }, { sourceIp: '2001:db8::ffff' });
  setup.receive({ sourceIp: '203.0.113.6' });
  setup.place(1);
  assert.deepEqual(setup.tops('source', NOON_US + HOUR_US), [
    ['203.0.113.6', 3, 1],
    ['2001:db8::/64', 2, 1],
  ]);
  assert.equal(setup.reader.rates.isKnownSince('source', NOON_US), true);
  assert.equal(setup.reader.rates.isKnownSince('source', NOON_US - 1), false);
});

test('what names an address is kept for a month, even if everything else is kept for a year', () => {
  using setup = new Setup(RATE_DAYS_LONG);
  setup.receive({});
  setup.place(1);
  setup.clock.us += (RATE_DAYS_DEFAULT + 1) * DAY_US;
  setup.settle();
  assert.equal(setup.rows("kind = 'country'"), 1);
  assert.equal(setup.rows("kind = 'source'"), 0);
});

test('an hour keeps no more than the busiest sources', () => {
  using setup = new Setup();
  for (let at = 0; at < 2 * RATE_NAMES_MAX; at += 1) {
    setup.receive({ sourceIp: `203.0.113.${at}` }, { sourceIp: '198.51.100.1' });
  }
  setup.place(1);
  setup.settle();
  assert.equal(setup.rows("kind = 'source'"), RATE_NAMES_MAX + 1);
  const [busiest, others] = setup.tops('source');
  assert.deepEqual(busiest, ['198.51.100.1', 2 * RATE_NAMES_MAX, 0]);
  assert.deepEqual(others, ['', RATE_NAMES_MAX + 1, 0]);
});

test('version 23 begins with the hours of the last month', () => {
  using setup = new Setup();
  setup.receive({}, { sipMethod: 'OPTIONS' }, { eventEpochUs: NOON_US - 40 * DAY_US });
  setup.store.close();
  {
    using database = new DatabaseSync(setup.path);
    database.exec(`${WITHOUT_VERSION_23} PRAGMA user_version = 22`);
  }
  Store.open({ logger: silentLogger, clock: setup.clock }, { path: setup.path }).close();
  using reader = StoreReader.open(setup.path);
  const parts = reader.rates.series(60, 0, setup.clock.us + 1);
  assert.deepEqual(
    parts.map(({ kind, name, seenCount }) => [kind, name, seenCount]),
    [
      ['method', 'INVITE', 1],
      ['method', 'OPTIONS', 1],
      ['transport', 'UDP', 2],
    ],
  );
});
