// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder, until } from './daemon-process.ts';
import { sipRequest, UdpPeer } from './sip-peers.ts';

/** As SentryPeer 4.0 creates it. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS honey
  (honey_id INTEGER PRIMARY KEY, event_timestamp TEXT, event_uuid TEXT, collected_method TEXT,
  source_ip TEXT, called_number TEXT, transport_type TEXT, method TEXT, user_agent TEXT,
  sip_message TEXT, created_by_node_id TEXT,
  created_at DATETIME DEFAULT(STRFTIME('%Y-%m-%d %H:%M:%f','NOW')));
  CREATE INDEX source_ip_index ON honey (source_ip);
  CREATE INDEX called_number_index ON honey (called_number);
  CREATE INDEX event_uuid_index ON honey (event_uuid);`;

const OLD_ROWS: readonly (readonly [sourceIp: string, number: string, at: string])[] = [
  ['192.0.2.1', '00441234', '2024-05-06 07:08:09.100000000'],
  ['192.0.2.1:5060', '00441234', '2024-05-06 07:08:10.200000000'], // As its Rust path wrote it.
  ['192.0.2.2:49152', '100', '2024-05-07 07:08:09.300000000'],
  ['2001:db8::5', '0900', '2024-05-08 07:08:09.400000000'],
  ['[2001:db8::5]:5062', 'NOT_FOUND', '2024-05-09 07:08:09.500000000'],
];

function makeOldDatabase(path: string): void {
  const database = new DatabaseSync(path);
  database.exec(SCHEMA);
  const insert = database.prepare(`INSERT INTO honey (event_timestamp, event_uuid, collected_method,
    source_ip, called_number, transport_type, method, user_agent, sip_message, created_by_node_id)
    VALUES (?, ?, 'responsive', ?, ?, 'UDP', 'OPTIONS', 'friendly-scanner', 'OPTIONS ...', ?)`);
  for (const [index, [sourceIp, number, at]] of OLD_ROWS.entries()) {
    const uuid = `0000000${index}-0000-4000-8000-000000000000`;
    insert.run(at, uuid, sourceIp, number, '11111111-1111-4111-8111-111111111111');
  }
  database.close();
}

test('a database of SentryPeer 4.x is opened in place, repaired and served', async () => {
  using folder = new TemporaryFolder();
  makeOldDatabase(join(folder.path, 'sentrypeer.db'));
  await using daemon = await DaemonProcess.start([], { folder: folder.path });
  using peer = await UdpPeer.open('127.7.0.1');
  await peer.send(sipRequest({ user: '100' }), daemon.ports.udp);
  await daemon.recorded(OLD_ROWS.length + 1);
  assert.deepEqual(
    daemon.rows('SELECT source_ip FROM honey ORDER BY honey_id').map((row) => row['source_ip']),
    ['192.0.2.1', '192.0.2.1', '192.0.2.2', '2001:db8::5', '2001:db8::5', '127.7.0.1'],
  );
  const base = `http://127.0.0.1:${daemon.ports.api}`;
  const get = async (path: string): Promise<unknown> => (await fetch(base + path)).json();
  for (const address of ['192.0.2.1', '192.0.2.2', '2001:db8::5', '127.7.0.1']) {
    const known = (await get(`/v1/addresses/${address}`)) as { readonly address: unknown };
    assert.equal(known.address, address);
  }
  const addresses = (await get('/v1/addresses')) as {
    readonly items: readonly { readonly address: string; readonly seen_count: number }[];
  };
  assert.deepEqual(
    addresses.items.map((entry) => [entry.address, entry.seen_count]),
    [
      ['127.7.0.1', 1],
      ['2001:db8::/64', 2],
      ['192.0.2.2', 1],
      ['192.0.2.1', 2],
    ],
  );
  const known = (await get('/v1/numbers/00441234')) as { readonly seen_count: unknown };
  assert.equal(known.seen_count, 2);
  const numbers = (await get('/v1/numbers')) as {
    readonly items: readonly { readonly number: string; readonly seen_count: number }[];
  };
  assert.deepEqual(
    numbers.items.map((entry) => [entry.number, entry.seen_count]),
    [
      ['100', 2],
      ['0900', 1],
      ['00441234', 2],
    ],
  );
  // The old program's own query still works on it.
  assert.equal(daemon.number(`SELECT count(*) FROM honey WHERE called_number = '00441234'`), 2);
});

test('an old database beyond the limits stays whole, which /readyz and the log say', async () => {
  using folder = new TemporaryFolder();
  makeOldDatabase(join(folder.path, 'sentrypeer.db'));
  const grown = new DatabaseSync(join(folder.path, 'sentrypeer.db'));
  grown.exec(
    `UPDATE honey SET created_at = '2024-05-06 07:08:09.100', sip_message = printf('%400000d', 0)`,
  );
  grown.close();
  await using daemon = await DaemonProcess.start(['--db-size-max=1MiB', '--retention-days=1'], {
    folder: folder.path,
  });
  await until('the warning', () => daemon.stderr.includes('kept_beyond_limits'));
  const ready = await fetch(`http://127.0.0.1:${daemon.ports.api}/readyz`);
  assert.equal(ready.status, 200);
  const { degraded } = (await ready.json()) as {
    readonly degraded: readonly { readonly part: string; readonly why: string }[];
  };
  assert.equal(degraded[0]?.part, 'retention');
  assert.match(
    degraded[0]?.why ?? '',
    /^5 events since 2024-05-06, [23] MiB, .*1 MiB, 1 days.*prune --yes$/,
  );
  assert.equal(daemon.number('SELECT count(*) FROM honey'), OLD_ROWS.length);
});
