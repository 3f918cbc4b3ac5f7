// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { copyFileSync, statSync, truncateSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { errorCode, OperatingError, type Clock, type Logger } from '@sentrypeer/kernel';
import type { ContentWatch } from './content-watch.ts';
import { FileWatch } from './file-watch.ts';
import { rescueFileOf, rescueRows } from './rescue.ts';

interface OpenFilePorts {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly content: ContentWatch;
}

/** The file that the writer has open. */
export class OpenFile {
  readonly #ports: OpenFilePorts;
  readonly #path: string;
  readonly #watch: FileWatch;
  #isGone = false;
  #isOverwritten = false;

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
    const { clock, logger, content } = this.#ports;
    const overwritten = content.failure();
    if (overwritten !== undefined) {
      if (!this.#isOverwritten) this.#rescue(overwritten);
      this.#isOverwritten = true;
      throw overwritten;
    }
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

  /**
   * What this connection still has in memory goes to a file next to the database. The log is put aside: at the end,
   * SQLite would copy it into a database that it does not belong to.
   */
  #rescue(failure: OperatingError): void {
    const { logger, content } = this.#ports;
    let saved: { readonly rescued: number; readonly file: string } | undefined;
    try {
      const rescued = rescueRows(this.#ports, this.#path, content.safeHoneyId);
      saved = { rescued, file: rescueFileOf(this.#path) };
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      logger.error('rescue_failed', { code: error.code, why: error.message });
    }
    this.#emptyLog();
    logger.error('database_overwritten', {
      why: failure.message,
      ...(saved !== undefined &&
        saved.rescued > 0 && {
          ...saved,
          help: 'sentrypeer import FILE takes the rescued events, once the daemon is restarted',
        }),
    });
  }

  #emptyLog(): void {
    const log = `${this.#path}-wal`;
    try {
      // Nothing is lost, whatever the truth about the two files.
      if (statSync(log).size > 0) copyFileSync(log, `${rescueFileOf(this.#path)}.old-wal`);
      truncateSync(log);
    } catch (error) {
      const why = `${log} cannot be put aside (${errorCode(error) ?? String(error)})`;
      this.#ports.logger.error('rescue_failed', { why });
    }
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
