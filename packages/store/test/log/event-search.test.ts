// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { EventFilter } from '@sentrypeer/event';
import type { EventOrder } from '../../src/log/event-search.ts';
import { SEARCH_ROWS_MAX } from '../../src/limits.ts';
import { BLOCK_EVENTS } from '../../src/file/schema.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import {
  batchOf,
  DAY_US,
  distinctBatch,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
  type TestEvent,
} from '../fixtures.ts';

/** A log in which each batch was recorded a day after the one before. */
function logOf(directory: TestDirectory, ...batches: readonly Uint8Array[]): StoreReader {
  const path = directory.file('sentrypeer.db');
  const clock = new TestClock();
  using store = Store.open({ logger: new TestLogger(), clock }, { path });
  for (const batch of batches) {
    store.append([batch]);
    clock.us += DAY_US;
  }
  return StoreReader.open(path);
}

const MIXED: readonly TestEvent[] = [
  { eventUuid: uuidOf(1) },
  { eventUuid: uuidOf(2), sourceIp: '203.0.113.6', sipMethod: 'REGISTER' },
  { eventUuid: uuidOf(3), calledNumber: '0046123', userAgent: 'pplsip', grade: 'returned' },
  { eventUuid: uuidOf(4), transportType: 'TLS', grade: 'handshake', calledNumber: undefined },
];

function ids(
  reader: StoreReader,
  filter: EventFilter,
  order: EventOrder = 'newest-first',
): readonly number[] {
  const page = reader.events(filter, order, undefined, 100);
  assert.equal(page.next, undefined);
  return page.items.map(({ honeyId }) => honeyId);
}

