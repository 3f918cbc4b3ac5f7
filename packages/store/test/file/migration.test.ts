// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { SCHEMA_VERSION } from '../../src/file/schema.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import {
  distinctBatch,
  TestClock,
  TestDirectory,
  TestLogger,
  WITHOUT_VERSION_14,
  WITHOUT_VERSION_5,
  WITHOUT_VERSION_7,
} from '../fixtures.ts';
import { makeLegacyDatabase, type LegacyRow } from './legacy-database.ts';

/** 2026-02-01T12:00:00.512Z: `created_at` of the rows unless they say otherwise. */
const CREATED_US = 1_769_947_200_512_000;

function open(path: string, logger = new TestLogger()): Store {
  return Store.open({ logger, clock: new TestClock() }, { path });
}

test('Store.open() migrates a database of 4.x in place and keeps its rows', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  makeLegacyDatabase(path, [{}, { calledNumber: 'NOT_FOUND', transportType: 'TCP' }]);
  const logger = new TestLogger();
  using store = open(path, logger);
  assert.equal(store.append([distinctBatch(1, 1)]).lastHoneyId, 3);
  assert.deepEqual(logger.lines, [
    { event: 'database_migration_started', fields: { schema_version: SCHEMA_VERSION } },
    { event: 'database_migration_finished', fields: { rows: 2, repaired_addresses: 0 } },
  ]);
  using reader = StoreReader.open(path);
  assert.deepEqual(reader.eventsAfter(0, 1), [
    {
      honeyId: 1,
      eventTimestamp: '2026-02-01 13:00:00.5123456',
      eventUuid: '00000000-0000-4000-8000-000000000001',
      createdByNodeId: 'c-node',
      collectedMethod: 'passive',
      transportType: 'UDP',
      sourceIp: '203.0.113.9',
      sourcePort: undefined,
      destinationIp: undefined,
      destinationPort: undefined,
      calledNumber: '00441234',
      sipMethod: 'OPTIONS',
      userAgent: 'NOT_FOUND',
      grade: undefined,
      requestUri: undefined,
      sipMessage: 'OPTIONS sip:a SIP/2.0',
    },
  ]);
});

test('Store.open() sums up the rows of 4.x, none above the grade seen', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  makeLegacyDatabase(path, [
    {},
    { transportType: 'TLS', createdAt: '2026-02-01 12:00:10.512' },
    { calledNumber: 'NOT_FOUND', createdAt: null, eventTimestamp: '2026-02-01 12:00:20.512000000' },
    { sourceIp: '8.8.8.8;rm', calledNumber: null },
    { sourceIp: null, calledNumber: '', createdAt: null, eventTimestamp: null },
  ]);
  open(path).close();
  using reader = StoreReader.open(path);
  assert.equal(reader.addressesCount(), 1);
  assert.deepEqual(reader.address('203.0.113.9'), {
    address: '203.0.113.9',
    totalId: 1,
    firstSeenEpochUs: CREATED_US,
    lastSeenEpochUs: CREATED_US + 20_000_000,
    seenCount: 3,
    sharedCount: 0,
    grade: 'seen',
  });
  assert.equal(reader.numbersCount(), 1);
  assert.deepEqual(reader.number('00441234'), {
    number: '00441234',
    totalId: 1,
    firstSeenEpochUs: CREATED_US,
    lastSeenEpochUs: CREATED_US + 10_000_000,
    seenCount: 2,
    sharedCount: 0,
  });
});

test('Store.open() takes the port out of source_ip where 4.x wrote one', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  makeLegacyDatabase(path, [
    { sourceIp: '203.0.113.9:5071' },
    { sourceIp: '[::1]:5060' },
    { sourceIp: '::1:5060' },
    { sourceIp: 'nonsense:5060' },
  ]);
  open(path).close();
  using database = new DatabaseSync(path);
  const rows = database.prepare('SELECT source_ip, source_port FROM honey ORDER BY honey_id').all();
  assert.deepEqual(
    rows.map((row) => [row['source_ip'], row['source_port']]),
    [
      ['203.0.113.9', 5071],
      ['::1', 5060],
      ['::1:5060', null],
      ['nonsense:5060', null],
    ],
  );
  using reader = StoreReader.open(path);
  assert.equal(reader.address('203.0.113.9')?.seenCount, 1);
  assert.equal(reader.addressesCount(), 3);
  assert.equal(reader.sources.source('::/64')?.addressesCount, 1, 'loopback stands for itself');
});

