// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* When something is removed, how much of it and of what, with a database whose size a test says. */

import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { DiskGuard } from '../../src/file/disk-guard.ts';
import type { Pages } from '../../src/file/pages.ts';
import {
  AGE_CHECK_INTERVAL_MS,
  FREE_PAGES_SHARE_MAX,
  OWED_REPORT_INTERVAL_MS,
  PRUNE_ROWS,
  QUIET_MS,
  ROOM_AHEAD_SHARE,
  ROOM_OCTETS_MIN,
  ROOM_ROWS,
} from '../../src/limits.ts';
import { budgetsOf } from '../../src/retention/budgets.ts';
import { Pruner, type RetentionOptions } from '../../src/retention/pruner.ts';
import {
  DAY_US,
  emptyDatabase,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
} from '../fixtures.ts';

/** Octets that the test takes a row to have, and rows that fit. */
const ROW_OCTETS = 1000;
const ROWS_MAX = 2000;
const OCTETS_MAX = ROWS_MAX * ROW_OCTETS;
/** Above this, room is made in advance. */
const ROWS_AHEAD = ROWS_MAX * (1 - ROOM_AHEAD_SHARE);
const { totalsCountMax } = budgetsOf(OCTETS_MAX);

class Bench implements Disposable {
  readonly #directory = new TestDirectory();
  readonly database: DatabaseSync = emptyDatabase(this.#directory);
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly pruner: Pruner;
  isLow = false;
  freeOctets = Infinity;
  #lastId = 0;

  constructor(options: Partial<RetentionOptions> = {}) {
    const guard = { isLow: () => this.isLow } as unknown as DiskGuard;
    const read = () => ({ liveOctets: this.rows * ROW_OCTETS, freeOctets: this.freeOctets });
    this.pruner = new Pruner(
      {
        database: this.database,
        clock: this.clock,
        logger: this.logger,
        guard,
        pages: { read } as unknown as Pages,
        removalUs: () => this.clock.us,
      },
      {
        retentionDays: 30,
        databaseOctetsMax: OCTETS_MAX,
        owedCursors: [],
        owedOctetsMax: 0,
        ...options,
      },
    );
  }

  add(count: number, grade: 'seen' | 'returned' | 'handshake' = 'seen'): this {
    this.database.exec(`
      INSERT INTO honey (honey_id, grade, created_at)
        WITH RECURSIVE id (n) AS (VALUES (${this.#lastId + 1}) UNION ALL SELECT n + 1 FROM id
          WHERE n < ${this.#lastId + count})
        SELECT n, '${grade}', '2026-03-01 11:00:00.000' FROM id`);
    this.#lastId += count;
    return this;
  }

  /** Totals of numbers, each seen a microsecond after the one before. */
  total(count: number, grade: number, fromUs = NOON_US): this {
    this.database.exec(`
      INSERT INTO number_total (number, first_seen_us, last_seen_us, seen_count, grade)
        WITH RECURSIVE id (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM id WHERE n < ${count - 1})
        SELECT '${grade} ' || n, ${fromUs} + n, ${fromUs} + n, 1, ${grade} FROM id;
      UPDATE counter SET value = value + ${count} WHERE name = 'numbers'`);
    return this;
  }

  got(name: string, honeyId: number): this {
    this.database
      .prepare('INSERT OR REPLACE INTO cursor (name, honey_id) VALUES (?, ?)')
      .run(name, honeyId);
    return this;
  }

  one(sql: string): number {
    return Number(Object.values(this.database.prepare(sql).get() ?? {})[0]);
  }

  get rows(): number {
    return this.one('SELECT count(*) FROM honey');
  }

  /** Until there is nothing more to do. */
  prune(): this {
    while (this.pruner.step());
    return this;
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

function isBetween(actual: number, low: number, high: number): void {
  assert.ok(actual > low && actual <= high, `${actual} is not between ${low} and ${high}`);
}

test('nothing is removed of what fits, and room is made ahead only of what anybody can forge', () => {
  using bench = new Bench().add(ROWS_AHEAD);
  assert.equal(bench.pruner.step(), false);
  assert.equal(bench.rows, ROWS_AHEAD);
  bench.add(1).prune();
  assert.equal(bench.rows, ROWS_AHEAD + 1 - PRUNE_ROWS);
  using proved = new Bench().add(ROWS_MAX, 'returned').prune();
  assert.equal(proved.rows, ROWS_MAX);
  proved.add(1, 'returned').prune();
  assert.equal(proved.rows, ROWS_MAX + 1 - PRUNE_ROWS);
});

test('while much comes, room is made with what comes and not ahead', () => {
  using bench = new Bench().add(ROWS_MAX);
  assert.equal(
    bench.pruner.makeRoomFor(ROOM_OCTETS_MIN - 1, () => 7),
    7,
  );
  assert.equal(bench.rows, ROWS_MAX, 'a little needs no room of its own');
  assert.equal(
    bench.pruner.makeRoomFor(ROOM_OCTETS_MIN, () => bench.rows),
    ROWS_MAX - PRUNE_ROWS,
  );
  bench.add(PRUNE_ROWS).prune();
  assert.equal(bench.rows, ROWS_MAX);
  bench.clock.ms += QUIET_MS - 1;
  assert.equal(bench.prune().rows, ROWS_MAX);
  bench.clock.ms += 1;
  isBetween(bench.prune().rows, ROWS_AHEAD - PRUNE_ROWS, ROWS_AHEAD);
});

test('as much room is made as the transaction before needed for each octet', () => {
  using bench = new Bench().add(ROWS_MAX);
  const octets = 200 * ROW_OCTETS;
  bench.pruner.makeRoomFor(octets, () => {
    isBetween(bench.rows, ROWS_MAX - 200 - ROOM_ROWS, ROWS_MAX - 200);
    bench.add(ROWS_MAX - bench.rows);
    bench.add(3 * 200 - (ROWS_MAX - bench.rows));
  });
  const before = bench.rows;
  const added = 600;
  bench.pruner.makeRoomFor(octets, () => {
    assert.ok(bench.rows <= ROWS_MAX - 200, `${bench.rows} of ${before} before ${added}`);
  });
  bench.add(ROWS_MAX - bench.rows);
  bench.pruner.makeRoomFor(octets, () => {
    assert.ok(bench.rows > ROWS_MAX - PRUNE_ROWS - 1, 'the last one needed nothing');
  });
});

test('room for what comes is never made of what was proved, nor of what is owed', () => {
  using bench = new Bench({ owedCursors: ['hub'], owedOctetsMax: OCTETS_MAX });
  bench.got('hub', 40).add(ROWS_MAX);
  bench.pruner.makeRoomFor(400_000, () => assert.equal(bench.rows, ROWS_MAX - 40));
  assert.equal(bench.one('SELECT min(honey_id) FROM honey'), 41);
  using proved = new Bench().add(ROWS_MAX, 'handshake');
  proved.pruner.makeRoomFor(400_000, () => assert.equal(proved.rows, ROWS_MAX));
});

test('what is owed stays within its own limit, and it is told what does not', () => {
  using bench = new Bench({ owedCursors: ['hub', 'other'], owedOctetsMax: 300 * ROW_OCTETS });
  bench
    .got('hub', 100)
    .got('other', 200)
    .add(ROWS_MAX + 400, 'handshake')
    .prune();
  isBetween(bench.rows, ROWS_MAX + 300 - PRUNE_ROWS, ROWS_MAX + 300);
  assert.equal(bench.logger.lines.length, 0);
  bench.add(300, 'handshake').prune();
  isBetween(bench.rows, ROWS_MAX + 300 - PRUNE_ROWS, ROWS_MAX + 300);
  const [line] = bench.logger.lines;
  assert.equal(bench.logger.lines.length, 1);
  assert.deepEqual(line, {
    event: 'owed_events_removed',
    fields: {
      events: PRUNE_ROWS,
      why: 'the database exceeds its size limit and the backlog limit, and an endpoint is far behind',
    },
  });
  bench.clock.ms += OWED_REPORT_INTERVAL_MS - 1;
  bench.add(2 * PRUNE_ROWS, 'handshake').prune();
  assert.equal(bench.logger.lines.length, 1);
  bench.clock.ms += 1;
  bench.add(PRUNE_ROWS, 'handshake').prune();
  const untold = ROWS_MAX + 400 + 300 + 3 * PRUNE_ROWS - bench.rows - 100 - PRUNE_ROWS;
  assert.equal(bench.logger.lines.at(-1)?.fields['events'], untold);
  bench.got('hub', 100_000).got('other', 100_000).prune();
  isBetween(bench.rows, ROWS_MAX - PRUNE_ROWS, ROWS_MAX);
});

test('a disk that is nearly full takes half of the file at most, also of what is owed', () => {
  using bench = new Bench({ owedCursors: ['hub'], owedOctetsMax: OCTETS_MAX });
  bench.got('hub', 0).add(1000, 'handshake');
  Object.defineProperty(bench, 'freeOctets', { get: () => (1000 - bench.rows) * ROW_OCTETS });
  assert.equal(bench.prune().rows, 1000);
  bench.isLow = true;
  const left = bench.prune().rows;
  isBetween(
    left,
    1000 * (1 - FREE_PAGES_SHARE_MAX) - PRUNE_ROWS,
    1000 * (1 - FREE_PAGES_SHARE_MAX),
  );
  assert.equal(
    bench.logger.lines[0]?.fields['why'],
    'the disk is nearly full and an endpoint is far behind',
  );
});

test('totals beyond their number go, the weakest and longest unseen first, and are counted', () => {
  using bench = new Bench().prune().total(totalsCountMax, 1);
  assert.equal(bench.pruner.step(), false);
  bench.total(10, 0).total(5, 2, NOON_US - 1000);
  assert.equal(bench.prune().one('SELECT count(*) FROM number_total'), totalsCountMax);
  assert.equal(bench.one("SELECT value FROM counter WHERE name = 'numbers'"), totalsCountMax);
  assert.equal(bench.one('SELECT count(*) FROM number_total WHERE grade = 0'), 0);
  assert.equal(bench.one('SELECT count(*) FROM number_total WHERE grade = 2'), 5);
  assert.equal(
    bench.one('SELECT min(last_seen_us) FROM number_total WHERE grade = 1'),
    NOON_US + 5,
  );
});

test('room for totals is made ahead of those that come, of the weakest alone', () => {
  using bench = new Bench()
    .prune()
    .total(totalsCountMax - 5, 0)
    .total(5, 1);
  bench.pruner.makeRoomFor(ROOM_OCTETS_MIN, () => bench.total(7, 2));
  assert.equal(bench.one('SELECT count(*) FROM number_total'), totalsCountMax + 7);
  bench.pruner.makeRoomFor(ROOM_OCTETS_MIN, () => {
    assert.equal(bench.one('SELECT count(*) FROM number_total'), totalsCountMax - 7);
    assert.equal(
      bench.one('SELECT count(*) FROM number_total WHERE grade = 0'),
      totalsCountMax - 19,
    );
  });
  using proved = new Bench().prune().total(totalsCountMax + 9, 1);
  proved.pruner.makeRoomFor(ROOM_OCTETS_MIN, () => undefined);
  assert.equal(proved.one('SELECT count(*) FROM number_total'), totalsCountMax + 9);
});

test('ages are looked at now and then', () => {
  using bench = new Bench().prune().add(10).total(1, 2);
  const nowUs = NOON_US + 31 * DAY_US;
  bench.clock.jumpTo(nowUs);
  bench.clock.ms += AGE_CHECK_INTERVAL_MS - 1;
  assert.equal(bench.prune().rows, 10);
  bench.clock.ms += 1;
  assert.equal(bench.prune().rows, 0);
  assert.equal(bench.one('SELECT count(*) FROM number_total'), 0);
  assert.equal(bench.one("SELECT value FROM counter WHERE name = 'numbers'"), 0);
});

test('a total expires to the microsecond', () => {
  using bench = new Bench().prune().total(1, 0);
  bench.clock.jumpTo(NOON_US + 30 * DAY_US);
  bench.clock.ms += AGE_CHECK_INTERVAL_MS;
  assert.equal(bench.prune().one('SELECT count(*) FROM number_total'), 1);
  bench.clock.jumpTo(NOON_US + 30 * DAY_US + 1);
  bench.clock.ms += AGE_CHECK_INTERVAL_MS;
  assert.equal(bench.prune().one('SELECT count(*) FROM number_total'), 0);
});
