// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { unpackFacts, type ClaimFacts } from '@sentrypeer/event';
import { standingRank } from './pool-page.ts';

/** What another node says about a subject, in its latest page that names it. */
interface SaidVoice {
  /** What the operator calls it, or its id. */
  readonly name: string;
  readonly isVoter: boolean;
  /** Networks of the links with it, latest first; without those that the operator distrusts. */
  readonly networks: readonly string[];
  readonly facts: ClaimFacts;
  /** The beginning of the hour in which it last saw the subject, and the end of the claim; wall-clock microseconds. */
  readonly lastEpochUs: number;
  readonly endEpochUs: number;
}

export interface Said {
  readonly voices: readonly SaidVoice[];
  readonly votersCount: number;
  /** Whether the judge may act on it (pool/admissions.ts). */
  readonly isAdmitted: boolean;
}

const [VOTER, SELF] = [standingRank('voter'), standingRank('self')];
const HOUR_US = 3_600_000_000;

/** Reads what the pool says about one subject. */
export class SaidReader {
  readonly #claims: StatementSync;
  readonly #networks: StatementSync;
  readonly #voters: StatementSync;
  readonly #admitted: StatementSync;
  readonly #any: StatementSync;

  constructor(database: DatabaseSync) {
    this.#claims = database.prepare(`
      SELECT author_id, last_hour, end_s, facts, standing, node_id,
        (SELECT name FROM origin WHERE origin.node_id = pool_author.node_id) AS name
      FROM pool_claim JOIN pool_author USING (author_id)
      WHERE subject = ? AND standing <> ${SELF} ORDER BY author_id, pool_claim.serial DESC`);
    this.#networks = database.prepare(
      'SELECT network FROM pool_network WHERE node_id = ? AND NOT is_out ORDER BY proved_us DESC',
    );
    this.#voters = database.prepare('SELECT count(*) AS voters FROM origin WHERE is_voter');
    this.#any = database.prepare('SELECT 1 FROM pool_claim LIMIT 1');
    this.#admitted = database.prepare('SELECT 1 FROM pool_admission WHERE subject = ?');
  }

  /** `undefined` if no other node says anything. @param subject As lists name it. */
  said(subject: string): Said | undefined {
    const rows = this.#claims.all(subject);
    if (rows.length === 0) return undefined;
    const voices: SaidVoice[] = [];
    let before: unknown;
    for (const row of rows) {
      const facts = unpackFacts(Number(row['facts']));
      if (row['author_id'] === before || facts === undefined) continue;
      before = row['author_id'];
      const name = typeof row['name'] === 'string' ? row['name'] : '';
      voices.push({
        name: name === '' ? String(row['node_id']) : name,
        isVoter: Number(row['standing']) === VOTER,
        networks: this.#networks.all(String(row['node_id'])).map((one) => String(one['network'])),
        facts,
        lastEpochUs: Number(row['last_hour']) * HOUR_US,
        endEpochUs: Number(row['end_s']) * 1e6,
      });
    }
    return {
      voices,
      votersCount: this.votersCount(),
      isAdmitted: this.#admitted.get(subject) !== undefined,
    };
  }

  /** Whether anybody says anything about any subject; this node counts, too. */
  isAny(): boolean {
    return this.#any.get() !== undefined;
  }

  votersCount(): number {
    return Number(this.#voters.get()?.['voters']);
  }
}
