// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Transactions, connections of commands, and how much of a file is in use. */

import assert from 'node:assert/strict';
import { readdirSync, statfsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { systemDiskSpace } from '../../src/file/disk-space.ts';
import { OwnConnection } from '../../src/file/own-connection.ts';
import { Pages } from '../../src/file/pages.ts';
import { ReadTransaction } from '../../src/file/read-transaction.ts';
import { recogniseVersion } from '../../src/file/recognise.ts';
import { SCHEMA_VERSION } from '../../src/file/schema.ts';
import { inTransaction } from '../../src/file/transaction.ts';
import { emptyDatabase, TestClock, TestDirectory, TestLogger } from '../fixtures.ts';

const PORTS = { clock: new TestClock(), logger: new TestLogger() };

function memory(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.exec('CREATE TABLE a (b)');
  return database;
}

const count = (database: DatabaseSync): unknown =>
  database.prepare('SELECT count(*) AS n FROM a').get()?.['n'];

test('inTransaction() commits all of it and gives the result, or rolls back and throws', () => {
  using database = memory();
  const insert = (): void => database.exec('INSERT INTO a VALUES (1)');
  const result = inTransaction(database, () => {
    insert();
    assert.ok(database.isTransaction);
    return 7;
  });
  assert.deepEqual([result, database.isTransaction, count(database)], [7, false, 1]);
  const fault = new RangeError('x');
  for (const end of ['SELECT 1', 'ROLLBACK']) {
    assert.throws(
      () =>
        inTransaction(database, () => {
          insert();
          database.exec(end); // SQLite itself rolls back on a full disk.
          throw fault;
        }),
      (error) => error === fault,
    );
    assert.deepEqual([database.isTransaction, count(database)], [false, 1]);
  }
});

test('ReadTransaction.around() ends the transaction that it began, and no other', () => {
  using database = memory();
  const reads = new ReadTransaction(database);
  const asked = (): boolean => database.isTransaction;
  assert.equal(reads.around(asked), true);
  assert.equal(asked(), false);
  assert.throws(() =>
    reads.around(() => {
      throw new RangeError('x');
    }),
  );
  assert.equal(asked(), false);
  reads.around(() => database.exec('ROLLBACK'));
  database.exec('BEGIN');
  assert.equal(reads.around(asked), true);
  assert.equal(asked(), true, 'it is still open');
});

test('OwnConnection gives SQLite’s errors the name of the file, and closes what cannot be used', () => {
  using directory = new TestDirectory();
  emptyDatabase(directory).close();
  const path = directory.file('sentrypeer.db');
  for (const purpose of ['look', 'change'] as const) {
    assert.throws(
      () => OwnConnection.open(PORTS, path, ({ database }) => database.exec('nonsense'), purpose),
      { code: 'db_failed', message: /sentrypeer\.db/ },
    );
    assert.deepEqual(readdirSync(directory.path), ['sentrypeer.db']);
    const connection = OwnConnection.open(PORTS, path, (opened) => opened, purpose);
    assert.equal(
      connection.run(() => 7),
      7,
    );
    assert.throws(() => connection.run(() => connection.database.exec('nonsense')), {
      message: /sentrypeer\.db/,
    });
    const change = (): void => connection.database.exec('DELETE FROM cursor');
    if (purpose === 'look') assert.throws(change, /readonly/);
    else change();
    connection.close();
    connection.close();
    assert.deepEqual(readdirSync(directory.path), ['sentrypeer.db']);
  }
});

test('OwnConnection makes a database for a change, and none for a look', () => {
  using directory = new TestDirectory();
  const path = directory.file('new.db');
  assert.throws(() => OwnConnection.open(PORTS, path, () => 1, 'look'), { code: 'db_failed' });
  assert.deepEqual(readdirSync(directory.path), []);
  OwnConnection.open(PORTS, path, (connection) => connection).close();
  assert.deepEqual(readdirSync(directory.path), ['new.db']);
});

test('Pages tells how much of a file has content, and how much of its log is copied', () => {
  using directory = new TestDirectory();
  using database = new DatabaseSync(directory.file('x.db'));
  database.exec('PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; CREATE TABLE a (b)');
  const pages = new Pages(database);
  assert.deepEqual(pages.read(), { liveOctets: 2048, freeOctets: 0 });
  database.exec('CREATE TABLE c (d); CREATE TABLE e (f); DROP TABLE c; DROP TABLE e');
  assert.deepEqual(pages.read(), { liveOctets: 2048, freeOctets: 2048 });
  const { frames, ...wal } = pages.readWal();
  assert.ok(frames > 3);
  const octets = frames * 1024;
  assert.deepEqual(wal, { octets, waitingOctets: octets, pageOctets: 1024 });
  database.exec('PRAGMA wal_checkpoint(PASSIVE)');
  assert.deepEqual(pages.readWal(), { octets, waitingOctets: 0, frames, pageOctets: 1024 });
  using plain = memory();
  const none = new Pages(plain).readWal();
  assert.deepEqual([none.octets, none.waitingOctets, none.frames], [0, 0, 0], 'without a log');
});

test('systemDiskSpace tells the octets of the disk of a directory', () => {
  using directory = new TestDirectory();
  const { freeOctets, totalOctets } = systemDiskSpace.read(directory.path);
  const { blocks, bsize } = statfsSync(directory.path);
  assert.equal(totalOctets, blocks * bsize);
  assert.ok(freeOctets > 0 && freeOctets <= totalOctets);
  assert.equal(freeOctets % bsize, 0);
  assert.throws(() => systemDiskSpace.read(directory.file('none')), { code: 'ENOENT' });
});

test('recogniseVersion() goes by the newest of our tables, if there is one of ours at all', () => {
  using directory = new TestDirectory();
  using database = emptyDatabase(directory);
  assert.equal(recogniseVersion(database), SCHEMA_VERSION);
  using other = memory();
  assert.equal(recogniseVersion(other), 0);
  other.exec('CREATE TABLE source_total (x)');
  assert.equal(recogniseVersion(other), 0, 'a name of ours alone');
  other.exec('DROP TABLE source_total; CREATE VIEW address_total AS SELECT 1');
  assert.equal(recogniseVersion(other), 0, 'a view of that name');
  other.exec('DROP VIEW address_total; CREATE TABLE address_total (x)');
  assert.equal(recogniseVersion(other), 1);
  other.exec('CREATE TABLE dead_letter (x)');
  assert.equal(recogniseVersion(other), 3);
});
