// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import { OPEN_LOCK_WAIT_MS } from '../limits.ts';
import { guarded } from './database-error.ts';
import type { OpeningPorts } from './migration.ts';
import { openForWriting } from './open-database.ts';

/** What writes to the database, also while a daemon uses it; it waits for the daemon's transactions. */
export class OwnConnection implements Disposable {
  readonly database: DatabaseSync;
  readonly #path: string;

  /** Makes or migrates the database where that is due. Throws `OperatingError`. */
  constructor(ports: OpeningPorts, path: string) {
    this.#path = path;
    this.database = openForWriting(path, ports);
    this.database.exec(`PRAGMA busy_timeout = ${OPEN_LOCK_WAIT_MS}`);
  }

  /** What SQLite throws in there becomes an `OperatingError`. */
  run<T>(work: () => T): T {
    return guarded(this.#path, work);
  }

  close(): void {
    if (this.database.isOpen) this.database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
