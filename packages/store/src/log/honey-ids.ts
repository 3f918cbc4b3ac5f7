// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';

/**
 * Ids up to this leave room for as many again within JavaScript's numbers. Another program may add a row with one
 * beyond, or below the negative of this; such a row is not looked at before it has another id.
 */
export const HONEY_ID_MAX = 2 ** 52;

/**
 * The id of the newest row ever, as an expression. The counter knows rows that were deleted, whose ids are not reused;
 * rows that another program has just added are only in the log.
 */
export const LAST_HONEY_ID = `max(coalesce((SELECT max(honey_id) FROM honey WHERE honey_id <= ${HONEY_ID_MAX}), 0),
  coalesce((SELECT value FROM counter WHERE name = 'last_honey_id'), 0))`;

/** Gives rows the next ids, as if they were added now. */
export class Renumbering {
  readonly #odd: readonly StatementSync[];
  readonly #change: StatementSync;

  /** @param idMin The lowest id that a row may keep. */
  constructor(database: DatabaseSync, idMin: number) {
    // One condition each, so that SQLite looks only at the ends of the log; and texts, because the ids are no numbers.
    this.#odd = [`honey_id < ${idMin}`, `honey_id > ${HONEY_ID_MAX}`].map((isOdd) =>
      database.prepare(
        `SELECT CAST(honey_id AS TEXT) AS id FROM honey WHERE ${isOdd} ORDER BY honey_id LIMIT 1`,
      ),
    );
    this.#change = database.prepare(
      `UPDATE honey SET honey_id = ${LAST_HONEY_ID} + 1 WHERE honey_id = CAST(? AS INTEGER)`,
    );
  }

  /** Within the caller's transaction. @returns Whether there was any row to renumber. */
  step(countMax: number): boolean {
    for (let count = 0; count < countMax; count += 1) {
      const row = this.#odd.map((odd) => odd.get()).find((found) => found !== undefined);
      if (row === undefined) return count > 0;
      this.#change.run(String(row['id']));
    }
    return true;
  }
}
