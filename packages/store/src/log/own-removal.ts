// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { REMOVED_COLUMNS } from './foreign-tables.ts';

/**
 * Removes rows of `honey` for this program, within the caller's transaction. What they counted stays in the totals,
 * except for rows that other nodes shared. The trigger for rows that other programs remove (foreign-tables.ts) is told,
 * and nothing here relies on it: the writer's statements may be without it (paused-triggers.ts).
 */
export class OwnRemoval {
  readonly #set: StatementSync;
  readonly #sharedBetween: StatementSync;
  readonly #sharedOf: StatementSync;
  readonly #copyShared: StatementSync;
  readonly #takeOut: StatementSync;
  readonly #removeOne: StatementSync;
  readonly #removeBetween: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync) {
    this.#set = database.prepare("UPDATE counter SET value = ? WHERE name = 'own_removal'");
    const shared = 'SELECT honey_id FROM shared_event WHERE';
    const between = 'honey_id > ? AND honey_id <= ?';
    const listed = 'honey_id IN (SELECT value FROM json_each(?))';
    this.#sharedBetween = database.prepare(`${shared} ${between} ORDER BY honey_id`);
    this.#sharedOf = database.prepare(`${shared} ${listed} ORDER BY honey_id`);
    this.#copyShared = database.prepare(`
      INSERT OR IGNORE INTO removed_event (honey_id, is_shared, ${REMOVED_COLUMNS})
      SELECT honey_id, 1, ${REMOVED_COLUMNS} FROM honey WHERE honey_id = ?`);
    this.#takeOut = database.prepare('DELETE FROM removed_event WHERE honey_id = ?');
    this.#removeOne = database.prepare('DELETE FROM honey WHERE honey_id = ?');
    this.#removeBetween = database.prepare(`DELETE FROM honey WHERE ${between}`);
    this.#remove = database.prepare(`DELETE FROM honey WHERE ${listed}`);
  }

  /** Removes the rows after one id and up to another. @returns How many. */
  between(after: number, last: number): number {
    return this.#asOwn(
      () =>
        this.#removeShared(this.#sharedBetween.all(after, last)) +
        Number(this.#removeBetween.run(after, last).changes),
    );
  }

  /** Removes the rows with these ids. @returns How many there were. */
  rows(ids: readonly number[]): number {
    if (ids.length === 0) return 0;
    const list = JSON.stringify(ids);
    return this.#asOwn(
      () => this.#removeShared(this.#sharedOf.all(list)) + Number(this.#remove.run(list).changes),
    );
  }

  /** If the work fails, the rollback of the caller's transaction resets it. */
  #asOwn(work: () => number): number {
    this.#set.run(1);
    const removed = work();
    this.#set.run(0);
    return removed;
  }

  /** One after the other, because the rows that remain determine what remains in the totals. */
  #removeShared(rows: readonly Readonly<Record<string, unknown>>[]): number {
    let removed = 0;
    for (const { honey_id } of rows) {
      const honeyId = Number(honey_id);
      this.#copyShared.run(honeyId);
      this.#takeOut.run(honeyId);
      removed += Number(this.#removeOne.run(honeyId).changes);
    }
    return removed;
  }
}
