// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Whose word is believed about a node, and which nodes are forgotten. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Chance } from '../../src/engine/chance.ts';
import { compareDistance, infoHash } from '../../src/info-hash.ts';
import { NODE_HEARD_MS_MAX, NODES_KNOWN_MAX } from '../../src/limits.ts';
import { NodeCache } from '../../src/routing/node-cache.ts';

const OWN = infoHash('own');
const NOW = 1_000_000;

function cacheOf(): NodeCache {
  return new NodeCache(new Chance({ fill: (octets) => octets.fill(1) }));
}

const AT = { address: '192.0.2.1', port: 4222 };
const ELSEWHERE = { address: '192.0.2.2', port: 4222 };

test('heard() makes a node that is not passed on until it has shown that it hears us', () => {
  const cache = cacheOf();
  const unproved = { client: true, proved: false };
  const { node, foreign, isNews } = cache.heard(OWN, AT, unproved, NOW);
  assert.deepEqual([node.heardOnly, node.client, foreign, isNews], [true, true, false, true]);
  assert.equal(cache.get(OWN), node);
  assert.equal(cache.size, 1);
  const again = cache.heard(OWN, AT, { client: false, proved: true }, NOW + 1);
  assert.equal(again.node, node);
  assert.deepEqual([node.heardOnly, node.client, again.isNews], [false, true, false]);
  assert.equal(node.heardAtMs, NOW + 1);
});

test('heard() believes no new address of a known node, and forgets its silence at the old one', () => {
  const cache = cacheOf();
  const proved = { client: false, proved: true };
  const { node } = cache.heard(OWN, AT, { client: false, proved: false }, NOW);
  node.expired = true;
  const other = cache.heard(OWN, ELSEWHERE, proved, NOW + 1);
  assert.deepEqual([other.foreign, other.isNews, node.expired], [true, false, true]);
  assert.deepEqual([node.endpoint, node.heardAtMs, node.heardOnly], [AT, NOW, true]);
  const same = cache.heard(OWN, AT, proved, NOW + 2);
  assert.deepEqual([same.foreign, same.isNews, node.expired], [false, true, false]);
  const soon = cache.heard(OWN, AT, proved, NOW + 1 + NODE_HEARD_MS_MAX);
  assert.equal(soon.isNews, false);
  const late = cache.heard(OWN, AT, proved, NOW + 1 + 2 * NODE_HEARD_MS_MAX);
  assert.equal(late.isNews, true);
});

test('mentioned() moves a node only after a long silence, or if nothing but its own word is known', () => {
  const cache = cacheOf();
  const { node } = cache.heard(OWN, AT, { client: false, proved: true }, NOW);
  node.expired = true;
  assert.equal(cache.mentioned(OWN, ELSEWHERE, NOW + NODE_HEARD_MS_MAX - 1), node);
  assert.deepEqual([node.endpoint, node.expired], [AT, true]);
  cache.mentioned(OWN, AT, NOW + NODE_HEARD_MS_MAX);
  assert.equal(node.expired, true, 'the same address says nothing new');
  cache.mentioned(OWN, ELSEWHERE, NOW + NODE_HEARD_MS_MAX);
  assert.deepEqual([node.endpoint, node.expired], [ELSEWHERE, false]);
  const other = infoHash('other');
  const heard = cache.heard(other, AT, { client: false, proved: false }, NOW).node;
  cache.mentioned(other, ELSEWHERE, NOW);
  assert.deepEqual([heard.endpoint, heard.heardOnly], [ELSEWHERE, false]);
  const fresh = cache.mentioned(infoHash('fresh'), AT, NOW);
  assert.deepEqual([fresh.endpoint, fresh.heardOnly, fresh.client], [AT, false, false]);
});

test('closest() gives the closest of all and the closest of those that answered, each once', () => {
  const cache = cacheOf();
  const key = infoHash('key');
  const nodes = Array.from({ length: 9 }, (_, index) =>
    cache.mentioned(infoHash(`node ${index}`), AT, NOW),
  ).toSorted((a, b) => compareDistance(key, a.id, b.id));
  const [first, second, third, fourth, fifth, sixth, seventh] = nodes;
  assert.ok(sixth !== undefined && seventh !== undefined);
  Object.assign(first ?? assert.fail(), { expired: true });
  Object.assign(second ?? assert.fail(), { client: true });
  Object.assign(third ?? assert.fail(), { heardOnly: true });
  assert.deepEqual(cache.closest(key, 2), [fourth, fifth]);
  sixth.repliedAtMs = seventh.repliedAtMs = NOW;
  assert.deepEqual(cache.closest(key, 1), [sixth, fourth]);
  assert.deepEqual(cache.closest(key, 3), [sixth, seventh, fourth, fifth]);
});

test('a full cache forgets the oldest node that nothing uses', () => {
  const cache = cacheOf();
  const ids = Array.from({ length: NODES_KNOWN_MAX }, (_, index) => infoHash(`node ${index}`));
  for (const each of ids) cache.mentioned(each, AT, NOW);
  const [used = OWN, unused = OWN, next = OWN] = ids;
  const node = cache.get(used) ?? assert.fail();
  node.usesCount = 1;
  cache.mentioned(infoHash('one more'), AT, NOW);
  assert.equal(cache.size, NODES_KNOWN_MAX);
  assert.equal(cache.get(used), node);
  assert.equal(cache.get(unused), undefined);
  assert.notEqual(cache.get(next), undefined);
  assert.equal([...cache.values()].length, NODES_KNOWN_MAX);
});

test('a cache of nodes that are all in use takes one more', () => {
  const cache = cacheOf();
  for (let index = 0; index < NODES_KNOWN_MAX; index += 1) {
    cache.mentioned(infoHash(`node ${index}`), AT, NOW).usesCount = 1;
  }
  const last = cache.mentioned(infoHash('one more'), AT, NOW);
  assert.equal(cache.size, NODES_KNOWN_MAX + 1);
  assert.equal(cache.get(infoHash('node 0'))?.usesCount, 1);
  assert.equal(last.nextTid(), 0x01010101, 'nobody knows it beforehand');
});
