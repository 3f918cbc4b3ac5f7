// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* That the judge leaves nothing out: of large networks, of what failed, in a flood, and of what has ended. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  JUDGE_ROWS,
  JUDGE_STEP_MS,
  LISTINGS_CHECK_MS,
  SERIAL_STEP,
  SWEEP_ROWS,
} from '../../src/limits.ts';
import { NOON_US } from '../fixtures.ts';
import { finish, HASH, JudgeBench } from './judge-bench.ts';

test('Judging starts with a serial that no judge before it can have used', () => {
  using bench = new JudgeBench();
  const serial = (): number =>
    Number(
      bench.tables.rows("SELECT seq FROM sqlite_sequence WHERE name = 'listing_change'")[0] ?? -1,
    );
  bench.open();
  const before = serial();
  assert.ok(before >= 0);
  bench.open();
  assert.ok(serial() >= before + SERIAL_STEP);
});

/** Evidence of more /64 in one /48 than leave the lists or come back in one transaction. */
function networksIn(bench: JudgeBench): readonly string[] {
  const all = Array.from(
    { length: JUDGE_ROWS + 2 },
    (_, index) => `2a00:1450:1:${(index + 1).toString(16)}::/64`,
  );
  bench.tables.database.exec('BEGIN');
  for (const value of all) bench.tables.address(value);
  bench.tables.database.exec('COMMIT');
  return all.toSorted();
}

const WIDE = '2a00:1450:1::/48';

test('a network with many entries becomes one as soon as they have left, and they come back after it', () => {
  using bench = new JudgeBench();
  const all = networksIn(bench);
  bench.tables.operatorBlock('address', WIDE);
  finish(bench.open(8));
  assert.deepEqual(bench.listed(), all);
  bench.blocked.add(WIDE);
  finish(bench.open(9));
  assert.deepEqual(bench.listed(), [WIDE], 'without waiting for the next look');
  bench.blocked.delete(WIDE);
  finish(bench.open(9));
  assert.deepEqual(bench.listed(), all);
});

test('a step that fails while a network waits for its entries to leave is done again as a whole', () => {
  using bench = new JudgeBench();
  networksIn(bench);
  finish(bench.open(8));
  for (const value of [WIDE, '45.13.0.1']) bench.tables.operatorBlock('address', value);
  bench.blocked.add(WIDE);
  const judging = bench.open(9);
  let failed = 0;
  bench.fails = (value) => value === '45.13.0.1' && failed < 2;
  for (let steps = 0; steps < 100 && failed < 2; steps += 1) {
    try {
      judging.step();
    } catch {
      failed += 1;
    }
  }
  finish(judging);
  assert.deepEqual(bench.listed(), [WIDE]);
  assert.ok(bench.since().includes('address 45.13.0.1'), 'it is judged in the end');
});

test('what changed is judged although it failed the first time', () => {
  using bench = new JudgeBench();
  const judging = bench.open();
  bench.changed.push({ kind: 'number', value: '46701' });
  bench.fails = () => true;
  assert.throws(() => judging.step(), /full/);
  assert.throws(() => judging.step(), /full/);
  bench.fails = () => false;
  bench.since();
  finish(judging);
  assert.deepEqual(bench.since(), ['number 46701'], 'once');
});

test('in a flood of other events, what is looked through takes turns with them', () => {
  using bench = new JudgeBench();
  for (let index = 0; index < 2 * SWEEP_ROWS; index += 1)
    bench.tables.listing('number', `${index}`);
  bench.add(2 * JUDGE_ROWS, 'seen');
  const judging = bench.open();
  bench.tables.clock.lookMs = JUDGE_STEP_MS / 2;
  const place = (): number =>
    Number(bench.tables.rows("SELECT honey_id FROM cursor WHERE name = 'judge'")[0] ?? 0);
  const steps = Array.from({ length: 4 }, () => {
    assert.deepEqual(judging.step(), { urgent: false, rest: true });
    return [bench.since().length, place()];
  });
  assert.deepEqual(steps, [
    [SWEEP_ROWS, 0],
    [0, JUDGE_ROWS],
    [SWEEP_ROWS, JUDGE_ROWS],
    [0, 2 * JUDGE_ROWS],
  ]);
  bench.tables.clock.lookMs = 0;
  assert.deepEqual(judging.step(), { urgent: false, rest: false });
});

test('Judging.step() looks again at what an allowance covered that has ended', () => {
  using bench = new JudgeBench();
  bench.tables.address('45.13.0.1');
  bench.tables.allowance('45.13.0.0/16', NOON_US + 1);
  const judging = bench.open();
  finish(judging);
  bench.tables.clock.us += 1;
  bench.tables.clock.ms += LISTINGS_CHECK_MS;
  finish(judging);
  assert.deepEqual(bench.since(), ['address 45.13.0.1']);
  assert.deepEqual(bench.tables.rows('SELECT value FROM allowance'), []);
});

test('entries that have ended leave in steps of a limited size, one after the other', () => {
  using bench = new JudgeBench();
  const judging = bench.open();
  finish(judging);
  bench.tables.database.exec('BEGIN');
  for (let index = 0; index < 2 * JUDGE_ROWS; index += 1)
    bench.tables.listing('number', `${index}`);
  bench.tables.database.exec(`UPDATE listing SET until_us = ${NOON_US};
    INSERT INTO address_network (length, network, value, until_us, grade, first_seen_us, last_seen_us, events_count)
      VALUES (64, 1, '2a00:1450:1::/64', ${NOON_US}, 1, 1, 1, 1); COMMIT`);
  bench.tables.clock.ms += LISTINGS_CHECK_MS;
  bench.tables.clock.lookMs = JUDGE_STEP_MS / 2;
  assert.deepEqual(judging.step(), { urgent: true, rest: true });
  assert.equal(bench.listed().length, 2 * JUDGE_ROWS - (JUDGE_ROWS - 1));
  bench.tables.clock.lookMs = 0;
  finish(judging);
  assert.deepEqual(bench.listed(), []);
});

test('changes of listings are counted, and the oldest forgotten beyond a limit', () => {
  using bench = new JudgeBench(HASH, 3);
  for (const value of ['1', '2', '3', '4', '5']) bench.tables.number(value);
  finish(bench.open(8));
  assert.deepEqual(bench.tables.rows('SELECT value FROM listing_change ORDER BY 1'), [
    '3',
    '4',
    '5',
  ]);
  assert.deepEqual(
    ['listed_numbers', 'listing_changes'].map((name) => bench.tables.counter(name)),
    [5, 3],
  );
  const judging = bench.open(9);
  finish(judging);
  assert.equal(bench.tables.counter('listed_numbers'), 5);
  for (const part of ["< '3'", ">= '3'"]) {
    bench.tables.database.exec(`UPDATE listing SET until_us = ${NOON_US} WHERE value ${part};
      DELETE FROM number_evidence WHERE e164 ${part}`);
    bench.tables.clock.ms += LISTINGS_CHECK_MS;
    finish(judging);
    assert.equal(bench.tables.counter('listing_changes'), 3);
    assert.equal(bench.tables.rows('SELECT 1 FROM listing_change').length, 3);
  }
  assert.equal(bench.tables.counter('listed_numbers'), 0);
});
