// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { DISK_CHECK_INTERVAL_MS, NO_AGE_LIMIT_DAYS } from '../../src/limits.ts';
import type { KeptReport } from '../../src/retention/kept.ts';
import { Retention } from '../../src/retention/retention.ts';
import { Store, type StoreOptions } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import {
  batchOf,
  DAY_US,
  distinctBatch,
  TestClock,
  TestDirectory,
  TestDisk,
  TestLogger,
  uuidOf,
} from '../fixtures.ts';
import { makeLegacyDatabase } from '../file/legacy-database.ts';

const MIB = 1_048_576;
const OLD_ROWS_COUNT = 3000;

/** A folder with a database that is reopened repeatedly. */
class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly path = this.directory.file('sentrypeer.db');
  readonly clock = new TestClock();
  readonly disk = new TestDisk();
  readonly logger = new TestLogger();

  /** Rows of 2021, some 2.5 MiB by default, each with a different address and number. */
  makeLegacy(count = OLD_ROWS_COUNT): void {
    const rows = Array.from({ length: count }, (_, index) => ({
      sourceIp: `203.0.${index >> 8}.${index & 255}`,
      calledNumber: `0044${index}`,
      sipMessage: 'x'.repeat(500),
      createdAt: '2021-02-03 04:05:06.789',
    }));
    makeLegacyDatabase(this.path, rows);
  }

  open(options: Omit<StoreOptions, 'path'> = {}): Store {
    return Store.open(this, { ...options, path: this.path });
  }

  query(sql: string): number {
    using database = new DatabaseSync(this.path, { readOnly: true });
    return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
  }

  maintainAll(store: Store): void {
    this.clock.ms += 60_000;
    while (store.maintain());
  }

  /** What is kept despite the limits, as a reader sees it. */
  kept(): KeptReport | undefined {
    using reader = StoreReader.open(this.path);
    return reader.condition(this.clock.epochUs()).kept;
  }

  release(): void {
    using retention = Retention.open(this, this.path);
    retention.release();
  }

  [Symbol.dispose](): void {
    this.directory[Symbol.dispose]();
  }
}

const ROWS = 'SELECT count(*) FROM honey';
const OLD_ROWS = `SELECT count(*) FROM honey WHERE substr(created_at, 1, 4) < '2022'`;

test('an old database keeps all its rows and totals, whatever the limits, until the operator lets them go', () => {
  using bench = new Bench();
  bench.makeLegacy();
  using store = bench.open({ databaseOctetsMax: MIB, retentionDays: 1 });
  bench.maintainAll(store);
  bench.clock.us += 400 * DAY_US;
  bench.maintainAll(store);
  assert.equal(bench.query(OLD_ROWS), OLD_ROWS_COUNT);
  assert.equal(bench.query('SELECT count(*) FROM address_total'), OLD_ROWS_COUNT);
  assert.equal(bench.query('SELECT sum(seen_count) FROM number_total'), OLD_ROWS_COUNT);
  assert.equal(bench.query('SELECT sum(seen_count) FROM hour_total'), OLD_ROWS_COUNT);
  const lines = bench.logger.lines.filter(({ event }) => event === 'kept_beyond_limits');
  assert.equal(lines.length, 1, 'said once');
  assert.equal(lines[0]?.fields['events'], OLD_ROWS_COUNT);
  assert.equal(lines[0]?.fields['size_max_mib'], 1);
  assert.equal(lines[0]?.fields['retention_days'], 1);

  bench.release();
  bench.maintainAll(store);
  assert.equal(bench.query(ROWS), 0);
  assert.equal(bench.query('SELECT count(*) FROM address_total'), 0);
  using reader = StoreReader.open(bench.path);
  assert.equal(reader.condition(bench.clock.epochUs()).kept, undefined);
});

test('what is kept beyond the only limit says that there is no other', () => {
  for (const [limits, expected] of [
    [{ databaseOctetsMax: MIB, retentionDays: NO_AGE_LIMIT_DAYS }, ['none', 1]],
    [{ databaseOctetsMax: Infinity, retentionDays: 1 }, [1, 'none']],
  ] as const) {
    using bench = new Bench();
    bench.makeLegacy();
    using store = bench.open(limits);
    bench.maintainAll(store);
    const line = bench.logger.lines.find(({ event }) => event === 'kept_beyond_limits');
    assert.deepEqual([line?.fields['retention_days'], line?.fields['size_max_mib']], expected);
  }
});

test('what comes after an upgrade has the limits to itself', () => {
  using bench = new Bench();
  bench.makeLegacy();
  using store = bench.open({ databaseOctetsMax: MIB, retentionDays: 10 });
  for (let index = 0; index < 12; index += 1) {
    store.append([distinctBatch(index * 500 + 1, 500)]);
    bench.maintainAll(store);
  }
  assert.equal(bench.query(OLD_ROWS), OLD_ROWS_COUNT);
  const newCount = bench.query(ROWS) - OLD_ROWS_COUNT;
  assert.ok(newCount > 500 && newCount < 5000, `${newCount} of 6000 new rows`);
  bench.clock.us += 11 * DAY_US;
  bench.maintainAll(store);
  assert.equal(bench.query(ROWS), OLD_ROWS_COUNT, 'the new ones age');
});

