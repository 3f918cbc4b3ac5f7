// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What people see of a fleet, what stays when days are removed, and an upgrade under running nodes. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { VERSION_1, ACCESS_1, GROUPS } from '../../packages/fleet/src/schema/version-1.ts';
import { DaemonProcess, TemporaryFolder, until } from '../e2e/daemon-process.ts';
import { sipRequest, UdpPeer } from '../e2e/sip-peers.ts';
import { fleetCommand } from './fleet-command.ts';
import { asGrafana } from './fleet-dashboard.ts';
import { FleetWorld } from './fleet-world.ts';
import { Postgres } from './postgres.ts';

const DASHBOARD = join(import.meta.dirname, '../../examples/grafana/fleet.json');

/** Two events of a day, 40 and 41 days ago, one of today, and one that came on a day without a partition. */
const ROWS = `
  DO $$
  DECLARE day date;
  BEGIN
    FOREACH day IN ARRAY ARRAY[current_date - 40, current_date - 41] LOOP
      EXECUTE format('CREATE TABLE fleet.event_%s PARTITION OF fleet.event FOR VALUES FROM (%L) TO (%L)',
        to_char(day, 'YYYYMMDD'), day::text || ' 00:00+00', (day + 1)::text || ' 00:00+00');
      EXECUTE format('CREATE TABLE fleet.repeat_%s PARTITION OF fleet.repeat FOR VALUES FROM (%L) TO (%L)',
        to_char(day, 'YYYYMMDD'), day::text || ' 00:00+00', (day + 1)::text || ' 00:00+00');
    END LOOP;
  END $$;
  INSERT INTO fleet.event (received_at, event_time, node, epoch, honey_id, source_ip, called_number, user_agent, method, grade, seen_count)
    SELECT at, at, 'berlin-1', 1, row_number() OVER (), '203.0.113.5', '+4670', 'sipvicious', 'INVITE', 'returned', 2
    FROM unnest(ARRAY[now(), now() - interval '40 days', now() - interval '41 days', now() - interval '50 days']) AS at;
  INSERT INTO fleet.repeat (received_at, node, epoch, honey_id, added, last_seen)
    SELECT at, 'berlin-1', 1, 1, 5, at FROM unnest(ARRAY[now(), now() - interval '40 days']) AS at;
  INSERT INTO fleet.node (node, log_id, mark, repeat_mark) VALUES ('berlin-1', '00000000-0000-7000-8000-000000000001', 4, 2)`;

interface Panel {
  readonly title: string;
  readonly targets: readonly { readonly rawSql?: string }[];
}

test('people see the fleet by views and the dashboard; days are removed, and their totals stay', async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  await world.join('grafana', 'people');
  await world.rows(ROWS);
  const people = new pg.Client({
    host: '127.0.0.1',
    port: world.postgres.port,
    database: 'fleet',
    user: 'grafana',
    password: world.password('grafana'),
  });
  await people.connect();
  const ask = async (sql: string) => (await people.query<Record<string, unknown>>(sql)).rows;
  const totals =
    'SELECT sum(events)::integer AS events, sum(messages)::integer AS messages FROM fleet.hours';
  assert.deepEqual(await ask(totals), [{ events: 4, messages: 8 }]);
  assert.deepEqual(
    await ask('SELECT messages::integer FROM fleet.events ORDER BY received_at DESC LIMIT 1'),
    [
      { messages: 12 }, // Two, and five that were counted twice.
    ],
  );
  assert.equal((await ask('SELECT node FROM fleet.nodes'))[0]?.['node'], 'berlin-1');
  assert.equal((await ask('SELECT is_proved FROM fleet.sources'))[0]?.['is_proved'], true);
  await assert.rejects(people.query('DELETE FROM fleet.event'), /permission denied/);

  const { panels } = JSON.parse(readFileSync(DASHBOARD, 'utf8')) as {
    readonly panels: readonly Panel[];
  };
  let askedCount = 0;
  const [old] = await ask("SELECT to_char(current_date - 40, 'event_YYYYMMDD') AS name");
  for (const { title, targets } of panels) {
    for (const { rawSql } of targets) {
      if (rawSql === undefined) continue;
      const sql = asGrafana(rawSql, "now() - interval '1 day'", "now() + interval '1 day'");
      assert.ok((await ask(sql)).length > 0, title);
      const plan = JSON.stringify(await ask(`EXPLAIN ${sql}`));
      assert.ok(
        !plan.includes(String(old?.['name'])),
        `${title} reads what it does not show: ${plan}`,
      );
      askedCount += 1;
    }
  }
  assert.ok(askedCount >= 6);

  const shown = await world.command('prune', '30');
  assert.match(shown, /^DAY +EVENTS \(ABOUT\) +SIZE\n[^]*2 days, .* would be removed/);
  const left = 'SELECT count(*) FROM fleet.event';
  assert.equal(await world.number(left), 4);
  assert.match(await world.command('prune', '30', '--yes'), /Removed 2 days/);
  assert.equal(await world.number(left), 1);
  assert.equal(await world.number('SELECT count(*) FROM fleet.repeat'), 1);
  assert.deepEqual(await ask(totals), [{ events: 4, messages: 13 }], 'totals of removed days stay');
  assert.match(await world.command('prune', '30', '--yes'), /Nothing is older/);
  assert.deepEqual(await ask(totals), [{ events: 4, messages: 13 }], 'and are not counted again');
  const wrong = await fleetCommand('prune', '0', '--fleet', world.postgres.url('fleet'));
  assert.match(wrong.stderr, /"0" is not a number of days/);
  await people.end();
});

