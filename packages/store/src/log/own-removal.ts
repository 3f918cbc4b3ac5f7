// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** Says to the triggers on `honey` that it is this program that removes rows (foreign-tables.ts). */
export class OwnRemoval {
  readonly #set: StatementSync;

  constructor(database: DatabaseSync) {
    this.#set = database.prepare("UPDATE counter SET value = ? WHERE name = 'own_removal'");
  }

  /** Within the caller's transaction, which ends it too where the work fails. */
  run<T>(work: () => T): T {
    this.#set.run(1);
    const result = work();
    this.#set.run(0);
    return result;
  }
}
