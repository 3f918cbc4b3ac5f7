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
import type { KeptPart } from '../../src/retention/kept.ts';
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
/** An hour before noon. */
const RECENT = '2026-03-01 11:00:00.000';
const KEPT: KeptPart = { honeyId: 50, atUs: NOON_US, octets: 0, totals: 0, days: 0 };

class Bench implements Disposable {
  readonly #directory = new TestDirectory();
  readonly database: DatabaseSync = emptyDatabase(this.#directory);
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly pruner: Pruner;
  isLow = false;
  freeOctets = Infinity;
  #lastId = 0;

  /** @param kept What is kept despite the limits, and may be beyond them; with its rows. */
  constructor(options: Partial<RetentionOptions> = {}, kept?: Partial<KeptPart>) {
    if (kept !== undefined) this.#keep({ ...KEPT, ...kept });
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
    this.clock.lookMs = 0.0001; // A loop that waits for time to pass comes to an end.
  }

  #keep({ honeyId, atUs, octets, totals, days }: KeptPart): void {
    this.add(honeyId, 'seen', '2026-01-10 11:00:00.000');
    const set = this.database.prepare('INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)');
    for (const [name, value] of [
      ['limit_days', 30],
      ['limit_octets', OCTETS_MAX],
      ['limit_owed', 0],
      ['kept_honey_id', honeyId],
      ['kept_at_us', atUs],
      ['kept_octets', octets],
      ['kept_totals', totals],
      ['kept_days', days],
    ] as const) {
      set.run(name, value);
    }
  }

