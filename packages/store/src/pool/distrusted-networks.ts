// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parseNodeNetwork, type NodeNetwork, type NodePlace } from '@sentrypeer/ip';
import { OperatingError } from '@sentrypeer/kernel';
import { DISTRUSTED_NETWORKS_MAX } from './limits.ts';

/** SQL for the networks that the operator distrusts: they are among origins, under their own text. */
export const DISTRUSTED_NETWORKS =
  "SELECT node_id AS network FROM origin WHERE trust = 'distrusted' AND instr(node_id, '-') = 0";

/** Networks in which the operator trusts no node, within the caller's transaction. */
export class DistrustedNetworks {
  readonly #networks: StatementSync;
  readonly #places: StatementSync;
  readonly #setOut: StatementSync;
  readonly #teller: StatementSync;
  readonly #clear: StatementSync;
  readonly #withdraw: StatementSync;

  constructor(database: DatabaseSync) {
    this.#networks = database.prepare(DISTRUSTED_NETWORKS);
    this.#places = database.prepare('SELECT node_id, network, address, is_out FROM pool_network');
    this.#setOut = database.prepare(
      'UPDATE pool_network SET is_out = ? WHERE node_id = ? AND network = ?',
    );
    this.#teller = database.prepare(`
      SELECT told_address AS address, told_network AS network FROM pool_page WHERE told_address > ?
      ORDER BY told_address, told_network LIMIT 1`);
    this.#clear = database.prepare('DELETE FROM pool_withdrawal');
    this.#withdraw = database.prepare('INSERT INTO pool_withdrawal (told_address) VALUES (?)');
  }

  covers(place: NodePlace): boolean {
    return this.#all().some((one) => one.covers(place));
  }

  /**
   * Another network is distrusted, or one no longer is: decides again for each place of a node whether it counts, and
   * which pages must be withdrawn because a link from there brought them. Throws `OperatingError` if there are too many
   * networks.
   *
   * @returns Nodes of which a place now counts, or no longer counts.
   */
  apply(): readonly string[] {
    const all = this.#all();
    if (all.length > DISTRUSTED_NETWORKS_MAX) {
      throw new OperatingError(
        'networks_full',
        `${DISTRUSTED_NETWORKS_MAX} networks are distrusted already; take one back first: sentrypeer peers forget NETWORK`,
      );
    }
    const changed = new Set<string>();
    for (const row of this.#places.all()) {
      const place = { address: String(row['address']), network: String(row['network']) };
      const isOut = all.some((one) => one.covers(place));
      if (isOut === (row['is_out'] === 1)) continue;
      const nodeId = String(row['node_id']);
      this.#setOut.run(Number(isOut), nodeId, place.network);
      changed.add(nodeId);
    }
    this.#clear.run();
    let after = '';
    for (;;) {
      const row = this.#teller.get(after);
      if (row === undefined) return [...changed];
      after = String(row['address']);
      const place = { address: after, network: String(row['network']) };
      if (all.some((one) => one.covers(place))) this.#withdraw.run(after);
    }
  }

  #all(): readonly NodeNetwork[] {
    return this.#networks.all().flatMap((row) => parseNodeNetwork(String(row['network'])) ?? []);
  }
}