test('Store.open() adds only the columns that an old file lacks, and missing indexes', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  makeLegacyDatabase(path, [{}]);
  const old = new DatabaseSync(path);
  old.exec('ALTER TABLE honey ADD COLUMN destination_ip TEXT; DROP INDEX event_uuid_index');
  old.exec("UPDATE honey SET destination_ip = '198.51.100.7'");
  old.close();
  open(path).close();
  using reader = StoreReader.open(path);
  assert.equal(reader.eventsAfter(0, 1)[0]?.destinationIp, '198.51.100.7');
  using database = new DatabaseSync(path);
  const index = database
    .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'event_uuid_index'")
    .get();
  assert.notEqual(index, undefined);
});

test('Store.open() migrates once', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  makeLegacyDatabase(path, [{}]);
  open(path).close();
  const logger = new TestLogger();
  open(path, logger).close();
  assert.deepEqual(logger.events(), []);
  using reader = StoreReader.open(path);
  assert.equal(reader.address('203.0.113.9')?.seenCount, 1);
});

test(
  'a migration that is killed half-way leaves the old file as it was',
  { timeout: 60_000 },
  async () => {
    using directory = new TestDirectory();
    const path = directory.file('sentrypeer.db');
    const rows: readonly LegacyRow[] = Array.from({ length: 20_000 }, (_, index) => ({
      sourceIp: `203.0.113.${index % 250}:5060`,
      sipMessage: 'x'.repeat(1500),
    }));
    makeLegacyDatabase(path, rows);
    const program = join(import.meta.dirname, 'programs', 'killed-migration.ts');
    const child = spawn(process.execPath, [program, path], { stdio: 'inherit' });
    const [, signal]: (number | string | null)[] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL');
    // The program was changing the file itself: what it overwrote is in the journal.
    assert.ok(statSync(`${path}-journal`).size > 0);
    using database = new DatabaseSync(path);
    assert.equal(database.prepare('PRAGMA user_version').get()?.['user_version'], 0);
    assert.equal(database.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'delete');
    assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
    const found = database
      .prepare("SELECT count(*) AS n FROM honey WHERE source_ip LIKE '203.0.113.%:5060'")
      .get();
    assert.equal(found?.['n'], rows.length);
    database.exec("INSERT INTO honey (source_ip) VALUES ('203.0.113.9')");
  },
);

test('Store.open() fills the totals of version 2 from the rows of version 0 and 1', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  makeLegacyDatabase(path, [{}, {}]);
  open(path).close();
  const database = new DatabaseSync(path);
  database.exec(`
    UPDATE honey SET user_agent = 'sipcli' WHERE honey_id = 1;
    ${WITHOUT_VERSION_5}
    DROP TABLE endpoint_status; DROP TABLE dead_letter;
    DROP TABLE user_agent_total; DROP TABLE hour_total; DROP TABLE api_key; DROP TABLE country_total;
    DROP TABLE network_total; DROP TABLE address_place;
    DELETE FROM counter WHERE name = 'user_agents' OR name GLOB 'placed_*';
    PRAGMA user_version = 1`);
  database.close();
  open(path).close();
  using reader = StoreReader.open(path);
  assert.equal(reader.userAgentsCount(), 1);
  assert.deepEqual(reader.userAgents(5).items, [
    {
      userAgent: 'sipcli',
      totalId: 1,
      firstSeenEpochUs: CREATED_US,
      lastSeenEpochUs: CREATED_US,
      seenCount: 1,
      sharedCount: 0,
    },
  ]);
  assert.deepEqual(
    reader.methods(0, CREATED_US + 3600e6).map(({ method, seenCount }) => [method, seenCount]),
    [['OPTIONS', 2]],
  );
  assert.equal(reader.addressesCount(), 1);
});

test('Store.open() brings a database of version 4 to ours and leaves its totals alone', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  const before = open(path);
  before.append([distinctBatch(1, 3)]);
  before.close();
  const database = new DatabaseSync(path);
  database.exec(`${WITHOUT_VERSION_5} PRAGMA user_version = 4`);
  database.close();
  using store = open(path);
  assert.equal(store.append([distinctBatch(9, 1)]).lastHoneyId, 4);
  using reader = StoreReader.open(path);
  assert.equal(reader.numbersCount(), 4);
  assert.equal(reader.number('00441')?.seenCount, 1);
  assert.deepEqual(reader.evidence.allowances(), []);
});

