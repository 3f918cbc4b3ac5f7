// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compareDistance,
  divergingAt,
  infoHash,
  infoHashOfOctets,
  type InfoHash,
} from '../../src/info-hash.ts';
import { BUCKET_NODES_MAX } from '../../src/limits.ts';
import { RemoteNode } from '../../src/routing/remote-node.ts';
import { RoutingTable } from '../../src/routing/routing-table.ts';

const OWN = infoHash('own');
const NOW = 1_000_000;

function nodeOf(id: InfoHash, address = '10.0.0.1', good = true): RemoteNode {
  const node = new RemoteNode(id, { address, port: 4222 }, () => 1);
  if (good) node.heardAtMs = node.repliedAtMs = NOW;
  return node;
}

const rest = fc.uint8Array({ minLength: 20, maxLength: 20 });
/** Ids near and far from our own. */
const id = fc.oneof(
  rest.map((octets) => infoHashOfOctets(octets) ?? infoHash('zero')),
  fc
    .tuple(fc.integer({ min: 0, max: 40 }), rest)
    .map(([bits, octets]) => divergingAt(OWN, bits, octets)),
);

test('closestGood() agrees with sorting all nodes of the table', () => {
  fc.assert(
    fc.property(
      fc.array(id, { maxLength: 200 }),
      id,
      fc.integer({ min: 1, max: 14 }),
      (ids, key, count) => {
        const table = new RoutingTable(OWN);
        for (const each of new Set(ids))
          table.offer(nodeOf(each, '10.0.0.1', each.charCodeAt(39) % 4 !== 0), 'heard', NOW);
        const naive = table
          .nodes()
          .filter((node) => node.isGood(NOW))
          .toSorted((a, b) => compareDistance(key, a.id, b.id))
          .slice(0, count);
        assert.deepEqual(
          table.closestGood(key, count, NOW).map((node) => node.id),
          naive.map((node) => node.id),
        );
      },
    ),
  );
});

test('every node stands in the bucket of its range, and no bucket is above its limit', () => {
  fc.assert(
    fc.property(fc.array(id, { maxLength: 300 }), (ids) => {
      const table = new RoutingTable(OWN);
      for (const each of ids) table.offer(nodeOf(each), 'replied', NOW);
      for (const [index, bucket] of table.buckets.entries()) {
        assert.ok(bucket.nodes.length <= BUCKET_NODES_MAX);
        for (const node of bucket.nodes) assert.equal(table.bucketIndex(node.id), index);
      }
      for (const node of table.nodes()) assert.equal(node.usesCount, 1);
    }),
  );
});

function far(count: number, seed: string): readonly InfoHash[] {
  return Array.from({ length: count }, (_, index) => {
    const hash = infoHash(`${seed} ${index}`);
    return divergingAt(
      OWN,
      0,
      Uint8Array.from({ length: 20 }, (_each, at) => hash.charCodeAt(at)),
    );
  });
}

test('offer() never lets new ids drive out nodes that answer (Sybil)', () => {
  const table = new RoutingTable(OWN);
  const honest = far(8, 'honest').map((each) => nodeOf(each));
  // Two nodes near us make the table split, so that the far range is a separate bucket.
  for (const node of [...honest, nodeOf(divergingAt(OWN, 3, new Uint8Array(20)))])
    table.offer(node, 'replied', NOW);
  for (const sybil of far(5000, 'sybil')) table.offer(nodeOf(sybil, '192.0.2.1'), 'replied', NOW);
  assert.deepEqual(new Set(table.buckets[0]?.nodes), new Set(honest));
});

test("offer() takes few nodes of one public address into a bucket, and a site's own as they come", () => {
  const table = new RoutingTable(OWN);
  for (const each of far(8, 'one machine')) table.offer(nodeOf(each, '192.0.2.1'), 'replied', NOW);
  assert.equal(table.nodes().length, 2);
  const v6 = new RoutingTable(OWN);
  for (const [index, each] of far(8, 'one /64').entries())
    v6.offer(nodeOf(each, `2001:db8::${index}`), 'replied', NOW);
  assert.equal(v6.nodes().length, 2);
  const site = new RoutingTable(OWN);
  for (const each of far(8, 'one site')) site.offer(nodeOf(each, '127.0.0.1'), 'replied', NOW);
  assert.equal(site.nodes().length, 8);
});

test('offer() puts a node in the place of an expired one, and asks a silent one first', () => {
  const table = new RoutingTable(OWN);
  const [silent, ...others] = far(8, 'old').map((each) => nodeOf(each));
  assert.ok(silent !== undefined);
  for (const node of [silent, ...others, nodeOf(divergingAt(OWN, 3, new Uint8Array(20)))])
    table.offer(node, 'replied', NOW);
  silent.heardAtMs = -Infinity;
  const [newcomerId = OWN] = far(1, 'new');
  const newcomer = nodeOf(newcomerId);
  assert.deepEqual(table.offer(newcomer, 'replied', NOW), { kind: 'spare', ping: silent });
  silent.expired = true;
  assert.deepEqual(table.dropExpired(), [newcomer]);
  assert.equal(table.offer(newcomer, 'replied', NOW).kind, 'added');
});

/** A table of one full bucket, or of two, with a full bucket around our id; its first node is silent. */
function fullTable(nearBits: number): {
  readonly table: RoutingTable;
  readonly silent: RemoteNode;
} {
  const table = new RoutingTable(OWN);
  if (nearBits > 0) for (const each of far(8, 'far')) table.offer(nodeOf(each), 'replied', NOW);
  const near = Array.from({ length: 8 }, (_, index) =>
    nodeOf(divergingAt(OWN, nearBits, new Uint8Array(20).fill(index * 16))),
  );
  for (const node of near) table.offer(node, 'replied', NOW);
  const [silent] = near;
  assert.ok(silent !== undefined);
  silent.heardAtMs = -Infinity;
  return { table, silent };
}

test('offer() splits the first bucket when it is full, and later ones only while all in them answer', () => {
  const newcomer = nodeOf(divergingAt(OWN, 1, new Uint8Array(20).fill(7)));
  const first = fullTable(0);
  assert.equal(first.table.buckets.length, 1);
  assert.deepEqual(first.table.offer(newcomer, 'replied', NOW), {
    kind: 'added',
    ping: first.silent,
  });
  assert.equal(first.table.buckets.length, 2);
  const second = fullTable(2);
  assert.equal(second.table.buckets.length, 2);
  const near = nodeOf(divergingAt(OWN, 1, new Uint8Array(20).fill(7)));
  assert.deepEqual(second.table.offer(near, 'replied', NOW), {
    kind: 'spare',
    ping: second.silent,
  });
  assert.equal(second.table.buckets.length, 2, 'the silent one is asked first');
  second.silent.heardAtMs = NOW;
  assert.equal(second.table.offer(near, 'replied', NOW).kind, 'added');
  assert.ok(second.table.buckets.length > 2);
});
