// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How long do the queries of the fleet's dashboard (examples/grafana/fleet.json) take for the last day, and how many
 * rows do they read, in a fleet with ten million events over 30 days? Needs Debian's postgresql, and 6 GB of disk for a
 * few minutes.
 *
 *     node bench/fleet-queries.ts [rows] [days]
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { asGrafana } from '../test/interop/fleet-dashboard.ts';
import { FleetWorld } from '../test/interop/fleet-world.ts';
import { machineLine } from './load/processes.ts';

const ROWS = Number(process.argv[2] ?? 10_000_000);
const DAYS = Number(process.argv[3] ?? 30);
const ROUNDS = 3;
const DASHBOARD = join(import.meta.dirname, '../examples/grafana/fleet.json');

/** A day of twenty nodes: 1 in 50 sources and numbers is new, the rest are some hundred thousand that return. */
const dayOf = (ago: number, rows: number): string => `
  DO $$
  DECLARE day date := current_date - ${ago};
  BEGIN
    EXECUTE format('CREATE TABLE IF NOT EXISTS fleet.event_%s PARTITION OF fleet.event FOR VALUES FROM (%L) TO (%L)',
      to_char(day, 'YYYYMMDD'), day::text || ' 00:00+00', (day + 1)::text || ' 00:00+00');
  END $$;
  INSERT INTO fleet.event (received_at, event_time, node, epoch, honey_id, event_uuid, collected_method, source_ip, source_port,
    destination_ip, destination_port, transport_type, message_kind, method, called_number, user_agent, request_uri, grade,
    created_by_node_id, seen_count)
  SELECT at, at - interval '1 second', 'node-' || i % 20, 1, ${ago * rows} + i, gen_random_uuid(), 'responsive',
    '45.0.0.0'::inet + (random() * 300000)::integer, 5060, '192.0.2.1', 5060, 'UDP', 'request',
    (ARRAY['REGISTER', 'INVITE', 'OPTIONS'])[1 + i % 3], '00972' || (random() * 1000000)::integer,
    'scanner-' || (random() * 500)::integer, 'sip:100@192.0.2.1', (ARRAY['seen', 'returned', 'handshake'])[1 + i % 3],
    '6f3a6f7e-1111-4222-8333-abcdefabcdef', 2
  FROM (SELECT i, (current_date - ${ago})::timestamp AT TIME ZONE 'UTC' + i * interval '86399 seconds' / ${rows} AS at
    FROM generate_series(1, ${rows}) AS i) AS times`;

console.log(`${machineLine()}; ${ROWS} events in ${DAYS} days`);
const context = { name: 'bench', skip: () => undefined } as unknown as TestContext;
await using world = await FleetWorld.open(context);
if (world === undefined) throw new Error('PostgreSQL is missing');
const began = performance.now();
for (let ago = DAYS; ago >= 1; ago -= 1) await world.rows(dayOf(ago, Math.round(ROWS / DAYS)));
await world.rows('ANALYZE fleet.event');
console.log(`made in ${Math.round((performance.now() - began) / 1000)} s`);

const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly rawSql?: string }[];
  }[];
};
for (const { title, targets } of panels) {
  for (const { rawSql } of targets) {
    if (rawSql === undefined) continue;
    // The last whole day, which has as many rows as each of the others.
    const sql = asGrafana(rawSql, "current_date - interval '1 day'", 'now()');
    const plans: Plan[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [row] = await world.rows(`EXPLAIN (ANALYZE, FORMAT JSON) ${sql}`);
      const read = row?.['QUERY PLAN'] as string | readonly Explained[];
      const [explained] = typeof read === 'string' ? (JSON.parse(read) as Explained[]) : read;
      if (explained !== undefined)
        plans.push({ ms: explained['Execution Time'], ...scanned(explained.Plan) });
    }
    const [{ ms, rows, tables } = { ms: Number.NaN, rows: 0, tables: 0 }] = plans.toSorted(
      (a, b) => a.ms - b.ms,
    );
    console.log(`${title}: ${Math.round(ms)} ms, ${rows} rows of ${tables} tables`);
  }
}

interface Plan {
  readonly ms: number;
  readonly rows: number;
  readonly tables: number;
}

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

interface Explained {
  readonly Plan: PlanNode;
  readonly 'Execution Time': number;
}

/** Rows that were read, including those that a filter removed, and the number of tables. */
function scanned(node: PlanNode): { readonly rows: number; readonly tables: number } {
  const below = (node.Plans ?? []).map(scanned);
  const own = node['Relation Name'] !== undefined && node['Actual Loops'] > 0;
  const read = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'];
  return {
    rows: below.reduce((sum, { rows }) => sum + rows, own ? read : 0),
    tables: below.reduce((sum, { tables }) => sum + tables, own && read > 0 ? 1 : 0),
  };
}
