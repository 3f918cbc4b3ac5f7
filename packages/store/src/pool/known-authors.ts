// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '@sentrypeer/kernel';
import { KNOWN_DAYS_MIN, KNOWN_FORETOLD_MIN, KNOWN_REVIEW_MS, KNOWN_STEP } from './limits.ts';
import { Counters } from '../totals/counters.ts';
import { isDisputed } from './disputed.ts';
import { standingRank } from './pool-page.ts';

const [STRANGER, KNOWN] = [standingRank('stranger'), standingRank('known')];
const DAY_US = 86_400_000_000;

/**
 * Authors whose claims this node could check: for a week they have named what came here later, and nothing that the
 * operator allowed or delisted. This decides who is served first in a flood, never what is acted on. Within the
 * caller's transaction.
 */
export class KnownAuthors {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #candidates: StatementSync;
  readonly #setAuthor: StatementSync;
  readonly #setPages: StatementSync;
  /** The author that the review has reached; `undefined` while there is no review. */
  #afterId: number | undefined;
  #reviewedAtMs = Number.NEGATIVE_INFINITY;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#clock = clock;
    this.#counters = new Counters(database);
    this.#candidates = database.prepare(`
      SELECT author_id, standing, state = 'alive' AND foretold >= ${KNOWN_FORETOLD_MIN} AND first_seen_us <= ?1
        AND NOT EXISTS (SELECT 1 FROM pool_claim WHERE pool_claim.author_id = pool_author.author_id
          AND ${isDisputed('pool_claim.subject')}) AS is_known
      FROM pool_author WHERE author_id > ?2 AND (standing = ${KNOWN}
        OR standing = ${STRANGER} AND foretold >= ${KNOWN_FORETOLD_MIN}) ORDER BY author_id LIMIT ${KNOWN_STEP}`);
    this.#setAuthor = database.prepare('UPDATE pool_author SET standing = ? WHERE author_id = ?');
    this.#setPages = database.prepare('UPDATE pool_page SET standing = ? WHERE author_id = ?');
  }

  /** Looks at some authors, if it is time for it. @returns Whether there are more. */
  review(): boolean {
    const nowMs = this.#clock.nowMs();
    if (this.#afterId === undefined) {
      if (nowMs - this.#reviewedAtMs < KNOWN_REVIEW_MS) return false;
      this.#reviewedAtMs = nowMs;
      this.#afterId = 0;
    }
    const sinceUs = this.#clock.epochUs() - KNOWN_DAYS_MIN * DAY_US;
    const rows = this.#candidates.all(sinceUs, this.#afterId);
    for (const row of rows) {
      const authorId = Number(row['author_id']);
      this.#afterId = authorId;
      const standing = row['is_known'] === 1 ? KNOWN : STRANGER;
      if (standing === Number(row['standing'])) continue;
      this.#setAuthor.run(standing, authorId);
      this.#setPages.run(standing, authorId);
      this.#counters.add('pool_changes', 1);
    }
    const isMore = rows.length === KNOWN_STEP;
    if (!isMore) this.#afterId = undefined;
    return isMore;
  }
}
