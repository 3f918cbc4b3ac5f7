// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a thief of a sensor's password can do: append nonsense under its name, and nothing else. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { FleetWorld } from './fleet-world.ts';

/** An address that only the other sensor's event contains. */
const SECRET = '203.0.113.77';
const UUID = '00000000-0000-7000-8000-000000000001';

/** Statements that must fail: reading what others pushed, writing as others, staying, filling the disk, getting out. */
const ATTEMPTS: readonly string[] = [
  // Read events, and what is known of other nodes.
  'SELECT * FROM fleet.event',
  'SELECT count(*) FROM fleet.event',
  'SELECT source_ip FROM fleet.event LIMIT 1',
  'SELECT * FROM fleet.event_default',
  'SELECT * FROM fleet.repeat',
  'SELECT * FROM fleet.node',
  'TABLE fleet.event',
  'EXPLAIN ANALYZE SELECT source_ip FROM fleet.event',
  'COPY fleet.event TO STDOUT',
  'COPY (SELECT source_ip FROM fleet.event) TO STDOUT',
  'COPY fleet.node TO STDOUT',
  "SELECT query_to_xml('SELECT * FROM fleet.event', true, false, '')",
  "SELECT table_to_xml('fleet.event', true, false, '')",
  'DO $$ BEGIN PERFORM source_ip FROM fleet.event; END $$',
  'DECLARE c CURSOR FOR SELECT * FROM fleet.event',
  'PREPARE p AS SELECT * FROM fleet.event; EXECUTE p',
  'INSERT INTO fleet.event (epoch, honey_id, seen_count) VALUES (1, 1, 1) RETURNING source_ip',
  'SELECT rolpassword FROM pg_authid',
  'SELECT passwd FROM pg_shadow',
  // Write as another node, or at another time; change existing rows.
  "INSERT INTO fleet.event (node, epoch, honey_id, seen_count) VALUES ('oslo-1', 1, 1, 1)",
  "INSERT INTO fleet.event (received_at, epoch, honey_id, seen_count) VALUES ('2020-01-01', 1, 1, 1)",
  "INSERT INTO fleet.event VALUES (now(), 'oslo-1', 1, 1)",
  'COPY fleet.event (node, epoch, honey_id, seen_count) FROM STDIN',
  'COPY fleet.event FROM STDIN',
  "INSERT INTO fleet.event_default (node, epoch, honey_id, seen_count) VALUES ('oslo-1', 1, 1, 1)",
  "INSERT INTO fleet.repeat (node, epoch, honey_id, added) VALUES ('oslo-1', 1, 1, 1)",
  `INSERT INTO fleet.node (node, log_id, mark, repeat_mark) VALUES ('x', '${UUID}', 0, 0)`,
  'UPDATE fleet.node SET mark = 0',
  "UPDATE fleet.self SET node = 'oslo-1'",
  'DELETE FROM fleet.self',
  'SELECT * FROM fleet.self FOR UPDATE',
  "UPDATE fleet.event SET node = 'oslo-1'",
  'DELETE FROM fleet.event',
  'TRUNCATE fleet.event',
  'MERGE INTO fleet.event USING (SELECT 1) AS s ON false WHEN NOT MATCHED THEN INSERT (node) VALUES (DEFAULT)',
  `SELECT fleet.push('${UUID}', 1, 0, 9, 0, 0, 9, 0)`,
  'INSERT INTO fleet.migration (version, oldest) VALUES (99, 99)',
  'DROP TABLE fleet.event',
  'ALTER TABLE fleet.event DROP COLUMN details',
  'ALTER TABLE fleet.event ALTER COLUMN node SET DEFAULT current_user',
  'CREATE INDEX ON fleet.event (details)',
  'CREATE TRIGGER t BEFORE INSERT ON fleet.event EXECUTE FUNCTION suppress_redundant_updates_trigger()',
  'CREATE RULE r AS ON INSERT TO fleet.event DO INSTEAD NOTHING',
  'LOCK TABLE fleet.event IN ACCESS EXCLUSIVE MODE',
  'LOCK TABLE fleet.node IN SHARE MODE',
  "COMMENT ON TABLE fleet.event IS 'mine'",
  // Learn what operators decided, or decide for them: whom to pretend to be, and whom to refuse.
  'SELECT * FROM fleet.decision',
  'SELECT value FROM fleet.decision LIMIT 1',
  'SELECT last FROM fleet.decision_mark',
  'UPDATE fleet.decision_mark SET last = 9000000000000000',
  `INSERT INTO fleet.decision (decision_id, decision_uuid, node, kind, value, comment) VALUES (1, '${UUID}', 'x', 'allow', '0.0.0.0/0', '')`,
  `SELECT fleet.decide('${UUID}', 'block', 'address', '198.51.100.0/24', '', NULL)`,
  `SELECT fleet.decide('${UUID}', 'allow', NULL, '${SECRET}', '', NULL)`,
  'DELETE FROM fleet.decision',
  // Say what is listed, or learn which hub said what.
  "UPDATE fleet.listing SET level = 'none'",
  'DELETE FROM fleet.listing',
  'TRUNCATE fleet.listing',
  "INSERT INTO fleet.listing (kind, value) VALUES ('address', '198.51.100.1')",
  'SELECT node FROM fleet.listing',
  'SELECT * FROM fleet.listing',
  'SELECT value FROM fleet.listing FOR UPDATE',
  'SELECT hub FROM fleet.listing_mark',
  'UPDATE fleet.listing_mark SET last = 9000000000000000',
  'SELECT * FROM fleet.lead(NULL, 0, true)',
  "SELECT fleet.publish(1, '[]')",
  'ALTER TABLE fleet.listing DISABLE ROW LEVEL SECURITY',
  'CREATE POLICY mine ON fleet.listing USING (true)',
  // Become somebody else.
  'SET ROLE owner',
  'SET ROLE fleet_people',
  'SET ROLE "oslo-1"',
  'SET SESSION AUTHORIZATION "oslo-1"',
  'SET SESSION AUTHORIZATION owner',
  'ALTER ROLE "berlin-1" SUPERUSER',
  'ALTER ROLE "berlin-1" CONNECTION LIMIT -1',
  `ALTER ROLE "oslo-1" PASSWORD 'x'`,
  'ALTER ROLE "berlin-1" RENAME TO "oslo-2"',
  'CREATE ROLE mine LOGIN',
  'GRANT fleet_people TO "berlin-1"',
  'GRANT pg_read_all_data TO "berlin-1"',
  'GRANT SELECT ON fleet.event TO "berlin-1"',
  'REASSIGN OWNED BY owner TO "berlin-1"',
  // Objects that stay, and fill the disk.
  'CREATE TABLE fleet.mine (a integer)',
  'CREATE TABLE public.mine (a integer)',
  'CREATE TEMP TABLE mine (a integer)',
  'SELECT 1 AS a INTO TEMP mine',
  'CREATE SCHEMA mine',
  'CREATE DATABASE mine',
  'CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$',
  'CREATE VIEW public.mine AS SELECT 1',
  'CREATE EXTENSION dblink',
  'CREATE SERVER mine FOREIGN DATA WRAPPER postgres_fdw',
  'CREATE PUBLICATION mine FOR ALL TABLES',
  'CREATE EVENT TRIGGER mine ON ddl_command_start EXECUTE FUNCTION suppress_redundant_updates_trigger()',
  'SELECT lo_create(0)',
  'SELECT lo_creat(-1)',
  "SELECT lo_from_bytea(0, '\\xff')",
  "SELECT lo_import('/etc/passwd')",
  "SELECT pg_create_physical_replication_slot('mine', true)",
  "SELECT pg_logical_emit_message(false, 'a', 'b')",
  // Get out of the database.
  "COPY fleet.event (epoch, honey_id, seen_count) FROM PROGRAM 'id'",
  "COPY (SELECT 1) TO PROGRAM 'id'",
  "COPY (SELECT 1) TO '/tmp/mine'",
  "COPY fleet.event (details) FROM '/etc/passwd'",
  "SELECT pg_read_file('postgresql.conf')",
  "SELECT pg_read_binary_file('global/pg_control')",
  "SELECT pg_ls_dir('.')",
  'SELECT * FROM pg_ls_waldir()',
  'SELECT * FROM pg_hba_file_rules',
  'SHOW data_directory',
  "LOAD '$libdir/../mine'",
  "ALTER SYSTEM SET log_statement = 'all'",
  'SELECT pg_reload_conf()',
  'SELECT pg_rotate_logfile()',
  'SELECT pg_promote()',
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'owner'",
  "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'owner'",
  'SET log_statement = none',
  'SET session_replication_role = replica',
  'CREATE SUBSCRIPTION mine CONNECTION $$host=203.0.113.1$$ PUBLICATION p',
];

