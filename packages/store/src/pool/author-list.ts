// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AUTHORS_LISTED_MAX } from './limits.ts';
import { isDisputed } from './disputed.ts';
import { standingRank } from './pool-page.ts';

/** An author of pages of the pool, and how its claims compare with what this node knows itself. */
export interface ListedAuthor {
  readonly nodeId: string;
  /** Raw Ed25519 key. */
  readonly publicKey: Uint8Array;
  /** `liar`: two pages of one serial prove it. */
  readonly state: 'alive' | 'retired' | 'liar';
  /** Wall-clock microseconds of the first and last page that was taken. */
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
  /**
   * Subjects that it claims; those of them that this node saw itself, and those that the operator allowed or delisted.
   */
  readonly claimsCount: number;
  readonly metCount: number;
  readonly disputedCount: number;
  /** Addresses that it named before anybody else, and that later proved to be there, here. */
  readonly foretoldCount: number;
  /** Its claims could be checked: it is served before other strangers. */
  readonly isKnown: boolean;
  /** It was only met in networks that the operator distrusts, so none of its statements counts. */
  readonly isOut: boolean;
  /** Networks of the links with it, latest first. */
  readonly networks: readonly string[];
}

const SELF = standingRank('self');

/** Lists authors, for a command in a separate process: each claim is looked up. */
export class AuthorList {
  readonly #authors: StatementSync;
  readonly #record: StatementSync;
  readonly #networks: StatementSync;

  constructor(database: DatabaseSync) {
    this.#authors = database.prepare(`
      SELECT author_id, node_id, public_key, state, standing, foretold, first_seen_us, last_seen_us FROM pool_author
      WHERE standing < ${SELF} ORDER BY standing DESC LIMIT ${AUTHORS_LISTED_MAX}`);
    this.#networks = database.prepare(
      'SELECT network, is_out FROM pool_network WHERE node_id = ? ORDER BY proved_us DESC',
    );
    this.#record = database.prepare(`
      SELECT count(*) AS claims,
        coalesce(sum(EXISTS (SELECT 1 FROM address_evidence WHERE address = subject)
          OR EXISTS (SELECT 1 FROM number_evidence WHERE e164 = subject AND events_count > 0)), 0) AS met,
        coalesce(sum(${isDisputed('subject')}), 0) AS disputed
      FROM (SELECT DISTINCT subject FROM pool_claim WHERE author_id = ?) AS said`);
  }

  /** Voters first, up to the limit. */
  all(): readonly ListedAuthor[] {
    return this.#authors.all().map((row) => {
      const record = this.#record.get(Number(row['author_id']));
      const { state, public_key: key } = row;
      const places = this.#networks.all(row['node_id'] ?? null);
      return {
        nodeId: String(row['node_id']),
        publicKey: key instanceof Uint8Array ? key : new Uint8Array(),
        state: state === 'retired' || state === 'liar' ? state : 'alive',
        firstSeenEpochUs: Number(row['first_seen_us']),
        lastSeenEpochUs: Number(row['last_seen_us']),
        claimsCount: Number(record?.['claims']),
        metCount: Number(record?.['met']),
        disputedCount: Number(record?.['disputed']),
        foretoldCount: Number(row['foretold']),
        isKnown: Number(row['standing']) === standingRank('known'),
        isOut: places.length > 0 && places.every((one) => one['is_out'] === 1),
        networks: places.map((one) => String(one['network'])),
      };
    });
  }
}
