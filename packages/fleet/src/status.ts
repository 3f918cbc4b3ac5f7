// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetConnection, Row } from './connection.ts';
import { fleetVersions, type FleetVersions } from './schema/migrations.ts';

/** The state of a node of the fleet. */
export interface FleetNode {
  readonly node: string;
  /** The id in the events that it recorded itself. */
  readonly nodeId: string | undefined;
  readonly version: string | undefined;
  /** How many times its log was started: again after its file was restored or copied. */
  readonly epoch: number;
  /** Rows of this epoch. */
  readonly rows: number;
  /** Events waiting on the node when it last reported. */
  readonly waiting: number;
  /** Wall-clock microseconds; `undefined` before the first row. */
  readonly pushedEpochUs: number | undefined;
  /** Wall-clock microseconds of its last sign of life. */
  readonly seenEpochUs: number;
}

export interface FleetState extends FleetVersions {
  /** All nodes for those who may see them; for a node, only itself. */
  readonly nodes: readonly FleetNode[];
  /** Wall-clock microseconds of the database, to which all times in here refer. */
  readonly nowEpochUs: number;
  /** Whether `nodes` contains only the asking node. */
  readonly isOfOne: boolean;
}

/** What the database says about the fleet; throws `OperatingError`. */
export async function fleetState(connection: FleetConnection): Promise<FleetState> {
  const versions = await fleetVersions(connection);
  const [{ sees_all: seesAll } = {}] = await connection.rows(
    "SELECT has_table_privilege('fleet.node', 'SELECT') AS sees_all",
  );
  const isOfOne = seesAll !== true;
  const rows = await connection.rows(`
    SELECT node, node_id, version, epoch, rows_total, waiting, ${microseconds('pushed_at')} AS pushed_us,
      ${microseconds('seen_at')} AS seen_us FROM fleet.${isOfOne ? 'self' : 'node'} ORDER BY node`);
  const [now] = await connection.rows(`SELECT ${microseconds('now()')} AS us`);
  return { ...versions, isOfOne, nodes: rows.map(nodeOf), nowEpochUs: Number(now?.['us']) };
}

function nodeOf(row: Row): FleetNode {
  const text = (name: string): string | undefined =>
    typeof row[name] === 'string' ? row[name] : undefined;
  return {
    node: text('node') ?? '',
    nodeId: text('node_id'),
    version: text('version'),
    epoch: Number(row['epoch']),
    rows: Number(row['rows_total']),
    waiting: Number(row['waiting']),
    pushedEpochUs: row['pushed_us'] === null ? undefined : Number(row['pushed_us']),
    seenEpochUs: Number(row['seen_us']),
  };
}

function microseconds(expression: string): string {
  return `(extract(epoch FROM ${expression}) * 1000000)::bigint`;
}
