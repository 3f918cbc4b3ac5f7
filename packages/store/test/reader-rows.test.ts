// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What the reader makes of the rows that are there. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { keyHash } from '../src/access/api-keys.ts';
import { StoreReader } from '../src/store-reader.ts';
import { emptyDatabase, NOON_US, TestDirectory } from './fixtures.ts';

const HOUR_US = 3_600_000_000;
const HOUR = NOON_US / HOUR_US;

class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly database = emptyDatabase(this.directory);
  readonly reader: StoreReader;

  constructor(sql = '') {
    this.database.exec(`PRAGMA journal_mode = WAL; ${sql}`);
    this.reader = StoreReader.open(this.directory.file('sentrypeer.db'));
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.database.close();
    this.directory[Symbol.dispose]();
  }
}

const TOTALS = `
  INSERT INTO address_total (address, first_seen_us, last_seen_us, seen_count, grade, shared_count, source) VALUES
    ('45.0.0.1', 1, 5, 1, 0, 0, NULL), ('45.0.0.2', 2, 4, 0, 0, 3, NULL), ('45.0.0.3', 3, 3, 2, 2, 1, NULL),
    ('2001:db8::1', 4, 2, 0, 0, 1, '2001:db8::/64'), ('2001:db8::2', 5, 1, 0, 0, 1, '2001:db8::/64');
  INSERT INTO number_total (number, first_seen_us, last_seen_us, seen_count) VALUES
    ('+1', 1, 5, 1), ('2', 2, 4, 1), ('3', 3, 3, 0);
  INSERT INTO user_agent_total (user_agent, first_seen_us, last_seen_us, seen_count) VALUES
    ('a', 1, 5, 1), ('b', 2, 4, 0), ('c', 3, 4, 1);
  UPDATE counter SET value = 5 WHERE name = 'addresses';
  UPDATE counter SET value = 3 WHERE name IN ('numbers', 'user_agents')`;

test('StoreReader counts sources, numbers and User-Agents that were seen here, and others apart', () => {
  using bench = new Bench(TOTALS);
  const { reader } = bench;
  assert.equal(reader.addressesCount(), 2, 'of five, a /64 is one');
  assert.equal(reader.numbersCount(), 2);
  assert.equal(reader.userAgentsCount(), 2);
  assert.deepEqual(reader.sharedCounts(), { addresses: 2, numbers: 1, userAgents: 1 });
});

test('StoreReader gives page after page of totals, the newest first', () => {
  using bench = new Bench(TOTALS);
  const { reader } = bench;
  const first = reader.addresses(2);
  assert.deepEqual(
    first.items.map(({ address }) => address),
    ['45.0.0.1', '45.0.0.2'],
  );
  assert.deepEqual(first.next, { lastSeenEpochUs: 4, totalId: 2 });
  const second = reader.addresses(4, first.next);
  assert.deepEqual(
    second.items.map(({ address }) => address),
    ['45.0.0.3', '2001:db8::1', '2001:db8::2'],
  );
  assert.equal(second.next, undefined);
  assert.deepEqual(
    reader.numbers(9).items.map(({ number }) => number),
    ['+1', '2', '3'],
  );
  assert.deepEqual(
    reader.userAgents(9).items.map(({ userAgent }) => userAgent),
    ['a', 'c', 'b'],
  );
  assert.deepEqual(reader.userAgents(3).next, { lastSeenEpochUs: 4, totalId: 2 });
  assert.deepEqual(
    reader.addressesFrom(1, 2).map(({ address }) => address),
    ['45.0.0.2', '45.0.0.3'],
  );
});

test('StoreReader finds a total, and says whether it was ever seen', () => {
  using bench = new Bench(TOTALS);
  const { reader } = bench;
  assert.deepEqual(reader.address('45.0.0.3'), {
    address: '45.0.0.3',
    totalId: 3,
    firstSeenEpochUs: 3,
    lastSeenEpochUs: 3,
    seenCount: 2,
    sharedCount: 1,
    grade: 'handshake',
  });
  assert.equal(reader.address('45.0.0.9'), undefined);
  assert.equal(reader.seenAddress('45.0.0.3'), '45.0.0.3');
  assert.equal(reader.seenAddress('45.0.0.9'), undefined);
  for (const [asked, found] of [
    ['+1', '+1'],
    ['1', '+1'],
    ['2', '2'],
    ['+2', '2'],
    ['9', undefined],
    ['+9', undefined],
  ] as const) {
    assert.equal(reader.calledNumber(asked), found, asked);
    assert.equal(reader.number(asked)?.number, found, asked);
  }
});

test('StoreReader.hours() and methods() take the hours that begin within the time', () => {
  const row = (hour: number, method: string, seen: number): string =>
    `(${hour}, '${method}', 'UDP', ${seen}, ${seen + 1})`;
  using bench =
    new Bench(`INSERT INTO hour_total (hour, method, transport, seen_count, shared_count) VALUES
    ${row(HOUR - 1, 'BYE', 9)}, ${row(HOUR, 'BYE', 1)}, ${row(HOUR, 'ACK', 5)}, ${row(HOUR + 1, 'BYE', 2)}`);
  const shown = (since: number, until: number): readonly unknown[] =>
    bench.reader
      .hours(since, until)
      .map(({ hourEpochUs, method, seenCount }) => [
        hourEpochUs / HOUR_US - HOUR,
        method,
        seenCount,
      ]);
  const [ack, bye, last] = [
    [0, 'ACK', 5],
    [0, 'BYE', 1],
    [1, 'BYE', 2],
  ];
  assert.deepEqual(shown(NOON_US, NOON_US + 2 * HOUR_US), [ack, bye, last]);
  assert.deepEqual(shown(NOON_US, NOON_US + HOUR_US), [ack, bye]);
  assert.deepEqual(shown(NOON_US - 1, NOON_US + 1), [ack, bye]);
  assert.deepEqual(shown(NOON_US + 1, NOON_US + HOUR_US + 1), [last]);
  assert.deepEqual(bench.reader.methods(NOON_US, NOON_US + 2 * HOUR_US), [
    { hourEpochUs: NOON_US, method: 'ACK', transport: 'UDP', seenCount: 5, sharedCount: 6 },
    { hourEpochUs: NOON_US, method: 'BYE', transport: 'UDP', seenCount: 3, sharedCount: 5 },
  ]);
});

