// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Logger } from '@sentrypeer/kernel';
import { fromSqlite } from '../file/database-error.ts';
import { openForWriting } from '../file/open-database.ts';
import { OPEN_LOCK_WAIT_MS } from '../limits.ts';
import { OriginWriter } from '../sharing/origins.ts';
import { Admissions } from './admissions.ts';
import { PoolReader } from './pool-reader.ts';
import type { PageOutcome, PoolPage } from './pool-page.ts';

/** Reads and adds pages of the pool, also while a daemon uses the database. */
export class PoolFile {
  readonly pages: PoolReader;
  readonly #path: string;
  readonly #clock: Clock;
  readonly #database: DatabaseSync;
  readonly #origins: OriginWriter;

  private constructor(path: string, clock: Clock, database: DatabaseSync) {
    this.#path = path;
    this.#clock = clock;
    this.#database = database;
    this.#origins = new OriginWriter(database, clock);
    this.pages = new PoolReader(database, path);
  }

  /** Makes or migrates the database where that is due. Throws `OperatingError`. */
  static open(ports: { readonly clock: Clock; readonly logger: Logger }, path: string): PoolFile {
    const database = openForWriting(path, ports);
    database.exec(`PRAGMA busy_timeout = ${OPEN_LOCK_WAIT_MS}`);
    return new PoolFile(path, ports.clock, database);
  }

  /** What became of each, in one transaction. Throws `OperatingError`. @param asSelf They are this node's. */
  add(pages: readonly PoolPage[], asSelf = false): readonly PageOutcome[] {
    return this.#guarded(() => this.#origins.addPages(pages, asSelf));
  }

  /** Whether what voters name anew waits, because it is far more than usual. */
  isBraked(): boolean {
    const nowUs = this.#clock.epochUs();
    return this.#guarded(() => new Admissions(this.#database, () => 0).isBraked(nowUs));
  }

  /** Lets through what waits because voters name far more than usual. Throws `OperatingError`. */
  resume(): void {
    this.#guarded(() => this.#origins.resumeVotes());
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
