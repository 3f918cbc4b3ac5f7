// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { PRUNE_ROWS } from '../limits.ts';
import type { Budgets } from './budgets.ts';
import type { Rank } from './event-removal.ts';

/** Tables that are pruned alike: each has `total_id`, and an index on `grade` and `last_seen_us`. */
export const TOTALS = {
  addresses: { name: 'address_total', budget: 'totalsCountMax' },
  numbers: { name: 'number_total', budget: 'totalsCountMax' },
  user_agents: { name: 'user_agent_total', budget: 'totalsCountMax' },
  proved_addresses: { name: 'address_evidence', budget: 'evidenceCountMax' },
  read_numbers: { name: 'number_evidence', budget: 'evidenceCountMax' },
} as const satisfies Record<string, { readonly name: string; readonly budget: keyof Budgets }>;

export type TotalsCounter = keyof typeof TOTALS;

/** One table of totals, its counter and its statements. */
export interface TotalsTable {
  readonly counter: TotalsCounter;
  readonly countMax: number;
  /** For one grade, outside the kept part. */
  readonly deleteOldest: StatementSync;
  readonly deleteExpired: StatementSync;
}

/** Removes totals of the weakest existing grade, the longest unseen first. @returns How many. */
export function deleteWeakest(
  { deleteOldest }: TotalsTable,
  ranks: readonly Rank[],
  fromUs: number,
  count: number,
): number {
  let left = count;
  for (const rank of ranks) {
    if (left > 0) left -= Number(deleteOldest.run(rank, fromUs, left).changes);
  }
  return count - left;
}

/** Prepares its statements. */
export function totalsTable(
  database: DatabaseSync,
  counter: TotalsCounter,
  budgets: Budgets,
): TotalsTable {
  const { name, budget } = TOTALS[counter];
  const ids = `SELECT total_id FROM ${name}`;
  return {
    counter,
    countMax: budgets[budget],
    deleteOldest: database.prepare(
      `DELETE FROM ${name} WHERE total_id IN
        (${ids} WHERE grade = ? AND last_seen_us >= ? ORDER BY last_seen_us LIMIT ? + 0)`,
    ),
    deleteExpired: database.prepare(
      `DELETE FROM ${name} WHERE total_id IN
        (${ids} WHERE grade IN (0, 1, 2) AND last_seen_us >= ? AND last_seen_us < ? LIMIT ${PRUNE_ROWS})`,
    ),
  };
}