test('StoreReader reads keys, cursors and counters', () => {
  using bench = new Bench(`
    INSERT INTO cursor VALUES ('a', 7);
    UPDATE counter SET value = 4 WHERE name = 'dropped_messages';
    UPDATE counter SET value = 6 WHERE name = 'last_honey_id'`);
  const { reader } = bench;
  bench.database
    .prepare("INSERT INTO api_key (name, role, sha256, created_us) VALUES ('n', 'read', ?, 5)")
    .run(keyHash('secret'));
  assert.deepEqual(reader.apiKey('secret'), { name: 'n', role: 'read', createdEpochUs: 5 });
  assert.equal(reader.apiKey('other'), undefined);
  assert.deepEqual([reader.cursor('a'), reader.cursor('b')], [7, undefined]);
  assert.deepEqual([reader.dropped(), reader.lastHoneyId()], [4, 6]);
  bench.database.exec('DELETE FROM counter');
  assert.deepEqual([reader.dropped(), reader.lastHoneyId()], [0, 0]);
});

test('StoreReader.revision() changes with what somebody commits', () => {
  using bench = new Bench();
  const before = bench.reader.revision();
  assert.equal(bench.reader.revision(), before);
  bench.database.exec("INSERT INTO cursor VALUES ('a', 7)");
  assert.notEqual(bench.reader.revision(), before);
});

test('StoreReader.hold() may end after it is closed, or twice', () => {
  using bench = new Bench();
  const held = bench.reader.hold();
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  const again = bench.reader.hold();
  bench.reader.close();
  again[Symbol.dispose]();
});

test('StoreReader.ask() gives the answer, or names the file', () => {
  using bench = new Bench();
  assert.equal(
    bench.reader.ask(() => 7),
    7,
  );
  const wrong = (): void => bench.database.exec('nonsense');
  assert.throws(() => bench.reader.ask(wrong), { code: 'db_failed', message: /sentrypeer\.db/ });
});

test('StoreReader.condition() tells what was kept, of the clock, and of other programs', () => {
  using bench = new Bench("UPDATE counter SET value = 3 WHERE name = 'foreign_removed'");
  const { kept, clock, foreign } = bench.reader.condition(NOON_US);
  assert.equal(kept, undefined);
  assert.equal(typeof clock, 'object');
  assert.deepEqual(foreign, { added: 0, removed: 3, changed: 0 });
});

test('StoreReader.open() and look() name a file that lacks something, and leave it closed', () => {
  using directory = new TestDirectory();
  {
    using database = emptyDatabase(directory);
    database.exec('DROP TABLE cursor');
  }
  const path = directory.file('sentrypeer.db');
  const ways = [() => StoreReader.look(path), () => StoreReader.open(path)];
  for (const open of ways) {
    assert.throws(open, {
      code: 'db_failed',
      message: /sentrypeer\.db has other tables/,
    });
    using database = new DatabaseSync(path);
    const mode = database.prepare('PRAGMA journal_mode = DELETE').get()?.['journal_mode'];
    assert.equal(mode, 'delete', 'nobody else has it open');
    database.exec('PRAGMA journal_mode = WAL');
  }
});

test('StoreReader.look() at a file that nobody has open is still, others are not', () => {
  using directory = new TestDirectory();
  emptyDatabase(directory).close();
  const path = directory.file('sentrypeer.db');
  {
    using reader = StoreReader.look(path);
    assert.equal(reader.isStill, true);
  }
  using reader = StoreReader.open(path);
  assert.equal(reader.isStill, false);
  using second = StoreReader.look(path);
  assert.equal(second.isStill, false);
});

test('StoreReader names its file where another program changed its tables', () => {
  using bench = new Bench();
  const { reader, database } = bench;
  const tables = [
    'honey',
    'cursor',
    'counter',
    'address_total',
    'number_total',
    'hour_total',
    'api_key',
  ];
  for (const table of tables) database.exec(`ALTER TABLE ${table} RENAME TO ${table}_gone`);
  for (const work of [
    () => reader.eventsAfter(0, 1),
    () => reader.cursor('a'),
    () => reader.lastHoneyId(),
    () => reader.sharedCounts(),
    () => reader.addressesFrom(0, 1),
    () => reader.address('a'),
    () => reader.number('1'),
    () => reader.numbers(1),
    () => reader.hours(0, 1),
    () => reader.events({}, 'oldest-first', undefined, 1),
    () => reader.sampleEvents({}, { after: 0, until: 1 }, 1, 1),
    () => reader.event('a'),
    () => reader.apiKey('a'),
    () => reader.condition(0),
    () => reader.seenAddress('a'),
    () => reader.calledNumber('1'),
    () => reader.atOnce(() => reader.dropped()),
  ]) {
    assert.throws(work, { code: 'db_failed', message: /sentrypeer\.db/ }, String(work));
  }
});
