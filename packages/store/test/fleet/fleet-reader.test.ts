// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FleetReader, Store } from '../../src/index.ts';
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

test('FleetReader reads what the marks say, also the counts that come later', () => {
  using directory = new TestDirectory();
  const path = directory.file('a.db');
  using store = Store.open({ logger: new TestLogger(), clock: new TestClock() }, { path });
  store.append([batchOf([{}, { eventUuid: uuidOf(1) }, { eventUuid: uuidOf(2) }])]);
  const reader = FleetReader.open(path, { hasMessages: true });
  const first = store.nextForFleet(SHARE, store.openFleet().pushed !== 0);
  assert.deepEqual([first.pushed, first.pushing, reader.hasMore(first)], [0, 2, true]);
  const { events, repeats, missing } = reader.batch(first);
  assert.deepEqual(
    events.map(([honeyId]) => honeyId),
    [1, 2],
  );
  assert.deepEqual(
    String(events[0]?.at(-1)),
    Buffer.from(OBSERVATION.sipMessage).toString('latin1'),
  );
  assert.deepEqual([repeats, missing], [[], 0]);

  store.append([
    batchOf([], [{ eventUuid: uuidOf(0), count: 4, lastEpochUs: OBSERVATION.eventEpochUs }]),
  ]);
  while (store.maintain()) assert.ok(true);
  const second = store.nextForFleet(SHARE, true);
  assert.deepEqual(
    reader.batch(second).events.map(([honeyId]) => honeyId),
    [3],
  );
  assert.deepEqual(reader.batch(second).repeats, [[1, 4, OBSERVATION.eventEpochUs]]);
  assert.equal(reader.hasMore(second), false);
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
  const idsOf = (reader: FleetReader) => reader.batch(marks).events.map(([honeyId]) => honeyId);
  assert.deepEqual([idsOf(all), idsOf(own)], [[1, 2], [1]]);
  assert.deepEqual([own.batch(marks).missing, own.cursor('fleet'), own.cursor('x')], [0, 0, 0]);
  for (const reader of [all, own]) reader.close();
});
