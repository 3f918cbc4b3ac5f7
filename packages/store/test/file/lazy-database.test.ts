// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { test, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { LazyDatabase } from '../../src/file/lazy-database.ts';

/** A database with the rows 1 to 3. */
function opened(): LazyDatabase {
  const database = new LazyDatabase(':memory:');
  database.exec(
    'CREATE TABLE item (id INTEGER PRIMARY KEY); INSERT INTO item VALUES (1), (2), (3)',
  );
  return database;
}

test('a statement that the file cannot have fails when it is prepared', () => {
  using database = opened();
  assert.throws(() => database.prepare('SELECT id FROM thing'), /no such table: thing/);
});

test('a statement answers the same at its first use and later', () => {
  using database = opened();
  const all = database.prepare('SELECT id FROM item WHERE id > ? ORDER BY id');
  const add = database.prepare('INSERT INTO item VALUES (?)');
  for (const last of [4, 5]) {
    assert.equal(Number(add.run(last).lastInsertRowid), last);
    assert.equal(all.get(last - 1)?.['id'], last);
    assert.deepEqual(
      all.all(2).map((row) => row['id']),
      [3, 4, 5].slice(0, last - 2),
    );
    assert.equal([...all.iterate(0)].length, last);
  }
});

test('a statement that returns arrays does so even if it is prepared again', async (t) => {
  using database = opened();
  const { statement, original } = preparedBy(t, () => {
    const asArrays = database.prepare('SELECT id FROM item WHERE id = ?');
    asArrays.setReturnArrays(true);
    return asArrays;
  });
  await collectGarbage();
  assert.equal(original.deref(), undefined);
  assert.deepEqual(statement.get(2), [2]);
  assert.deepEqual(statement.get(3), [3]);
});

test('only a statement that was used is kept', async (t) => {
  using database = opened();
  const used = preparedBy(t, () => database.prepare('SELECT id FROM item'));
  const unused = preparedBy(t, () => database.prepare('SELECT id FROM item'));
  used.statement.get();
  await collectGarbage();
  assert.deepEqual(
    [used.original.deref() !== undefined, unused.original.deref()],
    [true, undefined],
  );
  assert.equal(unused.statement.get()?.['id'], 1, 'it is prepared again');
});

interface Prepared {
  readonly statement: StatementSync;
  /** SQLite's own. */
  readonly original: WeakRef<StatementSync>;
}

function preparedBy({ mock }: TestContext, prepare: () => StatementSync): Prepared {
  const spy = mock.method(DatabaseSync.prototype, 'prepare');
  const statement = prepare();
  const prepared = spy.mock.calls[0]?.result;
  assert.ok(prepared !== undefined);
  spy.mock.restore();
  spy.mock.resetCalls(); // It keeps what was prepared.
  return { statement, original: new WeakRef(prepared) };
}

async function collectGarbage(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve)); // What a job has looked at is kept until it ends.
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
