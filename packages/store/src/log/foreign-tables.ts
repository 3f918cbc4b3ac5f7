// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { REGISTERED_METHODS } from '@sentrypeer/event';
import { BLOCK_OF_EVENT } from '../file/schema.ts';
import { USER_AGENT_CHARACTERS_MAX } from '../limits.ts';
import { HONEY_ID_MAX } from './honey-ids.ts';
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
  ${rowRemoved('')}`;

/** Whether the row is in the totals, and does not wait to be counted. */
const IS_COUNTED = `old.honey_id <= (SELECT value FROM counter WHERE name = 'last_honey_id')
  AND NOT EXISTS (SELECT 1 FROM foreign_rows WHERE old.honey_id BETWEEN first_honey_id AND last_honey_id)
  AND NOT EXISTS (SELECT 1 FROM foreign_change WHERE honey_id = old.honey_id)`;

/** The id of the oldest row, or of the next one if there is none. */
export const LOWEST_HONEY_ID = `(SELECT coalesce((SELECT min(honey_id) FROM honey WHERE honey_id >= -${HONEY_ID_MAX}), value + 1)
  FROM counter WHERE name = 'last_honey_id')`;

/**
 * Version 19: rows that another program changes, and those it adds below the oldest. What a changed row counted is
 * taken out of the totals as for a removed one, and the row waits in `foreign_change` to be counted as it is now. None
 * of our statements names these columns in an UPDATE, so the trigger costs ours nothing; `seen_count` is one that we do
 * change, so it is not checked. Inserts between other rows: version 31.
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

/** Triggers that do nothing for statements of ours and would make them slower: the writer is without (paused-triggers.ts). */
export const PAUSED_TRIGGERS = [
  'event_goes',
  'foreign_row_replaced',
  'foreign_row_inserted',
] as const;

/**
 * Version 31: rows that another program inserts with an id that is not above the newest, those that its
 * `INSERT OR REPLACE` replaces, for which SQLite calls no trigger on removals, and rows whose id it changes. A replaced
 * row is taken out of the totals, and what is there afterwards waits in `foreign_change`. So does the earlier id of a
 * row: where no row is, nothing is counted. The triggers on inserts would cost each of ours 7 %. Rows that wait are no
 * reason any more to keep a total: one statement may change all rows of an address.
 */
export const TRIGGERS_OF_VERSION_31 = `
  DROP TRIGGER foreign_row_removed;
  ${rowRemoved(`AND ${isBetween('row.honey_id')} AND NOT ${isWaiting('row.honey_id')}`)}
  CREATE TRIGGER foreign_row_replaced BEFORE INSERT ON honey
  WHEN EXISTS (SELECT 1 FROM honey WHERE honey_id = new.honey_id) BEGIN
    ${tell('foreign_changed', 'new.honey_id')}
    ${takenOut('new.honey_id')}
    ${wait('new.honey_id')}
  END;
  CREATE TRIGGER foreign_row_inserted AFTER INSERT ON honey WHEN ${isBetween('new.honey_id')} BEGIN
    ${tell('foreign_added', 'new.honey_id')}
    ${wait('new.honey_id')}
  END;
  CREATE TRIGGER foreign_row_renumbered BEFORE UPDATE OF honey_id ON honey WHEN new.honey_id IS NOT old.honey_id BEGIN
    ${tell('foreign_changed', 'old.honey_id')}
    ${takenOut('old.honey_id')}
    ${takenOut('new.honey_id')}
    ${wait('old.honey_id')}
    ${wait('new.honey_id')}
  END;`;

/** Whether the row with this id is not yet in the totals, and will be. */
function isWaiting(id: string): string {
  return `(EXISTS (SELECT 1 FROM foreign_rows WHERE ${id} BETWEEN first_honey_id AND last_honey_id)
    OR EXISTS (SELECT 1 FROM foreign_change WHERE honey_id = ${id}))`;
}

/** Whether the writer takes no row with this id for one that was added above or below all others. */
function isBetween(id: string): string {
  return `(${id} <= (SELECT value FROM counter WHERE name = 'last_honey_id')
    AND ${id} >= (SELECT value FROM counter WHERE name = 'lowest_honey_id'))`;
}

/** Takes the row with this id out of the totals, if there is one and they count it. */
function takenOut(id: string): string {
  const isShared = `EXISTS (SELECT 1 FROM shared_event WHERE honey_id = ${id})`;
  return `
    INSERT OR IGNORE INTO removed_event (honey_id, is_shared, ${REMOVED_COLUMNS})
      SELECT honey_id, ${isShared}, ${REMOVED_COLUMNS} FROM honey
      WHERE honey_id = ${id} AND (${isShared} OR (${isBetween(id)} AND NOT ${isWaiting(id)}));
    DELETE FROM removed_event WHERE honey_id = ${id};`;
}

/** Counts the row with this id for the log; one that waits was counted before. */
function tell(counter: string, id: string): string {
  return `
    UPDATE counter SET value = value + 1 WHERE name = '${counter}' AND ${isBetween(id)} AND NOT ${isWaiting(id)};`;
}

/** The row with this id, if there will be one, is to be counted. */
function wait(id: string): string {
  return `
    INSERT OR IGNORE INTO foreign_change (honey_id) SELECT ${id} WHERE ${isBetween(id)} AND NOT ${isWaiting(id)};`;
}

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

/** @param isCounted What else must hold for a `row` that remains to be in the totals. */
function rowRemoved(isCounted: string): string {
  return `
  CREATE TRIGGER foreign_row_removed AFTER DELETE ON removed_event WHEN NOT old.is_shared BEGIN
    ${takeOut('address_total', 'address', 'source_ip', 'addresses', (direction) => `${BLOCK_OF_EVENT} ${direction}, honey_id ${direction}`, isCounted)}
    UPDATE counter SET value = min(value, (SELECT coalesce(max(total_id), 0) FROM address_total))
      WHERE name = 'placed_total_id';
    ${takeOut('number_total', 'number', 'called_number', 'numbers', (direction) => `honey_id ${direction}`, isCounted)}
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
  isCounted: string,
): string {
  const value = `old.${rowColumn}`;
  const some = (what: string, direction: string): string => `
    (SELECT ${what} FROM (SELECT honey_id, event_timestamp FROM honey WHERE ${rowColumn} = ${value}
      AND honey_id <> old.honey_id ORDER BY ${order(direction)} LIMIT ${REMAINING_ROWS}) AS row
      WHERE NOT EXISTS (SELECT 1 FROM shared_event WHERE shared_event.honey_id = row.honey_id) ${isCounted})`;
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