test('StoreReader.events() finds events by each thing they say', () => {
  using directory = new TestDirectory();
  using reader = logOf(directory, batchOf(MIXED), distinctBatch(5, 2));
  assert.deepEqual(ids(reader, {}), [6, 5, 4, 3, 2, 1]);
  assert.deepEqual(ids(reader, {}, 'oldest-first'), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(ids(reader, { sourceIp: '203.0.113.6' }), [2]);
  assert.deepEqual(ids(reader, { calledNumber: '0046123' }), [3]);
  assert.deepEqual(ids(reader, { calledNumber: '0046123', sourceIp: '203.0.113.6' }), []);
  assert.deepEqual(ids(reader, { sipMethod: 'REGISTER' }), [2]);
  assert.deepEqual(ids(reader, { userAgent: 'pplsip' }), [3]);
  assert.deepEqual(ids(reader, { transportType: 'TLS' }), [4]);
  assert.deepEqual(ids(reader, { grade: 'returned' }), [3]);
  assert.deepEqual(ids(reader, { sinceEpochUs: NOON_US }), [6, 5, 4, 3, 2, 1]);
  assert.deepEqual(ids(reader, { sinceEpochUs: NOON_US + 1000 }), [6, 5]);
  assert.deepEqual(ids(reader, { untilEpochUs: NOON_US + DAY_US }), [4, 3, 2, 1]);
  assert.deepEqual(ids(reader, { sinceEpochUs: NOON_US + 2 * DAY_US }), []);
  assert.deepEqual(ids(reader, { untilEpochUs: NOON_US }), []);
});

test('StoreReader.events() goes on after the previous page, in both directions', () => {
  using directory = new TestDirectory();
  using reader = logOf(directory, distinctBatch(1, 7));
  for (const order of ['newest-first', 'oldest-first'] as const) {
    const found: number[] = [];
    let after: number | undefined;
    do {
      const page = reader.events({ sipMethod: 'INVITE' }, order, after, 3);
      found.push(...page.items.map(({ honeyId }) => honeyId));
      after = page.next;
    } while (after !== undefined);
    assert.deepEqual(
      found,
      order === 'oldest-first' ? [1, 2, 3, 4, 5, 6, 7] : [7, 6, 5, 4, 3, 2, 1],
    );
  }
});

test('StoreReader.events() stops looking after a number of rows and says where', () => {
  using directory = new TestDirectory();
  const rows = 1000;
  const batches = Array.from({ length: SEARCH_ROWS_MAX / rows + 1 }, (_, at) =>
    distinctBatch(1 + at * rows, rows),
  );
  using reader = logOf(directory, ...batches);
  const first = reader.events({ userAgent: 'nobody' }, 'oldest-first', undefined, 10);
  assert.deepEqual(first, { items: [], next: SEARCH_ROWS_MAX });
  const second = reader.events({ userAgent: 'nobody' }, 'oldest-first', first.next, 10);
  assert.deepEqual(second, { items: [], next: undefined });
});

test('StoreReader.events() finds the events of an address in all blocks of their index', () => {
  using directory = new TestDirectory();
  const rows = 1000;
  const batchesCount = Math.ceil(BLOCK_EVENTS / rows);
  const address = '203.0.113.77';
  const ofAddress = (count: number): Uint8Array =>
    batchOf([{ eventUuid: uuidOf(count), sourceIp: address }]);
  using reader = logOf(
    directory,
    ofAddress(1_000_001),
    ...Array.from({ length: batchesCount }, (_, at) => distinctBatch(1 + at * rows, rows)),
    ofAddress(1_000_002),
    distinctBatch(900_000, 5),
    ofAddress(1_000_003),
  );
  const last = batchesCount * rows;
  const expected = [1, last + 2, last + 8];
  assert.deepEqual(ids(reader, { sourceIp: address }, 'oldest-first'), expected);
  assert.deepEqual(ids(reader, { sourceIp: address }), expected.toReversed());
  for (const order of ['newest-first', 'oldest-first'] as const) {
    const found: number[] = [];
    let after: number | undefined;
    do {
      const page = reader.events({ sourceIp: address }, order, after, 1);
      found.push(...page.items.map(({ honeyId }) => honeyId));
      after = page.next;
    } while (after !== undefined);
    assert.deepEqual(found, order === 'oldest-first' ? expected : expected.toReversed());
  }
});

test('StoreReader.events() stops looking after a number of blocks and says where', () => {
  using directory = new TestDirectory();
  using reader = logOf(directory, batchOf([{ eventUuid: uuidOf(1), sourceIp: '203.0.113.77' }]));
  using database = new DatabaseSync(directory.file('sentrypeer.db'));
  const far = BLOCK_EVENTS * (SEARCH_ROWS_MAX + 1);
  database.exec(`INSERT INTO honey (honey_id, source_ip) VALUES (${far}, '203.0.113.5')`);
  const filter = { sourceIp: '203.0.113.77' };
  const first = reader.events(filter, 'newest-first', undefined, 10);
  assert.deepEqual(first, { items: [], next: 2 * BLOCK_EVENTS });
  const second = reader.events(filter, 'newest-first', first.next, 10);
  assert.deepEqual(
    second.items.map(({ honeyId }) => honeyId),
    [1],
  );
  assert.equal(second.next, undefined);
});

test('other programs find the events of an address by the index too', () => {
  using directory = new TestDirectory();
  using _reader = logOf(directory, distinctBatch(1, 3));
  using database = new DatabaseSync(directory.file('sentrypeer.db'), { readOnly: true });
  const plan = database.prepare("EXPLAIN QUERY PLAN SELECT * FROM honey WHERE source_ip = 'x'");
  assert.match(String(plan.get()?.['detail']), /^SEARCH honey USING INDEX source_ip_index/);
});

test('StoreReader.events() finds nothing in an empty log', () => {
  using directory = new TestDirectory();
  using reader = logOf(directory);
  assert.deepEqual(ids(reader, {}), []);
  assert.deepEqual(ids(reader, { sinceEpochUs: NOON_US, untilEpochUs: NOON_US + 1 }), []);
});

test('StoreReader.event() gives all that is kept of one', () => {
  using directory = new TestDirectory();
  using reader = logOf(
    directory,
    batchOf([
      { eventUuid: uuidOf(9), anomalies: ['via_missing', 'to_missing'], details: { callId: 'c' } },
    ]),
  );
  assert.equal(reader.event(uuidOf(8)), undefined);
  const event = reader.event(uuidOf(9));
  assert.equal(event?.anomalies, 'via_missing,to_missing');
  assert.equal(event?.detailsJson, '{"callId":"c"}');
  assert.equal(event?.recordedAt, '2026-03-01 12:00:00.000');
  assert.equal(event?.seenCount, 1);
  assert.equal(event?.toUser, '00442071234567');
  assert.equal(event?.lastSeen, undefined);
});

test('StoreReader sums up User-Agents and hours, messages that are counted on a row too', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  const clock = new TestClock();
  using store = Store.open({ logger: new TestLogger(), clock }, { path });
  const long = 'x'.repeat(300);
  store.append([
    batchOf([
      { eventUuid: uuidOf(1) },
      { eventUuid: uuidOf(2), userAgent: long, sipMethod: 'FUZZ', eventEpochUs: NOON_US + 3600e6 },
      { eventUuid: uuidOf(3), userAgent: undefined, sipMethod: undefined },
    ]),
  ]);
  const repeat = { eventUuid: uuidOf(1), count: 4, lastEpochUs: NOON_US + 7 };
  const source = { sourceIp: '203.0.113.5', calledNumber: undefined, grade: 'seen' } as const;
  store.append([batchOf([], [{ ...repeat, ...source }])]);
  while (store.maintain());
  using reader = StoreReader.open(path);
  assert.equal(reader.userAgentsCount(), 2);
  assert.deepEqual(
    reader.userAgents(10).items.map(({ userAgent, seenCount }) => [userAgent, seenCount]),
    [
      ['x'.repeat(256), 1],
      ['friendly-scanner', 5],
    ],
  );
  const hours = reader.hours(NOON_US, NOON_US + DAY_US);
  assert.deepEqual(
    hours.map(({ hourEpochUs, method, transport, seenCount }) => [
      (hourEpochUs - NOON_US) / 3600e6,
      method,
      transport,
      seenCount,
    ]),
    [
      [0, 'INVITE', 'UDP', 5],
      [0, 'OTHER', 'UDP', 1],
      [1, 'OTHER', 'UDP', 1],
    ],
  );
  assert.deepEqual(
    reader.methods(0, NOON_US + DAY_US).map(({ method, seenCount }) => [method, seenCount]),
    [
      ['INVITE', 5],
      ['OTHER', 2],
    ],
  );
  assert.deepEqual(reader.hours(NOON_US + 3600e6, NOON_US + 3600e6), []);
});