/** Queries that are answered, whose answers must say nothing about others. */
const QUESTIONS: readonly string[] = [
  'SELECT * FROM fleet.self',
  "SELECT * FROM fleet.self WHERE node = 'oslo-1' OR length(node) / 0 > 1",
  "SELECT schema_to_xml('fleet', true, false, '')",
  'GRANT USAGE ON SCHEMA fleet TO PUBLIC',
  "SELECT * FROM pg_stats WHERE schemaname = 'fleet'",
  'SELECT * FROM pg_statistic_ext_data_view',
  "SELECT query FROM pg_stat_activity WHERE usename = 'owner' AND query LIKE '%203.0.113%'",
  "SELECT * FROM information_schema.column_privileges WHERE privilege_type = 'SELECT' AND table_name LIKE 'event%'",
  "SELECT pg_get_partkeydef('fleet.event'::regclass)",
];

/** What a sensor may do and a follower may not. */
const SENSORS: readonly string[] = [
  `SELECT * FROM fleet.open_log('n', '${UUID}', 0, 0, 0, 0, 0, '1')`,
  'INSERT INTO fleet.event (epoch, honey_id, seen_count) VALUES (1, 1, 1)',
  'INSERT INTO fleet.repeat (epoch, honey_id, added) VALUES (1, 1, 1)',
  'COPY fleet.event (epoch, honey_id, seen_count) FROM STDIN',
  'SELECT * FROM fleet.self',
  'SELECT fleet.prepare_days(31)',
  'SET ROLE fleet_sensor',
];

