// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the store does by its options, what it refuses, and what it leaves behind. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Pages } from '../src/file/pages.ts';
import {
  CHECKPOINT_INTERVAL_MS,
  CLOCK_LOOK_MS,
  DATABASE_OCTETS_DEFAULT,
  DELIVERED_OCTETS,
  DISK_CHECK_INTERVAL_MS,
  DISK_FREE_OCTETS_DEFAULT,
  FILE_LOOK_MS,
  LISTINGS_CHECK_MS,
  OWED_OCTETS_DEFAULT,
  PLACED_OCTETS,
  RETENTION_DAYS_DEFAULT,
  ROW_OCTETS_PER_BATCH_OCTET,
} from '../src/limits.ts';
import { standingRank } from '../src/pool/pool-page.ts';
import { StoreReader } from '../src/store-reader.ts';
import { Store, type StoreOptions } from '../src/store.ts';
import { JudgeBench } from './judging/judge-bench.ts';
import { pageOf } from './pool/pages.ts';
import { SHARED_EVENT } from './sharing/shared-event.ts';
import {
  batchOf,
  distinctBatch,
  emptyDatabase,
  NODE_ID,
  NOON_US,
  TestClock,
  TestDirectory,
  TestDisk,
  TestLogger,
  uuidOf,
} from './fixtures.ts';

class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly path = this.directory.file('sentrypeer.db');
  readonly other = emptyDatabase(this.directory);
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly disk = new TestDisk();
  readonly store: Store;

  constructor(options: Omit<StoreOptions, 'path'> = {}) {
    const { clock, logger, disk } = this;
    this.store = Store.open({ clock, logger, disk }, { path: this.path, ...options });
  }

  all(sql: string): readonly unknown[] {
    return this.other
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
  }

  /** Fills the disk, but for free pages in the file. @returns Octets that may still be written. */
  fillDisk(): number {
    this.other.exec(
      `CREATE TABLE big (octets); INSERT INTO big VALUES (zeroblob(400000)); DROP TABLE big`,
    );
    this.disk.freeOctets = 0;
    this.clock.ms += DISK_CHECK_INTERVAL_MS;
    return Math.floor(new Pages(this.other).read().freeOctets / ROW_OCTETS_PER_BATCH_OCTET);
  }

  [Symbol.dispose](): void {
    this.store.close();
    if (this.other.isOpen) this.other.close();
    this.directory[Symbol.dispose]();
  }
}

const FULL = { code: 'disk_full' };

test('Store.open() puts the limits of its options in force, or the usual ones', () => {
  for (const [options, expected] of [
    [{}, [RETENTION_DAYS_DEFAULT, DATABASE_OCTETS_DEFAULT, OWED_OCTETS_DEFAULT]],
    [
      { retentionDays: 7, databaseOctetsMax: 5_000_000, owedOctetsMax: 6_000_000 },
      [7, 5_000_000, 6_000_000],
    ],
  ] as const) {
    using bench = new Bench(options);
    const limits = ['limit_days', 'limit_octets', 'limit_owed'].flatMap((name) =>
      bench.all(`SELECT value FROM counter WHERE name = '${name}'`).flat(),
    );
    assert.deepEqual(limits, expected);
  }
});

test('Store.open() names the file that lacks something, and leaves it closed', () => {
  using directory = new TestDirectory();
  {
    using database = emptyDatabase(directory);
    database.exec('DROP TABLE cursor');
  }
  const ports = { logger: new TestLogger(), clock: new TestClock() };
  assert.throws(() => Store.open(ports, { path: directory.file('sentrypeer.db') }), {
    code: 'db_failed',
    message: /sentrypeer\.db has other tables .*no such table: (main\.)?cursor/,
  });
  assert.deepEqual(readdirSync(directory.path), ['sentrypeer.db']);
});

test('Store.append() and others write free pages of the file only, while the disk is full', () => {
  using bench = new Bench();
  const { store } = bench;
  const octets = bench.fillDisk();
  const message = (size: number): Uint8Array => batchOf([{ sipMessage: new Uint8Array(size) }]);
  const one = message(octets / 2 + 1000);
  assert.throws(() => store.append([one, one]), {
    code: 'disk_full',
    message:
      /^the disk of database .*sentrypeer\.db is nearly full: 0 MiB free.*; free some space on it, or let old events go: lower the size limit and confirm it with sentrypeer prune --yes$/,
  });
  const shared = (size: number): Parameters<Store['deliver']>[0][number] => ({
    event: { ...SHARED_EVENT, sipMessage: 'x'.repeat(size) },
    nodeId: NODE_ID,
    collectedMethod: 'responsive',
  });
  const half = Math.floor(octets / 2);
  assert.throws(() => store.deliver([shared(half), shared(half)]), FULL);
  assert.throws(() => store.deliver([shared(octets - DELIVERED_OCTETS + 1)]), FULL);
  const places = (count: number): Parameters<Store['place']>[0] =>
    Array.from({ length: count }, () => ({
      totalId: 1,
      country: '',
      network: '',
      networkName: '',
    }));
  const progress = { source: 1, totalId: 0, seen: { lastSeenEpochUs: 0, totalId: 0 } };
  const placed = Math.floor(octets / PLACED_OCTETS);
  assert.throws(() => store.place(places(placed + 1), progress), FULL);
  store.place(places(placed), progress);
  const page = { ...pageOf('a', { subjects: ['45.0.0.1'] }), octets: new Uint8Array(half + 1) };
  assert.throws(() => store.addPages([page, page]), FULL);
  assert.deepEqual(store.addPages([page]), ['taken']);
  assert.deepEqual(bench.all('SELECT standing FROM pool_author'), [[standingRank('stranger')]]);
  assert.equal(store.append([distinctBatch(1, 1)]).events, 1);
});

