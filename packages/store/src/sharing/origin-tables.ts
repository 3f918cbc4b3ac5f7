// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { REGISTERED_METHODS } from '@sentrypeer/event';
import { BLOCK_OF_EVENT } from '../file/schema.ts';
import { USER_AGENT_CHARACTERS_MAX } from '../limits.ts';

/** The most rows that are looked at for the times of what remains; more would let one address hold up the writer. */
const TIMES_ROWS = 64;

const METHODS = REGISTERED_METHODS.map((method) => `'${method}'`).join(', ');

const EVENT_US = '(SELECT event_us FROM shared_event WHERE honey_id = old.honey_id)';

/** The id of a removed total may be given to the next address, which needs its place, too. */
const PLACED_AGAIN = `UPDATE counter SET value = min(value,
  (SELECT coalesce(max(total_id), 0) FROM address_total)) WHERE name = 'placed_total_id';`;

/**
 * Who shared events with us, and which those are. What another node says counts in the totals only while its row
 * exists: a trigger takes it out again, whoever removes the row, so that nothing of a withdrawn origin is left. `trust`
 * is none, trusted or distrusted; the row named `unsigned` judges everybody who signs nothing.
 */
export const ORIGIN_TABLES = `
  CREATE TABLE origin (
    origin_id INTEGER PRIMARY KEY,
    node_id TEXT NOT NULL UNIQUE,
    public_key BLOB,
    trust TEXT NOT NULL,
    address TEXT NOT NULL,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL,
    events INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX origin_last_seen_index ON origin (last_seen_us);
  CREATE TABLE shared_event (
    honey_id INTEGER PRIMARY KEY,
    origin_id INTEGER NOT NULL,
    address TEXT NOT NULL,
    event_us INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX shared_event_origin_index ON shared_event (origin_id);
  INSERT INTO counter (name, value) VALUES ('shared_events', 0), ('origins', 0);`;

/** Totals whose messages are counted separately: seen here, and shared by other nodes. */
const COUNTED_APART = [
  { table: 'address_total', column: 'address', of: 'honey.source_ip' },
  { table: 'number_total', column: 'number', of: 'honey.called_number' },
  {
    table: 'user_agent_total',
    column: 'user_agent',
    of: `substr(honey.user_agent, 1, ${USER_AGENT_CHARACTERS_MAX})`,
  },
] as const;

/**
 * Version 15: `seen_count` is what was seen here, with its times, and `shared_count` what other nodes share. What is
 * only shared has a `seen_count` of 0 and the times of the shares, and an index for counting it. Created before rows of
 * SentryPeer 4.x are summed up.
 */
export const HEARSAY_COLUMNS = `
  ${COUNTED_APART.map(
    ({ table }) => `
  ALTER TABLE ${table} ADD COLUMN shared_count INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE ${table} ADD COLUMN shared_first_us INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE ${table} ADD COLUMN shared_last_us INTEGER NOT NULL DEFAULT 0;
  CREATE INDEX ${table}_hearsay_index ON ${table} (seen_count) WHERE seen_count = 0;`,
  ).join('')}
  ALTER TABLE hour_total ADD COLUMN shared_count INTEGER NOT NULL DEFAULT 0;`;

/** Separates what was counted together. Countries and networks count what was seen here, so they are counted again. */
export const HEARSAY_APART = `
  ${COUNTED_APART.map(
    ({ table, column, of }) => `
  UPDATE ${table} SET shared_count = min(seen_count, shared.total), seen_count = max(0, seen_count - shared.total),
      shared_first_us = shared.first_us, shared_last_us = shared.last_us
    FROM (SELECT ${of} AS value, sum(honey.seen_count) AS total, min(event_us) AS first_us, max(event_us) AS last_us
      FROM shared_event JOIN honey USING (honey_id) GROUP BY 1) AS shared
    WHERE ${table}.${column} = shared.value AND first_seen_us <= shared.last_us;`,
  ).join('')}
  UPDATE hour_total SET shared_count = min(hour_total.seen_count, shared.total),
      seen_count = max(0, hour_total.seen_count - shared.total)
    FROM (SELECT event_us / 3600000000 AS hour, iif(method IN (${METHODS}), method, 'OTHER') AS method,
        transport_type AS transport, sum(honey.seen_count) AS total
      FROM shared_event JOIN honey USING (honey_id) GROUP BY 1, 2, 3) AS shared
    WHERE hour_total.hour = shared.hour AND hour_total.method = shared.method AND hour_total.transport = shared.transport;
  UPDATE counter SET value = 0 WHERE name = 'placed_source';`;

