// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The two cursors on the event log: each event counts once, in one of them, and on one side of each delisting. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventLanes, JUDGING_DUE } from '../../src/judging/event-lanes.ts';
import type { EvidenceSums } from '../../src/judging/evidence-sums.ts';
import type { EvidenceWriter } from '../../src/judging/evidence-writer.ts';
import { JUDGE_ROWS } from '../../src/limits.ts';
import { NOON_US } from '../fixtures.ts';
import { JudgedTables } from './judged-tables.ts';

/** Records what is written and judged instead of doing it. */
class Bench implements Disposable {
  readonly tables = new JudgedTables();
  /** What each step summed up, as `sources up to id`. */
  readonly written: string[] = [];
  judged = 0;
  fails = false;
  readonly lanes = new EventLanes({
    database: this.tables.database,
    writer: {
      write: ({ addresses, dialled }: EvidenceSums, lastHoneyId: number) => {
        assert.ok(this.tables.database.isTransaction);
        const proved = [...addresses.values()].reduce((sum, one) => sum + one.eventsCount, 0);
        const calls = [...dialled.values()].reduce((sum, one) => sum + one.eventsCount, 0);
        this.written.push(`${proved} proved of ${calls} calls up to ${lastHoneyId}`);
        return [{ kind: 'address', value: '45.13.0.1' }];
      },
    } as unknown as EvidenceWriter,
    counting: { countsLocalCallers: false, toolOf: () => undefined },
    apply: (subjects, nowUs) => {
      assert.deepEqual([subjects.length, nowUs], [1, NOON_US]);
      assert.ok(this.tables.database.isTransaction);
      if (this.fails) throw new Error('the disk is full');
      this.judged += 1;
    },
  });

  add(honeyId: number, grade: 'seen' | 'returned' | 'handshake' | null): void {
    this.tables.database
      .prepare(
        `INSERT INTO honey (honey_id, grade, created_at, event_timestamp, source_ip, called_number, method)
          VALUES (?, ?, '2026-03-01 11:00:00.000', '2026-03-01 11:00:00.000', '45.13.0.1', '0046', 'INVITE')`,
      )
      .run(honeyId, grade);
  }

  delist(honeyId: number): void {
    this.tables.database
      .exec(`INSERT INTO delisting (kind, value, at_us, events_count, honey_id, comment)
      VALUES ('address', '45.14.0.${honeyId}', 0, 0, ${honeyId}, '')`);
  }

  cursors(): readonly string[] {
    return this.tables.rows(
      "SELECT name || ' ' || honey_id FROM cursor WHERE name LIKE 'judge%' ORDER BY name",
    );
  }

