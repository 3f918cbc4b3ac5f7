// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DhtNode, infoHash } from '../src/index.ts';
import { SimulatedNetwork } from '../src/testing/index.ts';

const HOUR_MS = 3_600_000;

test('nodes on a simulated network live through hours in a moment', async () => {
  const network = new SimulatedNetwork();
  const at = { address: '10.0.0.1', port: 4222 };
  const key = infoHash('key');
  await using first = await DhtNode.open(network.portsAt(at));
  await using second = await DhtNode.open(network.portsAt({ ...at, address: '10.0.0.2' }));
  await second.bootstrap([at.address]);
  network.run(1000);
  assert.ok(first.isConnected || second.isConnected);
  const data = new TextEncoder().encode('stays');
  const put = second.put(key, { data }, { permanent: true });
  network.run(10_000);
  assert.equal((await put).announced, true);
  network.run(5 * HOUR_MS);
  const get = first.get(key);
  network.run(10_000);
  assert.equal((await get).length, 1);
  assert.ok(second.counters().requestsSent > 5 * 6, 'it was announced every ten minutes');
});
