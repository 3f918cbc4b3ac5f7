// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { errorCode, OperatingError } from '@sentrypeer/kernel';

/** Error codes of this package, documented in docs/errors.md. */
export type DatabaseErrorCode =
  | 'db_not_a_database'
  | 'db_read_only'
  | 'db_locked'
  | 'db_newer'
  | 'db_directory_missing'
  | 'db_failed'
  | 'db_gone'
  | 'db_overwritten'
  | 'db_damaged'
  | 'disk_full';

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html): the low octet of `errcode`. */
const SQLITE_ERROR = 1;
const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_READONLY = 8;
/** A hot journal, which only a writer rolls back. */
const SQLITE_READONLY_ROLLBACK = SQLITE_READONLY | (3 << 8);
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

export function databaseError(
  code: DatabaseErrorCode,
  message: string,
  cause?: unknown,
): OperatingError {
  return new OperatingError(code, message, cause === undefined ? undefined : { cause });
}

/** Turns an error of SQLite into one of our codes. Other errors, such as a failed assertion, are returned unchanged. */
export function fromSqlite(error: unknown, path: string): unknown {
  if (isTooLarge(error)) return tooLarge(path, error);
  const errcode = sqliteCode(error);
  if (errcode === undefined) return error;
  switch (errcode & 0xff) {
    case SQLITE_ERROR:
      return databaseError(
        'db_failed',
        `database ${path} has other tables than this program makes (${String(error)}); ` +
          'take a copy from before they were changed, remove what was added by hand, or save its events: ' +
          'rename it, start on a new file, and run sentrypeer import with the new name',
        error,
      );
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return databaseError(
        'db_locked',
        `database ${path} is locked by another program; let that program finish its transaction or stop it`,
        error,
      );
    case SQLITE_READONLY:
      if (errcode === SQLITE_READONLY_ROLLBACK) {
        return databaseError(
          'db_failed',
          `database ${path} was left in the middle of a change by a program that did not end properly; ` +
            'start the daemon on it once, which undoes that change, or copy it and its -journal where this user may write',
          error,
        );
      }
      return databaseError(
        'db_read_only',
        `database ${path} cannot be written; the file and its directory must be writable for this user`,
        error,
      );
    case SQLITE_FULL:
      return databaseError(
        'disk_full',
        `no space left for database ${path}; free some space on its disk or lower its size limit`,
        error,
      );
    case SQLITE_CANTOPEN:
      return databaseError(
        'db_failed',
        `database ${path} cannot be read; check the permissions of the file and of its directory, and the limit on open files (ulimit -n)`,
        error,
      );
    case SQLITE_CORRUPT:
      return databaseError(
        'db_damaged',
        `database ${path} is damaged (SQLite code ${errcode}: ${String(error)}); stop the daemon, keep a copy of the file and its -wal, ` +
          'and restore the last backup, or save its events: rename it, start on a new file, and run sentrypeer import ' +
          'with the new name, which leaves out only what cannot be read',
        error,
      );
    case SQLITE_NOTADB:
      return notADatabase(path, 'it is not an SQLite database', error);
    default:
      return databaseError(
        'db_failed',
        `database ${path} failed (SQLite code ${errcode}: ${String(error)}); check its disk, quota and file, and the limit on the size of files (ulimit -f)`,
        error,
      );
  }
}

/** Runs `work`; errors of SQLite in it become an `OperatingError` that names the file. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fromSqlite(error, path);
  }
}

export function notADatabase(path: string, why: string, cause?: unknown): OperatingError {
  return databaseError(
    'db_not_a_database',
    `${path} is not a SentryPeer database: ${why}; name another file, it was left as it is`,
    cause,
  );
}

function tooLarge(path: string, cause: RangeError): OperatingError {
  return databaseError(
    'db_failed',
    `database ${path} has a number that is larger than this program writes (${cause.message}); ` +
      'another program wrote it: set it right, or restore the last backup',
    cause,
  );
}

/** What node:sqlite says of an integer beyond 2^53. */
function isTooLarge(error: unknown): error is RangeError {
  return (
    error instanceof RangeError &&
    errorCode(error) === 'ERR_OUT_OF_RANGE' &&
    error.message.includes('JavaScript number')
  );
}

function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  return typeof error.errcode === 'number' ? error.errcode : undefined;
}