test('Store.open() gives a database of version 6 the index on addresses that goes by blocks', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  open(path).close();
  const database = new DatabaseSync(path);
  database.exec(`${WITHOUT_VERSION_7} ANALYZE; PRAGMA user_version = 6`);
  database.close();
  const logger = new TestLogger();
  using store = open(path, logger);
  assert.deepEqual(logger.lines, [
    { event: 'database_migration_started', fields: { schema_version: SCHEMA_VERSION } },
    { event: 'database_migration_finished', fields: {} },
  ]);
  store.append([distinctBatch(1, 3)]);
  using migrated = new DatabaseSync(path, { readOnly: true });
  const index = migrated.prepare("SELECT sql FROM sqlite_schema WHERE name = 'source_ip_index'");
  assert.match(String(index.get()?.['sql']), /honey_id \/ 16384, source_ip/);
  using reader = StoreReader.open(path);
  const [event] = reader.eventsAfter(0, 1);
  const page = reader.events({ sourceIp: event?.sourceIp ?? '' }, 'oldest-first', undefined, 9);
  assert.equal(page.items[0]?.honeyId, 1);
});

/** Values that a column of an old row may have. */
const ODD_VALUES = [
  'NULL',
  `x'00ff80'`,
  `zeroblob(100000)`,
  '9223372036854775807',
  '-1',
  '1.5e300',
  `''`,
  `char(0, 0xfffd, 0x10ffff)`,
  `CAST(x'fffe80' AS TEXT)`,
  `'9999-12-31 23:59:59.999'`,
  `printf('%.70000c', 'x')`,
] as const;

test("views, triggers and indexes of the user's own do not stop the upgrade, broken ones either", () => {
  using directory = new TestDirectory();
  const path = directory.file('own.db');
  makeLegacyDatabase(path, [{}]);
  {
    using old = new DatabaseSync(path);
    old.exec(`
      CREATE TABLE mine (address);
      CREATE TRIGGER noted AFTER INSERT ON honey BEGIN INSERT INTO mine VALUES (new.source_ip); END;
      CREATE INDEX mine_agent ON honey (user_agent);
      CREATE VIEW broken AS SELECT * FROM nowhere;`);
  }
  using store = open(path);
  store.append([distinctBatch(2, 1)]);
  using database = new DatabaseSync(path, { readOnly: true });
  assert.equal(database.prepare('SELECT count(*) AS n FROM mine').get()?.['n'], 1);
});

test("a table of somebody else's with a name of ours is told, and the file stays as it was", () => {
  using directory = new TestDirectory();
  const path = directory.file('taken.db');
  makeLegacyDatabase(path, [{}]);
  {
    using old = new DatabaseSync(path);
    old.exec('CREATE TABLE listing (price)');
  }
  const before = readFileSync(path);
  assert.throws(() => open(path), {
    code: 'db_failed',
    message: /has other tables .*listing already exists.*remove what was added/,
  });
  assert.ok(readFileSync(path).equals(before));
});

test('a view that is called honey is not a database of ours', () => {
  using directory = new TestDirectory();
  const path = directory.file('view.db');
  makeLegacyDatabase(path, [{}]);
  {
    using old = new DatabaseSync(path);
    old.exec('ALTER TABLE honey RENAME TO kept; CREATE VIEW honey AS SELECT * FROM kept');
  }
  assert.throws(() => open(path), { code: 'db_not_a_database', message: /its honey is a view/ });
});

test('no value of an old row stops the upgrade, and every row is kept', () => {
  using directory = new TestDirectory();
  const path = directory.file('odd.db');
  makeLegacyDatabase(path, [{}]);
  const columns = [
    'event_timestamp',
    'event_uuid',
    'collected_method',
    'source_ip',
    'called_number',
    'transport_type',
    'method',
    'user_agent',
    'sip_message',
    'created_by_node_id',
    'created_at',
  ];
  {
    using old = new DatabaseSync(path);
    for (const column of columns) {
      for (const value of ODD_VALUES) old.exec(`INSERT INTO honey (${column}) VALUES (${value})`);
    }
    for (const value of ODD_VALUES) {
      old.exec(
        `INSERT INTO honey (${columns.join(', ')}) VALUES (${columns.map(() => value).join(', ')})`,
      );
    }
    for (const id of ['-5', '0', '9223372036854775807', '9007199254740995']) {
      old.exec(`INSERT INTO honey (honey_id, source_ip) VALUES (${id}, '203.0.113.77')`);
    }
  }
  const count = 1 + (columns.length + 1) * ODD_VALUES.length + 4;
  const clock = new TestClock();
  using store = Store.open({ logger: new TestLogger(), clock }, { path });
  while (store.maintain());
  using reader = StoreReader.open(path);
  const events = reader.eventsAfter(0, 1000);
  assert.equal(events.length, count);
  const page = reader.events({}, 'newest-first', undefined, 100);
  assert.ok(page.items.length > 0);
  assert.equal(reader.address('203.0.113.77')?.seenCount, 4);
  assert.ok(
    reader.userAgents(100).items.every(({ lastSeenEpochUs }) => lastSeenEpochUs <= clock.us),
  );
  reader.numbers(1000);
  reader.hours(0, clock.us * 2);
  assert.equal(store.append([distinctBatch(1, 1)]).lastHoneyId, count + 1);
});

