// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { OperatingError } from '@sentrypeer/kernel';
import { databaseError, fromSqlite, guarded } from '../file/database-error.ts';
import { isSameFile } from '../file/backup.ts';
import { openForeign } from '../file/open-database.ts';
import { honeyColumns } from '../file/migration.ts';
import { NUMBER_COLUMNS, TEXT_COLUMNS, type ImportedRow } from './imported-row.ts';

/** More than any row counts. */
const NUMBER_MAX = 2 ** 40;

/** Row ids of SQLite: 64 bits with a sign. */
const ID_MIN = -(2n ** 63n);
const ID_MAX = 2n ** 63n - 1n;

/**
 * The rows of another database, of SentryPeer 4.x or of ours in any version, in the order in which they were recorded.
 * What strangers shared with it is left out. Throws `OperatingError`.
 *
 * @param own The database into which they are imported.
 * @param onDamage Called each time rows are left out because their pages are damaged.
 */
export function* readDatabase(
  path: string,
  own: string,
  onDamage: () => void,
): Generator<ImportedRow> {
  if (isSameFile(path, own)) {
    throw databaseError('db_failed', `${path} is the database itself; name another file`);
  }
  using database = openForeign(path);
  const select = guarded(path, () => selectFrom(database));
  const first = guarded(path, () => database.prepare(`${select} LIMIT 1`));
  let from = ID_MIN;
  for (let isOver = false; !isOver;) {
    try {
      // A statement that has failed reports that again when it is begun anew.
      for (const row of database.prepare(select).iterate(String(from))) {
        from = BigInt(String(row['id'])) + 1n;
        const entries = Object.entries(row).filter(
          ([key, value]) => key !== 'id' && value !== null,
        );
        yield Object.fromEntries(entries) as ImportedRow;
      }
      isOver = true;
    } catch (error) {
      if (!isDamage(error, path)) throw fromSqlite(error, path);
      onDamage();
      const beyond = firstReadable(from, (id) => isReadable(first, id, path));
      isOver = beyond === undefined;
      from = beyond ?? from;
    }
  }
}

/** The query for rows from an id on. Ids are texts, because not all are numbers of JavaScript. */
function selectFrom(database: DatabaseSync): string {
  const columns = honeyColumns(database);
  const texts = TEXT_COLUMNS.filter((column) => columns.has(column)).map(
    (column) => `iif(typeof(${column}) = 'text', ${column}, NULL) AS ${column}`,
  );
  const numbers = NUMBER_COLUMNS.filter((column) => columns.has(column)).map(
    (column) => `iif(${column} BETWEEN 0 AND ${NUMBER_MAX}, ${column}, NULL) AS ${column}`,
  );
  const shared = database.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'shared_event'`).get();
  const notShared =
    shared === undefined ? '' : 'AND honey_id NOT IN (SELECT honey_id FROM shared_event)';
  return `SELECT CAST(honey_id AS TEXT) AS id, ${[...texts, ...numbers].join(', ')} FROM honey
      WHERE honey_id >= CAST(? AS INTEGER) ${notShared} ORDER BY honey_id`;
}

function isDamage(error: unknown, path: string): boolean {
  const told = fromSqlite(error, path);
  return told instanceof OperatingError && told.code === 'db_damaged';
}

/** Whether the next row from an id on can be read, or there is none. */
function isReadable(first: StatementSync, id: bigint, path: string): boolean {
  try {
    first.get(String(id));
    return true;
  } catch (error) {
    if (isDamage(error, path)) return false;
    throw fromSqlite(error, path);
  }
}

/** The lowest id beyond one that cannot be read, by doubling and halving; `undefined` if nothing more can be read. */
function firstReadable(unread: bigint, isRead: (id: bigint) => boolean): bigint | undefined {
  let [low, step] = [unread, 1n];
  while (low + step <= ID_MAX && !isRead(low + step)) {
    low += step;
    step *= 2n;
  }
  let high = low + step;
  if (high > ID_MAX) return undefined;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (isRead(middle)) high = middle;
    else low = middle;
  }
  return high;
}
