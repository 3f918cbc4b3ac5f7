// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetConnection } from './connection.ts';
import { LOCK_MS_MAX, TOTALS_DAYS } from './limits.ts';
import { fleetVersions } from './schema/migrations.ts';

/** A day whose rows are older than what is kept. */
export interface FleetDay {
  /** `YYYY-MM-DD`, of arrival, UTC. */
  readonly day: string;
  /** Estimated from the server's statistics; -1 if it has none. */
  readonly rows: number;
  readonly octets: number;
}

/** Partitions of days before those that are kept, oldest first. Throws `OperatingError`. @param days 1 and above. */
export async function oldDays(
  connection: FleetConnection,
  days: number,
): Promise<readonly FleetDay[]> {
  await fleetVersions(connection);
  const rows = await connection.rows(
    `SELECT to_char(day, 'YYYY-MM-DD') AS day, sum(rows)::bigint AS rows, sum(octets)::bigint AS octets FROM (
        SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day, pg_total_relation_size(c.oid) AS octets,
          CASE WHEN p.relname = 'event' THEN c.reltuples ELSE 0 END AS rows
        FROM pg_inherits JOIN pg_class AS c ON c.oid = inhrelid JOIN pg_class AS p ON p.oid = inhparent
        WHERE p.oid IN ('fleet.event'::regclass, 'fleet.repeat'::regclass) AND c.relname ~ '_[0-9]{8}$') AS parts
      WHERE day <= (now() AT TIME ZONE 'UTC')::date - $1::integer GROUP BY day ORDER BY day`,
    [days],
  );
  return rows.map((row) => ({
    day: String(row['day']),
    rows: Number(row['rows']),
    octets: Number(row['octets']),
  }));
}

/**
 * Adds a day's rows to the totals and drops its partitions, in one transaction. Pushes wait during the drop; if it does
 * not get its lock in time, it fails and can be repeated. Throws `OperatingError`.
 */
export async function dropDay(connection: FleetConnection, { day }: FleetDay): Promise<void> {
  const name = day.replaceAll('-', '');
  await connection.transaction(async () => {
    await connection.run(`SET LOCAL lock_timeout = ${LOCK_MS_MAX}`);
    const tables = await connection.rows(
      'SELECT to_regclass($1) IS NOT NULL AS events, to_regclass($2) IS NOT NULL AS repeats',
      [`fleet.event_${name}`, `fleet.repeat_${name}`],
    );
    // The server itself named the day.
    if (tables[0]?.['events'] === true) {
      await connection.run(
        `${totalsOf(`fleet.event_${name}`, day)}; DROP TABLE fleet.event_${name}`,
      );
    }
    if (tables[0]?.['repeats'] === true) {
      await connection.run(
        `${repeatsOf(`fleet.repeat_${name}`, day)}; DROP TABLE fleet.repeat_${name}`,
      );
    }
  });
}

/** The same for rows that came on a day without a partition, and removes totals that are older than a year. */
export async function dropRest(connection: FleetConnection, days: number): Promise<void> {
  const before = `(date_trunc('day', now() AT TIME ZONE 'UTC') - interval '${days - 1} days') AT TIME ZONE 'UTC'`;
  await connection.transaction(async () => {
    await connection.run(`
      CREATE TEMP TABLE old_event ON COMMIT DROP AS SELECT * FROM fleet.event_default WHERE received_at < ${before};
      CREATE TEMP TABLE old_repeat ON COMMIT DROP AS SELECT * FROM fleet.repeat_default WHERE received_at < ${before};
      ${totalsOf('old_event')}; ${repeatsOf('old_repeat')};
      DELETE FROM fleet.event_default WHERE received_at < ${before};
      DELETE FROM fleet.repeat_default WHERE received_at < ${before};
      DELETE FROM fleet.hour_total WHERE day < current_date - ${TOTALS_DAYS}`);
  });
}

function dayOf(day: string | undefined): string {
  return day === undefined ? "(received_at AT TIME ZONE 'UTC')::date" : `date '${day}'`;
}

function totalsOf(table: string, day?: string): string {
  return `INSERT INTO fleet.hour_total (day, hour, node, transport_type, method, grade, events, messages)
    SELECT ${dayOf(day)}, date_trunc('hour', event_time), node, transport_type, method, grade, count(*), sum(seen_count)
    FROM ${table} GROUP BY 1, 2, 3, 4, 5, 6`;
}

function repeatsOf(table: string, day?: string): string {
  return `INSERT INTO fleet.hour_total (day, hour, node, events, messages)
    SELECT ${dayOf(day)}, date_trunc('hour', last_seen), node, 0, sum(added) FROM ${table} GROUP BY 1, 2, 3`;
}
