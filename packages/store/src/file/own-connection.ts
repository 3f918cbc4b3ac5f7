// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import { guarded } from './database-error.ts';
import type { OpeningPorts } from './migration.ts';
import { openForCommand, openForLook } from './open-database.ts';

/** Whether a command changes something; one that only looks never creates, migrates or locks anything. */
export type Purpose = 'change' | 'look';

/** A connection to the database, even while a daemon uses it; a change waits for the daemon's transactions. */
export class OwnConnection {
  readonly database: DatabaseSync;
  readonly #path: string;

  private constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.database = database;
  }

  /**
   * For a change, creates or migrates the database if necessary. Throws `OperatingError`.
   *
   * @param use Creates what the connection is for; if that fails, the connection is closed again.
   */
  static open<T>(
    ports: OpeningPorts,
    path: string,
    use: (connection: OwnConnection) => T,
    purpose: Purpose = 'change',
  ): T {
    const connection = new OwnConnection(
      path,
      purpose === 'look' ? openForLook(path).database : openForCommand(path, ports),
    );
    try {
      return connection.run(() => {
        return use(connection);
      });
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  /** Errors of SQLite in it become an `OperatingError`. */
  run<T>(work: () => T): T {
    return guarded(this.#path, work);
  }

  close(): void {
    if (this.database.isOpen) this.database.close();
  }
}
