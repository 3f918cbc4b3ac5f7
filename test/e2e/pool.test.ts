// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The pool: what nodes met reaches another over links, and acts there if they are voters. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Pool } from '../../packages/client/src/index.ts';
import { DaemonProcess, until } from './daemon-process.ts';

const ATTACKER = '45.12.3.4';
async function run(node: DaemonProcess, ...words: readonly string[]) {
  return DaemonProcess.run(['-f', node.dbFile, ...words], { folder: node.folder });
}

async function json(
  node: DaemonProcess,
  ...words: readonly string[]
): Promise<Readonly<Record<string, unknown>>> {
  const { status, stdout, stderr } = await run(node, ...words, '--json');
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Lets a node have met addresses of the Internet, as another program recorded them. */
async function met(node: DaemonProcess, addresses: readonly string[]): Promise<void> {
  const file = join(node.folder, 'met.jsonl');
  const timestamp = new Date().toISOString().replace('T', ' ').replace('Z', '');
  const lines = addresses.map((address) =>
    JSON.stringify({
      event_timestamp: timestamp,
      event_uuid: randomUUID(),
      collected_method: 'responsive',
      source_ip: address,
      called_number: '+881612345678',
      transport_type: 'TCP',
      sip_method: 'INVITE',
      sip_user_agent: 'friendly-scanner',
      grade: 'handshake',
      sip_message: 'INVITE sip:+881612345678@9.9.9.9 SIP/2.0\r\n\r\n',
    }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
  await json(node, 'import', file);
  await until('the judge', () => {
    const sql = "SELECT count(*) FROM listing WHERE level = 'listed' AND kind = 'address'";
    return node.number(sql) >= addresses.length;
  });
}

const NETWORK = ['-r', '--threads=1', '-p', '--neighbours=off', '--share-delay=0'];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}

test('what two voters met is listed at a third node within seconds, and gone when one is distrusted, or its network', async () => {
  const port = await freePort();
  await using hub = await DaemonProcess.start([
    ...NETWORK,
    '--bootstrap-node=none',
    '--dht-address=127.0.0.1',
    `--dht-port=${port}`,
  ]);
  // Nodes that find each other in the DHT are tested with more of them than three.
  const start = (address: string): Promise<DaemonProcess> =>
    DaemonProcess.start([
      ...NETWORK,
      '--bootstrap-node=none',
      `--dht-address=${address}`,
      '--dht-port=0',
      `--pool-peer=127.0.0.1:${port}`,
    ]);
  const voters = await Promise.all(['127.1.0.1', '127.2.0.1'].map(start));
  await using scope = new AsyncDisposableStack();
  for (const voter of voters) scope.use(voter);
  await Promise.all(voters.map((voter) => met(voter, [ATTACKER])));
  await until('both pages', () => hub.number('SELECT count(*) FROM pool_claim') === 2);
  const listed = "SELECT count(*) FROM listing WHERE level = 'listed'";
  assert.equal(hub.number(listed), 0, 'they are strangers');
  const ids = hub.rows('SELECT node_id FROM pool_author').map((row) => String(row['node_id']));
  const url = `http://127.0.0.1:${hub.ports.api}`;
  await Promise.all(ids.map((id, at) => json(hub, 'peers', 'trust', id, `Friend ${at}`)));
  await until('the listing', () => hub.number(listed) === 1);
  const check = (await (await fetch(`${url}/v1/check?address=${ATTACKER}`)).json()) as object;
  assert.ok('listed' in check && check.listed === true);
  assert.ok('pool' in check && 'reasons' in check);
  assert.deepEqual(check.pool, {
    voters: 2,
    uncounted: 0,
    quorum: 2,
    strangers: 0,
    networks: 0,
  });
  assert.match(JSON.stringify(check.reasons), /2 of 2 voters .* Friend \d, Friend \d/);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^sentrypeer_pool_links 2$/m);
  const pool = (await (await fetch(`${url}/v1/pool`)).json()) as Pool;
  assert.deepEqual(
    { ...pool, key: '', node_id: '', items: [] },
    {
      sharing: true,
      node_id: '',
      key: '',
      voters: 2,
      unproved_voters: 0,
      pages: 2,
      claims: 2,
      authors: 2,
      items: [],
    },
  );
  assert.deepEqual(
    pool.items
      .map(({ standing, link, network, claims }) =>
        [standing, link?.address, link?.outward, network, claims].join(' '),
      )
      .toSorted(),
    ['voter 127.1.0.1 false 127.1.0.0/16 1', 'voter 127.2.0.1 false 127.2.0.0/16 1'],
  );
  const network = await run(hub, 'peers', 'distrust', '127.1.0.0/16');
  assert.match(
    network.stdout,
    /1 node that was met there alone counts for nothing. Of your voters: Friend/,
  );
  await until('the end of one link', async () =>
    /^sentrypeer_pool_links 1$/m.test(await (await fetch(`${url}/metrics`)).text()),
  );
  await until('the end of the listing', () => hub.number(listed) === 0);
  const table = (await run(hub, 'peers', 'list')).stdout;
  assert.match(table, /^127\.1\.0\.0\/16 .* distrusted/m);
  assert.match(table, / network distrusted /);
  await json(hub, 'peers', 'forget', '127.1.0.0/16');
  await until('it to be listed again', () => hub.number(listed) === 1);
  assert.doesNotMatch((await run(hub, 'peers', 'list')).stdout, /distrusted/);
  await json(hub, 'peers', 'distrust', ids[1] ?? '');
  await until('its end', () => hub.number(listed) === 0);
});
