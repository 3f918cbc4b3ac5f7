// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { statSync } from 'node:fs';
import type { OperatingError } from '@sentrypeer/kernel';
import { FILE_LOOK_MS } from '../limits.ts';
import { databaseError } from './database-error.ts';

/** Whether a database is still the file of that name: somebody may delete or replace the file while it is open. */
export class FileWatch {
  readonly #path: string;
  readonly #opened: string | undefined;
  #lookAtMs = Number.NEGATIVE_INFINITY;
  #isGone = false;

  /** Must be called right after the file was opened. */
  constructor(path: string) {
    this.#path = path;
    this.#opened = identityOf(path);
  }

  /**
   * What is wrong; `undefined` while all is well.
   *
   * @param nowMs Monotonic milliseconds; the file is only checked once in a while.
   */
  failure(nowMs: number): OperatingError | undefined {
    if (nowMs >= this.#lookAtMs) {
      this.#lookAtMs = nowMs + FILE_LOOK_MS;
      this.#isGone = identityOf(this.#path) !== this.#opened;
    }
    if (!this.#isGone) return undefined;
    return databaseError(
      'db_gone',
      `database ${this.#path} was deleted or replaced while it was in use; put the file back, or restart the daemon, which then goes on with what is there`,
    );
  }
}

/** Of the file that has the name now; only the name is queried, nothing is opened. */
function identityOf(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}
