// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';
import { formatFleetAddress, type FleetAddress } from './address.ts';
import type { FleetConnection } from './connection.ts';

/** What a role must be able to do; each right exists in every version of the schema that has the role. */
const NEEDED = {
  sensor:
    "has_function_privilege('fleet.push(uuid, integer, bigint, bigint, bigint, bigint, integer, bigint)', 'EXECUTE')",
  hub: "has_table_privilege('fleet.node', 'SELECT') AND has_table_privilege('fleet.self', 'SELECT')",
  follower:
    "CASE WHEN to_regclass('fleet.listing') IS NULL THEN true ELSE has_column_privilege('fleet.listing', 'value', 'SELECT') END",
} as const;

const WORK = {
  sensor: 'push events',
  hub: 'take what all nodes push',
  follower: 'follow what the hubs list',
} as const;

/** Why this node cannot do the work of a role, naming the role that it needs; `undefined` if it can. */
export async function roleTrouble(
  connection: FleetConnection,
  address: FleetAddress,
  role: keyof typeof NEEDED,
): Promise<OperatingError | undefined> {
  // Without USAGE on the schema nothing in it is found, so that is checked first.
  const [usage] = await connection.rows(`
    SELECT CASE WHEN to_regnamespace('fleet') IS NOT NULL THEN has_schema_privilege('fleet', 'USAGE') END AS may`);
  if (usage?.['may'] === null) return undefined; // There is no fleet, which is reported elsewhere.
  const may = usage?.['may'] === true ? `SELECT ${NEEDED[role]} AS may` : 'SELECT false AS may';
  const [row] = await connection.rows(may);
  if (row?.['may'] === true) return undefined;
  return new OperatingError(
    'fleet_refused',
    `${address.user} is not a ${role} of the fleet ${formatFleetAddress(address)}, so it may not ${WORK[role]}: sentrypeer fleet join NAME ${role} FILE makes one`,
  );
}
