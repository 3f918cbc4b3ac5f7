// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* How far a log was pushed to a fleet, and what was counted on rows after that, row by row. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FLEET_CURSOR, FLEET_DECISIONS_CURSOR } from '@sentrypeer/follow/cursors';
import { FleetLog } from '../../src/fleet/fleet-log.ts';
import type { FleetMarks } from '../../src/fleet/fleet-marks.ts';
import { FLEET_REPEATS_MAX } from '../../src/limits.ts';
import { JudgedTables } from '../judging/judged-tables.ts';

class Bench implements Disposable {
  readonly tables = new JudgedTables();
  readonly log = new FleetLog(this.tables.database);

  /** Rows of the log. */
  add(...honeyIds: readonly number[]): void {
    for (const id of honeyIds) {
      this.tables.database.exec(`INSERT INTO honey (honey_id) VALUES (${id})`);
      this.tables.database.exec(`UPDATE counter SET value = ${id} WHERE name = 'last_honey_id'`);
    }
  }

  repeat(honeyId: number, count = 1, lastSeenUs = 5): void {
    this.log.beginRepeats();
    this.log.repeated(honeyId, count, lastSeenUs);
  }

  repeats(): readonly string[] {
    return this.tables.rows(
      "SELECT concat_ws(' ', repeat_id, honey_id, added, last_seen_us) FROM fleet_repeat ORDER BY repeat_id",
    );
  }

  cursors(): readonly string[] {
    const names = `'${FLEET_CURSOR}', '${FLEET_DECISIONS_CURSOR}'`;
    return this.tables.rows(
      `SELECT name || ' ' || honey_id FROM cursor WHERE name IN (${names}) ORDER BY name`,
    );
  }

