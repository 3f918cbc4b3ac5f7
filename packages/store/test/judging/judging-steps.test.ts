// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* In which order the judge works, in how small steps, and what it looks at again after a start. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  JUDGE_ROWS,
  JUDGE_STEP_MS,
  LISTINGS_CHECK_MS,
  PROVED_STEPS_MAX,
} from '../../src/limits.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { finish, JudgeBench } from './judge-bench.ts';

test('Judging.step() judges nothing while the disk is full', () => {
  using bench = new JudgeBench();
  bench.add(1, 'handshake');
  const judging = bench.open();
  bench.isFull = true;
  assert.deepEqual(judging.step(), { urgent: false, rest: false });
  assert.equal(judging.stepProved(), false);
  assert.deepEqual(bench.since(), []);
  bench.isFull = false;
  finish(judging);
  assert.deepEqual([bench.listed(), bench.told.length], [['45.13.0.1'], 1]);
});

test('a judge with the options of before looks through the list, any other through all evidence', () => {
  using bench = new JudgeBench();
  const { tables } = bench;
  tables.address('45.13.0.1');
  tables.number('46701');
  tables.listing('address', '45.13.0.2');
  finish(bench.open());
  assert.deepEqual(bench.since(), ['address 45.13.0.2']);
  assert.deepEqual(bench.listed(), [], 'nothing is known of it');
  finish(bench.open(8));
  assert.deepEqual(bench.since().toSorted(), ['address 45.13.0.1', 'number 46701']);
  assert.equal(tables.counter('judge_options'), 8);
  finish(bench.open(8));
  assert.deepEqual(bench.since(), ['address 45.13.0.1', 'number 46701'], 'what is listed');
});

test('a judge whose clock was set back looks at everything, because nothing may have ended', () => {
  using bench = new JudgeBench();
  bench.tables.address('45.13.0.1');
  bench.tables.database
    .exec(`INSERT INTO listing_change (at_us, kind, value, change, score, until_us, reason)
    VALUES (${NOON_US}, 'address', '45.13.0.1', 'unlisted', 1, NULL, '[]')`);
  finish(bench.open());
  assert.deepEqual(bench.since(), [], 'at the same time nothing was set back');
  bench.tables.clock.jumpTo(NOON_US - 1);
  finish(bench.open());
  assert.deepEqual(bench.since(), ['address 45.13.0.1']);
});

test('Judging.step() works for some milliseconds, and says what is left', () => {
  using bench = new JudgeBench();
  const judging = bench.open();
  finish(judging);
  bench.tables.clock.ms += LISTINGS_CHECK_MS;
  bench.add(2 * JUDGE_ROWS, 'handshake');
  bench.add(1, 'seen');
  bench.tables.clock.lookMs = JUDGE_STEP_MS / 2;
  assert.deepEqual(judging.step(), { urgent: true, rest: true });
  assert.equal(bench.evidence.address('45.13.0.1')?.eventsCount, JUDGE_ROWS);
  bench.tables.clock.lookMs = 0;
  assert.deepEqual(judging.step(), { urgent: false, rest: false });
  assert.equal(bench.evidence.address('45.13.0.1')?.eventsCount, 2 * JUDGE_ROWS);
});

test('Judging.stepProved() does what followers wait for, and nothing else', () => {
  using bench = new JudgeBench();
  const judging = bench.open();
  finish(judging);
  bench.add(JUDGE_ROWS + 1, 'handshake');
  bench.add(1, 'seen');
  bench.tables.due('address', '45.13.0.9');
  bench.tables.clock.lookMs = JUDGE_STEP_MS / 2;
  assert.equal(judging.stepProved(), true, 'there is more');
  bench.tables.clock.lookMs = 0;
  assert.equal(judging.stepProved(), false);
  assert.deepEqual(bench.since(), ['address 45.13.0.1', 'address 45.13.0.1']);
  assert.deepEqual(bench.tables.dues(), ['address 45.13.0.9']);
  assert.equal(bench.told.length, 1, 'the first time it was listed, later nothing was new');
});

