// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { statSync } from 'node:fs';
import { errorCode, type OperatingError } from '@sentrypeer/kernel';
import { FILE_LOOK_MS } from '../limits.ts';
import { databaseError } from './database-error.ts';

/** The database itself, and what SQLite has next to it while it is open. */
const ENDINGS = ['', '-wal', '-shm'];

/**
 * Whether a database and its companions still have their names: somebody may delete or replace them while they are
 * open. What is written into a log without a name is lost when the last connection closes.
 */
export class FileWatch {
  readonly #path: string;
  /** By ending, once the file was there. */
  readonly #opened = new Map<string, string>();
  #lookAtMs = Number.NEGATIVE_INFINITY;
  /** The first of the files that is another one, or none. */
  #gone: string | undefined;

  /** Must be called right after the file was opened. */
  constructor(path: string) {
    this.#path = path;
    this.#look();
  }

  /**
   * What is wrong; `undefined` while all is well.
   *
   * @param nowMs Monotonic milliseconds; the files are only checked once in a while.
   */
  failure(nowMs: number): OperatingError | undefined {
    if (nowMs >= this.#lookAtMs) {
      this.#lookAtMs = nowMs + FILE_LOOK_MS;
      this.#look();
    }
    if (this.#gone === undefined) return undefined;
    if (this.#gone === '') {
      return databaseError(
        'db_gone',
        `database ${this.#path} was deleted or replaced while it was in use; put the file back, or restart the daemon, which then goes on with what is there`,
      );
    }
    return databaseError(
      'db_gone',
      `${this.#path}${this.#gone}, which belongs to the database, was deleted or replaced while it was in use; restart the daemon, which goes on with what the database has`,
    );
  }

  #look(): void {
    this.#gone = undefined;
    for (const ending of ENDINGS) {
      const now = identityOf(`${this.#path}${ending}`);
      const opened = this.#opened.get(ending);
      if (opened === undefined && now !== undefined) this.#opened.set(ending, now);
      if (opened !== undefined && now !== opened) this.#gone ??= ending;
    }
  }
}

/** Of the file that has the name now; only the name is queried, nothing is opened. */
function identityOf(path: string): string | undefined {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
  } catch (error) {
    return errorCode(error); // The directory is no longer a directory, or is closed to us.
  }
}
