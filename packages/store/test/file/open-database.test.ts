// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { OperatingError } from '@sentrypeer/kernel';
import { ApiKeys } from '../../src/access/api-keys.ts';
import { backupDatabase } from '../../src/file/backup.ts';
import { openForWriting } from '../../src/file/open-database.ts';
import { SCHEMA_VERSION } from '../../src/file/schema.ts';
import { WRITER_CACHE_OCTETS, WRITER_CACHE_OCTETS_SMALL } from '../../src/limits.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import { distinctBatch, TestClock, TestDirectory, TestLogger } from '../fixtures.ts';
import { makeLegacyDatabase } from './legacy-database.ts';

const NOBODY = 65_534;

function open(path: string): Store {
  return Store.open({ logger: new TestLogger(), clock: new TestClock() }, { path });
}

function assertRefused(path: string, code: string, message: RegExp): void {
  assert.throws(
    () => open(path),
    (error) =>
      error instanceof OperatingError && error.code === code && message.test(error.message),
  );
}

/** Runs `work` as a user with limited permissions; a superuser may write anything. */
function asOrdinaryUser(work: () => void): void {
  const { geteuid, seteuid } = process;
  if (geteuid === undefined || seteuid === undefined || geteuid() !== 0) {
    work();
    return;
  }
  seteuid(NOBODY);
  try {
    work();
  } finally {
    seteuid(0);
  }
}

