// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Tells the triggers on `honey` that this program removes the rows (foreign-tables.ts). */
export class OwnRemoval {
  readonly #set: StatementSync;

  constructor(database: DatabaseSync) {
    this.#set = database.prepare("UPDATE counter SET value = ? WHERE name = 'own_removal'");
  }

  /** Within the caller's transaction, whose rollback also resets it if the work fails. */
  run<T>(work: () => T): T {
    this.#set.run(1);
    const result = work();
    this.#set.run(0);
    return result;
  }
}