test('fleet migrate brings an older fleet up under a running node, which goes on', async (t) => {
  await using postgres = await Postgres.start(t);
  if (postgres === undefined) return;
  using folder = new TemporaryFolder();
  await postgres.rows('postgres', 'CREATE DATABASE fleet');
  // As version 1 of the schema was created.
  await postgres.rows(
    'fleet',
    `${GROUPS.map((group) => `CREATE ROLE ${group} NOLOGIN`).join(';')}; CREATE SCHEMA fleet;
      CREATE TABLE fleet.migration (version integer PRIMARY KEY, oldest integer NOT NULL, at timestamptz NOT NULL DEFAULT now());
      INSERT INTO fleet.migration VALUES (1, 1); ${VERSION_1}; ${ACCESS_1}`,
  );
  const owner = ['--fleet', postgres.url('fleet')];
  const path = join(folder.path, 'berlin-1.fleet');
  assert.equal((await fleetCommand('join', 'berlin-1', 'sensor', path, ...owner)).status, 0);
  const text = readFileSync(path, 'utf8');
  const { password } = new URL(text);
  writeFileSync(path, `postgres://berlin-1:${password}@127.0.0.1:${postgres.port}/fleet`);
  await using daemon = await DaemonProcess.start([`--fleet-file=${path}`]);
  using peer = await UdpPeer.open();
  const count = (): Promise<number> => postgres.number('fleet', 'SELECT count(*) FROM fleet.event');
  const met = async (index: number): Promise<void> => {
    const request = sipRequest({ method: 'INVITE', user: `+4670123456${index}`, callId: 'a' });
    await peer.send(request, daemon.ports.udp);
    await until(`event ${index}`, async () => (await count()) === index);
  };
  await met(1);
  const migrated = await fleetCommand('migrate', ...owner);
  assert.match(migrated.stdout, /The fleet has version 5 now/, migrated.stderr);
  await met(2);
  assert.ok(!daemon.output().includes('fleet_push_failed'), daemon.output());
  // Until then it reported that it does not hear what hubs list; now it follows, without a restart.
  assert.ok(daemon.output().includes('fleet_listings_wait'), daemon.output());
  await until('it to follow', async () => {
    const response = await fetch(`http://127.0.0.1:${daemon.ports.api}/v1/fleet`);
    const { follow } = (await response.json()) as {
      readonly follow: { readonly trouble: unknown };
    };
    return follow.trouble === null;
  });
  const hub = await fleetCommand('join', 'hub-1', 'hub', join(folder.path, 'hub'), ...owner);
  assert.equal(hub.status, 0, hub.stderr);
});
