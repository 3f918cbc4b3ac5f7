// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import type { FleetConnection } from '../connection.ts';
import { ACCESS_1, VERSION_1 } from './version-1.ts';
import { ACCESS_2, VERSION_2 } from './version-2.ts';
import { ACCESS_3, VERSION_3 } from './version-3.ts';
import { ACCESS_4, VERSION_4 } from './version-4.ts';
import { ACCESS_5, VERSION_5 } from './version-5.ts';

/**
 * One step of the schema. A step only adds: columns that older nodes need not know, tables, functions under new names.
 * So a node of the previous version continues next to newer ones; if that is impossible, `oldest` says so.
 */
interface Migration {
  readonly version: number;
  /** The lowest version of a program's schema that still works with it. */
  readonly oldest: number;
  readonly sql: string;
}

const MIGRATIONS: readonly Migration[] = [
  { version: 1, oldest: 1, sql: VERSION_1 },
  { version: 2, oldest: 1, sql: VERSION_2 },
  { version: 3, oldest: 1, sql: VERSION_3 },
  { version: 4, oldest: 1, sql: VERSION_4 },
  { version: 5, oldest: 1, sql: VERSION_5 },
];

/** The version that this program creates and knows. */
export const FLEET_SCHEMA_VERSION = 5;

/** The versions of a fleet: of its schema, and of the oldest program that it still serves. */
export interface FleetVersions {
  readonly version: number;
  readonly oldest: number;
}

/** The table of migrations is locked, so that an interrupted or simultaneous migration does nothing twice. */
const MIGRATION_TABLE = `
  CREATE TABLE IF NOT EXISTS fleet.migration (
    version integer PRIMARY KEY,
    oldest integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  );
  LOCK TABLE fleet.migration IN SHARE ROW EXCLUSIVE MODE;`;

/** Functions are open to everybody unless that is revoked. */
const NOBODY_ELSE = 'REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA fleet FROM PUBLIC;';

/**
 * Migrates the schema to this program's version, within the caller's transaction; throws `OperatingError`.
 *
 * @returns The versions that were added; none if it was up to date.
 */
export async function migrateFleet(connection: FleetConnection): Promise<readonly number[]> {
  await connection.run(MIGRATION_TABLE);
  const rows = await connection.rows('SELECT version FROM fleet.migration');
  const done = new Set(rows.map((row) => Number(row['version'])));
  const newest = Math.max(0, ...done);
  if (newest > FLEET_SCHEMA_VERSION) {
    throw new OperatingError(
      'fleet_newer',
      `this fleet is of version ${newest}, and this program only knows version ${FLEET_SCHEMA_VERSION}: use the newer program`,
    );
  }
  const due = MIGRATIONS.filter(({ version }) => !done.has(version));
  for (const { version, oldest, sql } of due) {
    await connection.run(sql);
    await connection.rows('INSERT INTO fleet.migration (version, oldest) VALUES ($1, $2)', [
      version,
      oldest,
    ]);
  }
  await connection.run(`${NOBODY_ELSE}${ACCESS_1}${ACCESS_2}${ACCESS_3}${ACCESS_4}${ACCESS_5}`);
  return due.map(({ version }) => version);
}

/** The versions of the fleet; throws `OperatingError` if there is none in this database, or this program is too old. */
export async function fleetVersions(connection: FleetConnection): Promise<FleetVersions> {
  const [{ is_there: isThere } = {}] = await connection.rows(
    "SELECT to_regclass('fleet.migration') IS NOT NULL AS is_there",
  );
  if (isThere !== true) {
    throw new OperatingError(
      'fleet_missing',
      'there is no fleet in this database: its owner makes one with sentrypeer fleet init',
    );
  }
  const [row] = await connection.rows(
    'SELECT max(version) AS version, max(oldest) AS oldest FROM fleet.migration',
  );
  const [version, oldest] = [Number(row?.['version']), Number(row?.['oldest'])];
  if (oldest > FLEET_SCHEMA_VERSION) {
    throw new OperatingError(
      'fleet_too_new',
      `this fleet is of version ${version} and serves programs from version ${oldest} on, and this one is of version ${FLEET_SCHEMA_VERSION}: upgrade it; until then what it records waits`,
    );
  }
  return { version, oldest };
}
