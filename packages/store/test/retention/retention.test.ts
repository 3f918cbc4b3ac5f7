// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import {
  CHECKPOINT_INTERVAL_MS,
  DISK_CHECK_INTERVAL_MS,
  HOURS_COUNT_MAX,
  NO_AGE_LIMIT_DAYS,
  OWED_REPORT_INTERVAL_MS,
  PRUNE_ROWS,
  QUIET_MS,
  ROOM_AHEAD_SHARE,
  ROOM_ROWS,
  WAL_OCTETS_MAX,
} from '../../src/limits.ts';
import { Store, type StoreOptions } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import {
  batchOf,
  DAY_US,
  distinctBatch,
  NOON_US,
  TestClock,
  TestDirectory,
  TestDisk,
  TestLogger,
  uuidOf,
} from '../fixtures.ts';

const MIB = 1_048_576;

/** A store with its clock, disk and reader at hand. */
class Bench {
  readonly directory = new TestDirectory();
  readonly clock = new TestClock();
  readonly disk = new TestDisk();
  readonly logger = new TestLogger();
  readonly store: Store;
  readonly reader: StoreReader;
  readonly #database: DatabaseSync;

  constructor(options: Omit<StoreOptions, 'path'> = {}) {
    const path = this.directory.file('sentrypeer.db');
    this.store = Store.open(this, { ...options, path });
    this.reader = StoreReader.open(path);
    this.#database = new DatabaseSync(path, { readOnly: true });
  }

