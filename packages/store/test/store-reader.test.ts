// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { Page, PageEnd } from '../src/page.ts';
import { Store } from '../src/store.ts';
import { StoreReader } from '../src/store-reader.ts';
import {
  batchOf,
  distinctBatch,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
} from './fixtures.ts';

function open(directory: TestDirectory): { store: Store; reader: StoreReader } {
  const path = directory.file('sentrypeer.db');
  const store = Store.open({ logger: new TestLogger(), clock: new TestClock() }, { path });
  return { store, reader: StoreReader.open(path) };
}

function allPages<T>(read: (after?: PageEnd) => Page<T>): readonly T[] {
  const items: T[] = [];
  let page = read();
  items.push(...page.items);
  while (page.next !== undefined) {
    page = read(page.next);
    items.push(...page.items);
  }
  return items;
}

test('StoreReader gives nothing of an empty log', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  assert.deepEqual(reader.eventsAfter(0, 10), []);
  assert.equal(reader.lastHoneyId(), 0);
  assert.equal(reader.addressesCount(), 0);
  assert.deepEqual(reader.addresses(10), { items: [], next: undefined });
  assert.equal(reader.address('203.0.113.5'), undefined);
  assert.deepEqual(reader.numbers(10), { items: [], next: undefined });
  assert.equal(reader.number('123'), undefined);
  assert.equal(reader.dropped(), 0);
  reader.close();
  reader.close();
  store.close();
});

test('StoreReader.eventsAfter() gives the events after an id in order', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  store.append([distinctBatch(1, 5)]);
  assert.deepEqual(
    reader.eventsAfter(2, 2).map((event) => [event.honeyId, event.calledNumber]),
    [
      [3, '00443'],
      [4, '00444'],
    ],
  );
  assert.equal(reader.lastHoneyId(), 5);
  const [event] = reader.eventsAfter(4, 10);
  assert.deepEqual(event, {
    honeyId: 5,
    eventTimestamp: '2026-03-01 12:00:00.000005000',
    eventUuid: uuidOf(5),
    createdByNodeId: '6f3a6f7e-1111-4222-8333-abcdefabcdef',
    collectedMethod: 'responsive',
    transportType: 'UDP',
    sourceIp: '203.0.113.5',
    sourcePort: 5071,
    destinationIp: '198.51.100.7',
    destinationPort: 5060,
    calledNumber: '00445',
    sipMethod: 'INVITE',
    userAgent: 'friendly-scanner',
    grade: 'seen',
    requestUri: 'sip:00442071234567@198.51.100.7',
    sipMessage: 'INVITE sip:00442071234567@198.51.100.7 SIP/2.0\r\n\r\n',
  });
  reader.close();
  store.close();
});

test('StoreReader pages addresses and numbers newest first, each once, also at equal times', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  store.append([
    batchOf(
      Array.from({ length: 25 }, (_, at) => ({
        sourceIp: `203.0.113.${at}`,
        calledNumber: `00${at}`,
        eventEpochUs: NOON_US + Math.floor(at / 10),
      })),
    ),
  ]);
  store.append([
    batchOf([{ sourceIp: '203.0.113.3', calledNumber: '003', eventEpochUs: NOON_US + 9 }]),
  ]);
  const expected = [3, ...Array.from({ length: 25 }, (_, at) => 24 - at).filter((at) => at !== 3)];
  for (const limit of [1, 4, 25, 26, 100]) {
    assert.deepEqual(
      allPages((after) => reader.addresses(limit, after)).map((total) => total.address),
      expected.map((at) => `203.0.113.${at}`),
    );
    assert.deepEqual(
      allPages((after) => reader.numbers(limit, after)).map((total) => total.number),
      expected.map((at) => `00${at}`),
    );
  }
  reader.close();
  store.close();
});

test('StoreReader.number() finds a number with and without a leading plus', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  store.append([
    batchOf([
      { calledNumber: '+442071234567' },
      { calledNumber: '00442071234567' },
      { calledNumber: '100' },
      { calledNumber: '+100' },
      { calledNumber: '+100' },
    ]),
  ]);
  assert.equal(reader.number('442071234567')?.number, '+442071234567');
  assert.equal(reader.number('+442071234567')?.number, '+442071234567');
  assert.equal(reader.number('+00442071234567')?.number, '00442071234567');
  assert.equal(reader.number('100')?.seenCount, 1);
  assert.equal(reader.number('+100')?.seenCount, 2);
  assert.equal(reader.number('2071234567'), undefined);
  reader.close();
  store.close();
});

test('StoreReader.atOnce() shows one state, and holds back no checkpoint afterwards, even if it throws', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  using other = new DatabaseSync(directory.file('sentrypeer.db'));
  const checkpointed = (): boolean =>
    other.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0;
  const numbers = (): number => reader.numbersCount();
  const counts = reader.atOnce(() => {
    const before = numbers();
    store.append([distinctBatch(1, 4)]);
    return [before, numbers()];
  });
  assert.deepEqual(counts, [0, 0]);
  assert.equal(numbers(), 4, 'the next question sees what was written');
  assert.ok(checkpointed());
  assert.throws(
    () =>
      reader.atOnce(() => {
        numbers();
        throw new RangeError('unasked');
      }),
    RangeError,
  );
  store.append([distinctBatch(5, 1)]);
  assert.ok(checkpointed());
  using held = reader.hold();
  assert.equal(reader.atOnce(numbers), 5);
  store.append([distinctBatch(6, 1)]);
  assert.equal(reader.atOnce(numbers), 5, 'within hold() it ends nothing');
  held[Symbol.dispose]();
  assert.equal(reader.atOnce(numbers), 6);
  reader.close();
  store.close();
});

test('StoreReader.hold() shows one state, whatever is written meanwhile', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  store.append([distinctBatch(1, 4)]);
  const held = reader.hold();
  const numbers = allPages((after) => {
    const page = reader.numbers(2, after);
    store.append([batchOf([{ calledNumber: '00441', eventEpochUs: NOON_US + 1000 }])]);
    return page;
  });
  held[Symbol.dispose]();
  assert.deepEqual(
    numbers.map((total) => [total.number, total.seenCount]),
    [
      ['00444', 1],
      ['00443', 1],
      ['00442', 1],
      ['00441', 1],
    ],
  );
  assert.ok((reader.number('00441')?.seenCount ?? 0) > 2);
  reader.close();
  store.close();
});

test('StoreReader reads on after the writer has closed', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  store.append([distinctBatch(1, 4)]);
  store.close();
  assert.equal(reader.lastHoneyId(), 4);
  reader.close();
  using again = StoreReader.open(directory.file('sentrypeer.db'));
  assert.equal(again.lastHoneyId(), 4);
});

test('StoreReader.lastHoneyId() knows each row that eventsAfter() gives, whoever added it', () => {
  using directory = new TestDirectory();
  const { store, reader } = open(directory);
  store.append([distinctBatch(1, 3)]);
  using other = new DatabaseSync(directory.file('sentrypeer.db'));
  other.exec("INSERT INTO honey (source_ip) VALUES ('203.0.113.77')");
  assert.deepEqual(
    reader.eventsAfter(3, 10).map(({ honeyId }) => honeyId),
    [4],
  );
  // A follower that has reached the row would otherwise take the log for one that began anew.
  assert.equal(reader.lastHoneyId(), 4);
  other.exec("DELETE FROM honey; UPDATE counter SET value = 9 WHERE name = 'last_honey_id'");
  assert.equal(reader.lastHoneyId(), 9);
  reader.close();
  store.close();
});
