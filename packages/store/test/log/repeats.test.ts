// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Counts of repeats are added to their rows and totals now and then, some at a time. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventAppender } from '../../src/log/event-appender.ts';
import { FleetLog } from '../../src/fleet/fleet-log.ts';
import {
  REPEAT_MERGE_INTERVAL_MS,
  REPEAT_MERGE_ROWS,
  REPEAT_MERGE_STEP_MS,
} from '../../src/limits.ts';
import { Repeats } from '../../src/log/repeats.ts';
import { SHARED_EVENT } from '../sharing/shared-event.ts';
import { emptyDatabase, NODE_ID, NOON_US, TestClock, TestDirectory, uuidOf } from '../fixtures.ts';

class Bench implements Disposable {
  readonly #directory = new TestDirectory();
  readonly database = emptyDatabase(this.#directory);
  readonly clock = new TestClock();
  readonly fleet = new FleetLog(this.database);
  readonly repeats = new Repeats(this.database, this.clock, this.fleet);
  readonly appender = new EventAppender(this.database, this.repeats);

  /** Records events with these ids, and a repeat of each. */
  receive(first: number, count: number): void {
    this.appender.begin(this.clock.us);
    for (let index = first; index < first + count; index += 1) {
      this.appender.event({ ...SHARED_EVENT, eventUuid: uuidOf(index) }, NODE_ID, 'responsive');
    }
    this.appender.finish();
    for (let index = first; index < first + count; index += 1) this.repeat(index, 1);
  }

  repeat(index: number, count: number, lastEpochUs = NOON_US): void {
    this.repeats.add({ eventUuid: uuidOf(index), count, lastEpochUs });
  }

  all(sql: string): readonly unknown[] {
    return this.database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
  }

  pending(): unknown {
    return this.all('SELECT count(*) FROM pending_repeat').flat()[0];
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

test('Repeats.step() merges at its first turn, then once in an interval', () => {
  using bench = new Bench();
  bench.clock.ms = 5000;
  bench.receive(1, 1);
  assert.equal(bench.repeats.step(), false);
  assert.equal(bench.pending(), 0);
  bench.repeat(1, 1);
  bench.clock.ms += REPEAT_MERGE_INTERVAL_MS - 1;
  assert.equal(bench.repeats.step(), false);
  assert.equal(bench.pending(), 1);
  bench.clock.ms += 1;
  assert.equal(bench.repeats.step(), false);
  assert.equal(bench.pending(), 0);
});

test('Repeats.step() goes on for some milliseconds, and at once where there is more', () => {
  using bench = new Bench();
  bench.clock.ms = 5000;
  bench.receive(1, 2 * REPEAT_MERGE_ROWS + 1);
  bench.clock.lookMs = REPEAT_MERGE_STEP_MS / 2;
  assert.equal(bench.repeats.step(), true);
  assert.equal(bench.pending(), REPEAT_MERGE_ROWS + 1, 'one part within the time');
  bench.clock.lookMs = 0;
  assert.equal(bench.repeats.step(), false);
  assert.equal(bench.pending(), 0);
});

test('Repeats.step() takes no lock where there is nothing to do', () => {
  using bench = new Bench();
  bench.database.exec('BEGIN');
  assert.equal(bench.repeats.step(), false);
});

test('Repeats.finish() merges everything, whatever the time', () => {
  using bench = new Bench();
  bench.receive(1, 2 * REPEAT_MERGE_ROWS);
  bench.clock.lookMs = 1000;
  bench.repeats.finish();
  assert.equal(bench.pending(), 0);
  assert.deepEqual(bench.all('SELECT DISTINCT seen_count FROM honey'), [[2]]);
  assert.deepEqual(bench.all('SELECT seen_count FROM address_total'), [[4 * REPEAT_MERGE_ROWS]]);
});

test('Repeats adds up until it merges, with the latest time', () => {
  using bench = new Bench();
  bench.receive(1, 1);
  bench.repeat(1, 5, NOON_US - 1);
  bench.clock.us = NOON_US + 1_000_000;
  bench.repeat(1, 2, NOON_US + 9000);
  bench.repeat(1, 1, NOON_US + 3000);
  bench.repeats.finish();
  assert.deepEqual(bench.all('SELECT seen_count, last_seen FROM honey'), [
    [10, '2026-03-01 12:00:00.009000000'],
  ]);
  bench.repeat(1, 1, NOON_US + 3000);
  bench.repeats.finish();
  assert.deepEqual(bench.all('SELECT seen_count, last_seen FROM honey'), [
    [11, '2026-03-01 12:00:00.009000000'],
  ]);
});

test('Repeats counts on every total of its row, with the grade of the row', () => {
  using bench = new Bench();
  bench.receive(1, 1);
  bench.repeat(1, 3, NOON_US + 60_000_000);
  bench.repeats.finish();
  const last = NOON_US + 60_000_000;
  for (const table of ['address_total', 'number_total', 'user_agent_total']) {
    assert.deepEqual(
      bench.all(`SELECT seen_count, last_seen_us, grade FROM ${table}`),
      [[5, last, 2]],
      table,
    );
  }
  assert.deepEqual(bench.all('SELECT method, transport, seen_count FROM hour_total'), [
    ['INVITE', 'UDP', 5],
  ]);
  assert.deepEqual(
    bench.all('SELECT name, seen_count FROM rate_total WHERE span = 60 ORDER BY kind'),
    [
      ['handshake', 5],
      ['INVITE', 5],
      ['scanner', 5],
      ['UDP', 5],
    ],
  );
});

test('Repeats takes a row without a grade for one that was seen, and counts nothing by a missing name', () => {
  using bench = new Bench();
  bench.database
    .exec(`INSERT INTO honey (honey_id, event_uuid, source_ip, called_number, user_agent, method, transport_type)
    VALUES (1, '${uuidOf(1)}', '203.0.113.9', 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', 'UDP')`);
  bench.repeat(1, 2);
  bench.repeats.finish();
  assert.deepEqual(bench.all('SELECT seen_count, grade FROM address_total'), [[2, 0]]);
  assert.deepEqual(bench.all('SELECT number FROM number_total'), []);
  assert.deepEqual(bench.all('SELECT user_agent FROM user_agent_total'), []);
  assert.deepEqual(
    bench.all('SELECT name, seen_count FROM rate_total WHERE span = 60 ORDER BY kind'),
    [
      ['seen', 2],
      ['OTHER', 2],
      ['UDP', 2],
    ],
  );
});

test('Repeats counts at its own time what cannot have happened when it says, and what has no row as dropped', () => {
  using bench = new Bench();
  bench.receive(1, 1);
  bench.repeat(1, 1, NOON_US + 3 * 86_400_000_000);
  bench.repeat(9, 4);
  bench.repeats.finish();
  assert.deepEqual(bench.all('SELECT last_seen FROM honey'), [['2026-03-01 12:00:00.000000000']]);
  const dropped = "SELECT value FROM counter WHERE name = 'dropped_messages'";
  assert.deepEqual(bench.all(dropped), [[4]]);
});

test('Repeats tells a fleet what was counted on which row', () => {
  using bench = new Bench();
  bench.receive(1, 1);
  bench.fleet.open(false);
  bench.database.exec('UPDATE fleet_log SET pushing = 1'); // The fleet has the row.
  bench.repeat(1, 2, NOON_US + 5);
  bench.repeats.finish();
  assert.deepEqual(bench.all('SELECT honey_id, added FROM fleet_repeat'), [[1, 3]]);
});

test('Repeats forgets what it counted for a transaction that failed', () => {
  using bench = new Bench();
  bench.receive(1, 2);
  bench.database
    .exec(`CREATE TRIGGER full BEFORE UPDATE ON honey WHEN new.event_uuid = '${uuidOf(2)}'
    BEGIN SELECT RAISE(ABORT, 'full'); END`);
  assert.throws(() => bench.repeats.finish(), /full/);
  assert.deepEqual(bench.all('SELECT sum(seen_count) FROM honey'), [[2]], 'none or all');
  bench.database.exec('DROP TRIGGER full');
  bench.repeats.finish();
  assert.deepEqual(bench.all('SELECT seen_count FROM address_total'), [[4]]);
  const rates = "SELECT seen_count FROM rate_total WHERE span = 60 AND kind = 'grade'";
  assert.deepEqual(bench.all(rates), [[4]]);
});

test('EventAppender.begin() forgets what was counted for a transaction that failed', () => {
  using bench = new Bench();
  bench.appender.begin(NOON_US);
  bench.appender.event(SHARED_EVENT, NODE_ID, 'responsive');
  bench.database.exec('DELETE FROM honey');
  bench.receive(1, 1);
  assert.deepEqual(bench.all('SELECT seen_count, grade FROM address_total'), [[1, 2]]);
  const rates = "SELECT seen_count FROM rate_total WHERE span = 60 AND kind = 'grade'";
  assert.deepEqual(bench.all(rates), [[1]]);
});

test('EventAppender.event() counts nothing by a name that is missing, and keeps details', () => {
  using bench = new Bench();
  const nameless = { calledNumber: undefined, userAgent: undefined, sipMethod: undefined };
  bench.appender.begin(NOON_US);
  bench.appender.event({ ...SHARED_EVENT, ...nameless }, NODE_ID, 'responsive');
  bench.appender.event({ ...SHARED_EVENT, detailsJson: '{}' }, NODE_ID, 'responsive');
  bench.appender.finish();
  assert.deepEqual(bench.all('SELECT called_number, method, user_agent, details FROM honey'), [
    ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', null],
    ['00441', 'INVITE', 'scanner', '{}'],
  ]);
  assert.deepEqual(bench.all('SELECT number, seen_count FROM number_total'), [['00441', 1]]);
  assert.deepEqual(bench.all('SELECT user_agent, seen_count FROM user_agent_total'), [
    ['scanner', 1],
  ]);
  const tools = "SELECT name, seen_count FROM rate_total WHERE kind = 'tool'";
  assert.deepEqual(bench.all(tools), [['scanner', 1]]);
});

test('EventAppender.finish() tells of this transaction only, and counts what was dropped for good', () => {
  using bench = new Bench();
  const { appender } = bench;
  appender.begin(NOON_US);
  appender.event(SHARED_EVENT, NODE_ID, 'responsive');
  appender.repeat({ eventUuid: uuidOf(0), count: 7, lastEpochUs: NOON_US });
  appender.dropped(3);
  appender.dropped(2);
  assert.deepEqual(appender.finish(), { lastHoneyId: 1, events: 1, repeats: 7, dropped: 5 });
  appender.begin(NOON_US);
  assert.deepEqual(appender.finish(), { lastHoneyId: 1, events: 0, repeats: 0, dropped: 0 });
  const counters =
    "SELECT value FROM counter WHERE name IN ('dropped_messages', 'last_honey_id') ORDER BY name";
  assert.deepEqual(bench.all(counters), [[5], [1]]);
  assert.deepEqual(bench.all('SELECT repeat_count FROM pending_repeat'), [[7]]);
});

test('EventAppender.event() keeps another node’s report apart from what was seen here', () => {
  using bench = new Bench();
  const { appender } = bench;
  appender.begin(NOON_US);
  assert.equal(appender.event(SHARED_EVENT, NODE_ID, 'responsive', true), 1);
  assert.equal(appender.event(SHARED_EVENT, NODE_ID, 'passive', true), 2);
  appender.finish();
  for (const table of ['address_total', 'number_total', 'user_agent_total']) {
    assert.deepEqual(
      bench.all(`SELECT seen_count, shared_count, grade FROM ${table}`),
      [[0, 2, 0]],
      table,
    );
  }
  assert.deepEqual(bench.all('SELECT seen_count, shared_count FROM hour_total'), [[0, 2]]);
  assert.deepEqual(bench.all('SELECT * FROM rate_total'), []);
  assert.deepEqual(bench.all('SELECT collected_method, grade FROM honey ORDER BY honey_id'), [
    ['responsive', null],
    ['passive', null],
  ]);
});

test('EventAppender.event() keeps every text readable for programs in C', () => {
  using bench = new Bench();
  const nul = 'a\0b\0';
  bench.appender.begin(NOON_US);
  bench.appender.event(
    {
      ...SHARED_EVENT,
      sipMethod: nul,
      userAgent: nul,
      requestUri: nul,
      toUri: nul,
      toUser: nul,
      fromUri: nul,
      fromUser: nul,
    },
    NODE_ID,
    'responsive',
  );
  bench.appender.finish();
  const columns = 'method, user_agent, request_uri, to_uri, to_user, from_uri, from_user';
  const symbols = 'a\u2400b\u2400';
  assert.deepEqual(bench.all(`SELECT ${columns} FROM honey`), [Array(7).fill(symbols)]);
  assert.deepEqual(bench.all('SELECT user_agent FROM user_agent_total'), [[symbols]]);
});

test('EventAppender.event() counts at the time of now what cannot have happened when it says', () => {
  using bench = new Bench();
  bench.appender.begin(NOON_US);
  const eventEpochUs = NOON_US + 3 * 86_400_000_000;
  bench.appender.event({ ...SHARED_EVENT, eventEpochUs }, NODE_ID, 'responsive');
  bench.appender.finish();
  assert.deepEqual(bench.all('SELECT last_seen_us FROM address_total'), [[NOON_US]]);
  assert.deepEqual(bench.all('SELECT hour FROM hour_total'), [[NOON_US / 3_600_000_000]]);
  assert.deepEqual(bench.all('SELECT event_timestamp, created_at FROM honey'), [
    ['2026-03-04 12:00:00.000000000', '2026-03-01 12:00:00.000'],
  ]);
});

test('EventAppender goes on behind rows of another program, and has them counted', () => {
  using bench = new Bench();
  bench.database.exec("INSERT INTO honey (honey_id, source_ip) VALUES (4, '203.0.113.9')");
  bench.appender.begin(NOON_US);
  assert.equal(bench.appender.event(SHARED_EVENT, NODE_ID, 'responsive'), 5);
  assert.equal(bench.appender.finish().lastHoneyId, 5);
  assert.deepEqual(bench.all('SELECT first_honey_id, last_honey_id FROM foreign_rows'), [[1, 4]]);
});
