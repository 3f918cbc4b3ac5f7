// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { OperatingError } from '@sentrypeer/kernel';
import { databaseError, fromSqlite, notADatabase } from './database-error.ts';
import {
  COMMAND_WAL_PAGES,
  OPEN_LOCK_WAIT_MS,
  READER_LOCK_WAIT_MS,
  WAL_OCTETS_MAX,
  WRITER_CACHE_OCTETS,
  WRITER_CACHE_OCTETS_SMALL,
  WRITER_LOCK_WAIT_MS,
} from '../limits.ts';
import { LazyDatabase } from './lazy-database.ts';
import { honeyColumns, migrate, type OpeningPorts } from './migration.ts';
import { recogniseVersion } from './recognise.ts';
import { HONEY_COLUMNS, SCHEMA_VERSION } from './schema.ts';

/** What SQLite has next to a database while it is open: its log, the index of that, and a journal instead of them. */
export const SQLITE_COMPANIONS = ['-wal', '-shm', '-journal'] as const;

/**
 * Opens the database for writing: creates it, or migrates an older one to our schema.
 *
 * @param isSmall Saves memory at the expense of time.
 */
export function openForWriting(path: string, ports: OpeningPorts, isSmall = false): DatabaseSync {
  if (checkFile(path)) checkReadable(path);
  checkDirectory(path);
  return opened(path, { readOnly: false }, (database) => {
    const version = checkSchema(database, path);
    checkWritable(database);
    if (version > 0 && userVersion(database) === 0) {
      ports.logger.info('database_recognised', { schema_version: version });
      // A migration says so when it is through.
      if (version === SCHEMA_VERSION) database.exec(`PRAGMA user_version = ${version}`);
    }
    const cacheOctets = isSmall ? WRITER_CACHE_OCTETS_SMALL : WRITER_CACHE_OCTETS;
    database.exec(`PRAGMA cache_size = -${cacheOctets / 1024}`); // In KiB.
    if (version < SCHEMA_VERSION) migrate(database, ports, version);
    const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    if (mode !== 'wal') {
      throw databaseError(
        'db_failed',
        `the disk of ${path} cannot hold a write-ahead log (journal mode ${String(mode)}); use a local disk`,
      );
    }
    // With a write-ahead log, NORMAL keeps the file intact in every case; only a power failure, not the end of the
    // program, may lose what was committed since the last checkpoint.
    database.exec(`
      PRAGMA synchronous = NORMAL;
      PRAGMA wal_autocheckpoint = 0;
      PRAGMA journal_size_limit = ${WAL_OCTETS_MAX};
      PRAGMA busy_timeout = ${WRITER_LOCK_WAIT_MS};`);
  });
}

/**
 * Opens the database for a command that changes something, even while a daemon runs. Without a daemon nothing else
 * checkpoints the write-ahead log, which would grow to several times what is written.
 */
export function openForCommand(path: string, ports: OpeningPorts): DatabaseSync {
  const database = openForWriting(path, ports);
  database.exec(`
    PRAGMA busy_timeout = ${OPEN_LOCK_WAIT_MS};
    PRAGMA wal_autocheckpoint = ${COMMAND_WAL_PAGES}`);
  return database;
}

/**
 * Opens the database only for queries; it must have our schema already.
 *
 * @param cacheOctets Page cache in memory, if SQLite's own 2 MiB are too few.
 */
export function openForReading(path: string, cacheOctets?: number): DatabaseSync {
  requireFile(path);
  return opened(path, { readOnly: true }, (database) =>
    prepareReading(database, path, cacheOctets),
  );
}

/**
 * Opens the database for one look. If nobody else has a file in WAL mode open, even a read-only connection of SQLite
 * creates its companions and leaves them behind: it fails without write permission, and otherwise leaves files of its
 * own user that the daemon cannot use. So a file that nobody has open is read as it stands, without locks.
 *
 * @returns `isStill`: changes from now on are not seen. Throws `OperatingError`.
 */
export function openForLook(path: string): {
  readonly database: DatabaseSync;
  readonly isStill: boolean;
} {
  requireFile(path);
  const isStill = isAtRest(path);
  try {
    const prepare = (database: DatabaseSync): void => prepareReading(database, path);
    return { database: opened(path, { readOnly: true, isStill }, prepare), isStill };
  } catch (error) {
    throw withLogAdvice(error, path);
  }
}

/** Opens what is in the file itself, without its log and without locks. Throws `OperatingError`. */
export function openAsItStands(path: string): DatabaseSync {
  return opened(path, { readOnly: true, isStill: true }, () => undefined);
}

/**
 * Opens the database for a read that may take minutes: with locks, so that a daemon can start meanwhile. If this user
 * may only read it and nobody has it open, it is read as it stands, as by `openForLook()`. Throws `OperatingError`.
 */
export function openForCopy(path: string): ReturnType<typeof openForLook> {
  try {
    return { database: openForReading(path), isStill: false };
  } catch (error) {
    if (!isAtRest(path)) throw withLogAdvice(error, path);
    return openForLook(path);
  }
}

/**
 * Whether everything committed is in the file itself: nobody has it open (otherwise there is a log and its index), and
 * nobody died while writing.
 */
