// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Rows of SentryPeer 4.x become totals, whatever times they have. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { EARLIEST_US } from '../../src/clock/plausible.ts';
import { migrate } from '../../src/file/migration.ts';
import { NOON_US, TestClock, TestLogger } from '../fixtures.ts';

const COLUMNS = `honey_id INTEGER PRIMARY KEY, event_timestamp TEXT, event_uuid TEXT, collected_method TEXT,
  source_ip TEXT, called_number TEXT, transport_type TEXT, method TEXT, user_agent TEXT, sip_message TEXT,
  created_by_node_id TEXT, created_at TEXT`;
const HOUR_US = 3_600_000_000;

interface Earlier {
  readonly id?: string;
  readonly ip?: string;
  readonly at?: string | null;
  readonly columns?: string;
  readonly values?: string;
}

/** A database of 4.x with these rows, brought to ours. */
function migrated(
  rows: readonly Earlier[],
  { more = '', logger = new TestLogger() } = {},
): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  database.exec(`CREATE TABLE honey (${COLUMNS}${more})`);
  for (const { id = 'NULL', ip = '45.0.0.1', at = null, columns = '', values = '' } of rows) {
    database.exec(`INSERT INTO honey (honey_id, source_ip, created_at${columns})
      VALUES (${id}, '${ip}', ${at === null ? 'NULL' : `'${at}'`}${values})`);
  }
  migrate(database, { clock: new TestClock(), logger }, 0);
  return database;
}

function all(database: DatabaseSync, sql: string): readonly unknown[] {
  return database
    .prepare(sql)
    .all()
    .map((row) => Object.values(row));
}

/** The time of each address, before noon, in hours. */
function hours(database: DatabaseSync): readonly unknown[] {
  const sql = `SELECT address, (${NOON_US} - last_seen_us) / ${HOUR_US} FROM address_total ORDER BY address`;
  return all(database, sql);
}

test('a row of 4.x without a possible time counts at that of the row before, or of the first that has one', () => {
  using database = migrated([
    { ip: '45.0.0.1' },
    { ip: '45.0.0.2', at: '2019-12-31 23:59:59.000' },
    { ip: '45.0.0.3', at: '2026-03-01 08:00:00.000' },
    { ip: '45.0.0.4', at: '2099-01-01 00:00:00.000' },
    { ip: '45.0.0.5', at: '2026-03-01 10:00:00.000' },
    { ip: '45.0.0.6' },
    { ip: '45.0.0.7', at: '2026-03-02 11:00:00.000' },
  ]);
  assert.deepEqual(hours(database), [
    ['45.0.0.1', 4],
    ['45.0.0.2', 4],
    ['45.0.0.3', 4],
    ['45.0.0.4', 4],
    ['45.0.0.5', 2],
    ['45.0.0.6', 2],
    ['45.0.0.7', 0],
  ]);
});

test('rows of 4.x count long ago if none has a possible time, and now if their first is a little ahead', () => {
  using never = migrated([{ at: '2099-01-01 00:00:00.000' }, {}]);
  assert.deepEqual(all(never, 'SELECT first_seen_us, last_seen_us FROM address_total'), [
    [EARLIEST_US, EARLIEST_US],
  ]);
  using ahead = migrated([{}, { at: '2026-03-02 11:00:00.000' }]);
  assert.deepEqual(all(ahead, 'SELECT first_seen_us, last_seen_us FROM address_total'), [
    [NOON_US, NOON_US],
  ]);
});

test('the log of 4.x goes on behind its newest row, of which nothing is removed by age', () => {
  using database = migrated([{ id: '7' }, { id: '9' }]);
  const counter = (name: string): unknown =>
    all(database, `SELECT value FROM counter WHERE name = '${name}'`).flat()[0];
  assert.equal(counter('last_honey_id'), 9);
  assert.equal(counter('kept_honey_id'), 9);
});