test('Store.deliver() takes what just fits into free pages', () => {
  using bench = new Bench();
  const octets = bench.fillDisk();
  bench.store.deliver([
    {
      event: { ...SHARED_EVENT, sipMessage: 'x'.repeat(octets - DELIVERED_OCTETS) },
      nodeId: NODE_ID,
      collectedMethod: 'responsive',
    },
  ]);
  assert.deepEqual(bench.all('SELECT count(*) FROM honey'), [[1]]);
});

test('Store keeps as much of the disk free as it is told', () => {
  for (const [options, freeOctetsMin] of [
    [{}, DISK_FREE_OCTETS_DEFAULT],
    [{ diskFreeOctetsMin: 1_000_000 }, 1_000_000],
  ] as const) {
    using bench = new Bench(options);
    bench.disk.freeOctets = freeOctetsMin * 2;
    bench.store.append([distinctBatch(1, 1)]);
    bench.disk.freeOctets = freeOctetsMin - 1;
    bench.clock.ms += DISK_CHECK_INTERVAL_MS;
    assert.throws(() => bench.store.append([distinctBatch(2, 40)]), FULL);
  }
});

test('Store.deliver() moves the cursors of those that read it together with the events', () => {
  using bench = new Bench();
  const event = { event: SHARED_EVENT, nodeId: NODE_ID, collectedMethod: 'responsive' } as const;
  const cursors = [
    { name: 'a', honeyId: 5 },
    { name: 'b', honeyId: 6 },
  ];
  const appended = { lastHoneyId: 1, events: 1, repeats: 0, dropped: 0 };
  assert.deepEqual(bench.store.deliver([event, event], cursors), appended, 'each once');
  assert.deepEqual(bench.all('SELECT name, honey_id FROM cursor ORDER BY name'), [
    ['a', 5],
    ['b', 6],
  ]);
  const bad = { ...event, event: { ...SHARED_EVENT, eventUuid: {} as string } };
  assert.throws(() => bench.store.deliver([bad], [{ name: 'a', honeyId: 7 }]));
  assert.deepEqual(bench.all("SELECT honey_id FROM cursor WHERE name = 'a'"), [[5]]);
  assert.deepEqual(bench.all('SELECT grade FROM honey'), [['handshake']], 'it is of this node');
});

test('Store.isJudgingDue() is true once there is anything to judge', () => {
  using bench = new Bench();
  assert.equal(bench.store.isJudgingDue(), false);
  bench.store.append([distinctBatch(1, 1)]);
  assert.equal(bench.store.isJudgingDue(), true);
});

test('Store.openJudging() judges what was recorded, by a clock that was looked at', () => {
  using bench = new Bench();
  using judge = new JudgeBench();
  const judging = bench.store.openJudging(judge.ports());
  bench.store.append([batchOf([{ grade: 'handshake' }])]);
  assert.equal(judging.stepProved(), false);
  assert.deepEqual(judge.since(), ['address 203.0.113.5', 'number 00442071234567']);
  bench.clock.jumpTo(NOON_US + 7_200_000_000);
  bench.clock.ms += CLOCK_LOOK_MS;
  for (let left = judging.step(); left.urgent || left.rest; left = judging.step());
  assert.ok(bench.logger.events().includes('clock_jumped'));
  bench.other.exec('ALTER TABLE judging_due RENAME TO gone');
  bench.clock.ms += LISTINGS_CHECK_MS;
  assert.throws(() => judging.step(), { code: 'db_failed', message: /sentrypeer\.db/ });
  renameSync(bench.path, `${bench.path}.aside`);
  bench.clock.ms += FILE_LOOK_MS;
  assert.throws(() => judging.step(), { code: 'db_gone' });
  assert.throws(() => bench.store.maintain(), { code: 'db_gone' });
  renameSync(`${bench.path}.aside`, bench.path);
  bench.clock.ms += FILE_LOOK_MS;
});

test('Store.maintain() looks at the clock, and keeps triggers out of its way', () => {
  using bench = new Bench();
  const version = bench.all('PRAGMA schema_version');
  bench.clock.jumpTo(NOON_US + 7_200_000_000);
  bench.clock.ms += CLOCK_LOOK_MS;
  while (bench.store.maintain());
  assert.ok(bench.logger.events().includes('clock_jumped'));
  assert.notDeepEqual(bench.all('PRAGMA schema_version'), version);
});