test('StoreReader.sampleEvents() counts all that fit and finds the newest of them', () => {
  using directory = new TestDirectory();
  using reader = logOf(directory, batchOf(MIXED), distinctBatch(5, 4));
  const sample = (
    filter: EventFilter,
    after: number,
    until: number,
    idsMax = 100,
  ): readonly [readonly number[], number, number | undefined] => {
    const { items, count, next } = reader.sampleEvents(filter, { after, until }, 2, idsMax);
    return [items.map(({ honeyId }) => honeyId), count, next];
  };
  assert.deepEqual(sample({}, 0, 100), [[7, 8], 8, undefined]);
  assert.deepEqual(sample({}, 2, 5), [[4, 5], 3, undefined]);
  assert.deepEqual(sample({}, 8, 8), [[], 0, undefined]);
  assert.deepEqual(sample({}, 0, 8, 3), [[2, 3], 3, 3]);
  assert.deepEqual(sample({}, 5, 8, 3), [[7, 8], 3, undefined]);
  assert.deepEqual(sample({ sourceIp: '203.0.113.6' }, 0, 8), [[2], 1, undefined]);
  assert.deepEqual(sample({ calledNumber: '0046123' }, 0, 8, 4), [[3], 1, 4]);
  assert.deepEqual(sample({ transportType: 'TLS', grade: 'handshake' }, 0, 8), [[4], 1, undefined]);
  assert.deepEqual(sample({ sipMethod: 'REGISTER' }, 2, 8), [[], 0, undefined]);
  assert.deepEqual(sample({ untilEpochUs: NOON_US + DAY_US }, 0, 8), [[3, 4], 4, undefined]);
  assert.deepEqual(sample({ sinceEpochUs: NOON_US + 1000 }, 0, 8), [[7, 8], 4, undefined]);
});

