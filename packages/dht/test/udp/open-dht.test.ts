// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDht } from '../../src/udp/index.ts';

test('openDht() asks the system for addresses and chance', async () => {
  await using first = await openDht({ port: 0, addresses: ['127.0.0.1'] });
  await using second = await openDht({
    port: 0,
    addresses: ['127.0.0.1'],
    bootstrap: [`localhost:${first.locals[0]?.port}`],
  });
  await second.connected(AbortSignal.timeout(20_000));
  assert.notEqual(first.id, second.id);
});
