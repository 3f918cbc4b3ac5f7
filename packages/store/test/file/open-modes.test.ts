// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* How a file is opened for what purpose, and what is said where that is not possible. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import {
  checkDatabase,
  isAtRest,
  makePlain,
  openAsItStands,
  openForCommand,
  openForCopy,
  openForeign,
  openForLook,
  openForReading,
  openForWriting,
} from '../../src/file/open-database.ts';
import { SCHEMA_VERSION } from '../../src/file/schema.ts';
import {
  COMMAND_WAL_PAGES,
  OPEN_LOCK_WAIT_MS,
  READER_LOCK_WAIT_MS,
  WAL_OCTETS_MAX,
  WRITER_CACHE_OCTETS,
  WRITER_LOCK_WAIT_MS,
} from '../../src/limits.ts';
import { emptyDatabase, TestClock, TestDirectory, TestLogger } from '../fixtures.ts';
import { makeLegacyDatabase } from './legacy-database.ts';

const PORTS = { clock: new TestClock(), logger: new TestLogger() };

/** A database of ours that nobody has open. */
function atRest(directory: TestDirectory): string {
  emptyDatabase(directory).close();
  return directory.file('sentrypeer.db');
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

test('openForWriting() has a bounded log that it copies itself, and waits only briefly for others', () => {
  using directory = new TestDirectory();
  const database = openForWriting(atRest(directory), PORTS);
  assert.equal(pragma(database, 'journal_mode'), 'wal');
  assert.equal(pragma(database, 'synchronous'), 1, 'NORMAL');
  assert.equal(pragma(database, 'wal_autocheckpoint'), 0);
  assert.equal(pragma(database, 'journal_size_limit'), WAL_OCTETS_MAX);
  assert.equal(pragma(database, 'busy_timeout'), WRITER_LOCK_WAIT_MS);
  assert.equal(pragma(database, 'trusted_schema'), 0);
  assert.equal(pragma(database, 'cache_size'), -WRITER_CACHE_OCTETS / 1024);
  database.close();
});

test('openForCommand() waits for a daemon, and has SQLite copy the log', () => {
  using directory = new TestDirectory();
  const database = openForCommand(atRest(directory), PORTS);
  assert.equal(pragma(database, 'busy_timeout'), OPEN_LOCK_WAIT_MS);
  assert.equal(pragma(database, 'wal_autocheckpoint'), COMMAND_WAL_PAGES);
  database.close();
});

test('openForReading() cannot write, waits for locks, and takes the memory that it is given', () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  for (const [octets, kib] of [
    [undefined, -2000],
    [10_000_000, -9765],
  ] as const) {
    const database = openForReading(path, octets);
    assert.throws(() => database.exec('DELETE FROM cursor'), /readonly/);
    assert.equal(pragma(database, 'busy_timeout'), READER_LOCK_WAIT_MS);
    assert.equal(pragma(database, 'cache_size'), kib);
    assert.equal(pragma(database, 'trusted_schema'), 0);
    database.close();
  }
});

test('openForLook() and openForCopy() tell whether changes are seen', () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  const still = openForLook(path);
  assert.equal(still.isStill, true);
  assert.deepEqual(readdirSync(directory.path), ['sentrypeer.db'], 'it left nothing there');
  still.database.close();
  const copied = openForCopy(path);
  assert.equal(copied.isStill, false, 'with locks, so that a daemon can start');
  const look = openForLook(path);
  assert.equal(look.isStill, false, 'somebody has it open');
  look.database.close();
  copied.database.close();
});

test('openAsItStands() sees what is in the file, without its log', () => {
  using directory = new TestDirectory();
  using writer = emptyDatabase(directory);
  writer.exec("PRAGMA journal_mode = WAL; INSERT INTO cursor VALUES ('x', 1)");
  using database = openAsItStands(directory.file('sentrypeer.db'));
  assert.equal(database.prepare('SELECT 1 FROM cursor').get(), undefined);
});

for (const [companions, expected] of [
  [{}, true],
  [{ '-wal': '', '-shm': '' }, false],
  [{ '-wal': 'x', '-shm': 'x' }, false],
  [{ '-wal': 'x' }, false],
  [{ '-wal': '' }, true],
  [{ '-shm': 'x' }, true],
  [{ '-journal': 'x' }, false],
  [{ '-journal': '' }, true],
] as const) {
  test(`isAtRest() is ${String(expected)} with ${JSON.stringify(companions)}`, () => {
    using directory = new TestDirectory();
    const path = directory.file('x.db');
    for (const [end, text] of Object.entries(companions)) writeFileSync(`${path}${end}`, text);
    assert.equal(isAtRest(path), expected);
  });
}

test('a log without its index makes a copy readable only where this user may write', () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  // Neither a database nor a log, so that SQLite cannot open it whoever asks.
  mkdirSync(`${path}-wal`);
  writeFileSync(`${path}-wal/x`, 'x');
  const advice = {
    code: 'db_failed',
    message: `database ${path} cannot be read here, because its newest events are in ${path}-wal: copy both files to a directory that this user may write`,
  };
  if (statSync(`${path}-wal`).size > 0) {
    for (const open of [openForLook, openForCopy, openForeign])
      assert.throws(() => open(path), advice);
  }
  mkdirSync(`${path}-shm`);
  assert.throws(
    () => openForLook(path),
    (error) => !String(error).includes('copy both files'),
  );
});

