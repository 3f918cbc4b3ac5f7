// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Connections that end in the middle: the event contains what was said until then. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { DaemonProcess, until } from './daemon-process.ts';
import { isRead } from './sip-peers.ts';

const CASES = new URL('../corpus/sip/cases/', import.meta.url);

interface Case {
  readonly file: string;
  readonly transports: readonly string[];
  readonly expected: { readonly method?: string; readonly called?: string };
}

const cut = (JSON.parse(readFileSync(new URL('MANIFEST.json', CASES), 'utf8')) as Case[]).filter(
  ({ transports }) => transports.includes('stream, cut'),
);

async function connected(port: number, isTls: boolean): Promise<Socket> {
  const target = { port, host: '127.0.0.1' };
  const socket = isTls
    ? connect({ ...target, rejectUnauthorized: false })
    : createConnection(target);
  socket.on('error', () => undefined); // A reset by either side is part of the test.
  await once(socket, isTls ? 'secureConnect' : 'connect');
  return socket;
}

for (const [name, isTls, end] of [
  ['ends', false, (socket: Socket) => socket.end()],
  ['is reset', false, (socket: Socket) => socket.resetAndDestroy()],
  ['ends under TLS', true, (socket: Socket) => socket.end()],
] as const) {
  test(`a message whose connection ${name} before it is complete is recorded with what it said`, async () => {
    await using daemon = await DaemonProcess.start([
      '-r',
      '--fold-window=0',
      ...(isTls ? ['-z', '127.0.0.1:0'] : []),
    ]);
    const port = isTls ? daemon.ports.tls : daemon.ports.tcp;
    let count = 0;
    for (const { file, expected } of cut) {
      const octets = readFileSync(new URL(file, CASES));
      const socket = await connected(port, isTls);
      await new Promise((resolve) => socket.write(octets, resolve));
      // A reset discards what the daemon has not read.
      if (name === 'is reset') await until('all to be read', () => isRead(socket, port));
      end(socket);
      socket.resume();
      count += 1;
      await daemon.recorded(count);
      const [row] = daemon.rows(
        'SELECT method, called_number, grade, message_kind, anomalies FROM honey ORDER BY honey_id DESC LIMIT 1',
      );
      assert.equal(row?.['method'], expected.method, file);
      assert.equal(row?.['called_number'], expected.called, file);
      assert.equal(row?.['grade'], 'handshake');
      assert.match(String(row?.['anomalies']), /head_unfinished|body_unfinished|head_size/, file);
      socket.destroy();
    }
  });
}
