// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync } from 'node:sqlite';
import { isIpv6, isLoopback, judgedAs } from '@sentrypeer/ip';

/** Runs before rows of SentryPeer 4.x are summed up. */
export const SOURCE_COLUMN = 'ALTER TABLE address_total ADD COLUMN source TEXT;';

/** The /64 of an IPv6 address, as text; `null` for IPv4 and for `::1`, which stand for themselves. */
export function sourceOf(address: string): string | null {
  return isIpv6(address) && !isLoopback(address) ? judgedAs(address) : null;
}

/** Messages seen here determine the time; what is only shared has other times. Runs before `seen_count` is changed. */
const FIRST_SEEN = `first_seen_us = CASE
  WHEN seen_count > 0 AND new.seen_count = 0 THEN first_seen_us
  WHEN seen_count = 0 AND new.seen_count > 0 THEN new.first_seen_us
  ELSE min(first_seen_us, new.first_seen_us) END`;

/** Whether no other address of the same /64 is left that is counted in the same place. */
const isLastIn = (column: 'country' | 'network'): string => `(NOT EXISTS (
  SELECT 1 FROM address_total AS other JOIN address_place AS placed USING (total_id)
  WHERE other.source = old.source AND placed.${column} = ${column}_total.${column}))`;

const removedFrom = (column: 'country' | 'network'): string => `
    UPDATE ${column}_total SET (addresses, seen_count) = (SELECT addresses - ${isLastIn(column)}, seen_count - counted
      FROM address_place WHERE total_id = old.total_id)
      WHERE ${column} = (SELECT ${column} FROM address_place WHERE total_id = old.total_id);
    DELETE FROM ${column}_total WHERE addresses = 0
      AND ${column} = (SELECT ${column} FROM address_place WHERE total_id = old.total_id);`;

/**
 * Version 20: the holder of an IPv6 /64 can take any address in it, so all its addresses are shown as one. `source` is
 * the /64 of an address, `source_total` its sums, which triggers update whatever changes `address_total`; IPv4 rows
 * have neither and cost nothing. The counter `crowded_addresses` counts addresses beyond the first of each /64.
 * Countries and networks count a /64 once, so they are counted again.
 */
const TABLES_OF_VERSION_20 = `
  UPDATE address_total SET source = source_of(address) WHERE source IS NULL AND instr(address, ':') > 0;
  CREATE INDEX address_total_source_index ON address_total (source, seen_count > 0, last_seen_us)
    WHERE source IS NOT NULL;
  DROP INDEX address_total_hearsay_index;
  CREATE INDEX address_total_hearsay_index ON address_total (source) WHERE seen_count = 0;
  CREATE TABLE source_total (
    source TEXT PRIMARY KEY,
    addresses INTEGER NOT NULL,
    seen_count INTEGER NOT NULL,
    shared_count INTEGER NOT NULL,
    best_grade INTEGER NOT NULL,
    first_seen_us INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX source_total_hearsay_index ON source_total (seen_count) WHERE seen_count = 0;
  INSERT INTO source_total (source, addresses, seen_count, shared_count, best_grade, first_seen_us)
    SELECT source, count(*), sum(seen_count), sum(shared_count), max(grade),
      coalesce(min(iif(seen_count > 0, first_seen_us, NULL)), min(first_seen_us))
    FROM address_total WHERE source IS NOT NULL GROUP BY source;
  INSERT INTO counter (name, value)
    VALUES ('crowded_addresses', (SELECT coalesce(sum(addresses - 1), 0) FROM source_total));
  CREATE TRIGGER source_total_added AFTER INSERT ON address_total WHEN new.source IS NOT NULL BEGIN
    UPDATE counter SET value = value + 1 WHERE name = 'crowded_addresses'
      AND EXISTS (SELECT 1 FROM source_total WHERE source = new.source);
    INSERT INTO source_total (source, addresses, seen_count, shared_count, best_grade, first_seen_us)
      VALUES (new.source, 1, new.seen_count, new.shared_count, new.grade, new.first_seen_us)
    ON CONFLICT (source) DO UPDATE SET ${FIRST_SEEN}, addresses = addresses + 1,
      seen_count = seen_count + new.seen_count, shared_count = shared_count + new.shared_count,
      best_grade = max(best_grade, new.grade);
  END;
  CREATE TRIGGER source_total_changed AFTER UPDATE OF first_seen_us, seen_count, shared_count, grade ON address_total
  WHEN new.source IS NOT NULL BEGIN
    UPDATE source_total SET ${FIRST_SEEN}, seen_count = seen_count + new.seen_count - old.seen_count,
      shared_count = shared_count + new.shared_count - old.shared_count, best_grade = max(best_grade, new.grade)
      WHERE source = new.source;
  END;
  CREATE TRIGGER source_total_removed AFTER DELETE ON address_total WHEN old.source IS NOT NULL BEGIN
    UPDATE source_total SET addresses = addresses - 1, seen_count = seen_count - old.seen_count,
      shared_count = shared_count - old.shared_count WHERE source = old.source;
    UPDATE counter SET value = value - 1 WHERE name = 'crowded_addresses'
      AND EXISTS (SELECT 1 FROM source_total WHERE source = old.source AND addresses > 0);
    DELETE FROM source_total WHERE source = old.source AND addresses <= 0;
  END;
  DROP TRIGGER IF EXISTS address_place_removed;
  CREATE TRIGGER address_place_removed AFTER DELETE ON address_total BEGIN
    ${removedFrom('country')}
    ${removedFrom('network')}
    DELETE FROM address_place WHERE total_id = old.total_id;
  END;
  UPDATE counter SET value = 0 WHERE name = 'placed_source';`;

/** Creates the tables, within the transaction of a migration. */
export function addSourceTables(database: DatabaseSync): void {
  database.function('source_of', (address) => sourceOf(String(address)));
  database.exec(TABLES_OF_VERSION_20);
}