test('every way of opening names a file that is not there', () => {
  using directory = new TestDirectory();
  const path = directory.file('none.db');
  const missing = {
    code: 'db_failed',
    message: `there is no database ${path}; name the file the daemon writes`,
  };
  for (const open of [openForReading, openForLook, openForCopy]) {
    assert.throws(() => open(path), missing);
  }
  assert.throws(() => openForeign(path), {
    code: 'db_failed',
    message: `there is no database ${path}`,
  });
  writeFileSync(path, '');
  assert.throws(() => openForReading(path), missing, 'an empty file is none either');
  checkDatabase(path);
  checkDatabase(directory.file('other.db'));
  assert.equal(existsSync(directory.file('other.db')), false);
});

test('every way of opening names a directory that is not there, or is none', () => {
  using directory = new TestDirectory();
  writeFileSync(directory.file('file'), 'x');
  assert.throws(() => openForReading(directory.file('no/x.db')), {
    code: 'db_directory_missing',
    message: `the directory ${directory.file('no')} of database ${directory.file('no/x.db')} does not exist; make it or name another`,
  });
  assert.throws(() => openForReading(directory.file('file/x.db')), {
    code: 'db_directory_missing',
  });
  const long = directory.file('x'.repeat(300));
  assert.throws(() => openForReading(`${long}/x.db`), {
    code: 'db_failed',
    message: `${long} cannot be reached; check the permissions on the way`,
  });
});

test('openForeign() takes every version up to ours, and refuses what is no log', () => {
  using directory = new TestDirectory();
  const legacy = directory.file('legacy.db');
  makeLegacyDatabase(legacy, [{}]);
  {
    using database = openForeign(legacy);
    assert.equal(pragma(database, 'busy_timeout'), READER_LOCK_WAIT_MS);
    assert.throws(() => database.exec('DELETE FROM honey'), /readonly/);
  }
  const bees = directory.file('bees.db');
  {
    using database = new DatabaseSync(bees);
    database.exec('CREATE TABLE honey (blossom)');
  }
  assert.throws(() => openForeign(bees), {
    code: 'db_not_a_database',
    message: `${bees} is not a SentryPeer database: its table honey has no column honey_id; name another file, it was left as it is`,
  });
  assert.deepEqual(
    readdirSync(directory.path).toSorted(),
    ['bees.db', 'legacy.db'],
    'all is closed',
  );
});

test('a newer and an older schema are told', () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  for (const [version, code, message] of [
    [
      SCHEMA_VERSION + 1,
      'db_newer',
      `database ${path} has schema ${SCHEMA_VERSION + 1}, this program knows ${SCHEMA_VERSION}; install a newer version`,
    ],
    [
      SCHEMA_VERSION - 1,
      'db_failed',
      `database ${path} is of an older version; start the daemon on it once, which migrates it`,
    ],
  ] as const) {
    {
      using database = new DatabaseSync(path);
      database.exec(`PRAGMA user_version = ${version}`);
    }
    assert.throws(() => openForReading(path), { code, message });
  }
});

test('openForWriting() sets right the version that a restored dump has lost, and says so', () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  {
    using database = new DatabaseSync(path);
    database.exec('PRAGMA user_version = 0');
  }
  const logger = new TestLogger();
  const database = openForWriting(path, { ...PORTS, logger });
  assert.equal(pragma(database, 'user_version'), SCHEMA_VERSION);
  database.close();
  openForWriting(path, { ...PORTS, logger }).close();
  openForWriting(directory.file('new.db'), { ...PORTS, logger }).close();
  assert.deepEqual(logger.lines, [
    { event: 'database_recognised', fields: { schema_version: SCHEMA_VERSION } },
  ]);
});

test('makePlain() and checkDatabase() leave one file', () => {
  using directory = new TestDirectory();
  const path = atRest(directory);
  checkDatabase(path);
  makePlain(path);
  using database = new DatabaseSync(path, { readOnly: true });
  assert.equal(pragma(database, 'journal_mode'), 'delete');
  assert.deepEqual(readdirSync(directory.path), ['sentrypeer.db']);
  writeFileSync(directory.file('text.db'), 'text text text');
  assert.throws(() => checkDatabase(directory.file('text.db')), { code: 'db_not_a_database' });
});

test('a view that is called honey is told from a table', () => {
  using directory = new TestDirectory();
  const path = directory.file('view.db');
  makeLegacyDatabase(path, [{}]);
  {
    using database = new DatabaseSync(path);
    database.exec('ALTER TABLE honey RENAME TO kept; CREATE VIEW honey AS SELECT * FROM kept');
  }
  assert.throws(() => openForeign(path), {
    code: 'db_not_a_database',
    message: /: its honey is a view, not a table; name another file/,
  });
});

test('a name that looks like a URI is the name of a file', () => {
  using directory = new TestDirectory();
  const before = process.cwd();
  process.chdir(directory.path);
  try {
    openForWriting('file:odd.db', PORTS).close();
    openForLook('file:odd.db').database.close();
    assert.deepEqual(readdirSync('.'), ['file:odd.db']);
  } finally {
    process.chdir(before);
  }
});
