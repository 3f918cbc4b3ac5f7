// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* When a clock is believed, to the microsecond, and what is put right of what it wrote. */

import assert from 'node:assert/strict';
import type { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { ClockWatch, readClockReport } from '../../src/clock/clock-watch.ts';
import { DOUBT_US, EARLIEST_US, isPlausible } from '../../src/clock/plausible.ts';
import { repairTimes } from '../../src/clock/repair-times.ts';
import {
  CLOCK_BELIEVED_MS,
  CLOCK_JUMP_US,
  CLOCK_LOOK_MS,
  CLOCK_SAVE_US,
} from '../../src/limits.ts';
import {
  DAY_US,
  emptyDatabase,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
} from '../fixtures.ts';

const HOUR_US = 3_600_000_000;

class Bench implements Disposable {
  readonly #directory = new TestDirectory();
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly database: DatabaseSync;
  watch: ClockWatch;

  /** @param hasLooked The database knows the time. */
  constructor(hasLooked = true) {
    this.database = emptyDatabase(this.#directory);
    this.database.exec("DELETE FROM counter WHERE name LIKE 'clock%'; DELETE FROM judging_due");
    this.watch = new ClockWatch(this);
    if (hasLooked) this.watch.look();
  }

  /** The program starts anew. */
  restart(): void {
    this.watch = new ClockWatch(this);
  }

  /** Both clocks go on, the wall clock by some microseconds more. @returns Events of the log. */
  pass(ms: number, moreUs = 0): readonly string[] {
    this.clock.ms += ms;
    this.clock.jumpTo(this.clock.us + ms * 1000 + moreUs);
    this.logger.lines.length = 0;
    this.watch.look();
    return this.logger.events();
  }

  all(sql: string): readonly (readonly unknown[])[] {
    return this.database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
  }

  counter(name: string): unknown {
    return this.all(`SELECT value FROM counter WHERE name = '${name}'`)[0]?.[0];
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

test('a clock that is a little off says nothing, and one beyond that has jumped', () => {
  for (const direction of [1, -1]) {
    using bench = new Bench();
    assert.deepEqual(bench.pass(CLOCK_LOOK_MS, direction * CLOCK_JUMP_US), []);
    assert.deepEqual(bench.all('SELECT kind, value FROM judging_due'), []);
    const before = bench.clock.us;
    assert.deepEqual(bench.pass(CLOCK_LOOK_MS, direction * (CLOCK_JUMP_US + 1)), ['clock_jumped']);
    const expectedUs = before + CLOCK_LOOK_MS * 1000;
    assert.deepEqual(bench.logger.lines[0]?.fields, {
      from: new Date(Math.floor(expectedUs / 1000)).toISOString(),
      to: new Date(Math.floor(bench.clock.us / 1000)).toISOString(),
      seconds: Math.round((direction * (CLOCK_JUMP_US + 1)) / 1e6),
    });
    assert.deepEqual(bench.all('SELECT kind, value FROM judging_due'), [['decision', '']]);
    assert.deepEqual(readClockReport(bench.database, bench.clock.us), {
      jumpsCount: 1,
      expectedEpochUs: undefined,
    });
    assert.equal(bench.watch.repairsCount, 2, 'at the start, and for the jump');
    assert.deepEqual(bench.pass(CLOCK_LOOK_MS), []);
    assert.equal(bench.watch.repairsCount, 2);
  }
});

test('the clocks are compared once a second', () => {
  using bench = new Bench();
  bench.pass(5 * CLOCK_LOOK_MS);
  assert.deepEqual(bench.pass(CLOCK_LOOK_MS - 1, 2 * CLOCK_JUMP_US), []);
  bench.clock.ms += 1;
  bench.clock.jumpTo(bench.clock.us + 1000);
  bench.watch.look();
  assert.deepEqual(bench.logger.events(), ['clock_jumped']);
});

test('a clock is doubted that is more than a day off, until it was so for a day', () => {
  for (const direction of [1, -1]) {
    using bench = new Bench();
    assert.deepEqual(bench.pass(CLOCK_LOOK_MS, direction * DOUBT_US), ['clock_jumped']);
    assert.equal(bench.counter('clock_doubted'), 0);
    const expectedUs = bench.clock.us + CLOCK_LOOK_MS * 1000;
    assert.deepEqual(bench.pass(CLOCK_LOOK_MS, direction * (DOUBT_US + 1)), [
      'clock_jumped',
      'clock_doubted',
    ]);
    assert.deepEqual(bench.logger.lines[1]?.fields, {
      clock: new Date(Math.floor(bench.clock.us / 1000)).toISOString(),
      expected: new Date(Math.floor(expectedUs / 1000)).toISOString(),
      what_to_do:
        'set the clock of this machine; until then, for at most a day, nothing is removed because of its age',
    });
    assert.equal(bench.counter('clock_doubted'), 1);
    assert.deepEqual(bench.pass(CLOCK_BELIEVED_MS - 1), []);
    assert.equal(bench.watch.latestUs(), undefined);
    assert.deepEqual(bench.pass(CLOCK_LOOK_MS), ['clock_believed']);
    assert.deepEqual(bench.logger.lines[0]?.fields, {
      clock: new Date(Math.floor(bench.clock.us / 1000)).toISOString(),
    });
    assert.equal(bench.counter('clock_doubted'), 0);
    assert.equal(bench.counter('clock_us'), bench.clock.us);
    assert.equal(readClockReport(bench.database, bench.clock.us).expectedEpochUs, undefined);
  }
});

test('a clock of before 2020 is never believed, even if nothing else is known', () => {
  using bench = new Bench(false);
  bench.clock.jumpTo(EARLIEST_US - 1);
  bench.restart();
  assert.deepEqual(bench.pass(0), ['clock_doubted']);
  assert.equal(bench.logger.lines[0]?.fields['expected'], 'after 2020');
  assert.equal(readClockReport(bench.database, bench.clock.us).expectedEpochUs, EARLIEST_US);
  assert.equal(bench.watch.removalUs(), bench.clock.us);
  bench.clock.ms += 2 * CLOCK_BELIEVED_MS;
  assert.deepEqual(bench.pass(0), ['clock_jumped'], 'it stood still');
  bench.clock.jumpTo(EARLIEST_US - CLOCK_LOOK_MS * 1000);
  assert.deepEqual(bench.pass(CLOCK_LOOK_MS).at(-1), 'clock_believed');
  assert.equal(bench.counter('clock_us'), EARLIEST_US);
});

test('removals go by the time without a jump, until it is examined, and by the expected one in doubt', () => {
  using bench = new Bench();
  const { watch, clock } = bench;
  assert.equal(watch.removalUs(), NOON_US);
  assert.equal(watch.endedUs(), NOON_US - DOUBT_US);
  assert.equal(watch.latestUs(), NOON_US + DOUBT_US);
  clock.jumpTo(NOON_US + CLOCK_JUMP_US);
  assert.equal(watch.removalUs(), NOON_US + CLOCK_JUMP_US);
  clock.jumpTo(NOON_US + CLOCK_JUMP_US + 1);
  assert.equal(watch.removalUs(), NOON_US);
  assert.equal(watch.latestUs(), NOON_US + DOUBT_US);
  clock.jumpTo(NOON_US + 2 * CLOCK_JUMP_US);
  clock.ms += 5;
  assert.equal(watch.removalUs(), NOON_US + 5000, 'time passes meanwhile');
  assert.equal(watch.latestUs(), NOON_US + 5000 + DOUBT_US);
  clock.ms -= 5;
  clock.jumpTo(NOON_US - 2 * CLOCK_JUMP_US);
  assert.equal(watch.removalUs(), clock.us, 'never later than the clock');
  clock.jumpTo(NOON_US + 3 * DAY_US);
  clock.ms += CLOCK_LOOK_MS;
  watch.look();
  assert.equal(watch.removalUs(), NOON_US + CLOCK_LOOK_MS * 1000);
  assert.equal(watch.latestUs(), undefined);
  clock.jumpTo(NOON_US - 3 * DAY_US);
  assert.equal(watch.removalUs(), clock.us);
});

test('nothing is known of the time before the first look', () => {
  using bench = new Bench(false);
  assert.equal(bench.watch.latestUs(), undefined);
  bench.watch.look();
  assert.equal(bench.watch.latestUs(), NOON_US + DOUBT_US);
});

test('the time is saved now and then, for the next start', () => {
  using bench = new Bench();
  assert.equal(bench.counter('clock_us'), NOON_US);
  bench.pass(CLOCK_SAVE_US / 1000 - CLOCK_LOOK_MS);
  assert.equal(bench.counter('clock_us'), NOON_US);
  bench.pass(CLOCK_LOOK_MS);
  assert.equal(bench.counter('clock_us'), NOON_US + CLOCK_SAVE_US);
  assert.equal(bench.watch.repairsCount, 1, 'nothing is to be corrected for that');
  bench.restart();
  bench.pass(CLOCK_LOOK_MS);
  assert.equal(bench.counter('clock_us'), NOON_US + CLOCK_SAVE_US, 'not at each start');
  assert.equal(bench.watch.repairsCount, 0);
  bench.clock.jumpTo(bench.clock.us + 2 * DAY_US);
  bench.restart();
  assert.deepEqual(bench.pass(0), ['clock_doubted'], 'the machine was off');
});

test('how long a clock was doubted is saved, and counts after a restart while the clock is where it was', () => {
  for (const [moreUs, isBelieved] of [
    [0, true],
    [DOUBT_US, true],
    [-DOUBT_US, true],
    [DOUBT_US + 1, false],
  ] as const) {
    using bench = new Bench();
    bench.pass(CLOCK_LOOK_MS, 9 * DAY_US);
    assert.equal(readClockReport(bench.database, bench.clock.us).expectedEpochUs, NOON_US);
    assert.equal(bench.counter('clock_doubted_ms'), 0);
    const saveMs = CLOCK_SAVE_US / 1000;
    bench.pass(saveMs - CLOCK_LOOK_MS);
    assert.equal(bench.counter('clock_doubted_ms'), 0, 'not each time');
    bench.pass(CLOCK_LOOK_MS);
    assert.equal(bench.counter('clock_doubted_ms'), saveMs);
    bench.pass(CLOCK_BELIEVED_MS - CLOCK_LOOK_MS - saveMs);
    assert.equal(bench.counter('clock_doubted_ms'), CLOCK_BELIEVED_MS - CLOCK_LOOK_MS);
    assert.equal(bench.counter('clock_doubted_us'), bench.clock.us);
    bench.clock.jumpTo(bench.clock.us + moreUs);
    bench.restart();
    assert.deepEqual(bench.pass(0), ['clock_doubted']);
    assert.deepEqual(bench.pass(CLOCK_LOOK_MS), isBelieved ? ['clock_believed'] : []);
  }
});

test('a doubt that is over does not count after a restart', () => {
  using bench = new Bench();
  bench.database.exec(`
    INSERT INTO counter (name, value) VALUES ('clock_doubted_us', ${NOON_US + 9 * DAY_US}),
      ('clock_doubted_ms', ${CLOCK_BELIEVED_MS})`);
  bench.clock.jumpTo(NOON_US + 9 * DAY_US);
  bench.restart();
  assert.deepEqual(bench.pass(0), ['clock_doubted']);
  assert.deepEqual(bench.pass(CLOCK_LOOK_MS), []);
});

test('after a restart a clock that was in doubt and is right corrects what it wrote, and says how much', () => {
  using bench = new Bench();
  bench.pass(CLOCK_LOOK_MS, 9 * DAY_US);
  bench.database.exec(`
    INSERT INTO number_total (number, first_seen_us, last_seen_us, seen_count, grade)
      VALUES ('1', ${NOON_US}, ${bench.clock.us}, 1, 0)`);
  bench.clock.jumpTo(NOON_US);
  bench.restart();
  assert.deepEqual(bench.pass(0), ['times_put_right']);
  assert.deepEqual(bench.logger.lines[0]?.fields, { entries: 1 });
  assert.equal(bench.watch.repairsCount, 1);
  assert.equal(bench.counter('clock_doubted'), 0);
});

test('a report names the expected time only while the clock is in doubt and far from it', () => {
  using bench = new Bench();
  const expected = (doubted: number, nowUs: number): number | undefined => {
    bench.database.exec(`UPDATE counter SET value = ${doubted} WHERE name = 'clock_doubted'`);
    return readClockReport(bench.database, nowUs).expectedEpochUs;
  };
  for (const direction of [1, -1]) {
    assert.equal(expected(1, NOON_US + direction * (DOUBT_US + 1)), NOON_US);
    assert.equal(expected(1, NOON_US + direction * DOUBT_US), undefined);
    assert.equal(expected(0, NOON_US + direction * (DOUBT_US + 1)), undefined);
  }
  bench.database.exec("DELETE FROM counter WHERE name = 'clock_us'");
  assert.equal(expected(1, EARLIEST_US - 1), EARLIEST_US);
  assert.equal(expected(1, EARLIEST_US), undefined);
});

test('what may have happened by now is from 2020 to a day ahead', () => {
  for (const [us, is] of [
    [EARLIEST_US - 1, false],
    [EARLIEST_US, true],
    [NOON_US + DOUBT_US, true],
    [NOON_US + DOUBT_US + 1, false],
  ] as const) {
    assert.equal(isPlausible(us, NOON_US), is, String(us));
  }
});

test('decisions with impossible times hold from now for as long as was said, or until their date', () => {
  for (const table of ['allowance', 'operator_block']) {
    using bench = new Bench();
    const insert = bench.database.prepare(
      `INSERT INTO ${table} (${table === 'allowance' ? 'value' : 'kind, value'}, comment, created_us, until_us)
        VALUES (${table === 'allowance' ? '' : "'address', "}?, '', ?, ?)`,
    );
    const late = NOON_US + DOUBT_US;
    for (const [value, createdUs, untilUs] of [
      ['early', EARLIEST_US - 1, EARLIEST_US + 4],
      ['earliest', EARLIEST_US, EARLIEST_US + 5],
      ['1970', 1, 8],
      ['latest', late, late + 7],
      ['late', late + 1, late + 10],
      ['for ever', late + 1, null],
    ] as const) {
      insert.run(value, createdUs, untilUs);
    }
    assert.equal(repairTimes(bench.database, NOON_US), 4, table);
    const rows = bench.all(`SELECT value, created_us, until_us FROM ${table}`);
    assert.deepEqual(
      new Set(rows.map((row) => row.join(' '))),
      new Set([
        `early ${NOON_US} ${EARLIEST_US + 4}`,
        `earliest ${EARLIEST_US} ${EARLIEST_US + 5}`,
        `1970 ${NOON_US} ${NOON_US + 7}`,
        `latest ${late} ${late + 7}`,
        `late ${NOON_US} ${NOON_US + 9}`,
        `for ever ${NOON_US} `,
      ]),
    );
  }
});

const LATEST_US = NOON_US + DOUBT_US;
/** Times as a wrong clock leaves them, at the limits of what can be, and what becomes of them. */
const TIMES: readonly (readonly [us: number, becomes: number])[] = [
  [EARLIEST_US - 1, NOON_US],
  [EARLIEST_US, EARLIEST_US],
  [LATEST_US, LATEST_US],
  [LATEST_US + 1, NOON_US],
];

test('impossible times become now, possible ones stay to the microsecond', () => {
  using bench = new Bench();
  const { database } = bench;
  for (const [us] of TIMES) {
    database.exec(`
      INSERT INTO number_total (number, first_seen_us, last_seen_us, seen_count, grade) VALUES ('${us}', ${us}, ${us}, 1, 0);
      INSERT INTO delisting (kind, value, at_us, events_count, comment) VALUES ('number', '${us}', ${us}, 1, '');
      INSERT INTO listing (kind, value, since_us, until_us, announced_until_us, score)
        VALUES ('number', '${us}', ${us}, 9, 9, 50);
      INSERT INTO listing_change (at_us, kind, value, change, score, until_us, reason)
        VALUES (${us}, 'number', '${us}', 'listed', 50, 9, '[]');
      INSERT INTO hour_total (hour, method, transport, seen_count, shared_count)
        VALUES (${Math.floor(us / HOUR_US)}, 'INVITE', 'UDP', 1, 2)
        ON CONFLICT DO UPDATE SET seen_count = 2, shared_count = 4`);
  }
  database.exec(`UPDATE counter SET value = ${LATEST_US + 1} WHERE name = 'placed_last_seen_us'`);
  const decisions = Number(bench.counter('decisions'));
  assert.equal(repairTimes(database, NOON_US), 2 * 5 + 1);
  for (const [table, column, name] of [
    ['number_total', 'last_seen_us', 'number'],
    ['number_total', 'first_seen_us', 'number'],
    ['delisting', 'at_us', 'value'],
    ['listing', 'since_us', 'value'],
    ['listing_change', 'at_us', 'value'],
  ] as const) {
    const rows = bench.all(`SELECT CAST(${name} AS INTEGER), ${column} FROM ${table} ORDER BY 1`);
    assert.deepEqual(rows, TIMES, `${table}.${column}`);
  }
  const ahead = Math.floor(LATEST_US / HOUR_US) + 1;
  database.exec(`
    INSERT INTO hour_total (hour, method, transport, seen_count, shared_count) VALUES (${ahead}, 'ACK', 'UDP', 3, 4)`);
  assert.equal(repairTimes(database, NOON_US), 0, 'hours are not told');
  const hours = bench.all(
    'SELECT hour, seen_count, shared_count FROM hour_total ORDER BY hour, method',
  );
  const hourOf = (us: number): number => Math.floor(us / HOUR_US);
  assert.deepEqual(hours, [
    [hourOf(EARLIEST_US), 1, 2],
    [hourOf(NOON_US), 3, 4],
    [hourOf(NOON_US), 1, 2],
    [hourOf(LATEST_US), 2, 4],
  ]);
  assert.equal(bench.counter('placed_last_seen_us'), NOON_US - 1);
  assert.equal(bench.counter('decisions'), decisions + 1);
  assert.equal(repairTimes(database, NOON_US), 0, 'nothing is left to correct');
  assert.equal(bench.counter('decisions'), decisions + 1);
});

test('a first time after the last one becomes the last one', () => {
  using bench = new Bench();
  bench.database.exec(`
    INSERT INTO number_total (number, first_seen_us, last_seen_us, seen_count, grade)
      VALUES ('1', ${NOON_US + 5}, ${NOON_US}, 1, 0)`);
  assert.equal(repairTimes(bench.database, NOON_US), 1);
  const rows = bench.all('SELECT first_seen_us, last_seen_us FROM number_total');
  assert.deepEqual(rows, [[NOON_US, NOON_US]]);
});
