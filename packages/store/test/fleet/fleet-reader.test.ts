// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { FleetReader, Store, type FleetMarks } from '../../src/index.ts';
import {
  batchOf,
  NODE_ID,
  OBSERVATION,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
} from '../fixtures.ts';

const SHARE = { events: 2, repeats: 2 };

/** All events of a batch. */
function read(reader: FleetReader, marks: FleetMarks) {
  const { events, repeats } = reader.batch(marks);
  const slices = [...events];
  return {
    repeats,
    rows: slices.flatMap((slice) => slice.rows),
    missing: slices.reduce((sum, slice) => sum + slice.missing, 0),
    slices: slices.length,
  };
}

const idsOf = (rows: readonly (readonly unknown[])[]) => rows.map(([honeyId]) => honeyId);

test('FleetReader reads what the marks say, also the counts that come later', () => {
  using directory = new TestDirectory();
  const path = directory.file('a.db');
  using store = Store.open({ logger: new TestLogger(), clock: new TestClock() }, { path });
  store.append([batchOf([{}, { eventUuid: uuidOf(1) }, { eventUuid: uuidOf(2) }])]);
  const reader = FleetReader.open(path, { hasMessages: true });
  const first = store.nextForFleet(SHARE, store.openFleet().pushed !== 0);
  assert.deepEqual([first.pushed, first.pushing, reader.hasMore(first)], [0, 2, true]);
  const { rows, repeats, missing } = read(reader, first);
  assert.deepEqual(idsOf(rows), [1, 2]);
  assert.deepEqual(String(rows[0]?.at(-1)), Buffer.from(OBSERVATION.sipMessage).toString('latin1'));
  assert.deepEqual([repeats, missing], [[], 0]);

  store.append([
    batchOf([], [{ eventUuid: uuidOf(0), count: 4, lastEpochUs: OBSERVATION.eventEpochUs }]),
  ]);
  while (store.maintain()) assert.ok(true);
  const second = store.nextForFleet(SHARE, true);
  assert.deepEqual(idsOf(read(reader, second).rows), [3]);
  assert.deepEqual(reader.batch(second).repeats, [[1, 4, OBSERVATION.eventEpochUs]]);
  assert.equal(reader.hasMore(second), false);
  reader.close();
});

test('FleetReader reads a large batch in slices, each of its own moment, and counts what was removed', () => {
  using directory = new TestDirectory();
  const path = directory.file('a.db');
  using store = Store.open({ logger: new TestLogger(), clock: new TestClock() }, { path });
  store.append([
    batchOf(Array.from({ length: 900 }, (_, index) => ({ eventUuid: uuidOf(index) }))),
  ]);
  using database = new DatabaseSync(path);
  database.exec('DELETE FROM honey WHERE honey_id <= 20 OR honey_id BETWEEN 300 AND 309');
  store.openFleet();
  const reader = FleetReader.open(path);
  const marks = store.nextForFleet({ events: 700, repeats: 2 }, false);
  assert.deepEqual([marks.pushed, marks.pushing], [0, 720], 'ids from the first row on');
  const { rows, missing, slices } = read(reader, marks);
  assert.deepEqual([rows.length, missing, slices], [690, 30, 3]);
  assert.deepEqual([rows[0]?.[0], rows.at(-1)?.[0]], [21, 720]);

  // While it is read a message is counted on a row that was not read yet, and another row is removed.
  const { events } = reader.batch(marks);
  let later: unknown;
  let lost = 0;
  for (const slice of events) {
    if (later === undefined) {
      const last = { eventUuid: uuidOf(699), count: 4, lastEpochUs: OBSERVATION.eventEpochUs };
      store.append([batchOf([], [last])]);
      while (store.maintain()) assert.ok(true);
      database.exec('DELETE FROM honey WHERE honey_id = 701');
    }
    later = slice.rows.find(([honeyId]) => honeyId === 700)?.at(-1) ?? 0;
    lost += slice.missing;
  }
  assert.deepEqual([later, lost], [1, 31]);
  assert.equal(
    database.prepare('SELECT seen_count FROM honey WHERE honey_id = 700').get()?.['seen_count'],
    5,
  );

  // The last rows, and then none.
  const second = store.nextForFleet({ events: 700, repeats: 2 }, true);
  assert.deepEqual([second.pushed, second.pushing, second.repeatsPushing], [720, 900, 1]);
  const third = store.nextForFleet({ events: 700, repeats: 2 }, true);
  assert.deepEqual([third.pushed, third.pushing], [900, 900]);
  reader.close();
});

test('FleetReader leaves out what a hub took from the fleet', () => {
  using directory = new TestDirectory();
  const path = directory.file('a.db');
  using store = Store.open({ logger: new TestLogger(), clock: new TestClock() }, { path });
  store.append([batchOf([{}])]);
  const other = { ...OBSERVATION, eventUuid: uuidOf(9), anomalies: '', detailsJson: undefined };
  store.deliver([
    { event: { ...other, sipMessage: '' }, nodeId: 'another', collectedMethod: 'passive' },
  ]);
  store.openFleet();
  const marks = store.nextForFleet(SHARE, false);
  const all = FleetReader.open(path);
  const own = FleetReader.open(path, { recordedBy: NODE_ID });
  assert.deepEqual(
    [all, own].map((reader) => idsOf(read(reader, marks).rows)),
    [[1, 2], [1]],
  );
  assert.deepEqual([read(own, marks).missing, own.cursor('fleet'), own.cursor('x')], [0, 0, 0]);
  for (const reader of [all, own]) reader.close();
});

test('events of others and how far their log was taken are there together, or neither', () => {
  using directory = new TestDirectory();
  const path = directory.file('a.db');
  using store = Store.open({ logger: new TestLogger(), clock: new TestClock() }, { path });
  const reader = FleetReader.open(path);
  const of = (eventUuid: string) => ({
    event: { ...OBSERVATION, eventUuid, anomalies: '', detailsJson: undefined, sipMessage: '' },
    nodeId: 'another',
    collectedMethod: 'passive' as const,
  });
  store.deliver([of(uuidOf(1))], [{ name: 'fleet-pull:a', honeyId: 7 }]);
  assert.deepEqual([reader.lastHoneyId(), reader.cursor('fleet-pull:a')], [1, 7]);
  store.deliver([], [{ name: 'fleet-pull:a', honeyId: 8 }]);
  assert.deepEqual([reader.lastHoneyId(), reader.cursor('fleet-pull:a')], [1, 8]);
  // One that cannot be kept takes the others and the place with it.
  const broken = [{ name: 'fleet-pull:a', honeyId: 0.5 }];
  assert.throws(() => store.deliver([of(uuidOf(2))], broken), { code: 'db_failed' });
  assert.deepEqual([reader.lastHoneyId(), reader.cursor('fleet-pull:a')], [1, 8]);
  reader.close();
});
