// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** A transaction around several questions of one connection, which costs much less than one for each of them. */
export class ReadTransaction {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #end: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#begin = database.prepare('BEGIN');
    this.#end = database.prepare('ROLLBACK');
  }

  /** Within a transaction that is already open, it leaves that one open. */
  around<T>(questions: () => T): T {
    if (this.#database.isTransaction) return questions();
    this.#begin.run();
    try {
      return questions();
    } finally {
      // Some errors have already ended it.
      if (this.#database.isTransaction) this.#end.run();
    }
  }
}
