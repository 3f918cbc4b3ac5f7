// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What tests of nodes of the pool need. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { DaemonProcess, until } from './daemon-process.ts';

/** Gives a node evidence against Internet addresses, as if another program had recorded it. */
export async function met(node: DaemonProcess, addresses: readonly string[]): Promise<void> {
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
  const words = ['-f', node.dbFile, 'import', file];
  const { status, stderr } = await DaemonProcess.run(words, { folder: node.folder });
  assert.equal(status, 0, stderr);
  await until('the judge', () => {
    const sql = "SELECT count(*) FROM listing WHERE level = 'listed' AND kind = 'address'";
    return node.number(sql) >= addresses.length;
  });
}

/** A port of TCP that nobody has. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return port;
}
