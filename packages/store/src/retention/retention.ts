// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Logger } from '@sentrypeer/kernel';
import { fromSqlite } from '../file/database-error.ts';
import { openForWriting } from '../file/open-database.ts';
import { RECORDED } from '../file/schema.ts';
import { inTransaction } from '../file/transaction.ts';
import { OPEN_LOCK_WAIT_MS, NO_AGE_LIMIT_DAYS } from '../limits.ts';
import { expiry, keepNothing, readKept, type KeptReport } from './kept.ts';

/** What is kept beside the limits, and how many events are older than they allow. */
export interface KeptDetail extends KeptReport {
  readonly eventsExpired: number;
}

/** Looks at what is kept beside the limits and lets go of it, also while a daemon uses the database. */
export class Retention {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #database: DatabaseSync;

  private constructor(path: string, clock: Clock, database: DatabaseSync) {
    this.#path = path;
    this.#clock = clock;
    this.#database = database;
  }

  /** Throws `OperatingError`. */
  static open(ports: { readonly clock: Clock; readonly logger: Logger }, path: string): Retention {
    const database = openForWriting(path, ports);
    database.exec(`PRAGMA busy_timeout = ${OPEN_LOCK_WAIT_MS}`);
    return new Retention(path, ports.clock, database);
  }

  /** `undefined` if nothing is kept. Counts rows, which takes some seconds where they are millions. */
  kept(): KeptDetail | undefined {
    return this.#guarded(() => {
      const nowUs = this.#clock.epochUs();
      const kept = readKept(this.#database, nowUs);
      if (kept === undefined) return undefined;
      const count = this.#database
        .prepare(`SELECT count(*) AS n FROM honey WHERE ${RECORDED} < ?`)
        .get(expiry(kept.retentionDays ?? NO_AGE_LIMIT_DAYS, nowUs));
      return { ...kept, eventsExpired: Number(count?.['n']) };
    });
  }

  /** The daemon removes what is beyond its limits from now on, or when it starts next. */
  release(): void {
    this.#guarded(() => inTransaction(this.#database, () => keepNothing(this.#database)));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #guarded<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw fromSqlite(error, this.#path);
    }
  }
}
