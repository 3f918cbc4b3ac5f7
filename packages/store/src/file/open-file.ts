// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Logger } from '@sentrypeer/kernel';
import { FileWatch } from './file-watch.ts';

interface OpenFilePorts {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The file that the writer has open. */
export class OpenFile {
  readonly #ports: OpenFilePorts;
  readonly #path: string;
  readonly #watch: FileWatch;
  #isGone = false;

  constructor(ports: OpenFilePorts, path: string) {
    this.#ports = ports;
    this.#path = path;
    this.#watch = new FileWatch(path);
  }

  /**
   * What is written into a file that no longer has a name is lost in the end; so it waits, and this is reported. Throws
   * `OperatingError`.
   */
  refuseWhereGone(): void {
    const { clock, logger } = this.#ports;
    const failure = this.#watch.failure(clock.nowMs());
    const wasGone = this.#isGone;
    this.#isGone = failure !== undefined;
    if (failure === undefined) {
      if (wasGone) logger.error('database_is_back', { path: this.#path });
      return;
    }
    if (!wasGone) {
      this.#saveFromLog();
      logger.error('database_gone', { why: failure.message });
    }
    throw failure;
  }

  /** Our connection still has the log, even if it has no name: what is in it is copied into the database. */
  #saveFromLog(): void {
    try {
      this.#ports.database.exec('PRAGMA wal_checkpoint(PASSIVE)');
    } catch {
      // Then the whole database is gone, which is about to be reported.
    }
  }
}
