// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { NOT_FOUND } from '@sentrypeer/event';
import { AssertionError } from '@sentrypeer/kernel';
import fc from 'fast-check';
import { Store } from '../src/store.ts';
import { StoreReader } from '../src/store-reader.ts';
import {
  batchOf,
  DAY_US,
  distinctBatch,
  NODE_ID,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
} from './fixtures.ts';

function open(directory: TestDirectory, clock = new TestClock()): Store {
  return Store.open({ logger: new TestLogger(), clock }, { path: directory.file('sentrypeer.db') });
}

function query(directory: TestDirectory, sql: string): readonly Record<string, unknown>[] {
  const database = new DatabaseSync(directory.file('sentrypeer.db'), { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

test('Store.append() writes every field of an event into its column', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  const details = { callId: 'a@b', registered: true };
  const appended = store.append([
    batchOf([
      {
        eventUuid: uuidOf(7),
        eventEpochUs: NOON_US + 1_000_042,
        transportType: 'TLS',
        grade: 'handshake',
        anomalies: ['via_protocol', 'cseq_number'],
        details,
        sipMessage: Uint8Array.of(0x49, 0, 0xff, 0x0d, 0x0a),
      },
    ]),
  ]);
  assert.deepEqual(appended, { lastHoneyId: 1, events: 1, repeats: 0, dropped: 0 });
  assert.deepEqual(
    { ...query(directory, 'SELECT * FROM honey')[0] },
    {
      honey_id: 1,
      event_timestamp: '2026-03-01 12:00:01.000042000',
      event_uuid: uuidOf(7),
      collected_method: 'responsive',
      source_ip: '203.0.113.5',
      called_number: '00442071234567',
      transport_type: 'TLS',
      method: 'INVITE',
      user_agent: 'friendly-scanner',
      sip_message: 'I\u2400\u00ff\r\n',
      created_by_node_id: NODE_ID,
      created_at: '2026-03-01 12:00:00.000',
      source_port: 5071,
      destination_ip: '198.51.100.7',
      destination_port: 5060,
      message_kind: 'request',
      request_uri: 'sip:00442071234567@198.51.100.7',
      to_uri: 'sip:00442071234567@198.51.100.7',
      to_user: '00442071234567',
      from_uri: 'sip:100@198.51.100.7',
      from_user: '100',
      called_number_source: 'request-uri',
      grade: 'handshake',
      anomalies: 'via_protocol,cseq_number',
      details: JSON.stringify(details),
      seen_count: 1,
      last_seen: null,
    },
  );
});

test('Store.append() writes NOT_FOUND for an absent number, method and User-Agent, and totals no number', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  store.append([
    batchOf([
      {
        messageKind: 'not-sip',
        calledNumber: undefined,
        sipMethod: undefined,
        userAgent: undefined,
        requestUri: undefined,
        toUri: undefined,
        toUser: undefined,
        fromUri: undefined,
        fromUser: undefined,
        sipMessage: new Uint8Array(0),
      },
    ]),
  ]);
  const repeat = { eventUuid: uuidOf(0), count: 2, lastEpochUs: NOON_US };
  store.append([batchOf([], [repeat])]);
  while (store.maintain());
  const [row] = query(directory, 'SELECT * FROM honey');
  assert.equal(row?.['seen_count'], 3);
  assert.equal(row['called_number'], NOT_FOUND);
  assert.equal(row?.['method'], NOT_FOUND);
  assert.equal(row?.['user_agent'], NOT_FOUND);
  assert.equal(row?.['request_uri'], null);
  assert.equal(row?.['sip_message'], '');
  for (const table of ['number_total', 'user_agent_total', "rate_total WHERE kind = 'tool'"]) {
    assert.equal(query(directory, `SELECT * FROM ${table}`).length, 0, table);
  }
});

test('Store.append() writes what each row says, whatever the row before said', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  const plain = { transportType: 'UDP', messageKind: 'request', grade: 'seen' } as const;
  const events = [
    { ...plain, calledNumberSource: 'request-uri' },
    { ...plain, calledNumberSource: 'request-uri', transportType: 'TCP' },
    { ...plain, calledNumberSource: 'request-uri' },
    { ...plain, calledNumberSource: 'request-uri', messageKind: 'response' },
    { ...plain, calledNumberSource: 'request-uri' },
    { ...plain, calledNumberSource: 'to' },
    { ...plain, calledNumberSource: 'request-uri' },
    { ...plain, calledNumberSource: 'request-uri', grade: 'returned' },
    { ...plain, calledNumberSource: 'request-uri' },
  ] as const;
  store.append([batchOf(events)]);
  const rows = query(
    directory,
    `SELECT transport_type AS transportType, message_kind AS messageKind, grade,
      called_number_source AS calledNumberSource FROM honey ORDER BY honey_id`,
  );
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    events,
  );
});

