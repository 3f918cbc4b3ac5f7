// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { Counters } from '../totals/counters.ts';
import { standingRank } from './pool-page.ts';

const VOTER = standingRank('voter');

/** SQL for the kind of a subject, as lists name it: digits alone are a number. */
export function kindOf(subject: string): string {
  return `iif(${subject} GLOB '*[^0-9]*', 'address', 'number')`;
}

/**
 * Removes pages with their claims, within the caller's transaction, and has the judge look again at what voters said in
 * them.
 */
export class PageRemoval {
  readonly #counters: Counters;
  readonly #due: StatementSync;
  readonly #claims: StatementSync;
  readonly #page: StatementSync;
  readonly #author: StatementSync;

  constructor(database: DatabaseSync) {
    this.#counters = new Counters(database);
    this.#due = database.prepare(`
      INSERT INTO judging_due (kind, value)
        SELECT ${kindOf('subject')}, subject FROM pool_claim WHERE author_id = ? AND serial = ?
        AND EXISTS (SELECT 1 FROM pool_admission WHERE pool_admission.subject = pool_claim.subject)`);
    this.#claims = database.prepare('DELETE FROM pool_claim WHERE author_id = ? AND serial = ?');
    this.#page = database.prepare(
      'DELETE FROM pool_page WHERE author_id = ? AND serial = ? RETURNING claims, standing',
    );
    this.#author = database.prepare(
      'UPDATE pool_author SET pages = pages - 1, claims = claims - ? WHERE author_id = ?',
    );
  }

  remove(authorId: number, serial: number): void {
    const row = this.#page.get(authorId, serial);
    if (row === undefined) return;
    if (Number(row['standing']) === VOTER) this.#due.run(authorId, serial);
    const { changes } = this.#claims.run(authorId, serial);
    this.#author.run(Number(row['claims']), authorId);
    this.#counters.add('pool_claims', -Number(changes));
    this.#counters.add('pool_pages', -1);
    this.#counters.add('pool_changes', 1);
  }
}
