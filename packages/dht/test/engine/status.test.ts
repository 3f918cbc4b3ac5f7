// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe } from '../../src/engine/status.ts';
import { infoHash } from '../../src/info-hash.ts';
import { NODE_HEARD_MS_MAX } from '../../src/limits.ts';
import { textValue } from '../engines.ts';
import { farFrom, idsNear, KEY, parts, PEER, SOURCE } from '../parts.ts';

test('describe() counts nodes by how they answer, buckets, searches and values', () => {
  const { core, overlay, storage, reported, good, pass } = parts();
  const [first, second, third] = idsNear(farFrom(core.id, 5), 20, 3);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  good(first, { address: '10.0.0.1', port: 1 });
  good(second, { address: '10.0.1.1', port: 1 }).expired = true;
  pass(NODE_HEARD_MS_MAX);
  good(third, { address: '10.0.2.1', port: 1 });
  good(PEER, SOURCE);
  overlay.cache.mentioned(infoHash('only mentioned'), { address: '10.0.3.1', port: 1 }, 0);
  storage.putRemote(KEY, textValue(1n, 'x'), 's', Infinity, 0);
  storage.putRemote(KEY, textValue(2n, 'x'), 's', Infinity, 0);
  reported.add(Uint8Array.of(203, 0, 113, 5));
  const search = overlay.search(KEY);
  pass(0);
  const status = describe({
    id: core.id,
    network: 3,
    nowMs: core.clock.nowMs(),
    overlays: [overlay],
    storage,
    subscriptionsCount: 4,
    announcedCount: 5,
    reported,
  });
  assert.deepEqual(status, {
    id: core.id,
    network: 3,
    families: [
      {
        family: 4,
        connectivity: 'connected',
        goodNodes: 2,
        dubiousNodes: 1,
        expiredNodes: 1,
        knownNodes: 5,
        buckets: [4],
        searches: [
          {
            key: KEY,
            synced: false,
            nodes: search.nodes.length,
            puts: 0,
            gets: 0,
            listens: 0,
            answers: 0,
            hops: 0,
          },
        ],
      },
    ],
    storedKeys: 1,
    storedValues: 2,
    storedOctets: storage.octets,
    subscriptions: 4,
    announcedValues: 5,
    reportedAddresses: [{ address: '203.0.113.5', votes: 1 }],
  });
});
