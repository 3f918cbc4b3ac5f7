// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { databaseError, fromSqlite, notADatabase } from './database-error.ts';
import {
  OPEN_LOCK_WAIT_MS,
  READER_LOCK_WAIT_MS,
  WAL_OCTETS_MAX,
  WRITER_CACHE_OCTETS,
  WRITER_LOCK_WAIT_MS,
} from '../limits.ts';
import { honeyColumns, migrate, type OpeningPorts } from './migration.ts';
import { recogniseVersion } from './recognise.ts';
import { HONEY_COLUMNS, SCHEMA_VERSION } from './schema.ts';

/** Opens the database for writing: makes it, or brings an older one to our schema. */
export function openForWriting(path: string, ports: OpeningPorts): DatabaseSync {
  checkFile(path);
  return opened(path, { readOnly: false }, (database) => {
    const version = checkSchema(database, path);
    checkWritable(database, path);
    if (version > 0 && userVersion(database) === 0) {
      ports.logger.info('database_recognised', { schema_version: version });
      database.exec(`PRAGMA user_version = ${version}`);
    }
    database.exec(`PRAGMA cache_size = -${WRITER_CACHE_OCTETS / 1024}`);
    if (version < SCHEMA_VERSION) migrate(database, ports, version);
    const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    if (mode !== 'wal') {
      throw databaseError(
        'db_failed',
        `the disk of ${path} cannot hold a write-ahead log (journal mode ${String(mode)}); use a local disk`,
      );
    }
    // With a write-ahead log NORMAL keeps the file intact in every case; only a loss of power, not the end
    // of the program, may take back what was committed since the last checkpoint.
    database.exec(`
      PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = ${WAL_OCTETS_MAX};
      PRAGMA busy_timeout = ${WRITER_LOCK_WAIT_MS};`);
  });
}

/**
 * Opens the database for queries only; it must have our schema already.
 *
 * @param cacheOctets Of pages that are kept in memory, where SQLite's own 2 MiB are too few.
 */
export function openForReading(path: string, cacheOctets?: number): DatabaseSync {
  if (!checkFile(path)) {
    throw databaseError(
      'db_failed',
      `there is no database ${path}; name the file the daemon writes`,
    );
  }
  return opened(path, { readOnly: true }, (database) => {
    if (checkSchema(database, path) < SCHEMA_VERSION) {
      throw databaseError(
        'db_failed',
        `database ${path} is of an older version; start the daemon on it once, which migrates it`,
      );
    }
    database.exec(`PRAGMA busy_timeout = ${READER_LOCK_WAIT_MS}`);
    if (cacheOctets !== undefined) {
      database.exec(`PRAGMA cache_size = -${Math.floor(cacheOctets / 1024)}`); // In KiB.
    }
  });
}

/**
 * Looks at the name alone. The file is never opened here: when a process closes any descriptor of a file, POSIX drops
 * all the locks that the process holds on it, those of SQLite's connections too, and then another program that reads
 * the database deletes its write-ahead log (https://www.sqlite.org/howtocorrupt.html §2.2).
 *
 * @returns Whether there is a file with something in it. Throws `OperatingError` if it cannot be a database.
 */
function checkFile(path: string): boolean {
  const directory = dirname(path);
  if (stats(directory)?.isDirectory() !== true) {
    throw databaseError(
      'db_directory_missing',
      `the directory ${directory} of database ${path} does not exist; make it or name another`,
    );
  }
  const file = stats(path);
  if (file === undefined) return false;
  if (!file.isFile()) throw notADatabase(path, 'it is no file');
  if (file.size === 0) return false;
  return true;
}

/** Refuses a file that is there and is not an SQLite database; SQLite itself looks at it. Throws `OperatingError`. */
export function checkDatabase(path: string): void {
  if (!checkFile(path)) return;
  opened(path, { readOnly: true }, (database) => {
    database.prepare('PRAGMA schema_version').get();
  }).close();
}

/** Opens another database for queries: one of SentryPeer 4.x, or of ours in any version up to this one. */
export function openForeign(path: string): DatabaseSync {
  if (!checkFile(path)) throw databaseError('db_failed', `there is no database ${path}`);
  return opened(path, { readOnly: true }, (database) => {
    checkSchema(database, path);
    database.exec(`PRAGMA busy_timeout = ${READER_LOCK_WAIT_MS}`);
  });
}

/** Makes a database that nobody uses one file without companions. */
export function makePlain(path: string): void {
  opened(path, { readOnly: false }, (database) =>
    database.exec('PRAGMA journal_mode = DELETE'),
  ).close();
}

/** Opens, lets `prepare` do the rest, and closes again where that fails. */
function opened(
  path: string,
  options: { readonly readOnly: boolean },
  prepare: (database: DatabaseSync) => void,
): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { ...options, timeout: OPEN_LOCK_WAIT_MS });
    database.exec('PRAGMA trusted_schema = OFF'); // The file may come from anywhere.
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    throw fromSqlite(error, path);
  }
}

function userVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

/** @returns The version of the schema: `user_version`, or what the tables say where a dump was restored. */
function checkSchema(database: DatabaseSync, path: string): number {
  const version = userVersion(database);
  if (version > SCHEMA_VERSION) {
    throw databaseError(
      'db_newer',
      `database ${path} has schema ${version}, this program knows ${SCHEMA_VERSION}; install a newer version`,
    );
  }
  const tablesCount = Number(
    database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'],
  );
  if (tablesCount === 0 && version === 0) return version;
  const columns = honeyColumns(database);
  const missing = HONEY_COLUMNS.find((name) => !columns.has(name));
  if (columns.size === 0) throw notADatabase(path, 'it has no table honey');
  if (missing !== undefined) throw notADatabase(path, `its table honey has no column ${missing}`);
  return version === 0 ? recogniseVersion(database) : version;
}

/** Finds out now, not at the first event, whether the file can be written. */
function checkWritable(database: DatabaseSync, path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK); // The write-ahead log is next to the file.
  } catch (error) {
    throw databaseError(
      'db_read_only',
      `the directory of database ${path} cannot be written; its log files are there too`,
      error,
    );
  }
  // Beginning a transaction is not enough: with a write-ahead log only a write finds out.
  database.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${userVersion(database)}; ROLLBACK`);
}

function stats(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    throw databaseError(
      'db_failed',
      `${path} cannot be reached; check the permissions on the way`,
      error,
    );
  }
}
