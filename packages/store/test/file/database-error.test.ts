// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What SQLite says becomes one of our codes, and advice for a person. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { OperatingError } from '@sentrypeer/kernel';
import { databaseError, fromSqlite, guarded, notADatabase } from '../../src/file/database-error.ts';

function sqliteError(errcode: unknown): Error {
  return Object.assign(new Error('near x'), { errcode });
}

function told(errcode: number): OperatingError {
  const error = sqliteError(errcode);
  const failure = fromSqlite(error, 'a.db');
  assert.ok(failure instanceof OperatingError);
  assert.equal(failure.cause, error);
  return failure;
}

/** https://www.sqlite.org/rescode.html; the second octet says more. */
const CASES: readonly (readonly [errcode: number, code: string, ...messages: RegExp[]])[] = [
  [
    1,
    'db_failed',
    /^database a\.db has other tables than this program makes \(Error: near x\); take a copy/,
    /remove what was added by hand.*: rename it, start on a new file, and run sentrypeer import/,
  ],
  [5, 'db_locked', /^database a\.db is locked by another program; let that program finish/],
  [5 | (1 << 8), 'db_locked', /is locked/],
  [6, 'db_locked', /is locked/],
  [8, 'db_read_only', /^database a\.db cannot be written; the file and its directory must be/],
  [8 | (1 << 8), 'db_read_only', /cannot be written/],
  [
    8 | (3 << 8),
    'db_failed',
    /^database a\.db was left in the middle of a change.*; start the daemon on it once/,
    /or copy it and its -journal where this user may write$/,
  ],
  [10, 'db_failed', /^database a\.db failed \(SQLite code 10: Error: near x\); check its disk/],
  [
    11,
    'db_damaged',
    /^database a\.db is damaged \(SQLite code 11: Error: near x\); stop the daemon/,
    /restore the last backup, or save its events: .* sentrypeer import with the new name/,
  ],
  [11 | (1 << 8), 'db_damaged', /SQLite code 267/],
  [13, 'disk_full', /^no space left for database a\.db; free some space/],
  [14, 'db_failed', /^database a\.db cannot be read; check the permissions .* \(ulimit -n\)$/],
  [
    26,
    'db_not_a_database',
    /^a\.db is not a SentryPeer database: it is not an SQLite database; name another/,
  ],
];

for (const [errcode, code, ...messages] of CASES) {
  test(`fromSqlite() makes ${code} of ${errcode}, with advice`, () => {
    const failure = told(errcode);
    assert.equal(failure.code, code);
    for (const message of messages) assert.match(failure.message, message);
  });
}

test('fromSqlite() leaves everything else as it is', () => {
  for (const error of [new RangeError('x'), sqliteError('5'), { errcode: 5 }, 'text', undefined]) {
    assert.equal(fromSqlite(error, 'a.db'), error);
  }
});

test('guarded() gives the result, or throws what the file is at fault for', () => {
  assert.equal(
    guarded('a.db', () => 7),
    7,
  );
  const fault = new RangeError('x');
  assert.throws(
    () =>
      guarded('a.db', () => {
        throw fault;
      }),
    (error) => error === fault,
  );
  assert.throws(
    () =>
      guarded('b.db', () => {
        throw sqliteError(13);
      }),
    { code: 'disk_full', message: /b\.db/ },
  );
});

test('databaseError() has a cause only if there is one', () => {
  assert.equal('cause' in databaseError('db_failed', 'x'), false);
  assert.equal(databaseError('db_failed', 'x', 1).cause, 1);
  assert.equal('cause' in notADatabase('a.db', 'it is no file'), false);
});

test('fromSqlite() takes a number that JavaScript cannot hold for one of another program', () => {
  using database = new DatabaseSync(':memory:');
  const read = (): unknown => database.prepare(`SELECT ${2n ** 63n - 1n}`).get();
  assert.throws(() => guarded('a.db', read), {
    name: 'OperatingError',
    code: 'db_failed',
    message: /^database a\.db has a number that is larger .*9223372036854775807/,
  });
  const own = new RangeError('too many');
  assert.equal(fromSqlite(own, 'a.db'), own);
});