test('Store.open() makes a database whose table honey a reader of 4.x finds', () => {
  using directory = new TestDirectory();
  const path = directory.file('new.db');
  open(path).close();
  using database = new DatabaseSync(path);
  const names = database.prepare('SELECT name FROM sqlite_schema ORDER BY name').all();
  const found = new Set(names.map((row) => row['name']));
  for (const name of ['honey', 'source_ip_index', 'called_number_index', 'event_uuid_index']) {
    assert.ok(found.has(name), name);
  }
  assert.equal(database.prepare('PRAGMA user_version').get()?.['user_version'], SCHEMA_VERSION);
  assert.equal(database.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal');
  const strict = database.prepare('SELECT name FROM pragma_table_list WHERE strict = 1').all();
  assert.deepEqual(strict.map((row) => String(row['name'])).toSorted(), [
    'address_evidence',
    'address_network',
    'address_place',
    'address_total',
    'allowance',
    'api_key',
    'counter',
    'country_total',
    'cursor',
    'dead_letter',
    'delisting',
    'endpoint_status',
    'fleet_decision',
    'fleet_follow',
    'fleet_listing',
    'fleet_log',
    'fleet_repeat',
    'foreign_change',
    'foreign_rows',
    'hour_total',
    'judging_due',
    'listing',
    'listing_change',
    'network_total',
    'number_block',
    'number_evidence',
    'number_reading',
    'number_total',
    'operator_block',
    'origin',
    'pending_repeat',
    'pool_admission',
    'pool_author',
    'pool_claim',
    'pool_day',
    'pool_network',
    'pool_page',
    'pool_proof',
    'pool_withdrawal',
    'rate_total',
    'removed_event',
    'shared_event',
    'source_total',
    'user_agent_total',
  ]);
});

test('openForWriting() takes less memory for pages where it is scarce', () => {
  using directory = new TestDirectory();
  const ports = { logger: new TestLogger(), clock: new TestClock() };
  for (const isSmall of [false, true]) {
    const database = openForWriting(directory.file('sentrypeer.db'), ports, isSmall);
    const octets = isSmall ? WRITER_CACHE_OCTETS_SMALL : WRITER_CACHE_OCTETS;
    const kib = Object.values(database.prepare('PRAGMA cache_size').get() ?? {})[0];
    database.close();
    assert.equal(kib, -octets / 1024);
  }
});

test('Store.open() fills an empty file', () => {
  using directory = new TestDirectory();
  const path = directory.file('empty.db');
  writeFileSync(path, '');
  using store = open(path);
  assert.equal(store.append([distinctBatch(1, 1)]).lastHoneyId, 1);
});

test('Store.open() refuses a file of something else and does not touch it', () => {
  using directory = new TestDirectory();
  const path = directory.file('notes.txt');
  writeFileSync(path, 'SQLite is what these notes are about.\n');
  assertRefused(path, 'db_not_a_database', /notes\.txt is not a SentryPeer database/);
  assert.equal(readFileSync(path, 'utf8'), 'SQLite is what these notes are about.\n');
});

test('Store.open() refuses a damaged SQLite file and does not touch it', () => {
  using directory = new TestDirectory();
  const path = directory.file('damaged.db');
  const octets = Buffer.concat([Buffer.from('SQLite format 3\0'), Buffer.alloc(4080, 0xaa)]);
  writeFileSync(path, octets);
  assertRefused(path, 'db_not_a_database', /it is not an SQLite database/);
  assert.deepEqual(readFileSync(path), octets);
});

test('Store.open() refuses a directory', () => {
  using directory = new TestDirectory();
  assertRefused(directory.path, 'db_not_a_database', /it is no file/);
});

test('Store.open() refuses the database of another program and does not touch it', () => {
  using directory = new TestDirectory();
  const path = directory.file('other.db');
  const other = new DatabaseSync(path);
  other.exec('CREATE TABLE bookmarks (url TEXT)');
  other.close();
  const octets = readFileSync(path);
  assertRefused(path, 'db_not_a_database', /it has no table honey/);
  assert.deepEqual(readFileSync(path), octets);
});

test('Store.open() refuses a table that is only called honey', () => {
  using directory = new TestDirectory();
  const path = directory.file('bees.db');
  const other = new DatabaseSync(path);
  other.exec('CREATE TABLE honey (honey_id INTEGER PRIMARY KEY, blossom TEXT)');
  other.close();
  assertRefused(path, 'db_not_a_database', /has no column event_timestamp/);
});

test('Store.open() and StoreReader.open() refuse the schema of a newer version', () => {
  using directory = new TestDirectory();
  const path = directory.file('newer.db');
  open(path).close();
  const newer = new DatabaseSync(path);
  newer.exec('PRAGMA user_version = 99');
  newer.close();
  assertRefused(path, 'db_newer', /has schema 99, this program knows [0-9]+$|; install/);
  assert.throws(() => StoreReader.open(path), { code: 'db_newer' });
});

test('Store.open() names the directory that does not exist', () => {
  using directory = new TestDirectory();
  assertRefused(
    directory.file('no/such/place.db'),
    'db_directory_missing',
    /no\/such .* does not exist/,
  );
});

test('Store.open() says that another program holds the database', () => {
  using directory = new TestDirectory();
  const path = directory.file('held.db');
  makeLegacyDatabase(path, [{}]);
  using other = new DatabaseSync(path);
  other.exec('BEGIN EXCLUSIVE');
  assertRefused(path, 'db_locked', /locked by another program/);
  other.exec('COMMIT');
  using store = open(path);
  assert.equal(store.append([distinctBatch(1, 1)]).lastHoneyId, 2);
});

test('Store.open() says that a file cannot be written', () => {
  using directory = new TestDirectory();
  const path = directory.file('fixed.db');
  makeLegacyDatabase(path, [{}]);
  chmodSync(directory.path, 0o777);
  chmodSync(path, 0o444);
  asOrdinaryUser(() => assertRefused(path, 'db_read_only', /cannot be written/));
});

test('Store.open() says that a database of its own cannot be written', () => {
  using directory = new TestDirectory();
  chmodSync(directory.path, 0o777);
  const path = directory.file('fixed.db');
  open(path).close();
  chmodSync(path, 0o444);
  asOrdinaryUser(() => assertRefused(path, 'db_read_only', /cannot be written/));
});

test('Store.open() says that a directory cannot be written', () => {
  using directory = new TestDirectory();
  chmodSync(directory.path, 0o755);
  const inner = directory.file('fixed');
  mkdirSync(inner);
  const path = directory.file('fixed/sentrypeer.db');
  makeLegacyDatabase(path, [{}]);
  chmodSync(path, 0o666);
  chmodSync(inner, 0o555);
  asOrdinaryUser(() => assertRefused(path, 'db_read_only', /cannot be written/));
  chmodSync(inner, 0o755);
});

test('Store.open() says that a file cannot be read', () => {
  using directory = new TestDirectory();
  chmodSync(directory.path, 0o755);
  const path = directory.file('secret.db');
  makeLegacyDatabase(path, [{}]);
  chmodSync(path, 0o000);
  asOrdinaryUser(() => assertRefused(path, 'db_failed', /cannot be read/));
});

/** A database at rest in a folder that an ordinary user may read but not write. */
function readableOnly(directory: TestDirectory): string {
  chmodSync(directory.path, 0o755);
  const folder = directory.file('fixed');
  mkdirSync(folder);
  const path = directory.file('fixed/sentrypeer.db');
  {
    using store = open(path);
    store.append([distinctBatch(1, 3)]);
  }
  chmodSync(path, 0o644);
  chmodSync(folder, 0o555);
  return path;
}

test('StoreReader.look() reads where this user may only read, and leaves nothing behind', () => {
  using directory = new TestDirectory();
  const path = readableOnly(directory);
  asOrdinaryUser(() => {
    using log = StoreReader.look(path);
    assert.equal(log.lastHoneyId(), 3);
    assert.ok(log.isStill);
    using keys = ApiKeys.open({ logger: new TestLogger(), clock: new TestClock() }, path, 'look');
    assert.deepEqual(keys.list(), []);
  });
  assert.deepEqual(readdirSync(directory.file('fixed')), ['sentrypeer.db']);
  {
    using log = StoreReader.look(path); // Nor does a user who may write.
    assert.equal(log.lastHoneyId(), 3);
  }
  assert.deepEqual(readdirSync(directory.file('fixed')), ['sentrypeer.db']);
});

test('StoreReader.look() sees what a daemon writes, and never less than was committed', () => {
  using directory = new TestDirectory();
  const path = readableOnly(directory);
  chmodSync(directory.file('fixed'), 0o755);
  const copy = directory.file('copy.db');
  {
    using store = open(path);
    using log = StoreReader.look(path);
    assert.ok(!log.isStill);
    store.append([distinctBatch(4, 1)]);
    assert.equal(log.lastHoneyId(), 4);
    // What a manual copy has: the log without its index.
    copyFileSync(path, copy);
    copyFileSync(`${path}-wal`, `${copy}-wal`);
  }
  for (const file of [copy, `${copy}-wal`]) chmodSync(file, 0o644);
  asOrdinaryUser(() => {
    assert.throws(() => StoreReader.look(copy), {
      code: 'db_failed',
      message: /newest events are in .*copy\.db-wal: copy both files/,
    });
  });
  using log = StoreReader.look(copy);
  assert.equal(log.lastHoneyId(), 4);
});

test('backupDatabase() copies from where this user may only read', async () => {
  using directory = new TestDirectory();
  const path = readableOnly(directory);
  const mine = directory.file('mine');
  mkdirSync(mine);
  chmodSync(mine, 0o777);
  const { seteuid } = process;
  if (process.geteuid?.() === 0) seteuid?.(NOBODY);
  try {
    await backupDatabase(path, directory.file('mine/copy.db'));
  } finally {
    if (process.getuid?.() === 0) seteuid?.(0);
  }
  using log = StoreReader.look(directory.file('mine/copy.db'));
  assert.equal(log.lastHoneyId(), 3);
  assert.deepEqual(readdirSync(directory.file('fixed')), ['sentrypeer.db']);
});

test('StoreReader.open() says that there is no database, or that it is not migrated yet', () => {
  using directory = new TestDirectory();
  assert.throws(() => StoreReader.open(directory.file('none.db')), {
    code: 'db_failed',
    message: /there is no database/,
  });
  const path = directory.file('old.db');
  makeLegacyDatabase(path, [{}]);
  assert.throws(() => StoreReader.open(path), {
    code: 'db_failed',
    message: /of an older version/,
  });
});

test('Store.open() recognises a restored dump by its tables, which has lost its version', () => {
  using directory = new TestDirectory();
  const path = directory.file('restored.db');
  {
    using store = open(path);
    store.append([distinctBatch(1, 3)]);
  }
  {
    using database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 0');
  }
  assert.equal(StoreReader.open(path).lastHoneyId(), 3);
  const logger = new TestLogger();
  using store = Store.open({ logger, clock: new TestClock() }, { path });
  assert.ok(logger.events().includes('database_recognised'));
  assert.ok(!logger.events().includes('database_migration_started'));
  assert.equal(store.append([distinctBatch(4, 1)]).lastHoneyId, 4);
  using database = new DatabaseSync(path);
  assert.equal(database.prepare('PRAGMA user_version').get()?.['user_version'], SCHEMA_VERSION);
});

test('a change that was interrupted is named to those who only read, and undone by the daemon', () => {
  using directory = new TestDirectory();
  const path = directory.file('old.db');
  makeLegacyDatabase(path, [{}]);
  {
    using database = new DatabaseSync(path);
    database.exec('PRAGMA cache_size = 1; BEGIN');
    const insert = database.prepare('INSERT INTO honey (sip_message) VALUES (?)');
    for (let row = 0; row < 500; row += 1) insert.run('x'.repeat(500)); // Spills into the file.
    // As a program that is killed here leaves them.
    copyFileSync(path, directory.file('killed.db'));
    copyFileSync(`${path}-journal`, directory.file('killed.db-journal'));
  }
  const killed = directory.file('killed.db');
  assert.throws(
    () => StoreReader.look(killed),
    (error) => error instanceof OperatingError && /in the middle of a change/.test(error.message),
  );
  open(killed).close();
  using reader = StoreReader.open(killed);
  assert.equal(reader.lastHoneyId(), 1);
});

test('Store.open() says how to save the events of a file that lacks some tables', () => {
  using directory = new TestDirectory();
  const path = directory.file('partly.db');
  open(path).close();
  {
    using database = new DatabaseSync(path);
    database.exec('DROP TABLE counter');
  }
  assertRefused(path, 'db_failed', /no such table: counter.*rename it.*sentrypeer import/);
});
