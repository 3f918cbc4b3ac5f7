// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetConnection, Row } from './connection.ts';
import { NODE_SILENT_MS, OVERVIEW_NODES_MAX } from './limits.ts';

/** A node of the fleet, according to the database. Times are wall-clock microseconds, `undefined` for never. */
interface OverviewNode {
  readonly node: string;
  /** `left`: its role was removed. */
  readonly role: 'hub' | 'sensor' | 'follower' | 'left';
  readonly isConnected: boolean;
  /** `undefined` for followers, which write nothing. */
  readonly version: string | undefined;
  /** Of the present life of its log. */
  readonly events: number;
  /** Events waiting on it when it last reported. */
  readonly waiting: number;
  readonly pushedEpochUs: number | undefined;
  readonly seenEpochUs: number | undefined;
  /** Whether it gave no sign of life for long, and is not connected. */
  readonly isSilent: boolean;
}

/** The whole fleet at one moment. */
export interface FleetOverview {
  /** Wall-clock microseconds of the database. */
  readonly asOfEpochUs: number;
  readonly events: number;
  readonly listed: number;
  readonly watched: number;
  /** Nodes that are not among `nodes`. */
  readonly moreNodes: number;
  /** Silent ones first, then by name. */
  readonly nodes: readonly OverviewNode[];
}

const ROLES = ['hub', 'sensor', 'follower', 'left'] as const;

/** Followers write nothing into the database: their presence is known from their connection. */
const NODES = `
  WITH member AS (
    SELECT r.rolname AS node, bool_or(g.rolname = 'fleet_hub') AS is_hub, bool_or(g.rolname = 'fleet_sensor') AS is_sensor
    FROM pg_roles AS r JOIN pg_auth_members AS m ON m.member = r.oid JOIN pg_roles AS g ON g.oid = m.roleid
    WHERE g.rolname IN ('fleet_hub', 'fleet_sensor', 'fleet_follower') AND r.rolcanlogin GROUP BY r.rolname),
  known AS (
    SELECT coalesce(n.node, m.node) AS node,
      CASE WHEN m.node IS NULL THEN 'left' WHEN is_hub THEN 'hub' WHEN is_sensor THEN 'sensor' ELSE 'follower' END AS role,
      EXISTS (SELECT 1 FROM pg_stat_activity WHERE usename = m.node AND datname = current_database()) AS is_connected,
      version, coalesce(rows_total, 0) AS events, coalesce(waiting, 0) AS waiting, pushed_at, seen_at
    FROM fleet.node AS n FULL JOIN member AS m ON m.node = n.node)
  SELECT *, count(*) OVER () AS nodes, sum(events) OVER () AS all_events, (extract(epoch FROM pushed_at) * 1000000)::bigint AS
    pushed_us, (extract(epoch FROM seen_at) * 1000000)::bigint AS seen_us,
    role <> 'left' AND NOT is_connected AND coalesce(seen_at < now() - $2 * interval '1 ms', true) AS is_silent
  FROM known ORDER BY is_silent DESC, role = 'left', node LIMIT $1`;

/** For hubs and people. Throws `OperatingError`. @param hasListings Whether the database is new enough for them. */
export async function fleetOverview(
  connection: FleetConnection,
  hasListings: boolean,
): Promise<FleetOverview> {
  const rows = await connection.rows(NODES, [OVERVIEW_NODES_MAX, NODE_SILENT_MS]);
  const [levels] = hasListings
    ? await connection.rows(`
        SELECT count(*) FILTER (WHERE level = 'listed') AS listed, count(*) FILTER (WHERE level = 'watch') AS watched
        FROM fleet.listing`)
    : [];
  const [now] = await connection.rows('SELECT (extract(epoch FROM now()) * 1000000)::bigint AS us');
  return {
    asOfEpochUs: Number(now?.['us']),
    events: Number(rows[0]?.['all_events'] ?? 0),
    listed: Number(levels?.['listed'] ?? 0),
    watched: Number(levels?.['watched'] ?? 0),
    moreNodes: Number(rows[0]?.['nodes'] ?? 0) - rows.length,
    nodes: rows.map(nodeOf),
  };
}

function nodeOf(row: Row): OverviewNode {
  const time = (name: string): number | undefined =>
    row[name] === null ? undefined : Number(row[name]);
  return {
    node: String(row['node']),
    role: ROLES.find((role) => role === row['role']) ?? 'left',
    isConnected: row['is_connected'] === true,
    version: typeof row['version'] === 'string' ? row['version'] : undefined,
    events: Number(row['events']),
    waiting: Number(row['waiting']),
    pushedEpochUs: time('pushed_us'),
    seenEpochUs: time('seen_us'),
    isSilent: row['is_silent'] === true,
  };
}
