// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  EVENT_BATCH_OCTETS_MIN,
  EVENT_MESSAGE_OCTETS_MAX,
  EventBatchWriter,
  visitEventBatch,
  type BatchedEvent,
  type EventRepeat,
  type Observation,
} from '../src/index.ts';
import { observationOf } from './observation.ts';

interface Visited {
  readonly events: BatchedEvent[];
  readonly repeats: EventRepeat[];
  readonly dropped: number[];
  readonly origins: string[];
}

function visit(octets: Uint8Array): Visited {
  const visited: Visited = { events: [], repeats: [], dropped: [], origins: [] };
  visitEventBatch(octets, {
    event: (event, nodeId, collectedMethod) => {
      visited.events.push(event);
      visited.origins.push(`${nodeId} ${collectedMethod}`);
    },
    repeat: (repeat) => visited.repeats.push(repeat),
    dropped: (count) => visited.dropped.push(count),
  });
  return visited;
}

function newWriter(): EventBatchWriter {
  return new EventBatchWriter(new Uint8Array(EVENT_BATCH_OCTETS_MIN), 'node-1', 'responsive');
}

test('`visitEventBatch()` gives back every field of an event', () => {
  const observation = observationOf({
    transportType: 'TLS',
    grade: 'handshake',
    messageKind: 'response',
    calledNumber: undefined,
    calledNumberSource: 'none',
    userAgent: 'Größe \u{1f4de}',
    anomalies: ['bad_via', 'tag_twice'],
    details: { callId: 'a"b', registered: true },
    sipMessage: Uint8Array.of(0x53, 0x00, 0xe9, 0xff),
  });
  const writer = newWriter();
  assert.equal(writer.addEvent('uuid-1', observation), true);
  const { events, origins } = visit(writer.finish());
  const { anomalies, details, sipMessage, collectedMethod, ...same } = observation;
  assert.deepEqual(events, [
    {
      ...same,
      eventUuid: 'uuid-1',
      anomalies: anomalies.join(','),
      detailsJson: JSON.stringify(details),
      sipMessage: 'S\u2400\u00e9\u00ff',
    },
  ]);
  assert.equal(sipMessage.length, 4);
  assert.deepEqual(origins, [`node-1 ${collectedMethod}`]);
});

test('`visitEventBatch()` gives back every value that a field can have', () => {
  const observations = [
    { transportType: 'UDP', grade: 'seen', messageKind: 'request', calledNumberSource: 'to' },
    {
      transportType: 'TCP',
      grade: 'returned',
      messageKind: 'response',
      calledNumberSource: 'none',
    },
    { transportType: 'TLS', grade: 'handshake', messageKind: 'not-sip' },
  ] as const;
  for (const collectedMethod of ['passive', 'responsive'] as const) {
    const writer = new EventBatchWriter(
      new Uint8Array(EVENT_BATCH_OCTETS_MIN),
      'node-1',
      collectedMethod,
    );
    for (const changes of observations) writer.addEvent('u', observationOf(changes));
    const { events, origins } = visit(writer.finish());
    assert.deepEqual(origins, Array(3).fill(`node-1 ${collectedMethod}`));
    for (const [index, changes] of observations.entries()) {
      const { transportType, grade, messageKind, calledNumberSource } = observationOf(changes);
      const read = events[index];
      assert.deepEqual(
        [read?.transportType, read?.grade, read?.messageKind, read?.calledNumberSource],
        [transportType, grade, messageKind, calledNumberSource],
      );
      assert.equal(read?.anomalies, '');
    }
  }
});

test('`EventBatchWriter` needs a block for the largest event, and uses it to the last octet', () => {
  const small = new Uint8Array(EVENT_BATCH_OCTETS_MIN - 1);
  assert.throws(() => new EventBatchWriter(small, 'n', 'passive'), /event_batch_too_small/);
  // Ten octets name the node and the method, nine each count.
  const writer = new EventBatchWriter(new Uint8Array(EVENT_BATCH_OCTETS_MIN), 'node-01', 'passive');
  let count = 0;
  while (writer.addDropped(1)) count += 1;
  assert.equal(count, (EVENT_BATCH_OCTETS_MIN - 10) / 9);
  const { dropped } = visit(writer.finish());
  assert.equal(dropped.length, count);
});

test('`visitEventBatch()` gives back repeats and drops in their order', () => {
  const repeat: EventRepeat = {
    eventUuid: 'uuid-1',
    count: 4_000_000_000,
    lastEpochUs: 1_637_784_816_427_515,
  };
  const writer = newWriter();
  assert.equal(writer.addRepeat(repeat), true);
  assert.equal(writer.addDropped(2 ** 40), true);
  const visited = visit(writer.finish());
  assert.deepEqual(visited.repeats, [repeat]);
  assert.deepEqual(visited.dropped, [2 ** 40]);
});

test('`EventBatchWriter` takes any one event at its limits, texts cut', () => {
  const huge = '\u{ffff}'.repeat(100_000);
  const details = Object.fromEntries(
    Array.from({ length: 20 }, (_, index) => [`k${index}`, '\x01'.repeat(9999)]),
  );
  const observation: Observation = observationOf({
    calledNumber: huge,
    sipMethod: huge,
    userAgent: huge,
    requestUri: huge,
    toUri: huge,
    toUser: huge,
    fromUri: huge,
    fromUser: huge,
    anomalies: [huge],
    details,
    sipMessage: new Uint8Array(EVENT_MESSAGE_OCTETS_MAX),
  });
  const writer = newWriter();
  assert.equal(writer.addEvent('01930000-0000-7000-8000-000000000000', observation), true);
  const [event] = visit(writer.finish()).events;
  assert.equal(event?.sipMessage.length, EVENT_MESSAGE_OCTETS_MAX);
  assert.equal(event.userAgent?.length, 2048);
  assert.equal(Object.keys(JSON.parse(event.detailsJson ?? '{}')).length, 20);
});

test('`EventBatchWriter` says when it is full and keeps what it has', () => {
  const writer = newWriter();
  const observation = observationOf({ sipMessage: new Uint8Array(40_000) });
  let count = 0;
  while (writer.addEvent('u', observation)) count += 1;
  assert.ok(count >= 4 && count <= 6, String(count));
  assert.equal(visit(writer.finish()).events.length, count);
});

test('`visitEventBatch()` of what was written equals what went in, whatever the texts', () => {
  const text = fc.option(fc.string({ maxLength: 300, unit: 'binary' }), { nil: undefined });
  fc.assert(
    fc.property(
      text,
      text,
      fc.uint8Array({ maxLength: 2000 }),
      (userAgent, calledNumber, octets) => {
        const writer = newWriter();
        writer.addEvent('u', observationOf({ userAgent, calledNumber, sipMessage: octets }));
        const [event] = visit(writer.finish()).events;
        assert.equal(event?.userAgent, userAgent?.toWellFormed());
        assert.equal(event?.calledNumber, calledNumber?.toWellFormed());
        const restored = event?.sipMessage.replaceAll('\u2400', '\0') ?? '';
        assert.deepEqual(Buffer.from(restored, 'latin1'), Buffer.from(octets));
      },
    ),
  );
});

test('`visitEventBatch()` refuses a batch that is cut off', () => {
  const writer = newWriter();
  writer.addEvent('u', observationOf());
  const octets = writer.finish();
  assert.throws(() => visit(octets.subarray(0, octets.length - 1)), /event_batch_damaged/);
});
