// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventEntry } from '../src/v1/entries.ts';

type FoundEvent = Parameters<typeof eventEntry>[0];

/** A row that somebody put into the database by SQL. */
function rowWith(detailsJson: string | undefined): FoundEvent {
  return {
    honeyId: 1,
    eventUuid: '019cab00-0000-7000-8000-000000000001',
    eventTimestamp: '2026-03-01 12:00:00.000000000',
    recordedAt: '2026-03-01 12:00:00.000',
    sourceIp: '192.0.2.1',
    calledNumber: '1',
    sipMethod: 'INVITE',
    userAgent: 'x',
    anomalies: '',
    seenCount: 1,
    detailsJson,
  } as unknown as FoundEvent;
}

test('eventEntry() shows nothing of details that are not JSON', () => {
  const places = { placeOf: () => undefined } as unknown as Parameters<typeof eventEntry>[1];
  const detailsOf = (json: string | undefined): unknown =>
    eventEntry(rowWith(json), places, true)['details'];
  for (const broken of ['', 'nonsense', '{"a":', '\u0000']) assert.equal(detailsOf(broken), null);
  assert.equal(detailsOf(undefined), null);
  assert.deepEqual(detailsOf('{"a":1}'), { a: 1 });
});

test('eventEntry() tells whether there were credentials, to everybody, and not which', () => {
  const places = { placeOf: () => undefined } as unknown as Parameters<typeof eventEntry>[1];
  const tried = (json: string | undefined): unknown =>
    eventEntry(rowWith(json), places, false)['tried_password'];
  assert.equal(tried(JSON.stringify({ subject: 'x', digest: { user: '100' } })), true);
  assert.equal(tried(JSON.stringify({ authorizationScheme: 'Basic' })), true);
  for (const text of ['"digest":{', '"authorizationScheme":"']) {
    assert.equal(tried(JSON.stringify({ subject: text })), false, text);
  }
  assert.equal(tried(undefined), false);
});

test('eventEntry() shows no time where it is impossible', () => {
  const places = { placeOf: () => undefined } as unknown as Parameters<typeof eventEntry>[1];
  const shown = (text: string): unknown => {
    const event = { ...rowWith(undefined), eventTimestamp: text, recordedAt: text, lastSeen: text };
    const { event_timestamp, recorded_at, last_seen } = eventEntry(event, places, false);
    assert.equal(recorded_at, event_timestamp);
    assert.equal(last_seen, event_timestamp);
    return event_timestamp;
  };
  for (const [text, wanted] of [
    ['2026-03-01 12:00:00.123456789', '2026-03-01T12:00:00.123456Z'],
    ['2026-03-01 12:00:00.5', '2026-03-01T12:00:00.5Z'],
    ['1900-12-31 23:59:59', '1900-12-31T23:59:59Z'],
  ] as const) {
    assert.equal(shown(text), wanted);
  }
  for (const text of [
    '',
    'yesterday',
    '42',
    '\u0000',
    '2026-03-01',
    '2026-03-01 12:00',
    '-4713-01-01 00:00:00',
    '2026-13-01 12:00:00',
    '2026-00-01 12:00:00',
    '2026-03-32 12:00:00',
    '2026-03-01 24:00:00',
    '2026-03-01 12:60:00',
    '2026-03-01 12:00:61.5',
    '2026-03-01 12:00:00.',
    '2026-03-01 12:00:00Z',
    '2026-03-01 12:00:00.1 UTC',
    '2026-03-01 12:00:00+02:00',
    '2026-03-01T12:00:00.0',
    '2026-03-0١ 12:00:00',
    '2026-03-01 12:00:00.x',
  ]) {
    assert.equal(shown(text), null, text);
  }
});
