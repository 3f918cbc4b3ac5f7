// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock, Logger } from '@sentrypeer/kernel';
import type { ClockWatch } from '../clock/clock-watch.ts';
import { inTransaction } from '../file/transaction.ts';
import { PRUNE_STEP_MS } from '../limits.ts';
import { PAGES_REMOVED_STEP } from './limits.ts';
import { PageRemoval } from './page-removal.ts';
import { standingRank } from './pool-page.ts';

const SELF = standingRank('self');

interface AheadPagesPorts {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly clockWatch: Pick<ClockWatch, 'latestUs' | 'repairsCount'>;
}

/** What is left to look at after the clock was put right. */
interface Left {
  /** For which of the clock's repairs. */
  readonly repairsCount: number;
  /** Authors with serials that cannot be. */
  readonly authorIds: number[];
  removedCount: number;
}

/**
 * Removes pages of the pool that are more than a day ahead of a clock that is believed: they came, or this node wrote
 * them, while the clock was ahead. Other nodes accept no such page, and whoever has one accepts nothing earlier of its
 * author, so both would last until that time. This node's own statements are made again by whoever makes them.
 */
export class AheadPages {
  readonly #ports: AheadPagesPorts;
  readonly #removal: PageRemoval;
  readonly #authors: StatementSync;
  readonly #bySerial: StatementSync;
  readonly #byTime: StatementSync;
  readonly #reset: StatementSync;
  #left: Left | undefined;
  #doneAtRepairs = -1;

  constructor(ports: AheadPagesPorts) {
    const { database } = ports;
    this.#ports = ports;
    this.#removal = new PageRemoval(database);
    // The page with which this node ended its key stays: it must reach others, even if late.
    this.#authors = database.prepare(`
      SELECT author_id FROM pool_author WHERE serial > ? AND NOT (standing = ${SELF} AND state = 'retired')`);
    this.#bySerial = database.prepare(`
      SELECT author_id, serial FROM pool_page WHERE author_id = ? AND serial > ? LIMIT ${PAGES_REMOVED_STEP}`);
    this.#byTime = database.prepare(`
      SELECT author_id, serial FROM pool_page WHERE standing = ? AND made_s > ? LIMIT ${PAGES_REMOVED_STEP}`);
    // What was replaced before may come again, until the author's next page that replaces all.
    this.#reset = database.prepare(
      'UPDATE pool_author SET serial = 0, floor = 0 WHERE author_id = ?',
    );
  }

  /** Some milliseconds of it, once after each start and after each repair of times. @returns Whether there is more. */
  step(): boolean {
    const { clock, clockWatch, database } = this.#ports;
    const latestUs = clockWatch.latestUs();
    if (latestUs === undefined || clockWatch.repairsCount === this.#doneAtRepairs) return false;
    const startedAtMs = clock.nowMs();
    const latestS = Math.floor(latestUs / 1e6);
    const left = this.#leftAt(latestS);
    while (clock.nowMs() - startedAtMs < PRUNE_STEP_MS) {
      if (inTransaction(database, () => this.#removeSome(left, latestS))) continue;
      this.#finish(left);
      return false;
    }
    return true;
  }

  #leftAt(latestS: number): Left {
    const { repairsCount } = this.#ports.clockWatch;
    if (this.#left?.repairsCount !== repairsCount) {
      const authorIds = this.#authors.all(latestS).map((row) => Number(row['author_id']));
      this.#left = { repairsCount, authorIds, removedCount: 0 };
    }
    return this.#left;
  }

  /** @returns Whether there is more. */
  #removeSome(left: Left, latestS: number): boolean {
    const authorId = left.authorIds.at(-1);
    if (authorId !== undefined) {
      if (this.#remove(left, this.#bySerial.all(authorId, latestS))) return true;
      this.#reset.run(authorId);
      left.authorIds.pop();
      return true;
    }
    for (let standing = 0; standing < SELF; standing += 1) {
      if (this.#remove(left, this.#byTime.all(standing, latestS))) return true;
    }
    return false;
  }

  #remove(left: Left, rows: ReturnType<StatementSync['all']>): boolean {
    for (const row of rows) this.#removal.remove(Number(row['author_id']), Number(row['serial']));
    left.removedCount += rows.length;
    return rows.length > 0;
  }

  #finish({ repairsCount, removedCount }: Left): void {
    this.#doneAtRepairs = repairsCount;
    this.#left = undefined;
    if (removedCount > 0) {
      this.#ports.logger.warn('pool_pages_ahead_removed', { pages: removedCount });
    }
  }
}