test('Store.maintain() does one thing after the other until nothing is left', () => {
  using bench = new Bench();
  bench.store.append([
    batchOf([{ eventUuid: uuidOf(1) }], [{ eventUuid: uuidOf(1), count: 2, lastEpochUs: NOON_US }]),
  ]);
  bench.other.exec("INSERT INTO honey (source_ip) VALUES ('45.0.0.1')");
  bench.clock.ms += CHECKPOINT_INTERVAL_MS;
  assert.equal(bench.store.maintain(), true, 'a checkpoint');
  assert.deepEqual(bench.all("SELECT 1 FROM address_total WHERE address = '45.0.0.1'"), []);
  assert.equal(bench.store.maintain(), true, 'rows of another program');
  assert.deepEqual(bench.all("SELECT 1 FROM address_total WHERE address = '45.0.0.1'"), [[1]]);
  assert.deepEqual(bench.all('SELECT seen_count FROM honey WHERE honey_id = 1'), [[1]]);
  while (bench.store.maintain());
  assert.deepEqual(bench.all('SELECT seen_count FROM honey WHERE honey_id = 1'), [[3]]);
});

test('Store names its file where another program changed its tables', () => {
  using bench = new Bench();
  const { store } = bench;
  for (const table of [
    'cursor',
    'origin',
    'dead_letter',
    'endpoint_status',
    'address_place',
    'listing',
  ]) {
    bench.other.exec(`ALTER TABLE ${table} RENAME TO ${table}_gone`);
  }
  const named = { code: 'db_failed', message: /sentrypeer\.db/ };
  const progress = { source: 1, totalId: 0, seen: { lastSeenEpochUs: 0, totalId: 0 } };
  for (const work of [
    () => store.saveCursor('a', 1),
    () => store.setTrust('a', 'trusted'),
    () => store.forget('a'),
    () => store.changeEndpoint({ kind: 'taken', endpoint: 'a', eventUuids: ['a'] }),
    () => store.place([], progress),
    () => store.isJudgingDue(),
    () =>
      store.proveNetworks([
        { nodeId: 'a', publicKey: new Uint8Array(32), network: 'AS1', prefix: 'AS1', address: '' },
      ]),
  ]) {
    assert.throws(work, named, String(work));
  }
});

test('Store.close() leaves repeats that it cannot add to the next start, says so, and closes', () => {
  using bench = new Bench();
  bench.store.append([
    batchOf([{ eventUuid: uuidOf(1) }], [{ eventUuid: uuidOf(1), count: 2, lastEpochUs: NOON_US }]),
  ]);
  bench.other.exec(
    `CREATE TRIGGER refused BEFORE UPDATE ON honey BEGIN SELECT RAISE(ABORT, 'no'); END`,
  );
  bench.store.close();
  const [line, ...none] = bench.logger.lines;
  assert.equal(line?.event, 'repeats_left_for_next_start');
  assert.equal(line.fields['code'], 'db_failed');
  assert.match(String(line.fields['why']), /sentrypeer\.db failed/);
  assert.deepEqual(none, []);
  bench.other.exec('DROP TRIGGER refused');
  bench.store.close();
  assert.deepEqual(bench.all('SELECT seen_count FROM honey'), [[1]]);
  bench.other.close();
  assert.equal(existsSync(`${bench.path}-wal`), false, 'it is closed');
  using again = Store.open(bench, { path: bench.path });
  again.close();
  using database = new DatabaseSync(bench.path);
  assert.equal(database.prepare('SELECT seen_count FROM honey').get()?.['seen_count'], 3);
});

test('Store and StoreReader leave nothing open', () => {
  using directory = new TestDirectory();
  emptyDatabase(directory).close();
  const path = directory.file('sentrypeer.db');
  {
    using _store = Store.open({ logger: new TestLogger(), clock: new TestClock() }, { path });
    using _reader = StoreReader.open(path);
    assert.ok(existsSync(`${path}-wal`));
  }
  assert.deepEqual(readdirSync(directory.path), ['sentrypeer.db']);
});

test('Store becomes a part of a fleet, a hub only if it is told', () => {
  using bench = new Bench();
  const decide = (value: string): void =>
    bench.store.decide({ kind: 'allow', value, comment: '', untilEpochUs: undefined });
  bench.store.openFleet();
  decide('45.14.0.0/16');
  assert.deepEqual(bench.all('SELECT count(*) FROM fleet_decision'), [[0]]);
  assert.equal(bench.store.resumeFleet({ epoch: 3, mark: 0, repeatMark: 0 }).epoch, 3);
  bench.store.openFleet(true);
  decide('45.15.0.0/16');
  assert.deepEqual(bench.all('SELECT count(*) FROM fleet_decision'), [[1]]);
});

test('Store.resumeVotes() lets through what waits today', () => {
  using bench = new Bench();
  bench.store.resumeVotes();
  assert.deepEqual(bench.all("SELECT value > 0 FROM counter WHERE name = 'pool_resumed_day'"), [
    [1],
  ]);
});
