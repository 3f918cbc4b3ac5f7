// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { silentLogger } from '@sentrypeer/kernel';
import { StartingApi } from '../../src/services/starting-api.ts';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function ask(port: number, path: string): Promise<Response> {
  const deadline = AbortSignal.timeout(10_000);
  for (;;) {
    try {
      return await fetch(`http://127.0.0.1:${port}${path}`);
    } catch (error) {
      if (deadline.aborted) throw error; // It opens in a later turn.
    }
  }
}

test('StartingApi answers while work goes on: alive, not ready and how far, never 404', async () => {
  const port = await freePort();
  const told: string[] = [];
  const logger = { ...silentLogger, progress: (work: string) => void told.push(work) };
  await using starting = new StartingApi(logger, { host: '127.0.0.1', port });
  await assert.rejects(fetch(`http://127.0.0.1:${port}/livez`), 'nothing is open yet');
  starting.logger.progress?.('database upgrade', 43, 100);
  assert.deepEqual(told, ['database upgrade']);
  assert.equal((await ask(port, '/livez')).status, 200);
  for (const path of ['/readyz', '/numbers/00441234', '/']) {
    const answer = await ask(port, path);
    assert.equal(answer.status, 503, path);
    assert.equal(answer.headers.get('retry-after'), '10');
    assert.deepEqual(await answer.json(), {
      status: 'not ready',
      reasons: [{ part: 'database', why: 'database upgrade: 43 %' }],
    });
  }
  await starting[Symbol.asyncDispose]();
  const next = createServer().listen(port, '127.0.0.1');
  await once(next, 'listening'); // The port is free again.
  next.close();
});

test('StartingApi without an API opens nothing', async () => {
  await using starting = new StartingApi(silentLogger, undefined);
  starting.logger.progress?.('database upgrade', 1, 2);
});