test(`a stolen password of a follower: ${ATTEMPTS.length + SENSORS.length} things to try, and it only reads listings`, async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  await world.join('pbx-1', 'follower');
  await world.join('hub-1', 'hub');
  const login = (user: string): pg.Client => {
    const { port } = world.postgres;
    const password = world.password(user);
    return new pg.Client({ host: '127.0.0.1', port, database: 'fleet', user, password });
  };
  const hub = login('hub-1');
  await hub.connect();
  const [lead] = (await hub.query<{ term: string }>('SELECT * FROM fleet.lead(NULL, 0, true)'))
    .rows;
  const entry = {
    kind: 'address',
    value: SECRET,
    level: 'listed',
    score: 60,
    grade: 'handshake',
    reasons: '[]',
    since_us: 1,
    until_us: 2,
    first_us: 1,
    last_us: 1,
    events: 1,
    is_blocked: false,
    is_delisted: false,
  };
  await hub.query('SELECT fleet.publish($1, $2)', [lead?.term, JSON.stringify([entry])]);
  const listings = async (): Promise<unknown> =>
    await world.rows(
      'SELECT *, (SELECT json_agg(m) FROM fleet.listing_mark AS m) FROM fleet.listing',
    );
  const before = [await stateOf(world), await listings()];
  const thief = login('pbx-1');
  await thief.connect();
  const worked: string[] = [];
  for (const attempt of [...ATTEMPTS, ...SENSORS]) {
    await thief.query('BEGIN');
    await thief.query(attempt).then(
      () => worked.push(attempt),
      () => undefined,
    );
    await thief.query('ROLLBACK');
  }
  assert.deepEqual(worked, []);
  assert.deepEqual([await stateOf(world), await listings()], before);
  const { rows } = await thief.query('SELECT value FROM fleet.listing');
  assert.deepEqual(rows, [{ value: SECRET }], 'what is left to a thief: what is listed');
  // Another hub cannot take over while the first one is there.
  await assert.rejects(
    hub.query("SELECT fleet.publish(99, '[]')"),
    /another hub says what is listed/,
  );
  await Promise.all([thief.end(), hub.end()]);
});

