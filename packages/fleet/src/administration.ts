// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import type { FleetConnection } from './connection.ts';
import {
  NODE_CONNECTIONS_MAX,
  NODE_NAME_CHARACTERS_MAX,
  PREPARED_DAYS,
  SERVER_VERSION_MIN,
} from './limits.ts';
import { newPassword, scramVerifier } from './password.ts';
import { fleetVersions, migrateFleet } from './schema/migrations.ts';
import { GROUPS as GROUPS_1 } from './schema/version-1.ts';
import { HUB_GROUP } from './schema/version-2.ts';
import { FOLLOWER_GROUP, LISTINGS_VERSION } from './schema/version-5.ts';

const GROUPS = [...GROUPS_1, HUB_GROUP, FOLLOWER_GROUP];

/** The purpose of a role of the fleet. */
export type FleetRole = 'sensor' | 'hub' | 'follower' | 'people';

export const FLEET_ROLES: readonly FleetRole[] = ['sensor', 'hub', 'follower', 'people'];

/** Encodings of a database into which every text goes: the second one keeps octets as they are. */
const ENCODINGS: ReadonlySet<string> = new Set(['UTF8', 'SQL_ASCII']);

/** Letters that a role's name has without quotes, and a hyphen; so it is safe in every file and on every screen. */
const NAME_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789_-';

/** Names that begin like this belong to PostgreSQL, or to our groups. */
const RESERVED: readonly string[] = ['pg_', 'fleet_'];

/** What `fleet init` did, and what it could not do. */
export interface FleetMade {
  /** Versions of the schema that were added. */
  readonly versions: readonly number[];
  /** Databases of the same server into which every role, and so every sensor, may connect. */
  readonly openDatabases: readonly string[];
  /** Whether large objects stay open to everybody, because only a superuser can close them. */
  readonly hasLargeObjects: boolean;
}

/**
 * Creates the schema and the groups in a separate database. The connection is that of the database's owner, who may
 * create roles. Can be run again. Throws `OperatingError`.
 */
export async function initFleet(connection: FleetConnection): Promise<FleetMade> {
  await refuseUnfit(connection);
  const versions = await connection.transaction(() => bringUp(connection));
  await connection.rows('SELECT fleet.prepare_days($1)', [PREPARED_DAYS]);
  const open = await connection.rows(`
    SELECT datname FROM pg_database WHERE datallowconn AND datname <> current_database()
      AND has_database_privilege('fleet_sensor', oid, 'CONNECT') ORDER BY datname`);
  const [{ is_open: isOpen } = {}] = await connection.rows(
    "SELECT has_function_privilege('fleet_sensor', 'pg_catalog.lo_creat(integer)', 'EXECUTE') AS is_open",
  );
  return {
    versions,
    openDatabases: open.map((row) => String(row['datname'])),
    hasLargeObjects: isOpen === true,
  };
}

/** Migrates the schema to this program's version. @returns The versions that were added. Throws `OperatingError`. */
export async function migrateOnly(connection: FleetConnection): Promise<readonly number[]> {
  await fleetVersions(connection);
  return await connection.transaction(() => bringUp(connection));
}

/** Within the caller's transaction. */
async function bringUp(connection: FleetConnection): Promise<readonly number[]> {
  await makeGroups(connection);
  await connection.run('CREATE SCHEMA IF NOT EXISTS fleet');
  const made = await migrateFleet(connection);
  await connection.run(CLOSE_DATABASE);
  return made;
}

/**
 * Creates the role of a node, or gives an existing one a new password: the old one is invalid from then on, and
 * connections under it are ended. The server only gets a verifier, so no log of statements contains the password.
 *
 * @returns The password. Throws `OperatingError`.
 */
export async function joinFleet(
  connection: FleetConnection,
  name: string,
  role: FleetRole,
): Promise<string> {
  const { version } = await fleetVersions(connection);
  if (role === 'follower' && version < LISTINGS_VERSION) {
    throw new OperatingError(
      'fleet_database_old',
      `this fleet is of version ${version}, which has no followers: run sentrypeer fleet migrate first`,
    );
  }
  const wrong = nodeNameTrouble(name);
  if (wrong !== undefined) throw new OperatingError('fleet_name_invalid', wrong);
  const group = `fleet_${role}`;
  const password = newPassword();
  await connection.transaction(async () => {
    const [known] = await connection.rows(
      `SELECT coalesce(array_agg(g.rolname::text), '{}') AS groups, r.rolsuper OR r.rolcreaterole OR r.rolcreatedb
          OR r.rolreplication OR r.rolbypassrls AS is_mighty
        FROM pg_roles AS r LEFT JOIN pg_auth_members ON member = r.oid LEFT JOIN pg_roles AS g ON g.oid = roleid
        WHERE r.rolname = $1 GROUP BY r.oid, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication, r.rolbypassrls`,
      [name],
    );
    if (known !== undefined) refuseOther(known, name, group);
    const options = `LOGIN CONNECTION LIMIT ${NODE_CONNECTIONS_MAX} PASSWORD '${scramVerifier(password)}'`;
    const verb = known === undefined ? 'CREATE' : 'ALTER';
    // In the name, only the hyphen needs quotes, and no character could end them.
    await connection.run(`${verb} ROLE "${name}" WITH ${options}`);
    if (known === undefined) await connection.run(`GRANT ${group} TO "${name}"`);
    else await endConnections(connection, name);
  });
  return password;
}

