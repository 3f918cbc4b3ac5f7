// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import type { ListedSubject } from '../judging/evidence-reader.ts';
import { HOUR_SPAN } from '../totals/rate-table.ts';

/**
 * Removes the names of what is forgotten from the messages per hour, within the caller's transaction. They are then
 * counted among all others, so that the sums stay the same.
 */
export function forgetHours(
  database: DatabaseSync,
  kind: ListedSubject['kind'],
  isForgotten: (name: string) => boolean,
): void {
  if (kind === 'range') return; // A range is not a whole number.
  const counted = kind === 'address' ? 'source' : 'number';
  const names = database
    .prepare(
      `SELECT DISTINCT name FROM rate_total WHERE span = ${HOUR_SPAN} AND kind = ? AND name <> ''`,
    )
    .all(counted)
    .map((row) => String(row['name']))
    .filter(isForgotten);
  const list = JSON.stringify(names);
  const ofThem = `span = ${HOUR_SPAN} AND kind = ?1 AND name IN (SELECT value FROM json_each(?2))`;
  database
    .prepare(
      `INSERT INTO rate_total (span, kind, start, name, seen_count)
        SELECT span, kind, start, '', sum(seen_count) FROM rate_total WHERE ${ofThem} GROUP BY start
        ON CONFLICT (span, kind, start, name) DO UPDATE SET seen_count = seen_count + excluded.seen_count`,
    )
    .run(counted, list);
  database.prepare(`DELETE FROM rate_total WHERE ${ofThem}`).run(counted, list);
}
