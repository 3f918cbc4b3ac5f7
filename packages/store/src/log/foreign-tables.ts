// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { REGISTERED_METHODS } from '@sentrypeer/event';
import { BLOCK_OF_EVENT } from '../file/schema.ts';
import { USER_AGENT_CHARACTERS_MAX } from '../limits.ts';
import { SHARED_EVENT_REMOVED } from '../sharing/origin-tables.ts';

/** Microseconds of a text with a fraction of any length: 4.x and SQLite write three digits where we write nine. */
const textUs = (column: string): string =>
  `unixepoch(substr(${column}, 1, 19)) * 1000000 + CAST(substr(substr(${column}, 21, 6) || '000000', 1, 6) AS INTEGER)`;

/** When the removed row was counted: for a row without a grade, as 4.x writes them, the time of recording is UTC. */
const OLD_US = `(CASE WHEN old.grade IS NULL THEN coalesce(${textUs('old.created_at')}, ${textUs('old.event_timestamp')})
  ELSE ${textUs('old.event_timestamp')} END)`;
/** Whatever somebody wrote there. */
const OLD_COUNT = 'max(1, CAST(coalesce(old.seen_count, 1) AS INTEGER))';

/** The most rows that are looked at for what remains; more would let one address hold up the writer. */
const REMAINING_ROWS = 64;
const METHODS = REGISTERED_METHODS.map((method) => `'${method}'`).join(', ');

/**
 * Version 16: rows that another program adds to `honey` or removes from it. Our own code that removes rows sets the
 * counter `own_removal` within the transaction; if it is 0, another program removes them. `foreign_rows` are ids of
 * rows that were found and are not yet in the totals; rows are not checked as they are inserted, because that would
 * cost each of our own.
 */
export const TABLES_OF_VERSION_16 = `
  CREATE TABLE foreign_rows (
    first_honey_id INTEGER PRIMARY KEY,
    last_honey_id INTEGER NOT NULL
  ) STRICT;
  INSERT INTO counter (name, value) VALUES ('own_removal', 0), ('foreign_added', 0), ('foreign_removed', 0),
    ('foreign_added_told', 0), ('foreign_removed_told', 0);`;

/** The columns of a removed row that are needed. */
export const REMOVED_COLUMNS =
  'source_ip, called_number, user_agent, method, transport_type, grade, seen_count, event_timestamp, created_at';

/**
 * Version 18: a row that somebody else removes, or that another node shared, goes through `removed_event`, and triggers
 * on that table take what it counted out of the totals. There is one trigger on `honey`, and it reads only the id of a
 * row: SQLite reads each column that a trigger names for each removed row, which cost as much as the removal itself.
 */
export const TABLES_OF_VERSION_18 = `
  DROP TRIGGER IF EXISTS shared_event_removed;
  DROP TRIGGER IF EXISTS foreign_row_goes;
  DROP TRIGGER IF EXISTS foreign_row_removed;
  DROP TABLE IF EXISTS foreign_removal;
  CREATE TABLE removed_event (
    honey_id INTEGER PRIMARY KEY,
    is_shared INTEGER NOT NULL,
    ${REMOVED_COLUMNS.replaceAll(',', ' ANY,')} ANY
  ) STRICT;
  ${eventGoes('')}
  ${SHARED_EVENT_REMOVED}
  CREATE TRIGGER foreign_row_removed AFTER DELETE ON removed_event WHEN NOT old.is_shared BEGIN
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
  END;`;

/** Whether the row is in the totals, and does not wait to be counted. */
const IS_COUNTED = `old.honey_id <= (SELECT value FROM counter WHERE name = 'last_honey_id')
  AND NOT EXISTS (SELECT 1 FROM foreign_rows WHERE old.honey_id BETWEEN first_honey_id AND last_honey_id)
  AND NOT EXISTS (SELECT 1 FROM foreign_change WHERE honey_id = old.honey_id)`;

/** The id of the oldest row, or of the next one if there is none. */
export const LOWEST_HONEY_ID = `(SELECT coalesce((SELECT min(honey_id) FROM honey), value + 1)
  FROM counter WHERE name = 'last_honey_id')`;

/**
 * Version 19: rows that another program changes, and those it adds below the oldest. What a changed row counted is
 * taken out of the totals as for a removed one, and the row waits in `foreign_change` to be counted as it is now. None
 * of our statements names these columns in an UPDATE, so the trigger costs ours nothing; `seen_count` is one that we do
 * change, so it is not checked. A trigger on inserts would also find rows in between, but costs each of ours 7 %.
 */
export const TABLES_OF_VERSION_19 = `
  CREATE TABLE foreign_change (honey_id INTEGER PRIMARY KEY) STRICT;
  INSERT INTO counter (name, value) VALUES ('foreign_changed', 0), ('foreign_changed_told', 0),
    ('lowest_honey_id', ${LOWEST_HONEY_ID});
  CREATE TRIGGER foreign_row_changed
  AFTER UPDATE OF source_ip, called_number, user_agent, method, transport_type, grade, event_timestamp, created_at ON honey
  WHEN ${IS_COUNTED} AND NOT EXISTS (SELECT 1 FROM shared_event WHERE honey_id = old.honey_id) BEGIN
    INSERT OR IGNORE INTO removed_event (honey_id, is_shared, ${REMOVED_COLUMNS})
      VALUES (old.honey_id, 0, ${REMOVED_COLUMNS.replaceAll(/\w+/g, 'old.$&')});
    DELETE FROM removed_event WHERE honey_id = old.honey_id;
    INSERT INTO foreign_change (honey_id) VALUES (old.honey_id);
    UPDATE counter SET value = value + 1 WHERE name = 'foreign_changed';
  END;
  DROP TRIGGER event_goes;
  ${eventGoes(`AND (EXISTS (SELECT 1 FROM shared_event WHERE honey_id = old.honey_id) OR (${IS_COUNTED}))`)}`;

/** @param isCounted What else must hold for the removed row to be in the totals. */
function eventGoes(isCounted: string): string {
  return `
  CREATE TRIGGER event_goes BEFORE DELETE ON honey
  WHEN (SELECT value FROM counter WHERE name = 'own_removal') = 0
    OR EXISTS (SELECT 1 FROM shared_event WHERE honey_id = old.honey_id) BEGIN
    UPDATE counter SET value = value + 1 WHERE name = 'foreign_removed'
      AND (SELECT value FROM counter WHERE name = 'own_removal') = 0;
    INSERT OR IGNORE INTO removed_event (honey_id, is_shared, ${REMOVED_COLUMNS})
      SELECT honey_id, EXISTS (SELECT 1 FROM shared_event WHERE honey_id = old.honey_id), ${REMOVED_COLUMNS}
      FROM honey WHERE honey_id = old.honey_id ${isCounted};
    DELETE FROM removed_event WHERE honey_id = old.honey_id;
  END;`;
}

/**
 * Takes the removed row out of what its total counts as seen here. If rows remain, they determine the times; if no
 * count remains, the total is removed, or becomes one of what other nodes share. The row itself still exists. A total
 * that is younger than the event never counted it.
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
  const some = (what: string, direction: string): string => `
    (SELECT ${what} FROM (SELECT honey_id, event_timestamp FROM honey WHERE ${rowColumn} = ${value}
      AND honey_id <> old.honey_id ORDER BY ${order(direction)} LIMIT ${REMAINING_ROWS}) AS row
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