test('Store.append() totals an event with an impossible time as of now', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  const seconds = (text: string): number => Date.parse(text) * 1000;
  store.append([
    batchOf([{ eventUuid: uuidOf(1), eventEpochUs: seconds('1970-01-01T00:00:01Z') }]),
    batchOf([{ eventUuid: uuidOf(2), eventEpochUs: seconds('2099-01-01T00:00:00Z') }]),
  ]);
  using reader = StoreReader.open(directory.file('sentrypeer.db'));
  const total = reader.address('203.0.113.5');
  assert.deepEqual([total?.firstSeenEpochUs, total?.lastSeenEpochUs], [NOON_US, NOON_US]);
  const repeat = { eventUuid: uuidOf(1), count: 1, lastEpochUs: seconds('2099-01-01T00:00:00Z') };
  store.append([batchOf([], [repeat])]);
  while (store.maintain());
  assert.equal(reader.address('203.0.113.5')?.lastSeenEpochUs, NOON_US);
});

test('Store.append() keeps a NUL in a number readable for programs in C', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  store.append([batchOf([{ calledNumber: '12\x0034' }])]);
  const [row] = query(directory, 'SELECT called_number, length(called_number) AS n FROM honey');
  assert.deepEqual({ ...row }, { called_number: '12\u240034', n: 5 });
  assert.equal(query(directory, 'SELECT number FROM number_total')[0]?.['number'], '12\u240034');
});

test('Store adds repeats that a predecessor committed and did not come to', () => {
  using directory = new TestDirectory();
  const killed = open(directory);
  killed.append([batchOf([{ eventUuid: uuidOf(1) }])]);
  const repeat = {
    eventUuid: uuidOf(1),
    count: 2,
    lastEpochUs: NOON_US,
    sourceIp: '203.0.113.5',
    calledNumber: undefined,
    grade: 'seen',
  } as const;
  killed.append([batchOf([], [repeat])]);
  killed.append([batchOf([], [{ ...repeat, count: 3 }])]);
  using _successor = open(directory); // While the previous one never closed, as after kill -9.
  assert.deepEqual(
    query(directory, 'SELECT seen_count FROM honey').map((row) => ({ ...row })),
    [{ seen_count: 6 }],
  );
  assert.deepEqual(query(directory, 'SELECT * FROM pending_repeat'), []);
  killed.close();
});

test('Store.append() counts a repeat on its row and in the totals', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  store.append([batchOf([{ eventUuid: uuidOf(1), grade: 'returned' }])]);
  const repeat = {
    eventUuid: uuidOf(1),
    count: 41,
    lastEpochUs: NOON_US + 5_000_000,
  };
  const appended = store.append([batchOf([], [repeat])]);
  assert.deepEqual(appended, { lastHoneyId: 1, events: 0, repeats: 41, dropped: 0 });
  while (store.maintain());
  const [row] = query(directory, 'SELECT seen_count, last_seen FROM honey');
  assert.deepEqual({ ...row }, { seen_count: 42, last_seen: '2026-03-01 12:00:05.000000000' });
  using reader = StoreReader.open(directory.file('sentrypeer.db'));
  assert.deepEqual(reader.address('203.0.113.5'), {
    address: '203.0.113.5',
    totalId: 1,
    firstSeenEpochUs: NOON_US,
    lastSeenEpochUs: NOON_US + 5_000_000,
    seenCount: 42,
    sharedCount: 0,
    grade: 'returned',
  });
  assert.equal(reader.number('00442071234567')?.seenCount, 42);
});

test('Store.append() counts a repeat whose row is gone as dropped', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  const repeat = { eventUuid: uuidOf(9), count: 3, lastEpochUs: NOON_US };
  assert.equal(store.append([batchOf([], [repeat])]).repeats, 3);
  while (store.maintain());
  using reader = StoreReader.open(directory.file('sentrypeer.db'));
  assert.equal(reader.dropped(), 3);
});

test('Store.append() adds up what was dropped', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  assert.equal(store.append([batchOf([], [], 5), batchOf([], [], 7)]).dropped, 12);
  store.append([batchOf([], [], 1)]);
  using reader = StoreReader.open(directory.file('sentrypeer.db'));
  assert.equal(reader.dropped(), 13);
});

