// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { chmodSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { backup } from 'node:sqlite';
import { syncDirectory, syncFile } from '@sentrypeer/bytes/file';
import { errorCode, OperatingError, silentLogger, type Logger } from '@sentrypeer/kernel';
import { databaseError, fromSqlite } from './database-error.ts';
import {
  checkDatabase,
  isAtRest,
  makePlain,
  openForCopy,
  SQLITE_COMPANIONS,
} from './open-database.ts';
import { BACKUP_LOOK_MS } from '../limits.ts';

/** All pages in one step: a copy in several steps starts over whenever somebody writes in between. */
const ALL_PAGES = 0x7fff_ffff;

/**
 * Copies a database that may be in use, even by another process, to `target`: the whole copy or nothing. An older
 * backup is replaced; a file of another kind is refused. Recording continues meanwhile.
 */
export async function backupDatabase(
  source: string,
  target: string,
  logger: Logger = silentLogger,
): Promise<void> {
  if (isSameFile(source, target)) {
    throw databaseError('db_failed', `${target} is the database itself; name another file`);
  }
  refuseInUse(target);
  checkDatabase(target);
  const { database, isStill } = openForCopy(source);
  let directory: string | undefined;
  try {
    directory = mkdtempSync(join(dirname(target), '.sentrypeer-backup-'));
    const copy = join(directory, basename(target));
    {
      using _shown = showProgress(logger, source, copy);
      await backup(database, copy, { rate: ALL_PAGES });
    }
    if (isStill && !isAtRest(source)) {
      throw databaseError(
        'db_failed',
        `another program opened ${source} while it was copied, so ${target} was not written; run it again`,
      );
    }
    finishCopy(copy, statSync(source).mode);
    renameSync(copy, target);
    syncDirectory(dirname(target));
  } catch (error) {
    const failure = fromSqlite(error, target);
    if (failure !== error || error instanceof OperatingError) throw failure;
    throw databaseError(
      'db_failed',
      `the backup ${target} could not be written (${errorCode(error) ?? String(error)}); name a file in a directory that this user may write, on a disk with room for a copy`,
      error,
    );
  } finally {
    database.close();
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  }
}

/** SQLite would read a copy together with what another database left next to it, or as a part of another database. */
function refuseInUse(target: string): void {
  if (SQLITE_COMPANIONS.some((ending) => target.endsWith(ending))) {
    throw databaseError(
      'db_failed',
      `${target} has a name that SQLite gives to a part of a database; name another file`,
    );
  }
  if (isAtRest(target)) return;
  throw databaseError(
    'db_failed',
    `another program uses database ${target}, or did not close it properly: ${target}-wal or -journal is there; name another file`,
  );
}

/** Makes the copy a single plain file, readable even where nothing can be written, and safe on the disk. */
function finishCopy(path: string, mode: number): void {
  makePlain(path);
  // It contains the same secrets as the database: readable by those who may read that file, but never by everybody.
  chmodSync(path, 0o600 | (mode & 0o040));
  syncFile(path);
}

/** Another thread copies in one step and reports nothing: the copy's size shows the progress. */
function showProgress(logger: Logger, source: string, copy: string): Disposable {
  const octets = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  const total = octets(source);
  const show = (): void => logger.progress?.('backup', Math.min(octets(copy), total - 1), total);
  const timer = setInterval(show, BACKUP_LOOK_MS);
  return {
    [Symbol.dispose]: () => {
      clearInterval(timer);
      logger.progress?.('backup', total, total);
    },
  };
}

/** Whether two names stand for the same file, for example through a link. */
export function isSameFile(source: string, target: string): boolean {
  const from = statSync(source, { throwIfNoEntry: false });
  const to = statSync(target, { throwIfNoEntry: false });
  return from !== undefined && to !== undefined && from.ino === to.ino && from.dev === to.dev;
}
