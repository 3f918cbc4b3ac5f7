// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { backupDatabase } from '../../src/file/backup.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import { distinctBatch, TestClock, TestDirectory, TestLogger } from '../fixtures.ts';

function open(directory: TestDirectory): Store {
  return Store.open(
    { logger: new TestLogger(), clock: new TestClock() },
    { path: directory.file('sentrypeer.db') },
  );
}

test('Store.backup() copies the live database into one plain file, while it goes on recording', async () => {
  using directory = new TestDirectory();
  using store = open(directory);
  store.append([distinctBatch(1, 1000)]);
  const target = directory.file('copy.db');
  const done = store.backup(target);
  store.append([distinctBatch(1001, 1000)]);
  await done;
  store.append([distinctBatch(2001, 1)]);
  assert.deepEqual(readdirSync(directory.path).sort(), [
    'copy.db',
    'sentrypeer.db',
    'sentrypeer.db-shm',
    'sentrypeer.db-wal',
  ]);
  using copy = new DatabaseSync(target, { readOnly: true });
  assert.equal(copy.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
  assert.equal(copy.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'delete');
  const rowsCount = copy.prepare('SELECT count(*) AS n FROM honey').get()?.['n'];
  assert.ok(rowsCount === 1000 || rowsCount === 2000, `${String(rowsCount)} rows`);
  // Users who may read the database may read the copy, but never everybody.
  const { mode } = statSync(directory.file('sentrypeer.db'));
  assert.equal(statSync(target).mode & 0o777, 0o600 | (mode & 0o040));
  using reader = StoreReader.open(target);
  assert.equal(reader.lastHoneyId(), rowsCount);
});

test('backupDatabase() replaces an older backup, which can be opened as a database', async () => {
  using directory = new TestDirectory();
  using store = open(directory);
  const target = directory.file('copy.db');
  await backupDatabase(directory.file('sentrypeer.db'), target);
  store.append([distinctBatch(1, 3)]);
  await backupDatabase(directory.file('sentrypeer.db'), target);
  using restored = Store.open(
    { logger: new TestLogger(), clock: new TestClock() },
    { path: target },
  );
  assert.equal(restored.append([distinctBatch(4, 1)]).lastHoneyId, 4);
});

test('backupDatabase() refuses to replace a file of another kind', async () => {
  using directory = new TestDirectory();
  using store = open(directory);
  const target = directory.file('letter.txt');
  writeFileSync(target, 'Dear reader, this is no database.');
  await assert.rejects(store.backup(target), { code: 'db_not_a_database' });
  assert.equal(readFileSync(target, 'utf8'), 'Dear reader, this is no database.');
});

test('backupDatabase() refuses the database itself, a missing directory and a missing database', async () => {
  using directory = new TestDirectory();
  using store = open(directory);
  const source = directory.file('sentrypeer.db');
  await assert.rejects(store.backup(source), { code: 'db_failed', message: /the database itself/ });
  await assert.rejects(store.backup(directory.file('no/copy.db')), {
    code: 'db_directory_missing',
  });
  await assert.rejects(backupDatabase(directory.file('none.db'), directory.file('copy.db')), {
    code: 'db_failed',
    message: /there is no database/,
  });
});

test('backupDatabase() leaves nothing behind where it fails half-way', async () => {
  using directory = new TestDirectory();
  using store = open(directory);
  const target = directory.file('copy.db');
  const done = store.backup(target);
  mkdirSync(target); // Appears while the copy is made, so that it cannot be put in place.
  await assert.rejects(done, { code: 'db_failed', message: /could not be written/ });
  assert.deepEqual(
    readdirSync(directory.path).filter((name) => name.startsWith('.')),
    [],
  );
});

test('backupDatabase() refuses a database in use and what a killed program left, and leaves them alone', async () => {
  using directory = new TestDirectory();
  using other = open(directory);
  other.append([distinctBatch(1, 5)]);
  const used = directory.file('sentrypeer.db');
  const source = directory.file('source.db');
  await backupDatabase(used, source);
  for (const ending of ['', '-wal']) {
    copyFileSync(used + ending, directory.file('killed.db') + ending);
  }
  const before = readdirSync(directory.path).map((name) => [
    name,
    readFileSync(directory.file(name)),
  ]);
  for (const target of [used, directory.file('killed.db')]) {
    await assert.rejects(backupDatabase(source, target), {
      code: 'db_failed',
      message: /another program uses database .*, or did not close it properly/,
    });
  }
  for (const ending of ['-wal', '-shm', '-journal']) {
    await assert.rejects(backupDatabase(source, `${source}${ending}`), {
      code: 'db_failed',
      message: /has a name that SQLite gives to a part of a database/,
    });
  }
  const after = readdirSync(directory.path).map((name) => [
    name,
    readFileSync(directory.file(name)),
  ]);
  assert.deepEqual(after, before);
});

test('backupDatabase() makes no companions of its target', async () => {
  using directory = new TestDirectory();
  const source = directory.file('sentrypeer.db');
  open(directory).close();
  copyFileSync(source, directory.file('copy.db')); // It has a log while it is open.
  linkSync(source, directory.file('link.db'));
  await backupDatabase(source, directory.file('copy.db'));
  await assert.rejects(backupDatabase(source, directory.file('link.db')), /the database itself/);
  assert.deepEqual(
    readdirSync(directory.path).filter((name) => !name.startsWith('sentrypeer.db')),
    ['copy.db', 'link.db'],
  );
});
