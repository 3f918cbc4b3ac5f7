// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { REGISTERED_METHODS } from '@sentrypeer/event';
import { BLOCK_OF_EVENT } from '../file/schema.ts';
import { USER_AGENT_CHARACTERS_MAX } from '../limits.ts';

/** Microseconds of a text with a fraction of any length: 4.x and SQLite write three digits where we write nine. */
const textUs = (column: string): string =>
  `unixepoch(substr(${column}, 1, 19)) * 1000000 + CAST(substr(substr(${column}, 21, 6) || '000000', 1, 6) AS INTEGER)`;

/** When the removed row was counted: of a row without a grade, as 4.x writes them, the time of recording is UTC. */
const OLD_US = `(CASE WHEN old.grade IS NULL THEN coalesce(${textUs('old.created_at')}, ${textUs('old.event_timestamp')})
  ELSE ${textUs('old.event_timestamp')} END)`;
/** Whatever somebody wrote there. */
const OLD_COUNT = 'max(1, CAST(coalesce(old.seen_count, 1) AS INTEGER))';

/** Rows that are looked at for what remains; more would let one address hold the writer up. */
const REMAINING_ROWS = 64;
const METHODS = REGISTERED_METHODS.map((method) => `'${method}'`).join(', ');

/**
 * Version 16: rows that another program adds to `honey` or removes from it. Whoever of ours removes rows sets the counter
 * `own_removal` within the transaction; where it is 0 somebody else does. What such a row counted is taken out of the totals
 * at once, and the row is counted. `foreign_removal` is empty outside a statement: of what other nodes shared another trigger
 * takes care. `foreign_rows` are ids of rows that were found and are not yet in the totals; nothing looks at rows as they are
 * inserted, because that would cost each of our own.
 */
export const TABLES_OF_VERSION_16 = `
  CREATE TABLE foreign_rows (
    first_honey_id INTEGER PRIMARY KEY,
    last_honey_id INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE foreign_removal (honey_id INTEGER PRIMARY KEY) STRICT;
  INSERT INTO counter (name, value) VALUES ('own_removal', 0), ('foreign_added', 0), ('foreign_removed', 0),
    ('foreign_added_told', 0), ('foreign_removed_told', 0);
  CREATE TRIGGER foreign_row_goes BEFORE DELETE ON honey
  WHEN (SELECT value FROM counter WHERE name = 'own_removal') = 0 BEGIN
    UPDATE counter SET value = value + 1 WHERE name = 'foreign_removed';
    INSERT OR IGNORE INTO foreign_removal (honey_id) SELECT old.honey_id
      WHERE NOT EXISTS (SELECT 1 FROM shared_event WHERE honey_id = old.honey_id);
  END;
  CREATE TRIGGER foreign_row_removed AFTER DELETE ON honey
  WHEN EXISTS (SELECT 1 FROM foreign_removal WHERE honey_id = old.honey_id) BEGIN
    ${takeOut('address_total', 'address', 'source_ip', 'addresses', (direction) => `${BLOCK_OF_EVENT} ${direction}, honey_id ${direction}`)}
    UPDATE counter SET value = min(value, (SELECT coalesce(max(total_id), 0) FROM address_total))
      WHERE name = 'placed_total_id';
    ${takeOut('number_total', 'number', 'called_number', 'numbers', (direction) => `honey_id ${direction}`)}
    UPDATE user_agent_total SET seen_count = max(0, seen_count - ${OLD_COUNT})
      WHERE user_agent = substr(old.user_agent, 1, ${USER_AGENT_CHARACTERS_MAX}) AND first_seen_us <= ${OLD_US};
    DELETE FROM user_agent_total WHERE user_agent = substr(old.user_agent, 1, ${USER_AGENT_CHARACTERS_MAX})
      AND seen_count <= 0 AND shared_count <= 0;
    UPDATE counter SET value = value - changes() WHERE name = 'user_agents';
    UPDATE hour_total SET seen_count = max(0, seen_count - ${OLD_COUNT})
      WHERE hour = ${OLD_US} / 3600000000 AND transport = coalesce(old.transport_type, 'UDP')
      AND method = iif(old.method IN (${METHODS}), old.method, 'OTHER');
    DELETE FROM hour_total WHERE hour = ${OLD_US} / 3600000000 AND seen_count <= 0 AND shared_count <= 0;
    DELETE FROM foreign_removal WHERE honey_id = old.honey_id;
  END;`;

/**
 * Takes the removed row out of what its total counts as met here. Where rows remain they say the times; where no count remains
 * the total goes, or is one of what other nodes share. A total that is younger than the event never counted it.
 *
 * @param order In which the index on `rowColumn` has its rows, so that SQLite sorts none.
 */
function takeOut(
  table: string,
  column: string,
  rowColumn: string,
  counter: string,
  order: (direction: string) => string,
): string {
  const value = `old.${rowColumn}`;
  const some = (what: string, direction: string): string => `
    (SELECT ${what} FROM (SELECT honey_id, event_timestamp FROM honey WHERE ${rowColumn} = ${value}
      ORDER BY ${order(direction)} LIMIT ${REMAINING_ROWS}) AS row
      WHERE NOT EXISTS (SELECT 1 FROM shared_event WHERE shared_event.honey_id = row.honey_id))`;
  const us = textUs('event_timestamp');
  return `
    UPDATE ${table} SET
      seen_count = max(seen_count - ${OLD_COUNT}, ${some('count(*) > 0', 'DESC')}),
      last_seen_us = iif(last_seen_us > ${OLD_US}, last_seen_us, coalesce(${some(`max(${us})`, 'DESC')}, last_seen_us)),
      first_seen_us = iif(first_seen_us < ${OLD_US}, first_seen_us, coalesce(${some(`min(${us})`, 'ASC')}, first_seen_us))
      WHERE ${column} = ${value} AND seen_count > 0 AND first_seen_us <= ${OLD_US};
    UPDATE ${table} SET first_seen_us = shared_first_us, last_seen_us = shared_last_us
      WHERE ${column} = ${value} AND seen_count = 0 AND shared_count > 0;
    DELETE FROM ${table} WHERE ${column} = ${value} AND seen_count <= 0 AND shared_count <= 0;
    UPDATE counter SET value = value - changes() WHERE name = '${counter}';`;
}
