// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import {
  EVENT_BATCH_OCTETS_MIN,
  EventCollector,
  visitEventBatch,
  type BatchedEvent,
  type EventRepeat,
} from '../src/index.ts';
import { observationOf } from './observation.ts';

/** A store that takes everything, or nothing while `blocksCount` is 0. */
class Sink {
  backlog = false;

  get exhausted(): boolean {
    return this.blocksCount === 0;
  }

  blocksCount: number;
  lastBlocksCount = 0;
  readonly events: BatchedEvent[] = [];
  readonly repeats: EventRepeat[] = [];
  dropped = 0;

  constructor(blocksCount: number) {
    this.blocksCount = blocksCount;
  }

  take(): Uint8Array | undefined {
    if (this.blocksCount === 0) return undefined;
    this.blocksCount -= 1;
    return new Uint8Array(EVENT_BATCH_OCTETS_MIN);
  }

  takeLast(): Uint8Array {
    this.lastBlocksCount += 1;
    return new Uint8Array(EVENT_BATCH_OCTETS_MIN);
  }

  post(batch: Uint8Array): void {
    visitEventBatch(batch, {
      event: (event) => this.events.push(event),
      repeat: (repeat) => this.repeats.push(repeat),
      dropped: (count) => {
        assert.ok(count > 0);
        this.dropped += count;
      },
    });
  }

  /** Messages that left a trace: an event, a repeat or a drop. */
  get accountedCount(): number {
    return (
      this.events.length + this.repeats.reduce((sum, { count }) => sum + count, 0) + this.dropped
    );
  }
}

function collectorTo(sink: Sink, foldWindowMs = 1000): EventCollector {
  const random = { fill: (octets: Uint8Array) => randomFillSync(octets) };
  return new EventCollector(
    { random, blocks: sink },
    { nodeId: 'node-1', collectedMethod: 'passive', foldWindowMs },
  );
}

test('`EventCollector` folds repeats within the window and opens a new event after it', () => {
  const sink = new Sink(9);
  const collector = collectorTo(sink);
  for (const nowMs of [0, 10, 999, 1000, 1500]) collector.record(observationOf(), nowMs);
  collector.flush();
  assert.equal(sink.events.length, 2);
  assert.deepEqual(
    sink.repeats.map(({ eventUuid, count }) => [eventUuid, count]),
    [
      [sink.events[0]?.eventUuid, 2],
      [sink.events[1]?.eventUuid, 1],
    ],
  );
  assert.equal(collector.pending, false);
});

test('`EventCollector` keeps apart what differs in source, method, number, agent, grade or password', () => {
  const sink = new Sink(9);
  const collector = collectorTo(sink);
  const changes = [
    {},
    { sourceIp: '192.0.2.8' },
    { sipMethod: 'INVITE' },
    { calledNumber: '101' },
    { userAgent: undefined },
    { grade: 'returned' },
    { transportType: 'TCP' },
    { details: { decodedFromTag: '100:secret' } },
    { details: { decodedFromTag: '100:other' } },
    { messageKind: 'not-sip', sipMessage: new Uint8Array(1) },
    { messageKind: 'not-sip', sipMessage: new Uint8Array(2) },
  ] as const;
  for (const change of changes) collector.record(observationOf(change), 0);
  collector.flush();
  assert.equal(sink.events.length, changes.length);
  assert.equal(sink.repeats.length, 0);
});

test('`EventCollector` with a window of 0 keeps every message apart', () => {
  const sink = new Sink(9);
  const collector = collectorTo(sink, 0);
  for (let index = 0; index < 5; index += 1) collector.record(observationOf(), index);
  collector.flush();
  assert.equal(sink.events.length, 5);
});

test('`EventCollector` counts exactly what found no block and tells it later', () => {
  const sink = new Sink(1);
  const collector = collectorTo(sink, 0);
  const observation = observationOf({ sipMessage: new Uint8Array(60_000) });
  for (let index = 0; index < 10; index += 1) collector.record(observation, index);
  collector.flush();
  assert.equal(collector.pending, true);
  assert.ok(sink.events.length < 10);
  assert.equal(collector.isFull, true);
  collector.drop(1);
  sink.blocksCount = 1;
  collector.flush();
  assert.equal(sink.accountedCount, 11);
  assert.equal(collector.pending, false);
});

test('`EventCollector` accounts for every message of a flood of distinct sources', () => {
  const sink = new Sink(1000);
  const collector = collectorTo(sink);
  const count = 30_000;
  for (let index = 0; index < count; index += 1) {
    collector.record(observationOf({ sourceIp: `10.0.0.${index % 20_000}` }), index / 100);
  }
  collector.flush();
  assert.equal(sink.accountedCount, count);
  assert.deepEqual([sink.events.length, sink.dropped], [20_000, 0]);
});

