// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import { DOUBT_US, EARLIEST_US } from './plausible.ts';

const HOUR_US = 3_600_000_000;

/** Tables with `first_seen_us` and `last_seen_us`. */
const SEEN_TABLES = [
  'address_total',
  'number_total',
  'user_agent_total',
  'address_evidence',
  'number_evidence',
  'country_total',
  'network_total',
  'origin',
  'pool_author',
] as const;

/**
 * Corrects impossible times left by a clock that was wrong: something seen in the future, or before 2020, was seen now
 * at the latest. Listings are judged again afterwards. Within a transaction; takes some milliseconds for every ten
 * thousand totals, and runs only after the clock was in doubt.
 *
 * @param nowUs Wall-clock microseconds of a clock that is believed.
 * @returns Number of totals, evidence rows and decisions that were corrected.
 */
export function repairTimes(database: DatabaseSync, nowUs: number): number {
  const latestUs = nowUs + DOUBT_US;
  let repairedCount = 0;
  const run = (sql: string, ...values: readonly number[]): void => {
    repairedCount += Number(database.prepare(sql).run(...values).changes);
  };
  for (const table of SEEN_TABLES) {
    // If the last time is possible, the first one is at most that.
    run(
      `UPDATE ${table} SET last_seen_us = ? WHERE last_seen_us > ? OR last_seen_us < ?`,
      nowUs,
      latestUs,
      EARLIEST_US,
    );
    run(
      `UPDATE ${table} SET first_seen_us = last_seen_us WHERE first_seen_us > last_seen_us OR first_seen_us < ?`,
      EARLIEST_US,
    );
  }
  // The newest address of a /64 says when it was last seen.
  run(
    'UPDATE source_total SET first_seen_us = ? WHERE first_seen_us > ? OR first_seen_us < ?',
    nowUs,
    latestUs,
    EARLIEST_US,
  );
  // A voter counts for some weeks after a link proved where it is.
  run(`UPDATE pool_network SET proved_us = ? WHERE proved_us > ?`, nowUs, latestUs);
  repairHours(database, Math.floor(nowUs / HOUR_US));
  // Followers of what was last seen continue from now.
  run(
    `UPDATE counter SET value = ? WHERE name = 'placed_last_seen_us' AND value > ?`,
    nowUs - 1,
    latestUs,
  );
  repairedCount += repairDecisions(database, nowUs);
  run(`UPDATE delisting SET at_us = ? WHERE at_us > ? OR at_us < ?`, nowUs, latestUs, EARLIEST_US);
  run(
    `UPDATE listing SET since_us = ? WHERE since_us > ? OR since_us < ?`,
    nowUs,
    latestUs,
    EARLIEST_US,
  );
  run(
    `UPDATE listing_change SET at_us = ? WHERE at_us > ? OR at_us < ?`,
    nowUs,
    latestUs,
    EARLIEST_US,
  );
  // As after a decision of the operator, every listing is judged again: none lasts until an impossible time.
  if (repairedCount > 0) {
    database.exec(`
      UPDATE counter SET value = value + 1 WHERE name = 'decisions';
      INSERT INTO judging_due (kind, value) VALUES ('decision', '');`);
  }
  return repairedCount;
}

/** Messages of impossible hours are counted in this hour, so that no message is lost from the sums. */
function repairHours(database: DatabaseSync, nowHour: number): void {
  const earliestHour = EARLIEST_US / HOUR_US;
  const latestHour = nowHour + DOUBT_US / HOUR_US;
  const where = `hour > ${latestHour} OR hour < ${earliestHour}`;
  database.exec(`
    INSERT INTO hour_total (hour, method, transport, seen_count, shared_count)
      SELECT ${nowHour}, method, transport, sum(seen_count), sum(shared_count)
      FROM hour_total WHERE ${where} GROUP BY method, transport
      ON CONFLICT (hour, method, transport) DO UPDATE SET seen_count = seen_count + excluded.seen_count,
        shared_count = shared_count + excluded.shared_count;
    DELETE FROM hour_total WHERE ${where};`);
}

/**
 * A decision holds for as long as was meant when it was made. One of before 2020 that holds until a possible time was
 * given that time as a date.
 *
 * @returns Number of decisions that were corrected.
 */
function repairDecisions(database: DatabaseSync, nowUs: number): number {
  let repairedCount = 0;
  for (const table of ['allowance', 'operator_block']) {
    const { changes } = database
      .prepare(
        `UPDATE ${table} SET created_us = ?,
            until_us = CASE WHEN created_us < ? AND until_us >= ? THEN until_us ELSE until_us - created_us + ? END
          WHERE created_us > ? OR created_us < ?`,
      )
      .run(nowUs, EARLIEST_US, EARLIEST_US, nowUs, nowUs + DOUBT_US, EARLIEST_US);
    repairedCount += Number(changes);
  }
  return repairedCount;
}