test('an upgrade says how far all of it is, indexes too, and is over when it is committed', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  const rows = Array.from({ length: 5000 }, (_, index): LegacyRow => ({
    calledNumber: String(index),
  }));
  makeLegacyDatabase(path, rows);
  const shares: number[] = [];
  const logger = Object.assign(new TestLogger(), {
    progress: (work: string, done: number, total: number): void => {
      assert.equal(work, 'database upgrade');
      const isCommitted = logger.events().includes('database_migration_finished');
      assert.equal(done >= total, isCommitted);
      shares.push(done / total);
    },
  });
  open(path, logger).close();
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => a - b),
    'it never goes back',
  );
  assert.ok(shares.filter((share) => share > 0.75 && share < 1).length > 4, shares.join(' '));
});

test('Store.open() joins what version 13 kept of single addresses of IPv6 by their /64', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  open(path).close();
  const database = new DatabaseSync(path);
  const evidence = (address: string, first: number, tool: string): string => `
    INSERT INTO address_evidence (address, grade, first_seen_us, last_seen_us, days_count, events_count, calls_count,
      credentials_count, transport_bits, node_bits, tool, costly_count, attempts_count, target_set)
      VALUES ('${address}', 1, ${first}, ${first + 5}, 1, 10, 4, 3, ${first}, ${first}, ${tool}, 2, 7, ${first});
    INSERT INTO listing (kind, value, since_us, until_us, announced_until_us, score)
      VALUES ('address', '${address}', 1, 9, 9, 50);`;
  database.exec(`
    ${WITHOUT_VERSION_14}
    DROP INDEX address_evidence_network_index; ALTER TABLE address_evidence DROP COLUMN network;
    ALTER TABLE address_evidence ADD COLUMN network TEXT;
    CREATE INDEX address_evidence_network_index ON address_evidence (network) WHERE network IS NOT NULL;
    CREATE TRIGGER address_evidence_removed AFTER DELETE ON address_evidence BEGIN SELECT 1; END;
    ${evidence('2a02:6b8:1:2::1', 1, 'NULL')} ${evidence('2a02:6b8:1:2::2', 4, "'SIPVicious'")}
    ${evidence('45.1.2.3', 2, 'NULL')} ${evidence('2a02::no address', 2, 'NULL')}
    INSERT INTO delisting (kind, value, at_us, events_count, comment, honey_id)
      VALUES ('address', '2a02:6b8:1:3::1', 1, 1, 'a', 7), ('address', '2a02:6b8:1:3::2', 2, 1, 'b', 6);
    UPDATE counter SET value = 4 WHERE name = 'proved_addresses';
    PRAGMA user_version = 13`);
  database.close();
  open(path).close();
  using reader = StoreReader.open(path);
  assert.deepEqual(reader.evidence.address('2a02:6b8:1:2::99'), {
    grade: 'returned',
    eventsCount: 20,
    firstEpochUs: 1,
    lastEpochUs: 9,
    daysCount: 1,
    nodesCount: 2,
    transports: ['UDP', 'TLS'],
    tool: 'SIPVicious',
    credentialsCount: 6,
    callsCount: 8,
    costlyCallsCount: 4,
    attemptsCount: 14,
    targetsCount: 2,
  });
  assert.equal(reader.evidence.address('45.1.2.3')?.eventsCount, 10);
  assert.equal(
    reader.evidence.delisting({ kind: 'address', value: '2a02:6b8:1:3::/64' })?.atEpochUs,
    2,
  );
  using after = new DatabaseSync(path);
  const all = (sql: string): readonly unknown[] =>
    after
      .prepare(sql)
      .all()
      .map((row) => Object.values(row)[0]);
  // The /64 comes before its addresses go.
  assert.deepEqual(all('SELECT value FROM judging_due ORDER BY due_id'), [
    '2a02:6b8:1:2::/64',
    '2a02:6b8:1:2::1',
    '2a02:6b8:1:2::2',
    '2a02::no address',
  ]);
  assert.deepEqual(all("SELECT value FROM counter WHERE name = 'proved_addresses'"), [2]);
  assert.deepEqual(all('SELECT honey_id FROM delisting'), [7]);
});