test(`a stolen password of a sensor: ${ATTEMPTS.length} things to try, and none works`, async (t) => {
  await using world = await FleetWorld.open(t);
  if (world === undefined) return;
  await world.join('berlin-1');
  await world.join('oslo-1');
  const { port } = world.postgres;
  const login = (name: string): pg.Client => {
    const password = world.password(name);
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      database: 'fleet',
      user: name,
      password,
    });
    client.on('error', () => undefined); // Its connection is ended at the end.
    return client;
  };
  const victim = login('oslo-1');
  await victim.connect();
  await victim.query(`SELECT * FROM fleet.open_log('n', '${UUID}', 0, 0, 0, 0, 0, '1')`);
  await victim.query(
    `INSERT INTO fleet.event (epoch, honey_id, source_ip, seen_count) VALUES (1, 1, '${SECRET}', 1)`,
  );
  await world.rows('ANALYZE fleet.event');
  const before = await stateOf(world);
  // The owner is connected, so that there is somebody whose session could be ended.
  const owner = world.postgres.client('fleet', 'owner');
  await owner.connect();

  const thief = login('berlin-1');
  await thief.connect();
  const worked: string[] = [];
  for (const attempt of ATTEMPTS) {
    try {
      await thief.query('BEGIN');
    } catch (error) {
      assert.fail(`${attempt}: the connection is lost: ${String(error)}`);
    }
    try {
      await thief.query(attempt);
      worked.push(attempt);
    } catch (error) {
      assert.ok(!String(error).includes(SECRET), attempt);
    }
    await thief.query('ROLLBACK');
  }
  assert.deepEqual(worked, []);
  // Outside a transaction, for statements that must not be in one.
  for (const attempt of ['CREATE DATABASE mine', "ALTER SYSTEM SET work_mem = '1GB'"]) {
    await assert.rejects(thief.query(attempt), /permission denied/);
  }
  for (const question of QUESTIONS) {
    const { rows } = await thief
      .query<Record<string, unknown>>(question)
      .catch(() => ({ rows: [] as Record<string, unknown>[] }));
    const text = JSON.stringify(rows);
    assert.ok(!text.includes(SECRET) && !text.includes('oslo'), `${question}: ${text}`);
  }
  assert.deepEqual(await stateOf(world), before);

  // What is left to a thief: nonsense, under the stolen name and with the current time.
  await thief.query('INSERT INTO fleet.event (epoch, honey_id, seen_count) VALUES (1, 1, 1)');
  const [row] = await world.rows(
    "SELECT node, received_at > now() - interval '1 minute' AS is_now FROM fleet.event WHERE source_ip IS NULL",
  );
  assert.deepEqual(row, { node: 'berlin-1', is_now: true });

  await noMoreThan(4, () => login('berlin-1'));
  await world.command('leave', 'berlin-1');
  await assert.rejects(thief.query('SELECT 1'));
  await assert.rejects(login('berlin-1').connect(), /authentication failed|does not exist/);
  await Promise.all([victim.end(), owner.end()]);
});

/** Everything that must stay as it is. */
async function stateOf(world: FleetWorld): Promise<unknown> {
  return await world.rows(`
    SELECT (SELECT json_agg(e) FROM fleet.event AS e) AS events, (SELECT json_agg(n) FROM fleet.node AS n) AS nodes,
      (SELECT count(*) FROM pg_roles) AS roles, (SELECT count(*) FROM pg_class) AS relations,
      (SELECT count(*) FROM pg_proc) AS functions, (SELECT count(*) FROM pg_largeobject_metadata) AS large_objects,
      (SELECT count(*) FROM pg_auth_members) AS members, (SELECT count(*) FROM pg_replication_slots) AS slots,
      (SELECT json_agg(nspacl ORDER BY oid) FROM pg_namespace WHERE nspname IN ('fleet', 'public')) AS rights`);
}

/** One connection of the node is open already. */
async function noMoreThan(count: number, open: () => pg.Client): Promise<void> {
  const clients: pg.Client[] = [];
  try {
    await assert.rejects(async () => {
      for (let index = 0; index < count; index += 1) {
        const client = open();
        await client.connect();
        clients.push(client);
      }
    }, /too many connections for role/);
    assert.equal(clients.length, count - 1);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}
