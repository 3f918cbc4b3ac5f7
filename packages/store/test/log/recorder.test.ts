// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { visitEventBatch } from '@sentrypeer/event';
import { OperatingError } from '@sentrypeer/kernel';
import type { Appended } from '../../src/log/event-appender.ts';
import {
  COMMIT_DELAY_MS,
  COMMIT_OCTETS_ENOUGH,
  COMMIT_OCTETS_MAX,
  MAINTAIN_INTERVAL_MS,
  RETRY_FIRST_MS,
  MAINTENANCE_LOCKED_MS,
  RETRY_LAST_MS,
  WAITING_OCTETS_MAX,
} from '../../src/limits.ts';
import { Recorder } from '../../src/log/recorder.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import {
  batchOf,
  distinctBatch,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
} from '../fixtures.ts';

/** A store in memory that fails when it is told to. */
class FakeStore {
  readonly commits: (readonly string[])[] = [];
  /** Octets of the batches of each commit. */
  readonly sizes: (readonly number[])[] = [];
  /** It takes anything, without reading it. */
  accepts = false;
  dropped = 0;
  failure: string | undefined;
  /** A fault of the program itself. */
  fault: Error | undefined;
  moreMaintenance = 0;
  maintainedCount = 0;
  attemptsCount = 0;
  #honeyId = 0;