test('Store.append() records all batches or none', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  const whole = distinctBatch(1, 10);
  const cut = whole.subarray(0, whole.length - 5);
  assert.throws(() => store.append([whole, cut]), AssertionError);
  assert.equal(query(directory, 'SELECT * FROM honey').length, 0);
  assert.equal(query(directory, 'SELECT * FROM address_total').length, 0);
  assert.equal(store.append([whole]).lastHoneyId, 10);
  using reader = StoreReader.open(directory.file('sentrypeer.db'));
  assert.equal(reader.address('203.0.113.5')?.seenCount, 10);
  assert.equal(reader.numbersCount(), 10);
});

test('Store never gives the id of a removed row again, also after it was opened anew', () => {
  using directory = new TestDirectory();
  const clock = new TestClock();
  using store = open(directory, clock);
  store.append([distinctBatch(1, 10)]);
  clock.us += 91 * DAY_US;
  while (store.maintain());
  assert.equal(query(directory, 'SELECT * FROM honey').length, 0);
  store.close();
  using again = open(directory, clock);
  assert.equal(again.append([distinctBatch(11, 1)]).lastHoneyId, 11);
});

test('Store goes on after rows that another program inserted meanwhile', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  store.append([distinctBatch(1, 1)]);
  using other = new DatabaseSync(directory.file('sentrypeer.db'));
  other.exec("INSERT INTO honey (source_ip) VALUES ('203.0.113.77')");
  assert.equal(store.append([distinctBatch(2, 1)]).lastHoneyId, 3);
});

test('Store.saveCursor() keeps one place for each consumer', () => {
  using directory = new TestDirectory();
  using store = open(directory);
  using reader = StoreReader.open(directory.file('sentrypeer.db'));
  assert.equal(reader.cursor('json-log'), undefined);
  store.saveCursor('json-log', 5);
  store.saveCursor('syslog', 2);
  store.saveCursor('json-log', 9);
  assert.equal(reader.cursor('json-log'), 9);
  assert.equal(reader.cursor('syslog'), 2);
});

test('Store.close() may be called twice and leaves one file', () => {
  using directory = new TestDirectory();
  const store = open(directory);
  store.append([distinctBatch(1, 1)]);
  store.close();
  store.close();
  assert.equal(query(directory, 'PRAGMA integrity_check')[0]?.['integrity_check'], 'ok');
});

test('Totals agree with a naive model whatever comes', () => {
  const grades = ['seen', 'returned', 'handshake'] as const;
  const event = fc.record({
    source: fc.integer({ min: 1, max: 4 }),
    number: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    seconds: fc.integer({ min: 0, max: 100 }),
    grade: fc.constantFrom(...grades),
  });
  fc.assert(
    fc.property(fc.array(fc.array(event, { maxLength: 8 }), { maxLength: 6 }), (commits) => {
      using directory = new TestDirectory();
      using store = open(directory);
      for (const commit of commits) {
        store.append([
          batchOf(
            commit.map((each) => ({
              sourceIp: `203.0.113.${each.source}`,
              calledNumber: each.number === undefined ? undefined : String(each.number),
              eventEpochUs: NOON_US + each.seconds * 1_000_000,
              grade: each.grade,
            })),
          ),
        ]);
      }
      using reader = StoreReader.open(directory.file('sentrypeer.db'));
      const all = commits.flat();
      assert.equal(reader.addressesCount(), new Set(all.map((each) => each.source)).size);
      for (const source of [1, 2, 3, 4]) {
        const own = all.filter((each) => each.source === source);
        const total = reader.address(`203.0.113.${source}`);
        assert.equal(total?.seenCount ?? 0, own.length);
        if (total === undefined) continue;
        const times = own.map((each) => NOON_US + each.seconds * 1_000_000);
        assert.equal(total.firstSeenEpochUs, Math.min(...times));
        assert.equal(total.lastSeenEpochUs, Math.max(...times));
        const rank = Math.max(...own.map((each) => grades.indexOf(each.grade)));
        assert.equal(total.grade, grades[rank]);
      }
      const numbers = new Set(all.flatMap((each) => each.number ?? []));
      assert.equal(reader.numbersCount(), numbers.size);
      for (const number of numbers) {
        const own = all.filter((each) => each.number === number);
        assert.equal(reader.number(String(number))?.seenCount, own.length);
      }
    }),
    { numRuns: 30 },
  );
});
