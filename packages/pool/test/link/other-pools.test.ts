// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@sentrypeer/kernel';
import { KEY_NOT_PROVED, OTHER_POOL, OtherPools } from '../../src/link/other-pools.ts';
import { OTHER_POOLS_NAMED_BURST, OTHER_POOLS_NAMED_PER_HOUR } from '../../src/limits.ts';

function peer(key: string) {
  return { key, nodeId: `node ${key}`, address: '192.0.2.1', isOutward: true, sinceEpochUs: 0 };
}

test('OtherPools names a node of another pool once, and only so many of them', () => {
  let nowMs = 0;
  const named: unknown[] = [];
  const logger = {
    ...silentLogger,
    warn: (event: string, fields?: object) => named.push([event, fields]),
  };
  const pools = new OtherPools({ clock: { nowMs: () => nowMs, epochUs: () => 0 }, logger });
  assert.equal(pools.has(peer('a'), 'that is no hello'), false);
  assert.equal(named.length, 0);
  for (const why of [OTHER_POOL, KEY_NOT_PROVED, OTHER_POOL]) {
    assert.equal(pools.has(peer('a'), why), true);
  }
  assert.equal(named.length, 1);
  assert.match(JSON.stringify(named), /pool_key_differs.*node a.*192\.0\.2\.1.*pool status/);
  for (let index = 0; index < 1000; index += 1) {
    assert.equal(pools.has(peer(`scanner ${index}`), OTHER_POOL), true);
  }
  assert.equal(named.length, OTHER_POOLS_NAMED_BURST);
  nowMs = 3_600_000;
  for (let index = 0; index < 1000; index += 1) pools.has(peer(`later ${index}`), OTHER_POOL);
  assert.equal(named.length, OTHER_POOLS_NAMED_BURST + OTHER_POOLS_NAMED_PER_HOUR);
});
