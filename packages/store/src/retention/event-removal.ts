// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PRUNE_ROWS, PRUNE_SCAN_PAGES } from '../limits.ts';
import { OwnRemoval } from '../log/own-removal.ts';

/** Grades by their place, from weak to strong; rows of other nodes and of SentryPeer 4.x have none and are weakest. */
export const RANKS = [0, 1, 2] as const;
type Rank = (typeof RANKS)[number];

/** What one step came to. */
export interface Removal {
  readonly removed: number;
  /** It looked at rows that stay, and there are more to look at. */
  readonly isSearching: boolean;
}

/**
 * Removes rows of the event log: the oldest of the weakest grade first, so that no number of packets which anybody can
 * forge pushes out what was proved. Ids only rise, so each row that stays is passed once in the life of the program.
 */
export class EventRemoval {
  readonly #summary: StatementSync;
  readonly #page: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeAll: StatementSync;
  readonly #own: OwnRemoval;
  /** All rows of a rank or a lower one have a higher id than this. */
  #floors: [number, number, number] = [0, 0, 0];
  #after = 0;

  constructor(database: DatabaseSync) {
    this.#own = new OwnRemoval(database);
    const page = `
      SELECT honey_id, CASE grade WHEN 'handshake' THEN 2 WHEN 'returned' THEN 1 ELSE 0 END AS rank FROM honey
      WHERE honey_id > ? AND honey_id <= ? ORDER BY honey_id LIMIT ${PRUNE_ROWS}`;
    this.#page = database.prepare(page);
    this.#summary = database.prepare(
      `SELECT max(honey_id) AS end, min(rank) AS weakest, max(rank) AS strongest FROM (${page})`,
    );
    this.#remove = database.prepare(
      'DELETE FROM honey WHERE honey_id IN (SELECT value FROM json_each(?))',
    );
    this.#removeAll = database.prepare('DELETE FROM honey WHERE honey_id > ? AND honey_id <= ?');
  }

  /** Removes some rows, or looks for some, after one id and up to another. */
  step(after: number, last: number): Removal {
    if (after !== this.#after) this.#floors = [after, after, after];
    this.#after = after;
    for (const rank of RANKS) {
      const removal = this.#removeOf(rank, last);
      if (removal.removed > 0 || removal.isSearching) return removal;
    }
    return { removed: 0, isSearching: false };
  }

  #removeOf(rank: Rank, last: number): Removal {
    for (let pages = 0; pages < PRUNE_SCAN_PAGES; pages += 1) {
      const floor = this.#floors[rank];
      const { end, weakest, strongest } = this.#summary.get(floor, last) ?? {};
      if (typeof end !== 'number') return { removed: 0, isSearching: false };
      // What is left of the page is stronger, so all weak ones come after it.
      this.#floors[rank] = end;
      if (Number(weakest) > rank) continue;
      const { changes } = this.#own.run(() =>
        Number(strongest) <= rank
          ? this.#removeAll.run(floor, end)
          : this.#remove.run(JSON.stringify(this.#weakIds(floor, end, rank))),
      );
      return { removed: Number(changes), isSearching: false };
    }
    return { removed: 0, isSearching: true };
  }

  #weakIds(floor: number, end: number, rank: Rank): readonly number[] {
    const weak = this.#page.all(floor, end).filter((row) => Number(row['rank']) <= rank);
    return weak.map((row) => Number(row['honey_id']));
  }
}
