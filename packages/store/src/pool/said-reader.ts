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
  readonly #isNamed: StatementSync;
  readonly #claims: StatementSync;
  readonly #votersAndAdmitted: StatementSync;
  readonly #any: StatementSync;

  constructor(database: DatabaseSync) {
    // The key alone answers this for the many subjects about which nobody says anything.
    this.#isNamed = database.prepare('SELECT 1 FROM pool_claim WHERE subject = ? LIMIT 1');
    this.#isNamed.setReturnArrays(true);
    // The names and networks with them: another statement for each voice would cost several times as much.
    this.#claims = database.prepare(`
      SELECT author_id, last_hour, end_s, facts, standing, node_id,
        (SELECT name FROM origin WHERE origin.node_id = pool_author.node_id) AS name,
        (SELECT json_group_array(network ORDER BY proved_us DESC, network) FROM pool_network
          WHERE pool_network.node_id = pool_author.node_id AND NOT is_out) AS networks
      FROM pool_claim JOIN pool_author USING (author_id)
      WHERE subject = ? AND standing <> ${SELF} ORDER BY author_id, pool_claim.serial DESC`);
    this.#votersAndAdmitted = database.prepare(`
      SELECT (SELECT count(*) FROM origin WHERE is_voter) AS voters,
        EXISTS (SELECT 1 FROM pool_admission WHERE subject = ?) AS is_admitted`);
    this.#any = database.prepare('SELECT 1 FROM pool_claim LIMIT 1');
  }

  /** `undefined` if no other node says anything. @param subject As lists name it. */
  said(subject: string): Said | undefined {
    if (this.#isNamed.get(subject) === undefined) return undefined;
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
        networks: textsOf(row['networks']),
        facts,
        lastEpochUs: Number(row['last_hour']) * HOUR_US,
        endEpochUs: Number(row['end_s']) * 1e6,
      });
    }
    const rest = this.#votersAndAdmitted.get(subject);
    return {
      voices,
      votersCount: Number(rest?.['voters']),
      isAdmitted: Number(rest?.['is_admitted']) === 1,
    };
  }

  /** Whether anybody says anything about any subject; this node counts, too. */
  isAny(): boolean {
    return this.#any.get() !== undefined;
  }
}

/** @param json An array of texts that SQLite made. */
function textsOf(json: unknown): readonly string[] {
  if (json === '[]') return [];
  const values: unknown = JSON.parse(String(json));
  return Array.isArray(values) ? values.map(String) : [];
}