  append(batches: readonly Uint8Array[]): Appended {
    this.attemptsCount += 1;
    if (this.fault !== undefined) throw this.fault;
    if (this.failure !== undefined) throw new OperatingError(this.failure, `it is ${this.failure}`);
    this.sizes.push(batches.map(({ length }) => length));
    const uuids: string[] = [];
    let dropped = 0;
    for (const batch of this.accepts ? [] : batches) {
      visitEventBatch(batch, {
        event: (event) => uuids.push(event.eventUuid),
        repeat: () => undefined,
        dropped: (count) => {
          dropped += count;
        },
      });
    }
    this.#honeyId += uuids.length;
    this.dropped += dropped;
    this.commits.push(uuids);
    return { lastHoneyId: this.#honeyId, events: uuids.length, repeats: 0, dropped };
  }

  maintain(): boolean {
    this.maintainedCount += 1;
    if (this.fault !== undefined) throw this.fault;
    if (this.failure !== undefined) throw new OperatingError(this.failure, `it is ${this.failure}`);
    this.moreMaintenance -= 1;
    return this.moreMaintenance >= 0;
  }
}

function bench() {
  const store = new FakeStore();
  const logger = new TestLogger();
  const committed: number[] = [];
  const released: Uint8Array[] = [];
  const recorder = new Recorder({
    store,
    logger,
    listener: {
      onCommitted: (lastHoneyId) => committed.push(lastHoneyId),
      onReleased: (batches) => released.push(...batches),
    },
  });
  recorder.step(0); // Maintenance at the start is over.
  return { store, logger, recorder, committed, released };
}

function oneEvent(index: number, messageOctets = 10): Uint8Array {
  return batchOf([{ eventUuid: uuidOf(index), sipMessage: new Uint8Array(messageOctets) }]);
}

test('Recorder.step() commits what came within the delay together, then releases it', () => {
  const { store, logger, recorder, committed, released } = bench();
  const first = oneEvent(1);
  const second = oneEvent(2);
  recorder.offer(first);
  assert.equal(recorder.step(100), 100 + COMMIT_DELAY_MS);
  recorder.offer(second);
  assert.equal(recorder.step(110), 100 + COMMIT_DELAY_MS);
  assert.deepEqual(store.commits, []);
  recorder.step(100 + COMMIT_DELAY_MS);
  assert.deepEqual(store.commits, [[uuidOf(1), uuidOf(2)]]);
  assert.deepEqual(committed, [2]);
  assert.deepEqual(released, [first, second]);
  assert.equal(recorder.step(150), MAINTAIN_INTERVAL_MS, 'nothing is left to commit');
  recorder.offer(oneEvent(3));
  assert.equal(recorder.step(200), 200 + COMMIT_DELAY_MS);
  assert.equal(recorder.stall, undefined);
  assert.deepEqual(logger.lines, []);
});

test('Recorder is saturated while one commit is full, and not afterwards', () => {
  const { store, recorder } = bench();
  const offer = (): void => recorder.offer(new Uint8Array(COMMIT_OCTETS_ENOUGH / 2));
  store.accepts = true;
  offer();
  recorder.step(100);
  assert.equal(recorder.isSaturated, false);
  assert.equal(store.attemptsCount, 0);
  offer();
  assert.equal(recorder.isSaturated, true);
  recorder.step(101);
  assert.equal(store.attemptsCount, 1, 'it does not wait for more');
  assert.equal(recorder.isSaturated, false);
  offer();
  recorder.step(102);
  assert.equal(store.attemptsCount, 1, 'what was committed does not count any more');
});

test('Recorder takes into one transaction as much as fits, and always one batch', () => {
  const { store, recorder } = bench();
  store.accepts = true;
  for (const octets of [COMMIT_OCTETS_MAX + 1, 1, COMMIT_OCTETS_MAX - 1, 1]) {
    recorder.offer(new Uint8Array(octets));
  }
  recorder.flush(0);
  assert.deepEqual(store.sizes, [[COMMIT_OCTETS_MAX + 1], [1, COMMIT_OCTETS_MAX - 1], [1]]);
});

test('Recorder.step() commits at once when enough waits, in transactions of bounded size', () => {
  const { store, recorder } = bench();
  const messageOctets = 90_000;
  const count = Math.ceil((COMMIT_OCTETS_ENOUGH + COMMIT_OCTETS_MAX) / messageOctets);
  for (let index = 0; index < count; index += 1) recorder.offer(oneEvent(index, messageOctets));
  assert.ok(recorder.step(100) <= 100, 'what is left is due at once');
  assert.equal(store.commits.length, 1);
  assert.equal(store.commits[0]?.length, Math.floor(COMMIT_OCTETS_MAX / (messageOctets + 300)));
  recorder.step(100);
  assert.deepEqual(
    store.commits.flat(),
    Array.from({ length: count }, (_, index) => uuidOf(index)),
  );
});

test('Recorder.step() maintains between commits, at once again while there is more', () => {
  const { store, recorder } = bench();
  const before = store.maintainedCount;
  assert.equal(recorder.step(10), MAINTAIN_INTERVAL_MS);
  assert.equal(store.maintainedCount, before);
  store.moreMaintenance = 1;
  assert.equal(recorder.step(300), 300);
  assert.equal(recorder.step(300), 300 + MAINTAIN_INTERVAL_MS);
});

test('Recorder keeps batches in order while the store takes nothing and goes on by itself', () => {
  const { store, logger, recorder, committed, released } = bench();
  store.failure = 'db_locked';
  const batches = [oneEvent(1), oneEvent(2), oneEvent(3)];
  recorder.offer(batches[0] ?? oneEvent(0));
  recorder.step(0);
  assert.equal(recorder.step(20), 20 + RETRY_FIRST_MS);
  assert.deepEqual(released, batches.slice(0, 1), 'blocks go back at once');
  batches[0]?.fill(0); // Whoever got a block back writes into it.
  recorder.offer(batches[1] ?? oneEvent(0));
  recorder.offer(batches[2] ?? oneEvent(0));
  assert.deepEqual(released, batches);
  assert.deepEqual(recorder.stall, {
    code: 'db_locked',
    message: 'it is db_locked',
    waitingMessages: 3,
    droppedMessages: 0,
  });
  recorder.step(30);
  store.failure = undefined;
  recorder.step(20 + RETRY_FIRST_MS);
  assert.deepEqual(store.commits, [[uuidOf(1), uuidOf(2), uuidOf(3)]]);
  assert.deepEqual(committed, [3]);
  assert.deepEqual(released, batches, 'nothing is released twice');
  assert.equal(recorder.stall, undefined);
  assert.deepEqual(logger.lines, [
    { event: 'recording_stalled', fields: { code: 'db_locked', why: 'it is db_locked' } },
    { event: 'recording_resumed', fields: { waited_messages: 3, dropped_messages: 0 } },
  ]);
});

test('Recorder gives back no copy of its own when a second stall begins before all is recorded', () => {
  const { store, recorder, released } = bench();
  store.failure = 'db_locked';
  const messageOctets = 60_000;
  const count = Math.ceil((1.5 * COMMIT_OCTETS_MAX) / messageOctets);
  for (let index = 0; index < count; index += 1) recorder.offer(oneEvent(index, messageOctets));
  recorder.flush(0);
  assert.equal(released.length, count);
  assert.equal(recorder.isSaturated, false, 'nothing can be recorded anyway');
  recorder.step(RETRY_FIRST_MS - 1);
  assert.equal(store.attemptsCount, 1, 'however much waits, it is not tried before its time');
  store.failure = undefined;
  recorder.step(1000);
  assert.equal(recorder.stall, undefined);
  assert.equal(store.commits.length, 1);
  store.failure = 'disk_full';
  assert.equal(recorder.flush(1000), false);
  assert.equal(released.length, count, 'each block goes back once');
  store.failure = undefined;
  assert.equal(recorder.flush(2000), true);
  assert.deepEqual(
    store.commits.flat(),
    Array.from({ length: count }, (_, index) => uuidOf(index)),
  );
});

test('Recorder tries again ever more rarely, and says a stall once', () => {
  const { store, logger, recorder } = bench();
  store.failure = 'disk_full';
  recorder.offer(oneEvent(1));
  recorder.step(0);
  const attemptedAtMs: number[] = [];
  let nowMs = 0;
  while (attemptedAtMs.length < 12) {
    nowMs += 10;
    const before = store.attemptsCount;
    recorder.step(nowMs);
    if (store.attemptsCount > before) attemptedAtMs.push(nowMs);
  }
  const waitsMs = attemptedAtMs.slice(1).map((atMs, index) => atMs - (attemptedAtMs[index] ?? 0));
  assert.deepEqual(waitsMs, [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000]);
  assert.deepEqual([waitsMs[0], waitsMs.at(-1)], [RETRY_FIRST_MS, RETRY_LAST_MS]);
  const stalls = logger.events().filter((event) => event === 'recording_stalled');
  assert.equal(stalls.length, 1);
  store.failure = 'db_locked';
  recorder.step(nowMs + RETRY_LAST_MS);
  assert.deepEqual(
    logger.lines
      .filter((line) => line.event === 'recording_stalled')
      .map((line) => line.fields['code']),
    ['disk_full', 'db_locked'],
  );
});

test('Recorder drops the newest beyond its bound and records the exact count', () => {
  const { store, logger, recorder, released } = bench();
  store.failure = 'disk_full';
  recorder.offer(oneEvent(0));
  recorder.step(0);
  recorder.step(COMMIT_DELAY_MS);
  const messageOctets = 90_000;
  const fits = Math.floor(WAITING_OCTETS_MAX / (messageOctets + 300));
  for (let index = 1; index <= fits + 4; index += 1) recorder.offer(oneEvent(index, messageOctets));
  const repeat = {
    eventUuid: uuidOf(1),
    count: 40,
    lastEpochUs: 1,
    sourceIp: '203.0.113.5',
    calledNumber: undefined,
    grade: 'seen',
  } as const;
  recorder.offer(batchOf([{ eventUuid: uuidOf(999) }], [repeat], 500));
  assert.equal(released.length, fits + 6);
  const stall = recorder.stall;
  const kept = stall?.waitingMessages ?? 0;
  assert.equal(kept + (stall?.droppedMessages ?? 0), 1 + fits + 4 + 1 + 40 + 500);
  assert.ok(kept >= fits - 1 && kept <= fits + 1, `${kept} kept`);
  store.failure = undefined;
  while (recorder.step(10_000) <= 10_000);
  assert.deepEqual(
    store.commits.flat(),
    Array.from({ length: kept }, (_, index) => uuidOf(index)),
  );
  assert.equal(store.dropped, stall?.droppedMessages);
  assert.deepEqual(logger.lines.at(-1), {
    event: 'recording_resumed',
    fields: { waited_messages: kept, dropped_messages: stall?.droppedMessages },
  });
  recorder.offer(oneEvent(1000));
  recorder.flush(20_000);
  assert.deepEqual(store.commits.at(-1), [uuidOf(1000)]);
  assert.equal(store.dropped, stall?.droppedMessages);
});

test('Recorder.flush() commits all at once, or says that it cannot', () => {
  const { store, recorder } = bench();
  recorder.offer(oneEvent(1));
  assert.equal(recorder.flush(0), true);
  assert.deepEqual(store.commits, [[uuidOf(1)]]);
  assert.equal(recorder.flush(0), true);
  store.failure = 'disk_full';
  recorder.offer(oneEvent(2));
  assert.equal(recorder.flush(0), false);
  assert.equal(recorder.stall?.waitingMessages, 1);
});

test('Recorder says once that maintenance fails', () => {
  const { store, logger, recorder } = bench();
  store.failure = 'disk_full';
  const before = store.maintainedCount;
  assert.equal(recorder.step(1000), 1000 + RETRY_LAST_MS);
  recorder.step(999 + RETRY_LAST_MS);
  assert.equal(store.maintainedCount, before + 1, 'it is not tried again at once');
  recorder.step(1000 + RETRY_LAST_MS);
  assert.deepEqual(logger.lines, [
    { event: 'maintenance_failed', fields: { code: 'disk_full', why: 'it is disk_full' } },
  ]);
});

test('Recorder says that maintenance finds the database locked only when that lasts', () => {
  const { store, logger, recorder } = bench();
  store.failure = 'db_locked';
  let nowMs = 1000;
  for (; nowMs < 1000 + MAINTENANCE_LOCKED_MS; nowMs += RETRY_LAST_MS) recorder.step(nowMs);
  store.failure = undefined;
  recorder.step(nowMs);
  store.failure = 'db_locked'; // Another time.
  for (let ms = 0; ms < MAINTENANCE_LOCKED_MS; ms += RETRY_LAST_MS) {
    recorder.step(nowMs + RETRY_LAST_MS + ms);
  }
  assert.deepEqual(logger.events(), []);
  recorder.step(nowMs + RETRY_LAST_MS + MAINTENANCE_LOCKED_MS);
  assert.equal(recorder.maintenanceFailure?.code, 'db_locked');
  assert.deepEqual(logger.events(), ['maintenance_failed']);
});

test('Recorder says that maintenance works again only when all of it does', () => {
  const { store, logger, recorder } = bench();
  store.failure = 'db_damaged';
  recorder.step(1000);
  assert.equal(recorder.maintenanceFailure?.code, 'db_damaged');
  assert.equal(recorder.stall, undefined);
  store.failure = undefined;
  store.moreMaintenance = 1;
  recorder.step(1000 + RETRY_LAST_MS);
  assert.equal(recorder.maintenanceFailure?.code, 'db_damaged');
  recorder.step(1000 + RETRY_LAST_MS);
  assert.equal(recorder.maintenanceFailure, undefined);
  assert.deepEqual(logger.events(), ['maintenance_failed', 'maintenance_resumed']);
});

test('Recorder lets a programming error rise', () => {
  const { recorder } = bench();
  const whole = oneEvent(1);
  recorder.offer(whole.subarray(0, whole.length - 3));
  assert.throws(() => recorder.flush(0), /event_batch_damaged/);
  const other = bench();
  other.store.fault = new TypeError('a fault');
  other.recorder.offer(oneEvent(1));
  assert.throws(() => other.recorder.flush(0), /a fault/);
  assert.throws(() => other.recorder.step(MAINTAIN_INTERVAL_MS), /a fault/);
  assert.equal(other.recorder.stall, undefined);
  assert.deepEqual(other.logger.lines, []);
});

test('Recorder.takeLeftOver() gives what could not be recorded, and the count of what was dropped', () => {
  const { store, recorder } = bench();
  assert.deepEqual(recorder.takeLeftOver(), []);
  store.failure = 'disk_full';
  const batch = oneEvent(1);
  recorder.offer(batch);
  recorder.flush(0);
  assert.deepEqual(recorder.takeLeftOver(), [new Uint8Array(batch)]);
  recorder.offer(oneEvent(2, 60_000));
  const large = oneEvent(3, 60_000);
  for (let octets = 0; octets < WAITING_OCTETS_MAX; octets += 60_000) recorder.offer(large);
  let dropped = 0;
  const last = recorder.takeLeftOver().at(-1) ?? assert.fail();
  visitEventBatch(last, {
    event: () => assert.fail('it is a count'),
    repeat: () => assert.fail('it is a count'),
    dropped: (count) => (dropped += count),
  });
  assert.ok(dropped > 0);
  assert.equal(dropped, recorder.stall?.droppedMessages);
});

test('Recorder and Store survive another program that holds the lock', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  const logger = new TestLogger();
  using store = Store.open({ logger, clock: new TestClock() }, { path });
  const listener = { onCommitted: () => undefined, onReleased: () => undefined };
  const recorder = new Recorder({ store, logger, listener });
  using other = new DatabaseSync(path);
  other.exec('BEGIN EXCLUSIVE');
  recorder.offer(distinctBatch(1, 10));
  assert.equal(recorder.flush(0), false);
  assert.equal(recorder.stall?.code, 'db_locked');
  recorder.offer(distinctBatch(11, 10));
  other.exec('ROLLBACK');
  assert.equal(recorder.flush(0), true);
  assert.equal(recorder.stall, undefined);
  using reader = StoreReader.open(path);
  assert.deepEqual(
    reader.eventsAfter(0, 100).map((event) => event.eventUuid),
    Array.from({ length: 20 }, (_, index) => uuidOf(index + 1)),
  );
});