  add(count: number, grade: 'seen' | 'returned' | 'handshake' = 'seen', createdAt = RECENT): this {
    this.database.exec(`
      INSERT INTO honey (honey_id, grade, created_at)
        WITH RECURSIVE id (n) AS (VALUES (${this.#lastId + 1}) UNION ALL SELECT n + 1 FROM id
          WHERE n < ${this.#lastId + count})
        SELECT n, '${grade}', '${createdAt}' FROM id`);
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
    for (let steps = 0; this.pruner.step(); steps += 1) assert.ok(steps < 1000, 'it never ends');
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

test('what is kept takes nothing from what comes later, and is never removed for its size', () => {
  using bench = new Bench({}, { octets: 50 * ROW_OCTETS });
  const old = (): number => bench.one('SELECT count(*) FROM honey WHERE honey_id <= 50');
  bench.add(ROWS_MAX, 'returned').prune();
  assert.equal(bench.rows, ROWS_MAX + 50);
  bench.add(1, 'returned').prune();
  assert.equal(bench.rows, ROWS_MAX + 51 - PRUNE_ROWS);
  bench.pruner.makeRoomFor(10 * OCTETS_MAX, () => undefined);
  assert.equal(old(), 50);
  bench.isLow = true;
  bench.freeOctets = 0;
  assert.equal(bench.prune().rows, 50);
  assert.equal(old(), 50);
});

test('totals that are kept have their own number, and those seen since then theirs', () => {
  using bench = new Bench({}, { totals: 3 }).prune().total(3, 0, NOON_US - 10);
  bench.total(totalsCountMax, 1).prune();
  assert.equal(bench.one('SELECT count(*) FROM number_total'), totalsCountMax + 3);
  bench.total(5, 2).prune();
  assert.equal(bench.one('SELECT count(*) FROM number_total WHERE grade = 0'), 3);
  assert.equal(bench.one('SELECT count(*) FROM number_total WHERE grade = 1'), totalsCountMax - 5);
});

test('what is kept does not age, or by its own days', () => {
  for (const [days, left] of [
    [0, [50, 1]],
    [90, [50, 1]],
    [50, [0, 0]],
  ] as const) {
    using bench = new Bench({}, { days }).total(1, 0, NOON_US - 20 * DAY_US).add(5);
    bench.clock.jumpTo(NOON_US + 30.5 * DAY_US);
    bench.prune();
    assert.equal(bench.one('SELECT count(*) FROM honey WHERE honey_id > 50'), 0);
    const counts = [bench.rows, bench.one('SELECT count(*) FROM number_total')];
    assert.deepEqual(counts, left, `${days} days`);
  }
});

test('that something is kept beyond the limits is told once, and again after it was not', () => {
  using bench = new Bench({}, { days: 365 });
  const [line] = bench.prune().logger.lines;
  const { mib, ...fields } = line?.fields ?? {};
  assert.equal(line?.event, 'kept_beyond_limits');
  assert.deepEqual(fields, {
    events: 50,
    size_max_mib: Math.floor(OCTETS_MAX / 1_048_576),
    oldest: '2026-01-10 11:00:00.000',
    retention_days: 30,
    what_to_do: 'raise --db-size-max or --retention-days, or let it go with sentrypeer prune --yes',
  });
  assert.equal(mib, 1);
  bench.clock.ms += AGE_CHECK_INTERVAL_MS;
  assert.equal(bench.prune().logger.lines.length, 1);
});

test('a part is no longer kept once somebody deleted its rows, or let it go', () => {
  using bench = new Bench({}, { octets: 50 * ROW_OCTETS });
  const kept = (name: string): number =>
    bench.one(`SELECT value FROM counter WHERE name = 'kept_${name}'`);
  bench.prune().database.exec('DELETE FROM honey');
  bench.clock.ms += AGE_CHECK_INTERVAL_MS - 1;
  assert.equal(bench.prune().one('SELECT 1'), 1);
  assert.equal(kept('honey_id'), 50, 'it is looked at now and then');
  bench.clock.ms += 1;
  bench.prune();
  assert.deepEqual([kept('honey_id'), kept('octets')], [0, 0]);
  using released = new Bench({}, {}).prune();
  released.database.exec("UPDATE counter SET value = 0 WHERE name LIKE 'kept%'");
  released.clock.ms += AGE_CHECK_INTERVAL_MS;
  assert.equal(released.prune().rows, 0);
});

test('a step takes longer while the disk is nearly full, or far too much is there', () => {
  const removedByStep = (bench: Bench): number => {
    bench.clock.lookMs = 1.5;
    const before = bench.rows;
    assert.equal(bench.pruner.step(), true, 'there is more');
    return before - bench.rows;
  };
  const little = ROWS_MAX * 1.09;
  using calm = new Bench().prune().add(little);
  using large = new Bench().prune().add(3 * ROWS_MAX);
  using low = new Bench().prune().add(little);
  low.isLow = true;
  low.freeOctets = 0;
  using many = new Bench()
    .prune()
    .add(little)
    .total(2 * totalsCountMax, 0);
  assert.equal(removedByStep(calm), PRUNE_ROWS);
  for (const bench of [large, low]) assert.ok(removedByStep(bench) >= 3 * PRUNE_ROWS);
  many.clock.lookMs = 1.5;
  many.pruner.step();
  assert.ok(little - many.rows > PRUNE_ROWS, 'for the totals');
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

test('everything that has expired goes, however much it is, before the next look at ages', () => {
  using bench = new Bench({}, { honeyId: 3 * PRUNE_ROWS, days: 50, atUs: NOON_US - 100 * DAY_US });
  bench.prune().total(3 * PRUNE_ROWS, 2);
  bench.clock.jumpTo(NOON_US + 51 * DAY_US);
  bench.clock.ms += AGE_CHECK_INTERVAL_MS;
  bench.prune();
  assert.deepEqual([bench.rows, bench.one('SELECT count(*) FROM number_total')], [0, 0]);
  assert.equal(bench.one("SELECT value FROM counter WHERE name = 'numbers'"), 0);
});

test('what is kept does not age beyond what an endpoint has received', () => {
  using bench = new Bench({ owedCursors: ['hub'], owedOctetsMax: OCTETS_MAX }, { days: 50 });
  bench.got('hub', 20);
  bench.clock.jumpTo(NOON_US + 51 * DAY_US);
  bench.prune();
  assert.equal(bench.one('SELECT min(honey_id) FROM honey'), 21);
  assert.equal(bench.rows, 30);
});

test('an endpoint that has no place in the log yet holds nothing back', () => {
  using bench = new Bench({ owedCursors: ['new'], owedOctetsMax: OCTETS_MAX });
  bench.add(ROWS_MAX + 1, 'returned').prune();
  assert.equal(bench.rows, ROWS_MAX + 1 - PRUNE_ROWS);
});

test('totals of hours go with the retention time, and no younger ones', () => {
  const hourOf = (us: number): number => Math.floor(us / 3_600_000_000);
  for (const [retentionDays, kept, left] of [
    [30, undefined, [30]],
    [30, { days: 0, atUs: NOON_US - 40 * DAY_US }, [30, 41]],
    [30, { days: 40, atUs: NOON_US - 20 * DAY_US }, [30, 31]],
    [10_000, undefined, [30, 31, 41, 730]],
  ] as const) {
    using bench = new Bench({ retentionDays }, kept);
    for (const days of [30, 31, 41, 730, 732]) {
      bench.database.exec(
        `INSERT INTO hour_total (hour, method, transport, seen_count)
          VALUES (${hourOf(NOON_US - days * DAY_US)}, '', '', ${days})`,
      );
    }
    bench.prune();
    const rows = bench.database.prepare('SELECT seen_count FROM hour_total ORDER BY hour DESC');
    const expected = kept?.days === 0 ? [...left, 730, 732] : left;
    assert.deepEqual(
      rows.all().map((row) => row['seen_count']),
      expected,
      `${retentionDays} days`,
    );
  }
});

test('the limits in force are kept, so that the next start knows when they are lowered', () => {
  using bench = new Bench({ owedOctetsMax: 42 });
  const limit = (name: string): number =>
    bench.one(`SELECT value FROM counter WHERE name = 'limit_${name}'`);
  assert.deepEqual([limit('days'), limit('octets'), limit('owed')], [30, OCTETS_MAX, 42]);
});