test('StoreReader.sampleEvents() takes the newest across blocks of the index of addresses', () => {
  using directory = new TestDirectory();
  const sourceIp = '203.0.113.77';
  const events = Array.from({ length: BLOCK_EVENTS + 3 }, (_, index) => ({
    eventUuid: uuidOf(index + 1),
    sourceIp: index >= BLOCK_EVENTS - 3 ? sourceIp : '203.0.113.78',
  }));
  using reader = logOf(directory, batchOf(events));
  const found = reader.sampleEvents({ sourceIp }, { after: 0, until: 1e6 }, 4, 1e6);
  assert.deepEqual(
    found.items.map(({ honeyId }) => honeyId),
    [BLOCK_EVENTS, BLOCK_EVENTS + 1, BLOCK_EVENTS + 2, BLOCK_EVENTS + 3],
  );
  assert.equal(found.count, 6);
});

/** The log, in which a judge took each number that was dialled for the last eleven of its digits. */
function readLogOf(directory: TestDirectory, events: readonly TestEvent[]): StoreReader {
  logOf(directory, batchOf(events)).close();
  {
    using database = new DatabaseSync(directory.file('sentrypeer.db'));
    database.exec(`INSERT INTO number_reading (total_id, e164, confidence)
      SELECT total_id, substr(number, -11), 1 FROM number_total`);
  }
  return StoreReader.open(directory.file('sentrypeer.db'));
}

test('StoreReader.events() finds a number, or a range of numbers, in whatever form it was dialled', () => {
  using directory = new TestDirectory();
  // Alternately two numbers of one range in ever more forms than the index is asked for, and a longer number.
  const numbers = ['46850780100', '46850780199', '468507801005', 'alice'];
  const events = Array.from({ length: 300 }, (_, at) => ({
    eventUuid: uuidOf(at + 1),
    calledNumber: `${at % 8 < 4 ? '' : String(at).padStart(4, '9')}${numbers[at % 4]}`,
    sipMethod: at % 3 === 0 ? 'INVITE' : 'REGISTER',
  }));
  using reader = readLogOf(directory, events);
  const having = (fits: (dialled: string) => boolean, method?: string): readonly number[] =>
    events.flatMap(({ calledNumber, sipMethod }, at) =>
      fits(calledNumber) && (method === undefined || sipMethod === method) ? [at + 1] : [],
    );
  const one = { first: '46850780100', last: '46850780100' };
  const range = { first: '46850780100', last: '46850780199' };
  const isOne = (dialled: string): boolean => dialled.endsWith(one.first);
  const isOfRange = (dialled: string): boolean => isOne(dialled) || dialled.endsWith(range.last);
  for (const order of ['newest-first', 'oldest-first'] as const) {
    const inOrder = (found: readonly number[]): readonly number[] =>
      order === 'oldest-first' ? found : found.toReversed();
    const all = (filter: EventFilter, rowsMax: number): readonly number[] => {
      const found: number[] = [];
      let after: number | undefined;
      do {
        const page = reader.events(filter, order, after, 7, rowsMax);
        found.push(...page.items.map(({ honeyId }) => honeyId));
        after = page.next;
      } while (after !== undefined);
      return found;
    };
    for (const rowsMax of [1, 40, 5000]) {
      assert.deepEqual(all({ numbers: one }, rowsMax), inOrder(having(isOne)));
      assert.deepEqual(all({ numbers: range }, rowsMax), inOrder(having(isOfRange)));
      const register = { numbers: one, sipMethod: 'REGISTER' };
      assert.deepEqual(all(register, rowsMax), inOrder(having(isOne, 'REGISTER')));
    }
    const plain = { numbers: one, calledNumber: one.first };
    assert.deepEqual(all(plain, 100), inOrder(having((dialled) => dialled === one.first)));
    const name = { numbers: { first: 'alice', last: 'alice' } };
    assert.deepEqual(all(name, 100), inOrder(having((dialled) => dialled === 'alice')));
  }
  const sample = reader.sampleEvents({ numbers: one }, { after: 0, until: 300 }, 2, 1000);
  assert.equal(sample.count, having(isOne).length);
});