/** Removes the role of a node, and ends its connections. What it pushed stays. Throws `OperatingError`. */
export async function leaveFleet(connection: FleetConnection, name: string): Promise<void> {
  await fleetVersions(connection);
  await connection.transaction(async () => {
    const [known] = await connection.rows(
      `SELECT 1 FROM pg_roles AS r JOIN pg_auth_members ON member = r.oid JOIN pg_roles AS g ON g.oid = roleid
        WHERE r.rolname = $1 AND g.rolname = ANY ($2) AND r.rolname <> current_user`,
      [name, GROUPS],
    );
    if (known === undefined || nodeNameTrouble(name) !== undefined) {
      throw new OperatingError(
        'fleet_node_unknown',
        `${name} is not in this fleet: sentrypeer fleet status shows who is`,
      );
    }
    await connection.run(`ALTER ROLE "${name}" NOLOGIN`);
    await endConnections(connection, name);
    await connection.run(`DROP ROLE "${name}"`);
  });
}

/** Why it cannot be a node's name; `undefined` for a valid one. */
export function nodeNameTrouble(name: string): string | undefined {
  const isFine =
    name !== '' &&
    name.length <= NODE_NAME_CHARACTERS_MAX &&
    !name.startsWith('-') &&
    Array.from(name).every((character) => NAME_CHARACTERS.includes(character)) &&
    !RESERVED.some((prefix) => name.startsWith(prefix)) &&
    name !== 'public' &&
    name !== 'none';
  if (isFine) return undefined;
  return `the name of a node has up to ${NODE_NAME_CHARACTERS_MAX} of a to z, 0 to 9, _ and -, and does not begin with - or with ${RESERVED.join(' or ')}`;
}

async function endConnections(connection: FleetConnection, name: string): Promise<void> {
  await connection.rows(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1 AND pid <> pg_backend_pid()',
    [name],
  );
}

function refuseOther(known: Readonly<Record<string, unknown>>, name: string, group: string): void {
  const groups = known['groups'] as readonly string[];
  if (known['is_mighty'] !== true && groups.length === 1 && groups[0] === group) return;
  throw new OperatingError(
    'fleet_name_taken',
    `this PostgreSQL already has a role ${name} for something else: choose another name`,
  );
}

async function refuseUnfit(connection: FleetConnection): Promise<void> {
  const [server] = await connection.rows(`
    SELECT current_setting('server_version_num')::integer AS version, current_setting('server_version') AS text,
      current_database() AS name, getdatabaseencoding() AS encoding, to_regnamespace('fleet') IS NOT NULL AS has_fleet,
      to_regrole('fleet_sensor') IS NOT NULL AS has_groups,
      (SELECT count(*) FROM pg_class JOIN pg_namespace AS n ON n.oid = relnamespace
        WHERE relkind IN ('r', 'p', 'v', 'm') AND nspname NOT IN ('pg_catalog', 'information_schema', 'fleet')
        AND nspname NOT LIKE 'pg\\_%' AND NOT EXISTS (SELECT 1 FROM pg_depend AS d
          WHERE d.objid = pg_class.oid AND d.deptype = 'e')) AS foreign_tables`);
  if (Number(server?.['version']) < SERVER_VERSION_MIN) {
    throw new OperatingError(
      'fleet_server_old',
      `this is PostgreSQL ${String(server?.['text'])}: a fleet needs 15 or later`,
    );
  }
  if (server?.['has_fleet'] === true) return;
  const encoding = String(server?.['encoding']);
  if (!ENCODINGS.has(encoding)) {
    throw new OperatingError(
      'fleet_encoding',
      `the database ${String(server?.['name'])} is in ${encoding}, which has no place for what attackers write: make one with CREATE DATABASE fleet ENCODING 'UTF8' TEMPLATE template0`,
    );
  }
  if (server?.['has_groups'] === true) {
    throw new OperatingError(
      'fleet_elsewhere',
      `another database of this server has a fleet, or had one: a server carries one. Where it is gone, remove its groups first: DROP ROLE ${GROUPS.join(', ')}`,
    );
  }
  if (Number(server?.['foreign_tables']) > 0) {
    throw new OperatingError(
      'fleet_database_used',
      `the database ${String(server?.['name'])} has tables of something else, and a fleet closes its database to everybody else: make one for the fleet alone, CREATE DATABASE fleet`,
    );
  }
}

async function makeGroups(connection: FleetConnection): Promise<void> {
  for (const group of GROUPS) {
    await connection.run(`
      DO $$ BEGIN
        IF to_regrole('${group}') IS NULL THEN CREATE ROLE ${group} NOLOGIN; END IF;
      END $$`);
  }
}

/**
 * Removes in this database what every role of a server may do by default: temporary tables, large objects and messages
 * in the WAL fill the disk. If the owner is not a superuser, everything except the first stays as it is, and init says
 * so.
 */
const CLOSE_DATABASE = `
  REVOKE ALL ON SCHEMA public FROM PUBLIC;
  DO $$
  DECLARE harmful oid;
  BEGIN
    EXECUTE format('REVOKE TEMP, CONNECT ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO ${GROUPS.join(', ')}', current_database());
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
      FOR harmful IN SELECT oid FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname IN ('lo_create',
        'lo_creat', 'lo_from_bytea', 'lo_open', 'lo_put', 'lo_truncate', 'lo_truncate64', 'lo_unlink', 'lowrite',
        'pg_logical_emit_message')
      LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', harmful::regprocedure);
      END LOOP;
    END IF;
  END $$;`;