  isDue(): boolean {
    return this.tables.rows(JUDGING_DUE).length > 0;
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

test('EventLanes count proved events first and each event once', () => {
  using bench = new Bench();
  const { lanes } = bench;
  assert.deepEqual([lanes.stepProved(NOON_US), lanes.stepRest(NOON_US)], [false, false]);
  assert.equal(bench.isDue(), false);
  const grades = ['seen', 'returned', null, 'handshake', 'seen'] as const;
  for (const [at, grade] of grades.entries()) bench.add(at + 1, grade);
  assert.equal(bench.isDue(), true);
  assert.equal(lanes.stepProved(NOON_US), true);
  assert.deepEqual(bench.written.splice(0), ['2 proved of 2 calls up to 4']);
  assert.deepEqual(bench.cursors(), ['judge-proved 4']);
  assert.equal(lanes.stepProved(NOON_US), false);
  assert.equal(bench.isDue(), true, 'the others are left');
  assert.equal(lanes.stepRest(NOON_US), true);
  assert.deepEqual(bench.written.splice(0), ['0 proved of 3 calls up to 5']);
  assert.deepEqual(bench.cursors(), ['judge 5', 'judge-proved 4']);
  assert.deepEqual([lanes.stepRest(NOON_US), lanes.stepProved(NOON_US)], [false, false]);
  assert.deepEqual([bench.written, bench.judged, bench.isDue()], [[], 2, false]);
  bench.add(6, 'handshake');
  assert.equal(lanes.stepRest(NOON_US), true);
  assert.deepEqual(bench.written.splice(0), ['0 proved of 0 calls up to 6']);
  assert.equal(bench.isDue(), true, 'it is not counted yet');
  assert.equal(lanes.stepProved(NOON_US), true);
  assert.deepEqual(bench.written, ['1 proved of 1 calls up to 6']);
});

test('EventLanes take some events at a time', () => {
  using bench = new Bench();
  for (let id = 1; id <= JUDGE_ROWS + 1; id += 1) bench.add(id, 'returned');
  for (const step of ['stepProved', 'stepRest'] as const) {
    const steps = [1, 2, 3].map(() => bench.lanes[step](NOON_US));
    assert.deepEqual(steps, [true, true, false]);
  }
  assert.deepEqual(bench.written, [
    `${JUDGE_ROWS} proved of ${JUDGE_ROWS} calls up to ${JUDGE_ROWS}`,
    `1 proved of 1 calls up to ${JUDGE_ROWS + 1}`,
    `0 proved of 0 calls up to ${JUDGE_ROWS}`,
    `0 proved of 0 calls up to ${JUDGE_ROWS + 1}`,
  ]);
});

test('EventLanes stop at each delisting, so that no step has events from before and after it', () => {
  using bench = new Bench();
  for (let id = 1; id <= 6; id += 1) bench.add(id, id === 5 ? 'seen' : 'handshake');
  bench.delist(2);
  bench.delist(4);
  while (bench.lanes.stepProved(NOON_US)) assert.ok(bench.written.length < 9);
  assert.deepEqual(bench.written.splice(0), [
    '2 proved of 2 calls up to 2',
    '2 proved of 2 calls up to 4',
    '1 proved of 1 calls up to 6',
  ]);
  while (bench.lanes.stepRest(NOON_US)) assert.ok(bench.written.length < 9);
  assert.deepEqual(bench.written, [
    '0 proved of 0 calls up to 2',
    '0 proved of 0 calls up to 4',
    '0 proved of 1 calls up to 6',
  ]);
});

test('EventLanes go past a delisting before which their lane has nothing', () => {
  using bench = new Bench();
  bench.add(1, 'seen');
  bench.add(9, 'handshake');
  bench.delist(5);
  assert.equal(bench.lanes.stepProved(NOON_US), true);
  assert.deepEqual([bench.written, bench.cursors()], [[], ['judge-proved 5']]);
  assert.equal(bench.lanes.stepProved(NOON_US), true);
  assert.deepEqual(bench.written, ['1 proved of 1 calls up to 9']);
  assert.equal(bench.lanes.stepProved(NOON_US), false);
});

test('EventLanes keep neither evidence nor place of a step that fails', () => {
  using bench = new Bench();
  bench.add(1, 'handshake');
  bench.fails = true;
  assert.throws(() => bench.lanes.stepProved(NOON_US), /full/);
  assert.deepEqual(bench.cursors(), []);
  bench.fails = false;
  assert.equal(bench.lanes.stepProved(NOON_US), true);
  assert.deepEqual(bench.cursors(), ['judge-proved 1']);
});

test('a judge has work while anything is listed, due or known', () => {
  for (const fill of [
    (tables: JudgedTables) => tables.listing('address', '45.13.0.1'),
    (tables: JudgedTables) => tables.due('address', '45.13.0.1'),
    (tables: JudgedTables) => tables.address('45.13.0.1'),
    (tables: JudgedTables) => tables.number('46701234567'),
  ]) {
    using bench = new Bench();
    fill(bench.tables);
    assert.equal(bench.isDue(), true, fill.toString());
  }
});

test('EventLanes leave a row alone whose id is too large, until it has another', () => {
  using bench = new Bench();
  bench.tables.database.exec(
    "INSERT INTO honey (honey_id, grade) VALUES (4503599627370497, 'returned')",
  );
  bench.add(1, 'returned');
  assert.equal(bench.lanes.stepProved(NOON_US), true);
  assert.deepEqual([bench.lanes.stepProved(NOON_US), bench.lanes.stepRest(NOON_US)], [false, true]);
  assert.equal(bench.lanes.stepRest(NOON_US), false);
  assert.deepEqual(bench.cursors(), ['judge 1', 'judge-proved 1']);
});
