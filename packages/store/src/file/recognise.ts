// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';

/** What each version added, newest first: the name of a table or index, and a part of its declaration. */
const MARKS: readonly (readonly [version: number, name: string, says: string])[] = [
  [31, 'foreign_row_replaced', 'TRIGGER'],
  [30, 'number_reading_e164_index', 'e164'],
  [29, 'number_block_lessened', 'numbers_count <= '],
  [28, 'fleet_listing', 'TABLE'],
  [27, 'pool_withdrawal', 'TABLE'],
  [26, 'fleet_decision', 'TABLE'],
  [25, 'pool_foretold', 'TRIGGER'],
  [24, 'pool_network', 'TABLE'],
  [23, 'rate_total', 'TABLE'],
  [22, 'fleet_log', 'TABLE'],
  [21, 'pool_page', 'TABLE'],
  [20, 'source_total', 'TABLE'],
  [19, 'foreign_change', 'TABLE'],
  [18, 'removed_event', 'TABLE'],
  [17, 'shared_event_removed', 'LEFT JOIN'],
  [16, 'foreign_rows', 'TABLE'],
  [15, 'address_total_hearsay_index', 'seen_count'],
  [14, 'address_network', 'TABLE'],
  [13, 'operator_block', ''],
  [12, 'shared_event_removed', 'ORDER BY honey_id /'],
  [11, 'address_evidence_network_index', 'network'],
  [10, 'address_evidence', 'target_set'],
  [9, 'judging_due', 'TABLE'],
  [8, 'number_block', 'TABLE'],
  [7, 'source_ip_index', 'honey_id /'],
  [6, 'shared_event', 'TABLE'],
  [5, 'listing', 'TABLE'],
  [4, 'address_place', 'TABLE'],
  [3, 'dead_letter', 'TABLE'],
  [2, 'user_agent_total', 'TABLE'],
  [1, 'address_total', 'TABLE'],
];

/**
 * The version of our schema that a database has, judging by its tables; 0 if it has none of ours. `sqlite3 old.db
 * .dump` does not write `user_version`, so a restored database says 0.
 */
export function recogniseVersion(database: DatabaseSync): number {
  const find = database.prepare('SELECT 1 FROM sqlite_schema WHERE name = ? AND instr(sql, ?) > 0');
  if (find.get('address_total', 'TABLE') === undefined) return 0; // A name of ours alone, in a file of 4.x, says nothing.
  const found = MARKS.find(([, name, says]) => find.get(name, says) !== undefined);
  return found?.[0] ?? 0;
}
