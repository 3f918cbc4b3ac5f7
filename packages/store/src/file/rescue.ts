// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { guarded } from './database-error.ts';
import type { OpeningPorts } from './migration.ts';
import { openForCommand } from './open-database.ts';
import { inTransaction } from './transaction.ts';

const ENDING = '.db';

/** Where events go that the database cannot take any more: `sentrypeer import` takes them from there. */
export function rescueFileOf(path: string): string {
  const stem = path.endsWith(ENDING) ? path.slice(0, -ENDING.length) : path;
  return `${stem}-rescued${ENDING}`;
}

/**
 * Copies the rows after `honeyId`, as far as this connection can still read them, to the rescue file. Throws
 * `OperatingError` if that cannot be written. @returns How many there were.
 */
export function rescueRows(
  ports: OpeningPorts & { readonly database: DatabaseSync },
  path: string,
  honeyId: number,
): number {
  const columns = guarded(path, () =>
    ports.database
      .prepare("SELECT name FROM pragma_table_info('honey') WHERE name <> 'honey_id'")
      .all()
      .map(({ name }) => String(name)),
  );
  const rows = readable(ports.database, columns, honeyId);
  const first = rows.next();
  if (first.done === true) return 0; // And no file is made.
  const target = rescueFileOf(path);
  const rescue = openForCommand(target, ports);
  try {
    return guarded(target, () => insertInto(rescue, columns, first.value, rows));
  } finally {
    rescue.close();
  }
}

type Row = Record<string, SQLInputValue>;

function insertInto(
  rescue: DatabaseSync,
  columns: readonly string[],
  first: Row,
  others: Iterable<Row>,
): number {
  const places = columns.map(() => '?').join(', ');
  const statement = rescue.prepare(`INSERT INTO honey (${columns.join(', ')}) VALUES (${places})`);
  let count = 0;
  const insert = (row: Row): void => {
    statement.run(...columns.map((name) => row[name] ?? null));
    count += 1;
  };
  inTransaction(rescue, () => {
    insert(first);
    for (const row of others) insert(row);
    rescue.exec(
      "UPDATE counter SET value = (SELECT max(honey_id) FROM honey) WHERE name = 'last_honey_id'",
    );
  });
  return count;
}

function* readable(
  database: DatabaseSync,
  columns: readonly string[],
  honeyId: number,
): Generator<Row> {
  try {
    const rows = database.prepare(
      `SELECT ${columns.join(', ')} FROM honey WHERE honey_id > ? ORDER BY honey_id`,
    );
    yield* rows.iterate(honeyId) as Iterable<Row>;
  } catch {
    // The rest is gone.
  }
}
