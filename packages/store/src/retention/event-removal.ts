// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PRUNE_ROWS, PRUNE_SCAN_PAGES } from '../limits.ts';
import { IS_PROVED } from '../judging/event-lanes.ts';
import { OwnRemoval } from '../log/own-removal.ts';

/** Grades by their place, from weak to strong; rows of other nodes and of SentryPeer 4.x have none and are weakest. */
export const RANKS = [0, 1, 2] as const;
export type Rank = (typeof RANKS)[number];
/**
 * What anybody can forge: only such rows are removed in advance; otherwise what may never come would push out what was
 * proved.
 */
export const FORGEABLE: readonly Rank[] = [0];

/** The result of one step. */
export interface Removal {
  readonly removed: number;
  /** It looked at rows that stay, and there are more to look at. */
  readonly isSearching: boolean;
}

/** Rows after `floor`, up to `end`. */
interface Between {
  readonly floor: number;
  readonly end: number;
  /** One of them is proved. */
  readonly isProved: boolean;
}

/**
 * Removes rows of the event log: the oldest of the weakest grade first, so that no number of forgeable packets pushes
 * out what was proved. Ids only increase, so each row that stays is passed once in the life of the program.
 */
export class EventRemoval {
  readonly #pageEnd: StatementSync;
  readonly #hasProved: StatementSync;
  readonly #page: StatementSync;
  readonly #own: OwnRemoval;
  /** All rows of a rank or a lower one have a higher id than this. */
  #floors: [number, number, number] = [0, 0, 0];
  #after = 0;

  constructor(database: DatabaseSync) {
    this.#own = new OwnRemoval(database);
    const ids = 'FROM honey WHERE honey_id > ? AND honey_id <= ? ORDER BY honey_id';
    this.#pageEnd = database.prepare(
      `SELECT max(honey_id) AS end FROM (SELECT honey_id ${ids} LIMIT ? + 0)`,
    );
    // By its index, so that no row is read; most rows are not proved.
    this.#hasProved = database.prepare(`
      SELECT 1 FROM honey INDEXED BY proved_event_index WHERE honey_id > ? AND honey_id <= ? AND ${IS_PROVED} LIMIT 1`);
    this.#page = database.prepare(`
      SELECT honey_id, CASE grade WHEN 'handshake' THEN 2 WHEN 'returned' THEN 1 ELSE 0 END AS rank ${ids}`);
  }

  /**
   * Removes some rows, or looks for some, after one id and up to another.
   *
   * @param ranks Which may go, the weakest first.
   * @param rowsMax The most rows to remove; only `PRUNE_ROWS` among rows that are proved.
   */
  step(
    after: number,
    last: number,
    ranks: readonly Rank[] = RANKS,
    rowsMax: number = PRUNE_ROWS,
  ): Removal {
    if (after !== this.#after) this.#floors = [after, after, after];
    this.#after = after;
    for (const rank of ranks) {
      const removal = this.#removeOf(rank, last, rowsMax);
      if (removal.removed > 0 || removal.isSearching) return removal;
    }
    return { removed: 0, isSearching: false };
  }

  #removeOf(rank: Rank, last: number, rowsMax: number): Removal {
    for (let pages = 0; pages < PRUNE_SCAN_PAGES; pages += 1) {
      const floor = this.#floors[rank];
      let end = this.#endOf(floor, last, rowsMax);
      if (end === undefined) return { removed: 0, isSearching: false };
      let isProved = this.#isProved(floor, end);
      if (isProved && rowsMax > PRUNE_ROWS) {
        end = this.#endOf(floor, last, PRUNE_ROWS) ?? end;
        isProved = this.#isProved(floor, end);
      }
      const between = { floor, end, isProved };
      const removed = this.#removeBetween(between, rank);
      // The rest of the page is stronger, so all weak ones come after it.
      this.#floors[rank] = end;
      if (removed > 0) return { removed, isSearching: false };
    }
    return { removed: 0, isSearching: true };
  }

  /** The id of the last of some rows after `floor`. */
  #endOf(floor: number, last: number, rows: number): number | undefined {
    const end = this.#pageEnd.get(floor, last, rows)?.['end'];
    return typeof end === 'number' ? end : undefined;
  }

  #isProved(floor: number, end: number): boolean {
    return this.#hasProved.get(floor, end) !== undefined;
  }

  #removeBetween({ floor, end, isProved }: Between, rank: Rank): number {
    if (!isProved) return this.#own.between(floor, end);
    const weak = this.#page.all(floor, end).filter((row) => Number(row['rank']) <= rank);
    return this.#own.rows(weak.map((row) => Number(row['honey_id'])));
  }
}
