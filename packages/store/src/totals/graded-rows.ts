// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Places of the grades in the list of grades, from weak to strong. */
const RANKS = [0, 1, 2] as const;

/**
 * A query for rows of a table with an index on `(grade, last_seen_us)`, in the order of their last time whatever their
 * grade: SQLite merges the three parts of the index, row by row and without sorting.
 *
 * @param condition Which rows, by `(last_seen_us, total_id)`, with numbered parameters.
 * @param order `ORDER BY` and `LIMIT`.
 */
export function mergedByTime(
  columns: string,
  from: string,
  condition: string,
  order: string,
): string {
  const parts = RANKS.map(
    (rank) => `SELECT ${columns} FROM ${from} WHERE grade = ${rank} AND ${condition}`,
  );
  return `${parts.join(' UNION ALL ')} ${order}`;
}