test('in a flood of proved events, what decisions and the time changed is looked at now and then', () => {
  using bench = new JudgeBench();
  const judging = bench.open();
  finish(judging);
  bench.add((PROVED_STEPS_MAX + 2) * JUDGE_ROWS, 'handshake');
  bench.tables.due('address', '45.13.0.9');
  finish(judging);
  const judged = bench.since();
  assert.equal(judged.indexOf('address 45.13.0.9'), PROVED_STEPS_MAX);
  assert.equal(judged.length, PROVED_STEPS_MAX + 2 + 1);
});

test('Judging.step() looks now and then at what is due, has ended or changed', () => {
  using bench = new JudgeBench();
  const { tables } = bench;
  tables.address('45.13.0.1');
  tables.listing('address', '45.13.0.1');
  const judging = bench.open();
  finish(judging);
  bench.since();
  tables.due('number', '46701');
  bench.changed.push({ kind: 'range', value: '467xx' });
  tables.clock.ms += LISTINGS_CHECK_MS - 1;
  assert.deepEqual([judging.step(), bench.since()], [{ urgent: false, rest: false }, []]);
  tables.clock.ms += 1;
  finish(judging);
  assert.deepEqual(bench.since(), ['range 467xx', 'number 46701']);
  tables.clock.us += DAY_US;
  finish(judging);
  assert.deepEqual([bench.since(), bench.listed()], [['address 45.13.0.1'], []]);
});

test('networks whose own verdict has expired are judged again before other entries', () => {
  using bench = new JudgeBench();
  bench.tables.listing('number', '46701');
  const judging = bench.open();
  finish(judging);
  bench.tables.listing('number', '46701');
  bench.tables.database.exec(`
    INSERT INTO address_network (length, network, value, until_us, grade, first_seen_us, last_seen_us, events_count)
      VALUES (64, 1, '2a00:1450:1::/64', ${NOON_US}, 1, 1, 1, 1);
    UPDATE listing SET until_us = ${NOON_US}`);
  bench.since();
  bench.tables.clock.ms += LISTINGS_CHECK_MS;
  finish(judging);
  assert.deepEqual(bench.since().slice(0, 2), ['address 2a00:1450:1::/64', 'number 46701']);
});

test('subjects that voters name are admitted before they are judged, blocks of numbers never', () => {
  using bench = new JudgeBench();
  const author = bench.tables.author('a', 'voter');
  for (const subject of ['45.13.0.1', '467xx']) bench.tables.claim(author, subject);
  const judging = bench.open();
  for (const [kind, value] of [
    ['address', '45.13.0.1'],
    ['range', '467xx'],
    ['number', '46702'],
  ] as const) {
    bench.tables.due(kind, value);
  }
  finish(judging);
  assert.deepEqual(bench.tables.rows('SELECT subject FROM pool_admission'), ['45.13.0.1']);
});

test('with other options, what voters named is looked at again', () => {
  using bench = new JudgeBench();
  bench.tables.admission('45.13.0.1');
  bench.open();
  assert.deepEqual(bench.tables.dues(), []);
  bench.open(8);
  assert.deepEqual(bench.tables.dues(), ['address 45.13.0.1']);
});

test('Judging.step() keeps nothing of a step that fails, and does it again', () => {
  using bench = new JudgeBench();
  const judging = bench.open();
  finish(judging);
  bench.add(1, 'handshake');
  bench.fails = () => true;
  assert.throws(() => judging.step(), /full/);
  assert.equal(bench.evidence.address('45.13.0.1'), undefined);
  bench.fails = () => false;
  finish(judging);
  assert.deepEqual([bench.listed(), bench.told.length], [['45.13.0.1'], 1]);
});

test('followers are told the newest serial once it is committed, also what another process changed', () => {
  using bench = new JudgeBench();
  const judging = bench.open();
  finish(judging);
  assert.deepEqual(bench.told, []);
  bench.tables.database
    .exec(`INSERT INTO listing_change (at_us, kind, value, change, score, until_us, reason)
    VALUES (${NOON_US}, 'address', '45.13.0.1', 'unlisted', 1, NULL, '[]')`);
  bench.tables.clock.ms += LISTINGS_CHECK_MS;
  finish(judging);
  const serial = Number(bench.tables.rows('SELECT max(change_id) FROM listing_change')[0]);
  assert.deepEqual(bench.told, [serial]);
});
