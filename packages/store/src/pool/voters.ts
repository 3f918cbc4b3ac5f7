// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { OperatingError, type Clock } from '@sentrypeer/kernel';
import { Counters } from '../totals/counters.ts';
import { PAGES_REMOVED_STEP, VOTERS_MAX } from './limits.ts';
import { isOut } from './is-out.ts';
import { kindOf, PageRemoval } from './page-removal.ts';
import { standingRank } from './pool-page.ts';

const DAY_US = 86_400_000_000;
const [STRANGER, VOTER] = [standingRank('stranger'), standingRank('voter')];

/** Follows the operator's trust and distrust, within the caller's transaction. */
export class Voters {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #removal: PageRemoval;
  readonly #setOrigin: StatementSync;
  readonly #count: StatementSync;
  readonly #setKey: StatementSync;
  readonly #setAuthor: StatementSync;
  readonly #setPages: StatementSync;
  readonly #due: StatementSync;
  readonly #distrusted: StatementSync;
  readonly #told: StatementSync;
  readonly #toldAll: StatementSync;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#clock = clock;
    this.#counters = new Counters(database);
    this.#removal = new PageRemoval(database);
    this.#setOrigin = database.prepare(
      'UPDATE origin SET is_voter = ?, name = coalesce(?, name) WHERE node_id = ?',
    );
    this.#count = database.prepare('SELECT count(*) AS voters FROM origin WHERE is_voter');
    this.#setKey = database.prepare(
      'UPDATE origin SET public_key = ? WHERE node_id = ? AND is_voter AND public_key IS NULL',
    );
    this.#setAuthor = database.prepare(
      'UPDATE pool_author SET standing = ?1 WHERE node_id = ?2 AND standing <> ?1 RETURNING author_id',
    );
    this.#setPages = database.prepare('UPDATE pool_page SET standing = ? WHERE author_id = ?');
    // Another number of voters means another quorum, for everything that any of them says.
    this.#due = database.prepare(`
      INSERT INTO judging_due (kind, value)
        SELECT ${kindOf('subject')}, subject FROM (SELECT subject FROM pool_admission UNION
          SELECT subject FROM pool_claim
            WHERE author_id IN (SELECT author_id FROM pool_author WHERE standing = ${VOTER})
            GROUP BY subject HAVING count(DISTINCT author_id) > 1)`);
    this.#distrusted = database.prepare(`
      SELECT author_id, serial FROM pool_page WHERE author_id IN (SELECT author_id FROM pool_author
        WHERE pages > 0 AND node_id IN (SELECT node_id FROM origin WHERE trust = 'distrusted'
          UNION ALL SELECT node_id FROM pool_network WHERE is_out AND ${isOut('pool_network.node_id')}))
      LIMIT ${PAGES_REMOVED_STEP}`);
    // A node that was also met in another network is not identified by that link alone.
    this.#told = database.prepare(`
      SELECT author_id, serial FROM pool_page WHERE told_address IN (SELECT told_address FROM pool_withdrawal)
        AND NOT EXISTS (SELECT 1 FROM pool_author JOIN pool_network USING (node_id)
          WHERE pool_author.author_id = pool_page.author_id AND NOT is_out) LIMIT ${PAGES_REMOVED_STEP}`);
    this.#toldAll = database.prepare('DELETE FROM pool_withdrawal');
  }

  /**
   * Makes the origin a voter, or takes that back. Throws `OperatingError` if there are too many.
   *
   * @param name The operator's name for it; by default the name it has.
   */
  set(nodeId: string, isVoter: boolean, name?: string): void {
    this.#setOrigin.run(Number(isVoter), name ?? null, nodeId);
    if (isVoter && Number(this.#count.get()?.['voters']) > VOTERS_MAX) {
      throw new OperatingError(
        'voters_full',
        `${VOTERS_MAX} nodes have a vote already; take it from another first: sentrypeer peers forget NODE`,
      );
    }
    const authorId = this.#setAuthor.get(isVoter ? VOTER : STRANGER, nodeId)?.['author_id'];
    if (authorId !== undefined) {
      this.#setPages.run(isVoter ? VOTER : STRANGER, Number(authorId));
    }
    // Everything that a new voter ever said comes at once, which is not a surge.
    if (isVoter) this.resume();
    else this.reconsider();
    this.#counters.add('pool_changes', 1);
  }

  /** Remembers the key of a voter, so that it is followed before it has said anything. @param key Raw Ed25519. */
  learnKey(nodeId: string, key: Uint8Array): void {
    const { changes } = this.#setKey.run(key, nodeId);
    if (changes > 0) this.#counters.add('pool_changes', 1);
  }

  /** Everything that depends on the number of voters is looked at again. */
  reconsider(): void {
    this.#due.run();
  }

  /** Lets through what waits because voters name far more than usual, and everything else today. */
  resume(): void {
    this.#counters.set('pool_resumed_day', Math.floor(this.#clock.epochUs() / DAY_US));
    this.reconsider();
  }

  /**
   * Removes some pages of distrusted nodes, or that came over links with distrusted networks. @returns Whether there
   * were any.
   */
  removeDistrusted(): boolean {
    const pages = this.#distrusted.all();
    const rows = pages.length > 0 ? pages : this.#told.all();
    if (rows.length === 0) this.#toldAll.run();
    for (const row of rows) this.#removal.remove(Number(row['author_id']), Number(row['serial']));
    return rows.length > 0;
  }
}
