// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDht } from '../../src/udp/index.ts';

test('openDht() asks the system for addresses, time and chance', async () => {
  await using first = await openDht({ port: 0, addresses: ['127.0.0.1'] });
  await using second = await openDht({
    port: 0,
    addresses: ['127.0.0.1'],
    bootstrap: [`localhost:${first.locals[0]?.port}`],
  });
  await second.connected(AbortSignal.timeout(20_000));
  assert.notEqual(first.id, second.id);
  assert.ok(Math.abs(Date.now() - 1000 * Math.floor(Date.now() / 1000)) < 1000);
});

test('openDht() with an address that is missing leaves nothing open', async () => {
  await using node = await openDht({ port: 0, addresses: ['127.0.0.1'] });
  const port = node.locals[0]?.port ?? 0;
  await node.close();
  const options = { port, addresses: ['127.0.0.1', '192.0.2.1'] };
  await assert.rejects(openDht(options), { code: 'address_unknown' });
  await using again = await openDht({ port, addresses: ['127.0.0.1'] });
  assert.equal(again.locals[0]?.port, port);
  await assert.rejects(openDht({ port, addresses: ['127.0.0.1'] }), { code: 'port_taken' });
});