export function isAtRest(path: string): boolean {
  const [log, index, journal] = SQLITE_COMPANIONS.map((ending) => stats(`${path}${ending}`));
  const isOpen = log !== undefined && index !== undefined;
  return !isOpen && (log?.size ?? 0) === 0 && (journal?.size ?? 0) === 0;
}

/** Adds advice if there is a log that this user cannot read, because reading needs an index of it. */
function withLogAdvice(error: unknown, path: string): unknown {
  const isLogUnread = (stats(`${path}-wal`)?.size ?? 0) > 0 && stats(`${path}-shm`) === undefined;
  if (!isLogUnread || !hasCode(error, 'db_failed')) return error;
  return databaseError(
    'db_failed',
    `database ${path} cannot be read here, because its newest events are in ${path}-wal: ` +
      'copy both files to a directory that this user may write',
    error,
  );
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof OperatingError && error.code === code;
}

function requireFile(path: string): void {
  if (checkFile(path)) return;
  throw databaseError('db_failed', `there is no database ${path}; name the file the daemon writes`);
}

function prepareReading(database: DatabaseSync, path: string, cacheOctets?: number): void {
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
}

/**
 * Looks only at the name. The file is never opened here: when a process closes any descriptor of a file, POSIX drops
 * all the locks that the process holds on it, including those of SQLite's connections, and then another program that
 * reads the database deletes its write-ahead log (https://www.sqlite.org/howtocorrupt.html §2.2).
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

/**
 * Refuses an existing file that is not an SQLite database; SQLite itself checks it, and makes no companions. Nobody may
 * have it open. Throws `OperatingError`.
 */
export function checkDatabase(path: string): void {
  if (!checkFile(path)) return;
  opened(path, { readOnly: true, isStill: true }, (database) => {
    database.prepare('PRAGMA schema_version').get();
  }).close();
}

/** Opens another database for queries: one of SentryPeer 4.x, or of ours in any version up to this one. */
export function openForeign(path: string): DatabaseSync {
  if (!checkFile(path)) throw databaseError('db_failed', `there is no database ${path}`);
  const open = (isStill: boolean): DatabaseSync =>
    opened(path, { readOnly: true, isStill }, (database) => {
      checkSchema(database, path);
      database.exec(`PRAGMA busy_timeout = ${READER_LOCK_WAIT_MS}`);
    });
  try {
    return open(false);
  } catch (error) {
    // SQLite makes companions of a file even to read it, which fails where this user may not write.
    const isUnmade = hasCode(error, 'db_failed') || hasCode(error, 'db_read_only');
    if (!isUnmade || !isAtRest(path)) throw withLogAdvice(error, path);
    return open(true);
  }
}

/** Turns an unused database into one file without companions. */
export function makePlain(path: string): void {
  opened(path, { readOnly: false }, (database) =>
    database.exec('PRAGMA journal_mode = DELETE'),
  ).close();
}

/**
 * Opens, lets `prepare` do the rest, and closes again if that fails.
 *
 * @param options.isStill Nobody writes, so neither locks nor companions are needed. @default false
 */
function opened(
  path: string,
  { readOnly, isStill = false }: { readonly readOnly: boolean; readonly isStill?: boolean },
  prepare: (database: DatabaseSync) => void,
): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    const place = isStill ? new URL(`${pathToFileURL(path).href}?immutable=1`) : placeOf(path);
    database = new LazyDatabase(place, { readOnly, timeout: OPEN_LOCK_WAIT_MS });
    database.exec('PRAGMA trusted_schema = OFF'); // The file may come from anywhere.
    prepare(database);
    return database;
  } catch (error) {
    database?.close();
    throw fromSqlite(error, path);
  }
}

/** SQLite would take a name that begins with `file:` for a URI, and open another file than everybody else. */
function placeOf(path: string): string | URL {
  return path.startsWith('file:') ? pathToFileURL(path) : path;
}

function userVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}

function isView(database: DatabaseSync): boolean {
  const find = database.prepare(
    "SELECT 1 FROM sqlite_schema WHERE name = 'honey' AND type = 'view'",
  );
  return find.get() !== undefined;
}

/** @returns The version of the schema: `user_version`, or what the tables indicate after a dump was restored. */
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
  if (isView(database)) throw notADatabase(path, 'its honey is a view, not a table');
  if (missing !== undefined) throw notADatabase(path, `its table honey has no column ${missing}`);
  return version === 0 ? recogniseVersion(database) : version;
}

function checkReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw databaseError(
      'db_failed',
      `database ${path} cannot be read; check the permissions of the file and of its directory`,
      error,
    );
  }
}

/** Before SQLite fails to make a log there, which it reports as a file that cannot be opened. */
function checkDirectory(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK | constants.X_OK); // The write-ahead log is next to the file.
  } catch (error) {
    throw databaseError(
      'db_read_only',
      `the directory of database ${path} cannot be written; its log files are there too`,
      error,
    );
  }
}

/** Finds out now, rather than at the first event, whether the file can be written. */
function checkWritable(database: DatabaseSync): void {
  // Beginning a transaction is not enough: with a write-ahead log, only a write reveals it.
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
