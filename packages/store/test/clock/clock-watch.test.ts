// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { CLOCK_LOOK_MS } from '../../src/limits.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import { makeLegacyDatabase, type LegacyRow } from '../file/legacy-database.ts';
import {
  batchOf,
  DAY_US,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
} from '../fixtures.ts';

const MINUTE_US = 60_000_000;
const YEAR_US = 365 * DAY_US;
/** 1970-01-01T00:05:00Z, as a machine without a battery starts. */
const START_OF_TIME_US = 5 * MINUTE_US;

class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly path = this.directory.file('sentrypeer.db');
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  #index = 0;

  open(): Store {
    return Store.open(this, { path: this.path, retentionDays: 90 });
  }

  /** An event of this address, now. */
  record(store: Store, sourceIp: string): void {
    this.#index += 1;
    const event = { eventUuid: uuidOf(this.#index), sourceIp, eventEpochUs: this.clock.epochUs() };
    store.append([batchOf([event])]);
  }

  /** The monotonic clock goes on. */
  maintain(store: Store): void {
    this.clock.ms += CLOCK_LOOK_MS * 20;
    this.clock.jumpTo(this.clock.us + CLOCK_LOOK_MS * 20_000);
    while (store.maintain());
  }

  query(sql: string): unknown {
    using database = new DatabaseSync(this.path, { readOnly: true });
    return Object.values(database.prepare(sql).get() ?? {})[0];
  }

  lastSeenUs(address: string): number {
    using reader = StoreReader.open(this.path);
    return reader.address(address)?.lastSeenEpochUs ?? 0;
  }

  [Symbol.dispose](): void {
    this.directory[Symbol.dispose]();
  }
}

test('what a clock of 2030 left is put right when the clock is', () => {
  using bench = new Bench();
  using store = bench.open();
  bench.record(store, '203.0.113.1');
  bench.maintain(store);
  const decisions = Number(bench.query(`SELECT value FROM counter WHERE name = 'decisions'`));
  bench.clock.jumpTo(NOON_US + 4 * YEAR_US);
  bench.record(store, '203.0.113.2');
  store.decide({
    kind: 'allow',
    value: '203.0.113.9',
    comment: '',
    untilEpochUs: bench.clock.us + DAY_US,
  });
  bench.maintain(store);
  assert.ok(bench.lastSeenUs('203.0.113.2') > NOON_US + 3 * YEAR_US);
  {
    using reader = StoreReader.open(bench.path);
    const { expectedEpochUs = 0 } = reader.condition(bench.clock.us).clock;
    assert.ok(Math.abs(expectedEpochUs - NOON_US) < DAY_US, 'the clock is in doubt');
  }

  bench.clock.jumpTo(NOON_US + 5 * MINUTE_US);
  bench.maintain(store);
  assert.ok(bench.lastSeenUs('203.0.113.2') <= bench.clock.us);
  assert.equal(bench.query('SELECT count(*) FROM hour_total WHERE hour > 500000'), 0);
  assert.equal(bench.query('SELECT sum(seen_count) FROM hour_total'), 2);
  assert.ok(Number(bench.query('SELECT until_us FROM allowance')) <= bench.clock.us + DAY_US);
  assert.ok(
    Number(bench.query(`SELECT value FROM counter WHERE name = 'decisions'`)) > decisions + 1,
    'listings are judged anew',
  );
  using reader = StoreReader.open(bench.path);
  assert.deepEqual(reader.condition(bench.clock.us).clock, {
    jumpsCount: 2,
    expectedEpochUs: undefined,
  });
  assert.deepEqual(
    bench.logger.events().filter((event) => event.startsWith('clock') || event.startsWith('times')),
    ['clock_jumped', 'clock_doubted', 'clock_jumped', 'clock_believed', 'times_put_right'],
  );
});

test('a clock in doubt is believed after a day, also if the program starts anew each hour of it', () => {
  using bench = new Bench();
  {
    using store = bench.open();
    bench.record(store, '203.0.113.1');
    bench.maintain(store);
  }
  bench.clock.jumpTo(NOON_US + 4 * YEAR_US);
  let hoursCount = 0;
  while (!bench.logger.events().includes('clock_believed')) {
    using store = bench.open();
    for (let minute = 0; minute <= 62; minute += 1) {
      bench.clock.ms += 60_000;
      bench.clock.jumpTo(bench.clock.us + MINUTE_US);
      store.maintain();
    }
    hoursCount += 1;
    assert.ok(hoursCount < 30, 'it is doubted for ever');
  }
  assert.ok(hoursCount >= 22, String(hoursCount));
});

test('a clock that is elsewhere after a restart is doubted for a day of its own', () => {
  using bench = new Bench();
  {
    using store = bench.open();
    bench.maintain(store);
  }
  for (const years of [4, 9, 14]) {
    bench.clock.jumpTo(NOON_US + years * YEAR_US);
    using store = bench.open();
    for (let hour = 0; hour < 23; hour += 1) {
      bench.clock.ms += 3_600_000;
      bench.clock.jumpTo(bench.clock.us + 60 * MINUTE_US);
      store.maintain();
    }
  }
  assert.ok(!bench.logger.events().includes('clock_believed'));
});

test('what is decided in 1970 holds for as long as was said, or until the date that was given', () => {
  using bench = new Bench();
  bench.clock.jumpTo(START_OF_TIME_US);
  using store = bench.open();
  const untilOf = (value: string): unknown =>
    bench.query(`SELECT until_us FROM allowance WHERE value = '${value}'`);
  for (const [value, untilEpochUs] of [
    ['45.13.0.0/16', START_OF_TIME_US + DAY_US],
    ['45.14.0.0/16', NOON_US + 60 * DAY_US],
    ['45.15.0.0/16', undefined],
  ] as const)
    store.decide({ kind: 'allow', value, comment: '', untilEpochUs });
  bench.maintain(store);
  bench.clock.jumpTo(NOON_US);
  bench.maintain(store);
  const inADay = Number(untilOf('45.13.0.0/16')) - bench.clock.us;
  assert.ok(Math.abs(inADay - DAY_US) < MINUTE_US, String(inADay));
  assert.equal(untilOf('45.14.0.0/16'), NOON_US + 60 * DAY_US);
  assert.equal(untilOf('45.15.0.0/16'), null);
});

test('what was recorded in 1970 is known and kept when the clock is set right', () => {
  using bench = new Bench();
  bench.clock.jumpTo(START_OF_TIME_US);
  using store = bench.open();
  bench.record(store, '203.0.113.1');
  bench.maintain(store);
  assert.equal(bench.query('SELECT count(*) FROM honey'), 1);
  bench.clock.jumpTo(NOON_US);
  bench.maintain(store);
  const lastSeenUs = bench.lastSeenUs('203.0.113.1');
  assert.ok(lastSeenUs >= NOON_US && lastSeenUs <= bench.clock.us, String(lastSeenUs));
  assert.equal(bench.query('SELECT count(*) FROM honey'), 1, 'its row is not too old');

  bench.record(store, '203.0.113.2');
  bench.clock.us += 91 * DAY_US;
  bench.maintain(store);
  assert.equal(bench.query('SELECT count(*) FROM honey'), 0, 'it goes with the row after it');
});

test('a clock that jumps ahead removes nothing before it is believed, a day later', () => {
  using bench = new Bench();
  using store = bench.open();
  bench.record(store, '203.0.113.1');
  bench.maintain(store);
  bench.clock.jumpTo(NOON_US + YEAR_US);
  bench.maintain(store);
  bench.clock.us += DAY_US / 2;
  bench.maintain(store);
  assert.equal(bench.query('SELECT count(*) FROM honey'), 1);
  assert.equal(bench.query('SELECT count(*) FROM address_total'), 1);
  bench.clock.us += DAY_US;
  bench.maintain(store);
  bench.maintain(store);
  assert.equal(bench.query('SELECT count(*) FROM honey'), 0);
});

test('the doubt outlasts a restart, and a clock of the past repairs nothing', () => {
  using bench = new Bench();
  {
    using store = bench.open();
    bench.record(store, '203.0.113.1');
    bench.maintain(store);
    bench.clock.jumpTo(NOON_US + 4 * YEAR_US);
    bench.record(store, '203.0.113.2');
    bench.maintain(store);
  }
  bench.clock.jumpTo(START_OF_TIME_US);
  {
    using store = bench.open();
    bench.maintain(store);
    assert.ok(bench.lastSeenUs('203.0.113.1') >= NOON_US);
    assert.ok(bench.lastSeenUs('203.0.113.2') > NOON_US + 3 * YEAR_US);
  }
  bench.clock.jumpTo(NOON_US + MINUTE_US);
  using store = bench.open();
  bench.maintain(store);
  assert.ok(bench.lastSeenUs('203.0.113.2') <= bench.clock.us);
});

test('a row of 2099, of 1970 or without a time in an old database poisons no total', () => {
  using bench = new Bench();
  makeLegacyDatabase(bench.path, [
    { sourceIp: '192.0.2.1', createdAt: '2026-02-01 12:00:00.000' },
    { sourceIp: '192.0.2.2', createdAt: '2099-01-01 00:00:00.000' },
    { sourceIp: '192.0.2.3', createdAt: '1970-01-01 00:00:01.000' },
    { sourceIp: '192.0.2.4', createdAt: null, eventTimestamp: null },
  ]);
  using store = bench.open();
  bench.maintain(store);
  const seenUs = Date.UTC(2026, 1, 1, 12) * 1000;
  for (const last of [1, 2, 3, 4]) assert.equal(bench.lastSeenUs(`192.0.2.${last}`), seenUs);
  assert.equal(bench.query('SELECT count(*) FROM honey'), 4);
  assert.equal(bench.query('SELECT sum(seen_count) FROM hour_total'), 4);
  const latest = bench.query('SELECT max(hour) FROM hour_total');
  assert.ok(Number(latest) <= bench.clock.us / 3_600_000_000);
});

test('rows of an old database without a possible time are not counted today', () => {
  const without: readonly LegacyRow[] = [
    { createdAt: null, eventTimestamp: null },
    { createdAt: '2099-01-01 00:00:00.000' },
    { createdAt: '1970-01-01 00:00:01.000' },
    { createdAt: 'yesterday', eventTimestamp: '' },
  ];
  const possible: readonly LegacyRow[] = [{ createdAt: '2026-02-01 12:00:00.000' }];
  for (const [rows, wantedUs] of [
    [[...without, ...possible, ...without], Date.UTC(2026, 1, 1, 12) * 1000],
    [without, Date.UTC(2020, 0, 1) * 1000],
  ] as const) {
    using bench = new Bench();
    makeLegacyDatabase(bench.path, rows);
    {
      using old = new DatabaseSync(bench.path);
      old.exec("UPDATE honey SET user_agent = 'sipcli'");
    }
    using store = bench.open();
    bench.maintain(store);
    const hour = wantedUs / 3_600_000_000;
    for (const [sql, wanted] of [
      ['SELECT sum(seen_count) FROM hour_total', rows.length],
      [`SELECT sum(seen_count) FROM hour_total WHERE hour = ${hour}`, rows.length],
      [`SELECT count(*) FROM rate_total WHERE start <> ${hour}`, 0],
      ...['address_total', 'number_total', 'user_agent_total'].flatMap((table) => [
        [`SELECT first_seen_us FROM ${table}`, wantedUs] as const,
        [`SELECT last_seen_us FROM ${table}`, wantedUs] as const,
        [`SELECT sum(seen_count) FROM ${table}`, rows.length] as const,
      ]),
    ] as const) {
      assert.equal(bench.query(sql), wanted, sql);
    }
    using reader = StoreReader.open(bench.path);
    assert.deepEqual(reader.methods(bench.clock.us - DAY_US, bench.clock.us), []);
  }
});

test('many rows whose time cannot be do not keep younger ones from ageing', () => {
  using bench = new Bench();
  using store = bench.open();
  bench.maintain(store);
  bench.clock.jumpTo(NOON_US + 4 * YEAR_US);
  for (let index = 0; index < 200; index += 1) bench.record(store, '203.0.113.2');
  bench.clock.jumpTo(NOON_US + MINUTE_US);
  bench.record(store, '203.0.113.3');
  bench.maintain(store);
  assert.equal(bench.query('SELECT count(*) FROM honey'), 201);
  bench.clock.us += 91 * DAY_US;
  for (let round = 0; round < 5; round += 1) {
    bench.record(store, '203.0.113.4');
    bench.maintain(store);
    bench.clock.us += 91 * DAY_US;
  }
  bench.maintain(store);
  assert.equal(bench.query('SELECT count(*) FROM honey'), 0);
});
