// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '@sentrypeer/kernel';
import { inTransaction } from '../file/transaction.ts';
import { TRIGGER_PAUSE_LOOK_MS } from '../limits.ts';

const TRIGGER = 'event_goes';

/**
 * Keeps the trigger for rows that other programs remove (foreign-tables.ts) out of one connection's statements. It would
 * do nothing for them, and its mere existence makes a removal half as expensive again: SQLite then collects ids first,
 * copies each page that it changes, and calls the trigger for each row.
 *
 * SQLite can switch off the triggers of a connection (`SQLITE_DBCONFIG_ENABLE_TRIGGER`), but `node:sqlite` cannot. So
 * the trigger is dropped, and its row of the schema is written again in the same transaction. A connection applies its
 * own changes to the schema in its memory, and reads the schema anew only after another connection has changed it: this
 * one continues without the trigger, all others have it, and at no time is the file without it. If another program
 * changes the schema, the trigger is back here, too, until the next `renew()`; meanwhile removals are slower.
 */
export class PausedTrigger {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #version: StatementSync;
  readonly #find: StatementSync;
  #lookAtMs = Number.NEGATIVE_INFINITY;
  /** The version of the schema for which it is paused. */
  #pausedAt: number | undefined;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#version = database.prepare('PRAGMA schema_version');
    this.#find = database.prepare(
      "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND name = ? AND tbl_name = 'honey'",
    );
  }

  /** Pauses it, outside a transaction, if it is not paused; looks now and then only. */
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
    const sql = this.#find.get(TRIGGER)?.['sql'];
    if (typeof sql !== 'string') return; // Somebody dropped it.
    this.#database.exec(`
      DROP TRIGGER ${TRIGGER};
      INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql)
        VALUES ('trigger', '${TRIGGER}', 'honey', 0, '${sql.replaceAll("'", "''")}')`);
  }

  #schemaVersion(): number {
    return Number(this.#version.get()?.['schema_version']);
  }
}