/** Takes a removed row of another node out of the totals, whatever the order of the rows (log/foreign-tables.ts). */
export const SHARED_EVENT_REMOVED = `
  CREATE TRIGGER shared_event_removed AFTER DELETE ON removed_event WHEN old.is_shared BEGIN
    ${takeOut('address_total', 'address', 'source_ip', 'addresses', (direction) => `${BLOCK_OF_EVENT} ${direction}, honey_id ${direction}`)}
    ${PLACED_AGAIN}
    ${takeOut('number_total', 'number', 'called_number', 'numbers', (direction) => `honey_id ${direction}`)}
    UPDATE user_agent_total SET shared_count = max(0, shared_count - old.seen_count)
      WHERE user_agent = substr(old.user_agent, 1, ${USER_AGENT_CHARACTERS_MAX})
      AND shared_count > 0 AND shared_first_us <= ${EVENT_US};
    DELETE FROM user_agent_total WHERE user_agent = substr(old.user_agent, 1, ${USER_AGENT_CHARACTERS_MAX})
      AND seen_count <= 0 AND shared_count <= 0;
    UPDATE counter SET value = value - changes() WHERE name = 'user_agents';
    UPDATE hour_total SET shared_count = max(0, shared_count - old.seen_count)
      WHERE hour = ${EVENT_US} / 3600000000 AND transport = old.transport_type
      AND method = iif(old.method IN (${METHODS}), old.method, 'OTHER');
    DELETE FROM hour_total WHERE hour = ${EVENT_US} / 3600000000 AND seen_count <= 0 AND shared_count <= 0;
    UPDATE origin SET events = events - 1
      WHERE origin_id = (SELECT origin_id FROM shared_event WHERE honey_id = old.honey_id);
    UPDATE counter SET value = value - 1 WHERE name = 'shared_events';
    DELETE FROM shared_event WHERE honey_id = old.honey_id;
  END;`;

/**
 * Takes the removed row out of what its total counts as shared. If rows remain, they determine the times, which are
 * those of a total that was not seen here; if no count remains, the total is removed. A total that is younger than the
 * event never counted it.
 *
 * @param order The order in which the index on `rowColumn` has its rows, so that SQLite sorts none.
 */
function takeOut(
  table: string,
  column: string,
  rowColumn: string,
  counter: string,
  order: (direction: string) => string,
): string {
  const value = `old.${rowColumn}`;
  const rows = (direction: string): string => `
    (SELECT honey_id FROM honey WHERE ${rowColumn} = ${value} AND honey_id <> old.honey_id
      ORDER BY ${order(direction)} LIMIT ${TIMES_ROWS})`;
  // Rows need not be in the order of their events. With many rows the first known time stays: one that is too late
  // would leave rows that are removed later in the count.
  const first = `(SELECT iif(count(*) < ${TIMES_ROWS}, min(event_us), NULL)
    FROM ${rows('ASC')} LEFT JOIN shared_event USING (honey_id))`;
  const last = `(SELECT max(event_us) FROM ${rows('DESC')} JOIN shared_event USING (honey_id))`;
  return `
    UPDATE ${table} SET
      shared_count = max(shared_count - old.seen_count,
        seen_count = 0 AND EXISTS (SELECT 1 FROM honey WHERE ${rowColumn} = ${value} AND honey_id <> old.honey_id)),
      shared_last_us = iif(shared_last_us > ${EVENT_US}, shared_last_us,
        coalesce(${last}, shared_last_us)),
      shared_first_us = iif(shared_first_us < ${EVENT_US}, shared_first_us,
        coalesce(${first}, shared_first_us))
      WHERE ${column} = ${value} AND shared_count > 0 AND shared_first_us <= ${EVENT_US};
    UPDATE ${table} SET first_seen_us = shared_first_us, last_seen_us = shared_last_us
      WHERE ${column} = ${value} AND seen_count = 0 AND shared_count > 0;
    DELETE FROM ${table} WHERE ${column} = ${value} AND seen_count <= 0 AND shared_count <= 0;
    UPDATE counter SET value = value - changes() WHERE name = '${counter}';`;
}