  /** @returns Marks of events, then of repeats. */
  next(hasArrived: boolean, events = 2, repeats = 2): readonly number[] {
    return marks(this.log.next({ events, repeats }, hasArrived));
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

function marks({ pushed, pushing, repeatsPushed, repeatsPushing }: FleetMarks): readonly number[] {
  return [pushed, pushing, repeatsPushed, repeatsPushing];
}

test('FleetLog.open() begins before the oldest row, once, and a hub also keeps decisions', () => {
  using bench = new Bench();
  bench.add(7);
  const first = bench.log.open(false);
  assert.match(first.logId, /^[0-9a-f-]{36}$/);
  assert.deepEqual([marks(first), first.epoch, first.lastHoneyId], [[0, 0, 0, 0], 0, 7]);
  assert.deepEqual(bench.cursors(), [`${FLEET_CURSOR} 0`]);
  assert.equal(bench.log.open(true).logId, first.logId);
  assert.deepEqual(bench.tables.rows('SELECT count(*) FROM fleet_log'), ['1']);
  assert.deepEqual(
    bench.cursors(),
    [`${FLEET_CURSOR} 0`, `${FLEET_DECISIONS_CURSOR} 0`].toSorted(),
  );
  bench.log.resume({ epoch: 3, mark: 7, repeatMark: 2 });
  const again = new FleetLog(bench.tables.database).open(true);
  assert.deepEqual([marks(again), again.epoch, again.logId], [[7, 7, 2, 2], 3, first.logId]);
  assert.ok(bench.cursors().includes(`${FLEET_CURSOR} 7`), 'retention keeps what comes after it');
});

test('FleetLog.next() pushes some rows at a time, and the same ones until they have arrived', () => {
  using bench = new Bench();
  bench.log.open(false);
  assert.deepEqual(bench.next(false), [0, 0, 0, 0]);
  bench.add(5, 6, 7, 20);
  assert.deepEqual(bench.next(false), [0, 6, 0, 0]);
  assert.deepEqual(bench.next(false), [0, 6, 0, 0]);
  assert.deepEqual(bench.next(true), [6, 8, 0, 0], 'ids, not rows');
  assert.ok(bench.cursors().includes(`${FLEET_CURSOR} 6`));
  assert.deepEqual(bench.next(true), [8, 20, 0, 0]);
  assert.deepEqual(bench.next(true), [20, 20, 0, 0]);
  assert.deepEqual(bench.next(true), [20, 20, 0, 0]);
});

test('FleetLog.repeated() keeps counts of rows that were pushed, and adds those of one row up', () => {
  using bench = new Bench();
  bench.repeat(1);
  assert.deepEqual(bench.repeats(), [], 'it is in no fleet');
  bench.log.open(false);
  bench.add(1, 2, 3);
  bench.repeat(1);
  assert.deepEqual(bench.repeats(), [], 'the row has not been read for the fleet');
  bench.next(false);
  bench.repeat(1, 2, 9);
  bench.repeat(2, 1, 4);
  bench.repeat(3);
  bench.repeat(1, 3, 8);
  assert.deepEqual(bench.repeats(), ['1 1 5 9', '2 2 1 4'], 'the latest time of each');
  assert.deepEqual(bench.next(true), [2, 3, 0, 2]);
  bench.repeat(1, 7, 10);
  assert.deepEqual(bench.repeats(), ['1 1 5 9', '2 2 1 4', '3 1 7 10'], 'what is under way stays');
  bench.repeat(1, 1, 11);
  assert.deepEqual(bench.repeats().at(-1), '3 1 8 11');
  assert.deepEqual(bench.next(true), [3, 3, 2, 3]);
  assert.deepEqual(bench.repeats(), ['3 1 8 11'], 'what arrived goes');
});

test('FleetLog.next() pushes some repeats at a time', () => {
  using bench = new Bench();
  bench.log.open(false);
  bench.add(1, 2, 3);
  bench.next(false, 9);
  for (const id of [1, 2, 3]) bench.repeat(id);
  assert.deepEqual(bench.next(true), [3, 3, 0, 2]);
  assert.deepEqual(bench.next(false), [3, 3, 0, 2]);
  assert.deepEqual(bench.next(true), [3, 3, 2, 3]);
});

test('FleetLog.next() pushes repeats also where no event is new', () => {
  using bench = new Bench();
  bench.log.open(false);
  bench.add(1);
  bench.next(false);
  assert.deepEqual(bench.next(true), [1, 1, 0, 0]);
  bench.repeat(1);
  assert.deepEqual(bench.next(false), [1, 1, 0, 1]);
  bench.add(2);
  assert.deepEqual(bench.next(false), [1, 2, 0, 1]);
});

test('FleetLog.resume() goes on where the fleet says, whatever this node believed', () => {
  using bench = new Bench();
  bench.log.open(false);
  bench.add(1, 2, 3);
  bench.next(false, 9);
  for (const id of [1, 2, 3]) bench.repeat(id);
  bench.next(true);
  assert.deepEqual(marks(bench.log.resume({ epoch: 2, mark: 3, repeatMark: 2 })), [3, 3, 2, 2]);
  assert.deepEqual(bench.repeats(), ['3 3 1 5']);
  const back = bench.log.resume({ epoch: 4, mark: 1, repeatMark: 2 });
  assert.deepEqual([marks(back), back.epoch], [[1, 1, 2, 2], 4]);
  assert.ok(bench.cursors().includes(`${FLEET_CURSOR} 1`));
  assert.deepEqual(bench.next(false), [1, 3, 2, 3]);
});

test('FleetLog.beginRepeats() forgets the oldest counts beyond what it keeps', () => {
  using bench = new Bench();
  bench.tables.database.exec(`INSERT INTO fleet_repeat (repeat_id, honey_id, added, last_seen_us)
    VALUES (1, 1, 1, 1), (2, 1, 1, 1), (${FLEET_REPEATS_MAX + 1}, 1, 1, 1)`);
  bench.log.beginRepeats();
  assert.equal(bench.repeats().length, 3, 'it is in no fleet');
  bench.log.open(false);
  bench.log.beginRepeats();
  assert.deepEqual(bench.tables.rows('SELECT repeat_id FROM fleet_repeat ORDER BY 1'), [
    '2',
    String(FLEET_REPEATS_MAX + 1),
  ]);
});
