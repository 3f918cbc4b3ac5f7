// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { databaseError, fromSqlite } from '../file/database-error.ts';
import { isSameFile } from '../file/backup.ts';
import { openForeign } from '../file/open-database.ts';
import { honeyColumns } from '../file/migration.ts';
import { NUMBER_COLUMNS, TEXT_COLUMNS, type ImportedRow } from './imported-row.ts';

/** More than any row counts. */
const NUMBER_MAX = 2 ** 40;

/**
 * The rows of another database, of SentryPeer 4.x or of ours in any version, in the order in which they were recorded.
 * What strangers shared with it is left out. Throws `OperatingError`.
 *
 * @param own The database into which they are imported.
 */
export function* readDatabase(path: string, own: string): Generator<ImportedRow> {
  if (isSameFile(path, own)) {
    throw databaseError('db_failed', `${path} is the database itself; name another file`);
  }
  using database = openForeign(path);
  try {
    const columns = honeyColumns(database);
    const texts = TEXT_COLUMNS.filter((column) => columns.has(column)).map(
      (column) => `iif(typeof(${column}) = 'text', ${column}, NULL) AS ${column}`,
    );
    const numbers = NUMBER_COLUMNS.filter((column) => columns.has(column)).map(
      (column) => `iif(${column} BETWEEN 0 AND ${NUMBER_MAX}, ${column}, NULL) AS ${column}`,
    );
    const shared = database
      .prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'shared_event'`)
      .get();
    const where =
      shared === undefined ? '' : 'WHERE honey_id NOT IN (SELECT honey_id FROM shared_event)';
    const rows = database.prepare(
      `SELECT ${[...texts, ...numbers].join(', ')} FROM honey ${where} ORDER BY honey_id`,
    );
    for (const row of rows.iterate()) {
      const entries = Object.entries(row).filter(([, value]) => value !== null);
      yield Object.fromEntries(entries) as ImportedRow;
    }
  } catch (error) {
    throw fromSqlite(error, path);
  }
}
