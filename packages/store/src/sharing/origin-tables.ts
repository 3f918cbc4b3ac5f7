// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { BLOCK_OF_EVENT } from '../file/schema.ts';
import { USER_AGENT_CHARACTERS_MAX } from '../limits.ts';

/** Wall-clock microseconds of the newest message that a row of `honey` counts. */
const ROW_US = (column: string): string =>
  `unixepoch(substr(${column}, 1, 19)) * 1000000 + CAST(substr(${column}, 21, 6) AS INTEGER)`;

/** Rows that are looked at for the first and last time of what remains; more would let one address hold the writer up. */
const TIMES_ROWS = 64;

/** The id of a total that went may be given to the next address, which wants its place, too. */
const PLACED_AGAIN = `UPDATE counter SET value = min(value,
  (SELECT coalesce(max(total_id), 0) FROM address_total)) WHERE name = 'placed_total_id';`;

/**
 * Who shared events with us, and which those are. What another node says counts in the totals only as long as its row
 * stands: a trigger takes it out again, whoever removes the row, so that nothing of an origin that is withdrawn is
 * left. `trust` is none, trusted or distrusted; the row named `unsigned` judges all who sign nothing.
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

/** Takes a removed row of another node out of the totals. Made anew in version 12, which finds an address's rows in order. */
export const HEARSAY_TRIGGER = `
  DROP TRIGGER IF EXISTS shared_event_removed;
  CREATE TRIGGER shared_event_removed AFTER DELETE ON honey
  WHEN EXISTS (SELECT 1 FROM shared_event WHERE honey_id = old.honey_id) BEGIN
    ${takeOut('address_total', 'address', 'source_ip', 'addresses', 'old.source_ip', (direction) => `${BLOCK_OF_EVENT} ${direction}, honey_id ${direction}`)}
    ${takeOutOfPlaces('country_total', 'country')}
    ${takeOutOfPlaces('network_total', 'network')}
    UPDATE address_place SET counted = min(counted, (${ofPlaced('address_total.seen_count')}))
      WHERE total_id = (${ofPlaced('total_id')});
    ${PLACED_AGAIN}
    ${takeOut('number_total', 'number', 'called_number', 'numbers', 'old.called_number', (direction) => `honey_id ${direction}`)}
    UPDATE user_agent_total SET seen_count = seen_count - old.seen_count
      WHERE user_agent = substr(old.user_agent, 1, ${USER_AGENT_CHARACTERS_MAX}) AND first_seen_us <= ${eventUs()};
    DELETE FROM user_agent_total WHERE user_agent = substr(old.user_agent, 1, ${USER_AGENT_CHARACTERS_MAX}) AND seen_count <= 0;
    UPDATE counter SET value = value - changes() WHERE name = 'user_agents';
    UPDATE hour_total SET seen_count = seen_count - old.seen_count
      WHERE hour = ${eventUs()} / 3600000000 AND transport = old.transport_type
      AND method = coalesce((SELECT method FROM hour_total WHERE hour = ${eventUs()} / 3600000000
        AND transport = old.transport_type AND method = old.method), 'OTHER');
    DELETE FROM hour_total WHERE hour = ${eventUs()} / 3600000000 AND seen_count <= 0;
    UPDATE origin SET events = events - 1
      WHERE origin_id = (SELECT origin_id FROM shared_event WHERE honey_id = old.honey_id);
    UPDATE counter SET value = value - 1 WHERE name = 'shared_events';
    DELETE FROM shared_event WHERE honey_id = old.honey_id;
  END;`;

function eventUs(): string {
  return '(SELECT event_us FROM shared_event WHERE honey_id = old.honey_id)';
}

function ofPlaced(what: string): string {
  return `SELECT ${what} FROM address_total JOIN address_place USING (total_id) WHERE address = old.source_ip`;
}

/** Where the address is, no more is counted of it than its total says. */
function takeOutOfPlaces(table: string, column: string): string {
  return `UPDATE ${table} SET seen_count = seen_count
    - (${ofPlaced('max(0, counted - address_total.seen_count)')})
    WHERE ${column} = (${ofPlaced(column)});`;
}

/**
 * Takes the removed row out of its total. Where rows remain they say the times; where neither rows nor a count
 * remain the total goes. A total that is younger than the event never counted it.
 *
 * @param order In which the index on `rowColumn` has its rows, so that SQLite sorts none.
 */
function takeOut(
  table: string,
  column: string,
  rowColumn: string,
  counter: string,
  value: string,
  order: (direction: string) => string,
): string {
  const some = (direction: string): string =>
    `FROM (SELECT * FROM honey WHERE ${rowColumn} = ${value} ORDER BY ${order(direction)} LIMIT ${TIMES_ROWS})`;
  const lastSeen = `SELECT max(max(${ROW_US('event_timestamp')}, coalesce(${ROW_US('last_seen')}, 0)))`;
  return `
    UPDATE ${table} SET
      seen_count = max(seen_count - old.seen_count,
        EXISTS (SELECT 1 FROM honey WHERE ${rowColumn} = ${value})),
      last_seen_us = iif(last_seen_us > ${eventUs()}, last_seen_us,
        coalesce((${lastSeen} ${some('DESC')}), last_seen_us)),
      first_seen_us = iif(first_seen_us < ${eventUs()}, first_seen_us,
        coalesce((SELECT min(${ROW_US('event_timestamp')}) ${some('ASC')}), first_seen_us))
      WHERE ${column} = ${value} AND first_seen_us <= ${eventUs()};
    DELETE FROM ${table} WHERE ${column} = ${value} AND seen_count <= 0;
    UPDATE counter SET value = value - changes() WHERE name = '${counter}';`;
}