  query(sql: string): number {
    return Number(Object.values(this.#database.prepare(sql).get() ?? {})[0]);
  }

  /** Octets of the pages in use. */
  liveOctets(): number {
    const pages = this.query('PRAGMA page_count') - this.query('PRAGMA freelist_count');
    return pages * this.query('PRAGMA page_size');
  }

  maintainAll(): void {
    while (this.store.maintain());
  }

  /** Lets the last look at the disk expire. */
  passDiskCheck(): void {
    this.clock.ms += DISK_CHECK_INTERVAL_MS;
  }

  [Symbol.dispose](): void {
    this.#database.close();
    this.reader.close();
    this.store.close();
    this.directory[Symbol.dispose]();
  }
}

test('Store.maintain() removes rows and totals older than the retention time, and no others', () => {
  using bench = new Bench({ retentionDays: 10 });
  bench.store.append([distinctBatch(1, 300)]);
  bench.clock.us += 6 * DAY_US;
  bench.store.append([
    batchOf([{ sourceIp: '203.0.113.6', calledNumber: '006', eventEpochUs: bench.clock.us }]),
  ]);
  bench.maintainAll();
  assert.equal(bench.query('SELECT count(*) FROM honey'), 301);
  bench.clock.us += 5 * DAY_US;
  bench.clock.ms += 60_000;
  bench.maintainAll();
  assert.deepEqual(
    bench.reader.eventsAfter(0, 10).map((event) => event.calledNumber),
    ['006'],
  );
  assert.equal(bench.reader.addressesCount(), 1);
  assert.equal(bench.reader.numbersCount(), 1);
  assert.equal(bench.reader.address('203.0.113.5'), undefined);
  assert.equal(bench.reader.address('203.0.113.6')?.seenCount, 1);
});

test('Store.maintain() keeps the total of an address that is still seen', () => {
  using bench = new Bench({ retentionDays: 10 });
  bench.store.append([distinctBatch(1, 1)]);
  bench.clock.us += 11 * DAY_US;
  bench.store.append([batchOf([{ eventEpochUs: bench.clock.us }])]);
  bench.maintainAll();
  const total = bench.reader.address('203.0.113.5');
  assert.equal(total?.seenCount, 2);
  assert.equal(total?.firstSeenEpochUs, NOON_US + 1);
  assert.equal(bench.query('SELECT count(*) FROM honey'), 1);
});

test('Store.maintain() removes the oldest rows where the database is too large', () => {
  using bench = new Bench({ databaseOctetsMax: MIB });
  for (let index = 0; index < 6; index += 1) {
    bench.store.append([distinctBatch(index * 500 + 1, 500)]);
    bench.maintainAll();
  }
  assert.ok(bench.liveOctets() <= MIB, `${bench.liveOctets()} octets`);
  assert.ok(bench.liveOctets() > MIB / 2, `${bench.liveOctets()} octets`);
  assert.equal(bench.query('SELECT max(honey_id) FROM honey'), 3000);
  const lowest = bench.query('SELECT min(honey_id) FROM honey');
  assert.equal(bench.query('SELECT count(*) FROM honey'), 3000 - lowest + 1);
  // Removed pages are reused, so the file does not grow either.
  assert.ok(bench.query('PRAGMA page_count') * 4096 < 2 * MIB);
});

test('Store.maintain() bounds the totals, the longest unseen go first', () => {
  using bench = new Bench({ databaseOctetsMax: MIB });
  for (let index = 0; index < 4; index += 1) {
    bench.store.append([
      batchOf(
        Array.from({ length: 400 }, (_, at) => ({
          eventUuid: uuidOf(at),
          sourceIp: `203.0.${index}.${at}`,
          calledNumber: `${index}-${at}`,
          eventEpochUs: NOON_US + index * 1000 + at,
          sipMessage: new Uint8Array(0),
        })),
      ),
    ]);
  }
  bench.maintainAll();
  assert.equal(bench.reader.addressesCount(), 512);
  assert.equal(bench.query('SELECT count(*) FROM address_total'), 512);
  assert.equal(bench.reader.numbersCount(), 512);
  assert.equal(bench.query('SELECT count(*) FROM number_total'), 512);
  assert.equal(bench.reader.number('2-287'), undefined);
  assert.equal(bench.reader.number('2-288')?.seenCount, 1);
});

test('Store.maintain() stops after some milliseconds and says that there is more', () => {
  using bench = new Bench({ retentionDays: 1 });
  bench.store.append([distinctBatch(1, 10 * PRUNE_ROWS)]);
  bench.clock.us += 2 * DAY_US;
  bench.store.maintain(); // Checkpoints the log, which is due after this long.
  bench.clock.lookMs = 1.5;
  assert.equal(bench.store.maintain(), true);
  const left = bench.query('SELECT count(*) FROM honey');
  assert.ok(left > 0 && left < 10 * PRUNE_ROWS, `${left} rows left`);
  bench.maintainAll();
  assert.equal(bench.query('SELECT count(*) FROM honey'), 0);
});

test('Store.maintain() carries a small log over after some seconds', () => {
  using bench = new Bench();
  bench.store.append([distinctBatch(1, 10)]);
  bench.maintainAll();
  assert.ok(walWaiting(bench) > 0);
  bench.clock.ms += CHECKPOINT_INTERVAL_MS;
  assert.equal(bench.store.maintain(), true);
  assert.equal(walWaiting(bench), 0);
});

test('Store.maintain() bounds the write-ahead log without waiting for time to pass', () => {
  using bench = new Bench();
  const message = new Uint8Array(60_000).fill(0x41);
  const walPath = bench.directory.file('sentrypeer.db-wal');
  for (let index = 0; index < 3 * (WAL_OCTETS_MAX / 2_400_000); index += 1) {
    const events = Array.from({ length: 40 }, () => ({ sipMessage: message }));
    bench.store.append(events.map((event) => batchOf([event])));
    bench.maintainAll();
    const walOctets = statSync(walPath).size;
    assert.ok(walOctets < WAL_OCTETS_MAX + 8 * MIB, `${walOctets} octets`);
  }
  assert.ok(bench.query('PRAGMA page_count') * 4096 > 2 * WAL_OCTETS_MAX);
});

test('Store makes room within its file while the disk is nearly full, and goes on recording', () => {
  using bench = new Bench();
  const message = new Uint8Array(60_000).fill(0x41);
  const batches = Array.from({ length: 40 }, () => batchOf([{ sipMessage: message }]));
  for (let index = 0; index < 15; index += 1) bench.store.append(batches);
  bench.maintainAll();
  const before = bench.query('PRAGMA page_count');
  bench.disk.freeOctets = 100 * MIB;
  bench.passDiskCheck();
  assert.throws(() => bench.store.append(batches), { code: 'disk_full' });
  bench.maintainAll();
  const freed = bench.query('PRAGMA freelist_count') * 4096;
  assert.ok(freed >= 16 * MIB, `${freed} octets free within the file`);
  for (let index = 0; index < 15; index += 1) {
    bench.store.append(batches);
    bench.maintainAll();
  }
  assert.equal(bench.query('PRAGMA page_count'), before);
  assert.equal(bench.query('SELECT max(honey_id) FROM honey'), 30 * 40);
  assert.deepEqual(bench.logger.events(), ['disk_low']);
  bench.disk.freeOctets = 400 * MIB;
  bench.passDiskCheck();
  bench.maintainAll();
  assert.deepEqual(bench.logger.events(), ['disk_low', 'disk_free_again']);
});

test('Store.maintain() keeps half of a small database although others fill the disk', () => {
  using bench = new Bench();
  bench.store.append([distinctBatch(1, 2000)]);
  const before = bench.liveOctets();
  bench.disk.freeOctets = 0;
  bench.passDiskCheck();
  bench.maintainAll();
  const left = bench.liveOctets() / before;
  assert.ok(left > 0.45 && left <= 0.5, `${left} of its octets left`); // One step's rows are less than a twentieth.
});

test('Store.append() makes room for what it adds to a full database, in the same transaction', () => {
  using bench = new Bench({ databaseOctetsMax: MIB });
  for (let first = 1; first <= 3001; first += 500) bench.store.append([distinctBatch(first, 500)]);
  bench.maintainAll();
  for (let first = 4001; first <= 7501; first += 500) {
    const before = bench.query('SELECT min(honey_id) FROM honey');
    bench.store.append([distinctBatch(first, 500)]);
    assert.ok(bench.query('SELECT min(honey_id) FROM honey') > before, `${first}`);
    assert.ok(bench.liveOctets() < MIB * 1.1, `${bench.liveOctets()} octets`);
  }
  bench.store.append([distinctBatch(9001, 1)]);
  bench.maintainAll();
  assert.ok(bench.liveOctets() <= MIB);
});

test('Store.append() makes no room ahead among what was proved', () => {
  using bench = new Bench({ databaseOctetsMax: MIB });
  const proved = Array.from({ length: 2000 }, (_, at) => ({
    eventUuid: uuidOf(at + 1),
    calledNumber: `0044${at}`,
    grade: 'handshake' as const,
  }));
  bench.store.append([batchOf(proved)]);
  bench.maintainAll();
  const before = bench.query('SELECT min(honey_id) FROM honey');
  for (let first = 4001; first <= 7501; first += 500) {
    bench.store.append([distinctBatch(first, 500)]);
    bench.clock.ms += QUIET_MS;
    bench.maintainAll();
  }
  assert.equal(bench.query('SELECT min(honey_id) FROM honey'), before);
});

test('Store.append() makes much room at once, and keeps what was proved among it', () => {
  using bench = new Bench({ databaseOctetsMax: 4 * MIB });
  const among = Array.from({ length: 9 * ROOM_ROWS }, (_, at) => ({
    eventUuid: uuidOf(at + 1),
    calledNumber: `0044${at}`,
    grade: at % (3 * ROOM_ROWS) === ROOM_ROWS ? ('returned' as const) : ('seen' as const),
  }));
  for (let at = 0; at < among.length; at += ROOM_ROWS)
    bench.store.append([batchOf(among.slice(at, at + ROOM_ROWS))]);
  for (let first = 10_001; first <= 26_001; first += 2000)
    bench.store.append([distinctBatch(first, 2000)]);
  assert.equal(bench.query(`SELECT count(*) FROM honey WHERE grade = 'returned'`), 3);
  assert.equal(
    bench.query(`SELECT min(honey_id) FROM honey WHERE grade = 'returned'`),
    ROOM_ROWS + 1,
  );
  const old = `SELECT count(*) FROM honey WHERE honey_id <= ${among.length}`;
  assert.equal(bench.query(old), 3, 'only what was proved is left of the old ones');
  assert.ok(bench.liveOctets() < 4 * MIB * 1.1, `${bench.liveOctets()} octets`);
});

test('Store.maintain() makes room ahead once little comes', () => {
  using bench = new Bench({ databaseOctetsMax: 3 * MIB });
  for (let first = 1; first <= 6001; first += 250) bench.store.append([distinctBatch(first, 250)]);
  bench.maintainAll();
  const inFlood = bench.liveOctets() / (3 * MIB);
  assert.ok(inFlood <= 1 && inFlood > 1 - ROOM_AHEAD_SHARE, `${inFlood} of its size in the flood`);
  bench.clock.ms += QUIET_MS;
  bench.maintainAll();
  const share = bench.liveOctets() / (3 * MIB);
  assert.ok(share <= 1 - ROOM_AHEAD_SHARE && share > 0.7, `${share} of its size`);
});

test('Store.append() refuses while the disk is nearly full and nothing can be removed', () => {
  using bench = new Bench();
  bench.disk.freeOctets = 255 * MIB;
  bench.maintainAll();
  assert.throws(() => bench.store.append([distinctBatch(1, 1)]), {
    code: 'disk_full',
    message:
      /sentrypeer\.db is nearly full: [\d.]+ MiB free, of which [\d.]+ MiB are kept free .*; free some space/,
  });
  bench.disk.freeOctets = 257 * MIB;
  bench.passDiskCheck();
  assert.equal(bench.store.append([distinctBatch(1, 1)]).lastHoneyId, 1);
});

function walWaiting(bench: Bench): number {
  using database = new DatabaseSync(bench.directory.file('sentrypeer.db'));
  const row = database.prepare('PRAGMA wal_checkpoint(NOOP)').get();
  return Number(row?.['log']) - Number(row?.['checkpointed']);
}

/** Six times 500 events into a database of 1 MiB, this many of which an endpoint has received. */
function fill(bench: Bench, got: number): void {
  bench.store.saveCursor('webhook:hub', got);
  for (let index = 0; index < 6; index += 1) {
    bench.store.append([distinctBatch(index * 500 + 1, 500)]);
    bench.maintainAll();
  }
}

test('Store.maintain() keeps what an endpoint has not got, beyond the size of the database', () => {
  using bench = new Bench({ databaseOctetsMax: MIB, owedCursors: ['webhook:hub', 'webhook:new'] });
  fill(bench, 400);
  assert.equal(bench.query('SELECT min(honey_id) FROM honey'), 401);
  assert.ok(bench.liveOctets() > MIB);
  assert.ok(!bench.logger.events().includes('owed_events_removed'));
  bench.store.saveCursor('webhook:hub', 3000);
  bench.maintainAll();
  assert.ok(bench.liveOctets() <= MIB, `${bench.liveOctets()} octets`);
});

test('Store.maintain() keeps what an endpoint has not got within a bound, and says when it does not', () => {
  using bench = new Bench({
    databaseOctetsMax: MIB,
    owedCursors: ['webhook:hub'],
    owedOctetsMax: 200_000,
  });
  fill(bench, 100);
  assert.ok(bench.liveOctets() > MIB, `${bench.liveOctets()} octets`);
  assert.ok(bench.liveOctets() <= MIB + 200_000, `${bench.liveOctets()} octets`);
  assert.ok(bench.query('SELECT min(honey_id) FROM honey') > 101);
  const said = bench.logger.lines.filter(({ event }) => event === 'owed_events_removed');
  assert.equal(said.length, 1, 'once a minute');
  assert.ok(Number(said[0]?.fields['events']) > 0);
  assert.equal(
    said[0]?.fields['why'],
    'the database exceeds its size limit and the backlog limit, and an endpoint is far behind',
  );
  const soFar = (): number => bench.query('SELECT min(honey_id) FROM honey') - 101;
  const before = Number(said[0]?.fields['events']);
  bench.clock.ms += OWED_REPORT_INTERVAL_MS;
  bench.store.append([distinctBatch(9001, 500)]);
  bench.maintainAll();
  const again = bench.logger.lines.filter(({ event }) => event === 'owed_events_removed');
  assert.equal(again.length, 2);
  const told = before + Number(again[1]?.fields['events']);
  assert.ok(told <= soFar() && told > soFar() - 10 * PRUNE_ROWS, `${told} of ${soFar()}`);
});

test('Store.maintain() keeps what an endpoint has not got when its time is over', () => {
  using bench = new Bench({ retentionDays: 10, owedCursors: ['webhook:hub'] });
  bench.store.append([distinctBatch(1, 300)]);
  bench.store.saveCursor('webhook:hub', 200);
  bench.clock.us += 20 * DAY_US;
  bench.clock.ms += 60_000;
  bench.maintainAll();
  assert.equal(bench.query('SELECT min(honey_id) FROM honey'), 201);
  bench.store.saveCursor('webhook:hub', 300);
  bench.clock.ms += 60_000;
  bench.maintainAll();
  assert.equal(bench.query('SELECT count(*) FROM honey'), 0);
});

test('Store.maintain() removes what an endpoint has not got rather than fill the disk', () => {
  using bench = new Bench({ owedCursors: ['webhook:hub'] });
  bench.store.append([distinctBatch(1, 3000)]);
  bench.store.saveCursor('webhook:hub', 0);
  bench.disk.freeOctets = 100 * MIB;
  bench.passDiskCheck();
  bench.store.maintain();
  assert.ok(bench.query('SELECT min(honey_id) FROM honey') > 1);
  const said = bench.logger.lines.find(({ event }) => event === 'owed_events_removed');
  assert.equal(said?.fields['why'], 'the disk is nearly full and an endpoint is far behind');
});

test('Store.maintain() keeps what the endpoint that is furthest behind has not got', () => {
  using bench = new Bench({ retentionDays: 10, owedCursors: ['webhook:a', 'webhook:b'] });
  bench.store.append([distinctBatch(1, 300)]);
  bench.store.saveCursor('webhook:a', 200);
  bench.store.saveCursor('webhook:b', 100);
  bench.store.saveCursor('json-log', 10);
  bench.clock.us += 20 * DAY_US;
  bench.maintainAll();
  assert.equal(bench.query('SELECT min(honey_id) FROM honey'), 101);
});

test('Store.maintain() removes hours beyond their number even where nothing ages', () => {
  using bench = new Bench({ retentionDays: NO_AGE_LIMIT_DAYS });
  bench.store.append([distinctBatch(1, 1)]);
  bench.clock.us += (HOURS_COUNT_MAX - 1) * 3_600_000_000;
  bench.maintainAll();
  assert.equal(bench.query('SELECT count(*) FROM hour_total'), 1);
  bench.clock.us += 2 * 3_600_000_000;
  bench.maintainAll();
  assert.equal(bench.query('SELECT count(*) FROM hour_total'), 0);
  assert.equal(bench.query('SELECT count(*) FROM honey'), 1);
  assert.equal(bench.reader.addressesCount(), 1);
});
