// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHash } from '../../src/info-hash.ts';
import { ASK_TICK_MS, ASKED_PER_TICK_MAX, SYNC_MS } from '../../src/limits.ts';
import { RemoteNode } from '../../src/routing/remote-node.ts';
import { SearchNode } from '../../src/search/search-node.ts';

function made(): SearchNode {
  const endpoint = { address: '192.0.2.1', port: 4222 };
  return new SearchNode(new RemoteNode(infoHash('peer'), endpoint, () => 1), 2);
}

test('a node is synced for ten minutes after it gave a token, unless it has expired', () => {
  const each = made();
  assert.equal(each.hopsCount, 2);
  assert.ok(!each.isSynced(0));
  each.syncedAtMs = 1000;
  assert.ok(!each.isSynced(1000), 'no token');
  each.token = new Uint8Array(8);
  assert.ok(each.isSynced(1000 + SYNC_MS - 1));
  assert.ok(!each.isSynced(1000 + SYNC_MS));
  each.node.expired = true;
  assert.ok(!each.isSynced(1000));
  each.node.expired = false;
  each.desync();
  assert.equal(each.token, undefined);
  each.token = new Uint8Array(8);
  assert.ok(!each.isSynced(1000));
});

test('a node that left a first attempt unanswered is a candidate until it answers', () => {
  const each = made();
  assert.ok(!each.candidate && !each.isBad());
  each.suspectedAtMs = 10;
  assert.ok(each.candidate && each.isBad());
  each.node.repliedAtMs = 10;
  assert.ok(!each.candidate && !each.isBad());
  each.node.expired = true;
  assert.ok(!each.candidate && each.isBad());
});

test('spend() allows so many requests in one tick, all of a step or none', () => {
  const each = made();
  for (let count = 0; count < ASKED_PER_TICK_MAX - 1; count += 1)
    assert.equal(each.spend(1, 100), 0);
  assert.equal(each.spend(2, 100), ASK_TICK_MS);
  assert.equal(each.spend(1, 110), 0);
  assert.equal(each.spend(1, 120), ASK_TICK_MS - 20);
  assert.equal(each.spend(1, 100 + ASK_TICK_MS - 1), 1);
  assert.equal(each.spend(ASKED_PER_TICK_MAX, 100 + ASK_TICK_MS), 0);
  assert.equal(each.spend(1, 100 + ASK_TICK_MS), ASK_TICK_MS);
});