test('a disk that is nearly full costs new rows, and never those from before the upgrade', () => {
  using bench = new Bench();
  bench.makeLegacy();
  using store = bench.open();
  store.append([distinctBatch(1, 2000)]);
  bench.maintainAll(store);
  bench.disk.freeOctets = 200 * MIB;
  bench.clock.ms += DISK_CHECK_INTERVAL_MS;
  bench.maintainAll(store);
  assert.equal(bench.query(OLD_ROWS), OLD_ROWS_COUNT);
  assert.ok(bench.query(ROWS) < OLD_ROWS_COUNT + 2000, 'room was made among the new ones');
});

test('a size that is lowered takes nothing before it was said, and a size that is raised again ends that', () => {
  using bench = new Bench();
  const count = 6000;
  {
    using store = bench.open();
    store.append([distinctBatch(1, count)]);
  }
  {
    using store = bench.open({ databaseOctetsMax: MIB });
    bench.maintainAll(store);
    assert.equal(bench.query(ROWS), count);
    using reader = StoreReader.open(bench.path);
    const kept = reader.condition(bench.clock.epochUs()).kept;
    assert.equal(kept?.events, count);
    assert.equal(kept.octetsMax, MIB);
    assert.ok(kept.octetsBeyond > MIB / 2, String(kept.octetsBeyond));
    assert.equal(kept.isBeyond, true);
  }
  {
    using store = bench.open();
    bench.maintainAll(store);
    using reader = StoreReader.open(bench.path);
    assert.equal(reader.condition(bench.clock.epochUs()).kept, undefined);
  }
  using store = bench.open({ databaseOctetsMax: MIB });
  bench.maintainAll(store);
  assert.equal(bench.query(ROWS), count);
  bench.release();
  bench.maintainAll(store);
  assert.ok(bench.query(ROWS) < count);
});

test('days that are lowered spare what is there, which goes on ageing as before', () => {
  using bench = new Bench();
  {
    using store = bench.open({ retentionDays: 30 });
    store.append([distinctBatch(1, 100)]);
  }
  bench.clock.us += 20 * DAY_US;
  using store = bench.open({ retentionDays: 10 });
  store.append([batchOf([{ eventUuid: uuidOf(500), eventEpochUs: bench.clock.us }])]);
  bench.maintainAll(store);
  assert.equal(bench.query(ROWS), 101);
  bench.clock.us += 11 * DAY_US;
  bench.maintainAll(store);
  assert.equal(bench.query(ROWS), 0);
});

test('a limit that is lowered above what is there holds at once', () => {
  using bench = new Bench();
  {
    using store = bench.open();
    store.append([distinctBatch(1, 100)]);
  }
  using store = bench.open({ databaseOctetsMax: 2 * MIB, retentionDays: 5 });
  using reader = StoreReader.open(bench.path);
  assert.equal(reader.condition(bench.clock.epochUs()).kept, undefined);
  store.append([distinctBatch(101, 6000)]);
  bench.maintainAll(store);
  assert.ok(bench.query(ROWS) < 6100);
});

test('rows that somebody deleted are not kept any more', () => {
  using bench = new Bench();
  bench.makeLegacy();
  using store = bench.open();
  {
    using other = new DatabaseSync(bench.path);
    other.exec(`DELETE FROM honey WHERE substr(created_at, 1, 4) < '2022'`);
  }
  bench.maintainAll(store);
  assert.equal(bench.query(`SELECT value FROM counter WHERE name = 'kept_octets'`), 0);
});

test('Retention.kept() says what is kept, how old it is, and how much of it the limits would remove', () => {
  using bench = new Bench();
  bench.makeLegacy(10);
  {
    using store = bench.open({ retentionDays: 30 });
    store.append([distinctBatch(1, 5)]);
  }
  bench.clock.us += 40 * DAY_US;
  using retention = Retention.open(bench, bench.path, 'look');
  const { octets, octetsMax, ...kept } = retention.kept() ?? assert.fail('nothing is kept');
  assert.deepEqual(kept, {
    events: 10,
    octetsBeyond: 0,
    oldest: '2021-02-03 04:05:06.789',
    retentionDays: 30,
    isBeyond: true,
    eventsExpired: 15,
  });
  assert.ok(octets > 0 && octets < (octetsMax ?? 0));
  bench.release();
  using after = Retention.open(bench, bench.path, 'look');
  assert.equal(after.kept(), undefined);
});

test('Retention.kept() finds nothing too old where there is no age limit', () => {
  using bench = new Bench();
  bench.makeLegacy(10);
  bench.open({ retentionDays: NO_AGE_LIMIT_DAYS, databaseOctetsMax: Infinity }).close();
  using retention = Retention.open(bench, bench.path, 'look');
  const kept = retention.kept();
  assert.deepEqual(
    [kept?.eventsExpired, kept?.retentionDays, kept?.octetsMax, kept?.isBeyond],
    [0, undefined, undefined, false],
  );
});

test('what a lowered size spares goes on ageing by the days that hold', () => {
  using bench = new Bench();
  {
    using store = bench.open({ retentionDays: 30 });
    store.append([distinctBatch(1, 2500)]);
  }
  using store = bench.open({ retentionDays: 30, databaseOctetsMax: MIB });
  bench.clock.us += 29 * DAY_US;
  bench.maintainAll(store);
  assert.equal(bench.query(ROWS), 2500);
  bench.clock.us += 2 * DAY_US;
  bench.maintainAll(store);
  assert.equal(bench.query(ROWS), 0);
});
