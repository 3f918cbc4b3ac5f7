// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * From SentryPeer 4.x and back (docs/upgrading.md): a database of some years with everything that has ever been written
 * into it, the flags, variables and statements of 4.x, and afterwards its program on our file.
 */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder, until } from './daemon-process.ts';

/** `UPGRADE_ROWS=300000` for the figures of docs/upgrading.md, which takes half a minute. */
const ROWS_COUNT = Number(process.env['UPGRADE_ROWS'] ?? 30_000);
/** Milliseconds for a start that upgrades this much, on a very busy machine. */
const UPGRADE_MS_MAX = 120_000;

/** As SentryPeer 4.0 creates it at every start. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS honey
  (honey_id INTEGER PRIMARY KEY, event_timestamp TEXT, event_uuid TEXT, collected_method TEXT,
  source_ip TEXT, called_number TEXT, transport_type TEXT, method TEXT, user_agent TEXT,
  sip_message TEXT, created_by_node_id TEXT,
  created_at DATETIME DEFAULT(STRFTIME('%Y-%m-%d %H:%M:%f','NOW')));
  CREATE INDEX IF NOT EXISTS source_ip_index ON honey (source_ip);
  CREATE INDEX IF NOT EXISTS called_number_index ON honey (called_number);
  CREATE INDEX IF NOT EXISTS event_uuid_index ON honey (event_uuid);`;

const INSERT = `INSERT INTO honey (event_timestamp, event_uuid, collected_method, source_ip,
  called_number, transport_type, method, user_agent, sip_message, created_by_node_id)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

const NODE_ID = '11111111-1111-4111-8111-111111111111';

/** Values found in old files, by column: each occurs some thousand times, in changing combinations. */
const ODD: readonly (readonly SQLInputValue[])[] = [
  // Local time; without leading zeros; none; from another program; far away.
  [
    '2023-03-04 05:06:07.123456789',
    '2021-01-01 1:2:3.5',
    null,
    '',
    '1646092800',
    '9999-12-31 23:59:59',
  ],
  ['', null, 'not-a-uuid', 'ABCDEF00-0000-4000-8000-000000000000'],
  ['responsive', 'passive', null, 'other'],
  // The Rust path wrote ports; scripts wrote others.
  [
    '192.0.2.1',
    '192.0.2.2:5060',
    '2001:db8::1',
    '[2001:db8::2]:5061',
    '::ffff:192.0.2.3',
    null,
    '',
    'localhost',
    '999.1.1.1',
    "'; DROP TABLE honey; --",
    '8.8.8.8;rm',
  ],
  [
    '00441234567890',
    '+44 20 7946 0000',
    'NOT_FOUND',
    null,
    '',
    '0',
    '%00',
    'ä\u{1f600}',
    '9'.repeat(5000),
    '../../etc/passwd',
  ],
  ['UDP', 'TCP', 'TLS', null, 'SCTP', 'udp'],
  ['INVITE', 'OPTIONS', 'REGISTER', null, '', 'FOO'],
  ['friendly-scanner', null, 'NOT_FOUND', '\u{1b}[2J', 'x'.repeat(9000), '"'],
  [
    'OPTIONS sip:100@192.0.2.9 SIP/2.0\r\n\r\n',
    null,
    '',
    new Uint8Array([0, 255, 254, 13, 10]),
    42,
    1.5,
    'a\u0000b',
  ],
  [NODE_ID, null, '', 'someone'],
];

function makeOldDatabase(path: string): void {
  using database = new DatabaseSync(path);
  database.exec(SCHEMA);
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  const insert = database.prepare(INSERT);
  for (let row = 0; row < ROWS_COUNT; row += 1) {
    // Long ones are rare in real files too; a different step in each column mixes them.
    const values = ODD.map((odd, column) =>
      row % 97 === column ? (odd[Math.floor(row / 97) % odd.length] ?? null) : (odd[0] ?? null),
    );
    values[3] = row % 97 === 3 ? (values[3] ?? null) : `198.51.${row % 200}.${row % 251}`;
    insert.run(...values);
  }
  database.exec('COMMIT');
}

/** Rows as 4.x sees them, whatever their type. */
function contentOf(path: string): unknown {
  using database = new DatabaseSync(path, { readOnly: true });
  return {
    ...database
      .prepare(
        `SELECT count(*) AS rows, sum(honey_id) AS ids, count(event_timestamp) AS times, count(called_number) AS numbers,
        sum(length(CAST(sip_message AS BLOB))) AS octets, count(DISTINCT user_agent) AS agents,
        sum(length(called_number)) AS digits, count(event_uuid) AS uuids FROM honey`,
      )
      .get(),
  };
}

test(`a database of 4.x with ${ROWS_COUNT} rows of all kinds is upgraded in place, and 4.x goes on with it`, async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, 'sentrypeer.db');
  makeOldDatabase(path);
  const before = contentOf(path);

  // Flags and variables with which 4.x was started.
  const old = { SENTRYPEER_VERBOSE: '1', SENTRYPEER_SIP_RESPONSIVE: 'true' };
  const started = Date.now();
  await using daemon = await DaemonProcess.start(['-ja'], {
    folder: folder.path,
    env: old,
  });
  const base = `http://127.0.0.1:${daemon.ports.api}`;
  const ids = '/ip-addresses/198.51.1.1';
  await until('an old address', async () => (await fetch(base + ids)).ok, UPGRADE_MS_MAX);
  process.stderr.write(`${ROWS_COUNT} rows: known after ${Date.now() - started} ms\n`);
  const known = await fetch(`${base}/numbers/00441234567890`);
  assert.deepEqual(await known.json(), { phone_number_found: '00441234567890' });
  // Text that is not an address never gets into a list that a firewall loads.
  const list = await (await fetch(`${base}/v1/addresses?limit=100`)).text();
  assert.doesNotMatch(list, /DROP TABLE|999\.1\.1\.1|;rm|localhost/u);
  await daemon.stop();
  assert.deepEqual(contentOf(path), before);

  // Back: what 4.x does at its start, then its insert and its queries.
  {
    using back = new DatabaseSync(path);
    back.exec(SCHEMA);
    back
      .prepare(INSERT)
      .run(
        '2026-01-02 03:04:05.6',
        'c0ffee00-0000-4000-8000-000000000000',
        'responsive',
        '203.0.113.9',
        '00447700900123',
        'UDP',
        'INVITE',
        'back',
        'INVITE',
        NODE_ID,
      );
    const asked = back.prepare(
      'SELECT source_ip, COUNT(source_ip) AS n FROM honey WHERE source_ip = ? GROUP BY source_ip',
    );
    assert.deepEqual({ ...asked.get('203.0.113.9') }, { source_ip: '203.0.113.9', n: 1 });
    assert.deepEqual({ ...back.prepare('PRAGMA quick_check').get() }, { quick_check: 'ok' });
  }

  // And forward again: its row is noticed.
  await using again = await DaemonProcess.start([], { folder: folder.path });
  const other = `http://127.0.0.1:${again.ports.api}/numbers/00447700900123`;
  await until('the row of 4.x', async () => (await fetch(other)).ok);
});
