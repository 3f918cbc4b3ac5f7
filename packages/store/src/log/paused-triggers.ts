// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '@sentrypeer/kernel';
import { inTransaction } from '../file/transaction.ts';
import { TRIGGER_PAUSE_LOOK_MS } from '../limits.ts';
import { PAUSED_TRIGGERS } from './foreign-tables.ts';

/**
 * Keeps the triggers for rows that other programs insert and remove (foreign-tables.ts) out of one connection's
 * statements. They would do nothing for them, and the mere existence of the one on removals makes a removal half as
 * expensive again: SQLite then collects ids first, copies each page that it changes, and calls the trigger for each row.
 *
 * SQLite can switch off the triggers of a connection (`SQLITE_DBCONFIG_ENABLE_TRIGGER`), but `node:sqlite` cannot. So
 * each is dropped, and its row of the schema is written again in the same transaction. A connection applies its own
 * changes to the schema in its memory, and reads the schema anew only after another connection has changed it: this one
 * continues without the triggers, all others have them, and at no time is the file without them. If another program
 * changes the schema, they are back here, too, until the next `renew()`; meanwhile inserts and removals are slower.
 */
export class PausedTriggers {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #version: StatementSync;
  readonly #find: StatementSync;
  #lookAtMs = Number.NEGATIVE_INFINITY;
  /** The version of the schema for which they are paused. */
  #pausedAt: number | undefined;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#version = database.prepare('PRAGMA schema_version');
    this.#find = database.prepare(
      "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ? AND tbl_name = 'honey'",
    );
  }

  /** Pauses them, outside a transaction, if they are not paused; looks now and then only. */
  renew(): void {
    const nowMs = this.#clock.nowMs();
    if (nowMs < this.#lookAtMs) return;
    this.#lookAtMs = nowMs + TRIGGER_PAUSE_LOOK_MS;
    if (this.#pausedAt === this.#schemaVersion()) return;
    this.#database.enableDefensive(false);
    this.#database.exec('PRAGMA writable_schema = ON');
    try {
      inTransaction(this.#database, () => this.#pause());
      this.#pausedAt = this.#schemaVersion();
    } finally {
      this.#database.exec('PRAGMA writable_schema = OFF');
      this.#database.enableDefensive(true);
    }
  }

  #pause(): void {
    for (const name of PAUSED_TRIGGERS) {
      const sql = this.#find.get(name)?.['sql'];
      if (typeof sql !== 'string') continue; // Somebody dropped it.
      this.#database.exec(`
        DROP TRIGGER ${name};
        INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
          VALUES ('trigger', '${name}', 'honey', 0, '${sql.replaceAll("'", "''")}')`);
    }
  }

  #schemaVersion(): number {
    return Number(this.#version.get()?.['schema_version']);
  }
}
