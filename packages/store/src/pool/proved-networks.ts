// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '@sentrypeer/kernel';
import { Counters } from '../totals/counters.ts';
import {
  NETWORK_DAYS,
  NETWORKS_PROVED_MAX,
  NODE_NETWORKS_MAX,
  PAGES_REMOVED_STEP,
} from './limits.ts';
import { DistrustedNetworks } from './distrusted-networks.ts';
import { kindOf } from './page-removal.ts';
import { standingRank } from './pool-page.ts';

/** The network in which a link with a node is. */
export interface ProvedNetwork {
  readonly nodeId: string;
  /** Raw Ed25519 key, which the link proved as well. */
  readonly publicKey?: Uint8Array;
  /** An autonomous system such as `AS64500` if it is known, otherwise a prefix. */
  readonly network: string;
  /** Address of the node on the link. */
  readonly address: string;
  /** The prefix, which no longer counts if the autonomous system is known. */
  readonly prefix: string;
}

const VOTER = standingRank('voter');
const DAY_US = 86_400_000_000;

/**
 * Remembers in which networks nodes are, within the caller's transaction, and has the judge look again if that changes
 * votes.
 */
export class ProvedNetworks {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #distrusted: DistrustedNetworks;
  readonly #wasOut: StatementSync;
  readonly #touch: StatementSync;
  readonly #add: StatementSync;
  readonly #remove: StatementSync;
  readonly #removeOldestOf: StatementSync;
  readonly #removeWeakest: StatementSync;
  readonly #count: StatementSync;
  readonly #old: StatementSync;
  readonly #due: StatementSync;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#clock = clock;
    this.#counters = new Counters(database);
    this.#distrusted = new DistrustedNetworks(database);
    this.#wasOut = database.prepare(
      'SELECT is_out FROM pool_network WHERE node_id = ? AND network = ?',
    );
    this.#touch = database.prepare(`
      UPDATE pool_network SET proved_us = ?, address = ?, is_out = ? WHERE node_id = ? AND network = ?`);
    this.#add = database.prepare(
      'INSERT INTO pool_network (proved_us, address, is_out, node_id, network) VALUES (?, ?, ?, ?, ?)',
    );
    this.#remove = database.prepare('DELETE FROM pool_network WHERE node_id = ? AND network = ?');
    this.#removeOldestOf = database.prepare(`
      DELETE FROM pool_network WHERE node_id = ?1 AND network IN (SELECT network FROM pool_network
        WHERE node_id = ?1 ORDER BY proved_us DESC LIMIT -1 OFFSET ${NODE_NETWORKS_MAX})`);
    this.#removeWeakest = database.prepare(`
      DELETE FROM pool_network WHERE (node_id, network) = (SELECT node_id, network FROM pool_network
        WHERE node_id NOT IN (SELECT node_id FROM origin WHERE is_voter) ORDER BY proved_us LIMIT 1)`);
    this.#count = database.prepare("SELECT value FROM counter WHERE name = 'pool_networks'");
    this.#old = database.prepare(`
      SELECT node_id, network FROM pool_network WHERE proved_us <= ? ORDER BY proved_us
      LIMIT ${PAGES_REMOVED_STEP}`);
    this.#due = database.prepare(`
      INSERT INTO judging_due (kind, value)
        SELECT DISTINCT ${kindOf('subject')}, subject FROM pool_claim
          WHERE author_id = (SELECT author_id FROM pool_author WHERE node_id = ? AND standing = ${VOTER})
          AND 1 < (SELECT count(DISTINCT other.author_id) FROM pool_claim AS other JOIN pool_author USING (author_id)
            WHERE other.subject = pool_claim.subject AND standing = ${VOTER})`);
  }

  /** A link proved a node to be there. */
  prove({ nodeId, network, address, prefix }: ProvedNetwork): void {
    const nowUs = this.#clock.epochUs();
    const isOut = Number(this.#distrusted.covers({ address, network }));
    const wasOut = this.#wasOut.get(nodeId, network)?.['is_out'];
    let isNew = wasOut !== isOut;
    if (wasOut !== undefined) this.#touch.run(nowUs, address, isOut, nodeId, network);
    else {
      this.#add.run(nowUs, address, isOut, nodeId, network);
      const removed = Number(this.#removeOldestOf.run(nodeId).changes);
      this.#counters.add('pool_networks', 1 - removed);
    }
    if (prefix !== network && this.#removeOne(nodeId, prefix)) isNew = true;
    if (!isNew) return;
    this.#due.run(nodeId);
    while (Number(this.#count.get()?.['value']) > NETWORKS_PROVED_MAX) {
      const { changes } = this.#removeWeakest.run();
      if (changes === 0) return;
      this.#counters.add('pool_networks', -1);
    }
  }

  /** Removes some networks in which there has been no link for long. @returns Whether there is more to do. */
  removeOld(nowUs: number): boolean {
    const rows = this.#old.all(nowUs - NETWORK_DAYS * DAY_US);
    for (const row of rows) {
      const nodeId = String(row['node_id']);
      this.#removeOne(nodeId, String(row['network']));
      this.#due.run(nodeId);
    }
    return rows.length === PAGES_REMOVED_STEP;
  }

  /** The list of distrusted networks has changed. Throws `OperatingError` if there are too many. */
  applyDistrust(): void {
    for (const nodeId of this.#distrusted.apply()) this.#due.run(nodeId);
  }

  #removeOne(nodeId: string, network: string): boolean {
    const { changes } = this.#remove.run(nodeId, network);
    this.#counters.add('pool_networks', -Number(changes));
    return changes > 0;
  }
}
