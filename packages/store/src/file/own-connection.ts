// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import { OPEN_LOCK_WAIT_MS } from '../limits.ts';
import { guarded } from './database-error.ts';
import type { OpeningPorts } from './migration.ts';
import { openForWriting } from './open-database.ts';

/** What writes to the database, also while a daemon uses it; it waits for the daemon's transactions. */
export class OwnConnection {
  readonly database: DatabaseSync;
  readonly #path: string;

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.database = database;
  }

  /**
   * Makes or migrates the database where that is due. Throws `OperatingError`.
   *
   * @param use What the connection is for; where that cannot be made, the connection is closed again.
   */
  static open<T>(ports: OpeningPorts, path: string, use: (connection: OwnConnection) => T): T {
    const connection = new OwnConnection(path, openForWriting(path, ports));
    try {
      return connection.run(() => {
        connection.database.exec(`PRAGMA busy_timeout = ${OPEN_LOCK_WAIT_MS}`);
        return use(connection);
      });
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** What SQLite throws in there becomes an `OperatingError`. */
  run<T>(work: () => T): T {
    return guarded(this.#path, work);
  }

  close(): void {
    if (this.database.isOpen) this.database.close();
  }
}
