// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The pool by file: what a node says leaves it, and arrives at another, without any network between them. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
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

test('what one node met arrives at another by file, beside both daemons, and acts on nothing there', async () => {
  await using alice = await DaemonProcess.start(['-r', '--threads=1']);
  await using bob = await DaemonProcess.start(['-r', '--threads=1']);
  const file = join(alice.folder, 'pool.pages');
  await met(alice, [ATTACKER]);
  const exported = await json(alice, 'pool', 'export', file);
  assert.deepEqual(exported, { file, pages: 1, own_pages_written: 1 });
  assert.equal((await json(bob, 'pool', 'import', file))['taken'], 1);
  const subjects = bob.rows('SELECT subject FROM pool_claim').map((row) => row['subject']);
  assert.deepEqual(subjects, [ATTACKER]);
  const check = await fetch(`http://127.0.0.1:${bob.ports.api}/ip-addresses/${ATTACKER}`);
  assert.equal(check.status, 404, 'a stranger said it');
});