test('an empty log of 4.x begins at 0', () => {
  using database = migrated([]);
  const counter = "SELECT value FROM counter WHERE name = 'last_honey_id'";
  assert.deepEqual(all(database, counter), [[0]]);
});

test('ids that are no numbers of JavaScript, or below 1, are given anew behind the others', () => {
  const big = String(2n ** 52n + 1n);
  using database = migrated([
    { id: '-3', ip: '45.0.0.1' },
    { id: '0', ip: '45.0.0.2' },
    { id: '5', ip: '45.0.0.3' },
    { id: String(2n ** 40n), ip: '45.0.0.4' },
    { id: big, ip: '45.0.0.5' },
  ]);
  assert.deepEqual(all(database, 'SELECT source_ip FROM honey ORDER BY honey_id'), [
    ['45.0.0.3'],
    ['45.0.0.4'],
    ['45.0.0.1'],
    ['45.0.0.2'],
    ['45.0.0.5'],
  ]);
  assert.deepEqual(all(database, 'SELECT max(honey_id), min(honey_id) FROM honey'), [
    [2 ** 40 + 3, 5],
  ]);
});

test('addresses of 4.x are repaired and counted, with a port only where the row has none', () => {
  const logger = new TestLogger();
  using database = migrated(
    [
      { ip: '45.0.0.1:5060' },
      { ip: '::ffff:45.0.0.1', columns: ', source_port', values: ', 7' },
      { ip: '45.0.0.1' },
      { ip: 'nobody' },
    ],
    { more: ', source_port INTEGER', logger },
  );
  assert.deepEqual(all(database, 'SELECT source_ip, source_port FROM honey ORDER BY honey_id'), [
    ['45.0.0.1', 5060],
    ['45.0.0.1', 7],
    ['45.0.0.1', null],
    ['nobody', null],
  ]);
  assert.deepEqual(all(database, 'SELECT address, seen_count, grade FROM address_total'), [
    ['45.0.0.1', 3, 0],
  ]);
  assert.deepEqual(logger.lines.at(-1)?.fields, { rows: 4, repaired_addresses: 2 });
});

test('rows of 4.x are summed up by what they name, under the usual transport', () => {
  using database = migrated([
    {
      columns: ', called_number, user_agent, method, transport_type',
      values: ", '0044', 'sipcli', 'BYE', 'TCP'",
    },
    {
      columns: ', called_number, user_agent, method, transport_type',
      values: ", 'NOT_FOUND', '', '', NULL",
    },
    { columns: ', called_number, user_agent, method', values: ", '0044', x'00', 7" },
  ]);
  assert.deepEqual(all(database, 'SELECT number, seen_count, grade FROM number_total'), [
    ['0044', 2, 0],
  ]);
  assert.deepEqual(all(database, 'SELECT user_agent, seen_count FROM user_agent_total'), [
    ['sipcli', 1],
  ]);
  assert.deepEqual(
    all(
      database,
      'SELECT method, transport, sum(seen_count) FROM hour_total GROUP BY 1, 2 ORDER BY 1',
    ),
    [
      ['BYE', 'TCP', 1],
      ['OTHER', 'UDP', 2],
    ],
  );
});

test('migrate() leaves the schema protected, and says only for an old database how far it is', () => {
  const shares: unknown[] = [];
  const progress = (_work: string, done: number, total: number): void => {
    shares.push(done / total);
  };
  using database = migrated([{}], { logger: Object.assign(new TestLogger(), { progress }) });
  const change = "UPDATE sqlite_schema SET sql = '' WHERE 0";
  assert.throws(
    () => database.exec(`PRAGMA writable_schema = ON; ${change}`),
    /may not be modified/,
  );
  database.enableDefensive(false);
  assert.deepEqual([shares[0], shares.at(-1)], [0, 1]);
  shares.length = 0;
  using fresh = new DatabaseSync(':memory:');
  const logger = Object.assign(new TestLogger(), { progress });
  migrate(fresh, { clock: new TestClock(), logger }, 0);
  assert.deepEqual(shares, []);
});