test('`EventCollector` fills one block while the store is behind, and hands it over at the end', () => {
  const sink = new Sink(1);
  const collector = collectorTo(sink);
  sink.backlog = true;
  for (let index = 0; index < 50; index += 1) {
    collector.record(observationOf({ calledNumber: String(index % 25) }), index);
    collector.flush();
  }
  assert.equal(sink.accountedCount, 0);
  collector.finish();
  assert.equal(sink.events.length, 25);
  assert.equal(sink.accountedCount, 50);
});

test('`EventCollector` tells repeats and drops at the end, also where no block is left', () => {
  const sink = new Sink(1);
  const collector = collectorTo(sink);
  const large = { sipMessage: new Uint8Array(60_000) };
  for (let index = 0; index < 10; index += 1) {
    collector.record(observationOf({ ...large, calledNumber: String(index) }), index);
  }
  collector.record(observationOf({ ...large, calledNumber: '0' }), 10);
  collector.drop(5);
  assert.equal(collector.isFull, true);
  collector.finish();
  assert.equal(sink.accountedCount, 16);
  assert.equal(sink.repeats.length, 1);
  assert.ok(sink.dropped > 5);
  assert.equal(sink.lastBlocksCount, 1);
});

test('`EventCollector` tells drops with the next full block, also while the store stays behind', () => {
  const sink = new Sink(2);
  const collector = collectorTo(sink, 0);
  sink.backlog = true;
  collector.drop(5);
  for (let index = 0; index < 6; index += 1) {
    collector.record(observationOf({ sipMessage: new Uint8Array(60_000) }), index);
    collector.flush();
  }
  assert.equal(sink.dropped, 5);
});

test('`EventCollector` waits for `flush()` with an event, a repeat or a drop, and with nothing else', () => {
  const sink = new Sink(9);
  const collector = collectorTo(sink);
  const flushed = (): void => {
    assert.equal(collector.pending, true);
    collector.flush();
    assert.equal(collector.pending, false);
  };
  assert.equal(collector.pending, false);
  collector.flush();
  assert.deepEqual([collector.pending, sink.blocksCount], [false, 9]);
  collector.record(observationOf(), 0);
  flushed();
  collector.record(observationOf(), 1);
  flushed();
  collector.drop(1);
  flushed();
  assert.deepEqual([sink.events.length, sink.repeats.length, sink.dropped], [1, 1, 1]);
});

test('`EventCollector` is full only while it has no block and none is left', () => {
  const sink = new Sink(1);
  const collector = collectorTo(sink);
  assert.equal(collector.isFull, false);
  collector.record(observationOf(), 0);
  assert.deepEqual([sink.exhausted, collector.isFull], [true, false], 'it has the last block');
  collector.flush();
  assert.equal(collector.isFull, true);
  sink.blocksCount = 1;
  assert.equal(collector.isFull, false);
});

test('`EventCollector` keeps repeats until there is a block for them', () => {
  const sink = new Sink(1);
  const collector = collectorTo(sink);
  collector.record(observationOf(), 0);
  collector.flush();
  for (let index = 0; index < 3; index += 1) collector.record(observationOf(), 1);
  collector.flush();
  assert.equal(collector.pending, true);
  sink.blocksCount = 1;
  collector.flush();
  assert.deepEqual(
    sink.repeats.map(({ count }) => count),
    [3],
  );
  assert.equal(sink.dropped, 0);
});

test('`EventCollector` writes more repeats than a block holds, and counts those that find no block', () => {
  const sink = new Sink(1000);
  const collector = collectorTo(sink);
  const count = 10_000;
  const recordAll = (nowMs: number): void => {
    for (let index = 0; index < count; index += 1) {
      collector.record(observationOf({ calledNumber: String(index) }), nowMs);
    }
  };
  recordAll(0);
  collector.flush();
  recordAll(1);
  collector.flush();
  assert.deepEqual([sink.events.length, sink.repeats.length, sink.dropped], [count, count, 0]);
  recordAll(2);
  sink.blocksCount = 1;
  collector.flush();
  const inOneBlock = sink.repeats.length - count;
  assert.ok(inOneBlock > 1000 && inOneBlock < count, String(inOneBlock));
  sink.blocksCount = 1;
  collector.flush();
  assert.deepEqual([sink.dropped, sink.accountedCount], [count - inOneBlock, 3 * count]);
});
