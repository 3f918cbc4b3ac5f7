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
import {
  BUCKET_NODES_MAX,
  NODE_HEARD_MS_MAX,
  NODE_REPLIED_MS_MAX,
  REPORTED_ADDRESSES_MAX,
} from '../../src/limits.ts';
import { RemoteNode, type Request } from '../../src/routing/remote-node.ts';
import { ReportedAddresses } from '../../src/routing/reported-addresses.ts';
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
  const offers = far(8, 'one machine').map((each) =>
    table.offer(nodeOf(each, '192.0.2.1'), 'replied', NOW),
  );
  assert.equal(table.nodes().length, 2);
  assert.deepEqual(offers.at(-1), { kind: 'refused', ping: undefined });
  for (const [index, each] of far(6, 'others').entries())
    assert.equal(table.offer(nodeOf(each, `192.0.2.${9 + index}`), 'replied', NOW).kind, 'added');
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
  assert.equal(first.table.nodes().length, 9, 'none is lost');
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
  assert.equal(near.usesCount, 1, 'it waits no longer');
});

test('closestGood() goes outwards from a key near our id, range by range', () => {
  const table = new RoutingTable(OWN);
  const at = (bits: number, count: number): readonly RemoteNode[] =>
    Array.from({ length: count }, (_, index) =>
      nodeOf(divergingAt(OWN, bits, new Uint8Array(20).fill(index * 16))),
    );
  for (const node of [...at(0, 8), ...at(1, 8), ...at(2, 4), ...at(3, 4)])
    table.offer(node, 'replied', NOW);
  const key = divergingAt(OWN, 3, new Uint8Array(20).fill(9));
  const sorted = table.nodes().toSorted((a, b) => compareDistance(key, a.id, b.id));
  assert.equal(sorted.length, 24);
  for (const count of [3, 8, 14, 24]) {
    assert.deepEqual(table.closestGood(key, count, NOW), sorted.slice(0, count), String(count));
  }
});

test('offer() tells a known node from a new one, and says nothing of either', () => {
  const table = new RoutingTable(OWN);
  const [first = OWN] = far(1, 'first');
  const node = nodeOf(first);
  assert.equal(table.grewAtMs, -Infinity);
  assert.deepEqual(table.offer(node, 'heard', NOW), { kind: 'added', ping: undefined });
  assert.equal(table.grewAtMs, NOW);
  assert.deepEqual(table.offer(node, 'heard', NOW + 1), { kind: 'known', ping: undefined });
  assert.equal(table.grewAtMs, NOW, 'nothing was added');
  assert.equal(node.usesCount, 1);
  assert.equal(table.nodes().length, 1);
});

test('offer() remembers when a node of the bucket last answered, also a known one', () => {
  const table = new RoutingTable(OWN);
  const [first = OWN] = far(1, 'first');
  const node = nodeOf(first);
  const repliedAtMs = (): number | undefined => table.buckets[0]?.repliedAtMs;
  table.offer(node, 'heard', NOW);
  table.offer(node, 'mentioned', NOW + 1);
  assert.equal(repliedAtMs(), -Infinity);
  table.offer(node, 'replied', NOW + 2);
  assert.equal(repliedAtMs(), NOW + 2);
});

test('a bucket that splits gives the time of its last answer to the nearer one', () => {
  const table = new RoutingTable(OWN);
  for (const each of far(8, 'far')) table.offer(nodeOf(each), 'replied', NOW);
  table.offer(nodeOf(divergingAt(OWN, 3, new Uint8Array(20))), 'heard', NOW + 5);
  assert.deepEqual(
    table.buckets.map(({ repliedAtMs }) => repliedAtMs),
    [NOW, NOW],
  );
});

test('only a node near our id makes the table grow', () => {
  const { table } = fullTable(2);
  const before = table.grewAtMs;
  const [other = OWN] = far(1, 'other');
  assert.deepEqual(table.offer(nodeOf(other), 'replied', NOW + 9), {
    kind: 'spare',
    ping: undefined,
  });
  assert.equal(table.grewAtMs, before);
  assert.equal(table.buckets.length, 2, 'a far bucket does not split');
});

test('a node that others only mention never takes the place of one that waits', () => {
  const { table } = fullTable(2);
  const [first, second, third] = far(3, 'waiting').map((each) => nodeOf(each));
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  const spare = (): RemoteNode | undefined => table.buckets[0]?.spare;
  assert.equal(table.offer(first, 'mentioned', NOW).kind, 'spare');
  assert.equal(spare(), first);
  assert.equal(table.offer(second, 'mentioned', NOW).kind, 'refused');
  assert.equal(spare(), first);
  assert.equal(table.offer(third, 'heard', NOW).kind, 'spare');
  assert.equal(spare(), third);
  assert.deepEqual([first.usesCount, second.usesCount, third.usesCount], [0, 0, 1]);
});

test('offer() asks a silent node once, and not again while it is being asked', () => {
  const { table, silent } = fullTable(2);
  const near = (): RemoteNode => nodeOf(divergingAt(OWN, 1, new Uint8Array(20).fill(7)));
  assert.equal(table.offer(near(), 'replied', NOW).ping, silent);
  silent.requests.set(1, { tid: 1 } as Request);
  assert.equal(table.offer(near(), 'replied', NOW).ping, undefined);
});

test('offer() replaces an expired node at once, and the one it replaces is used no more', () => {
  const { table, silent } = fullTable(2);
  silent.expired = true;
  const newcomer = nodeOf(divergingAt(OWN, 2, new Uint8Array(20).fill(7)));
  assert.deepEqual(table.offer(newcomer, 'mentioned', NOW), { kind: 'added', ping: undefined });
  assert.equal(table.buckets.length, 2);
  assert.equal(table.nodes().includes(silent), false);
  assert.deepEqual([silent.usesCount, newcomer.usesCount], [0, 1]);
});

test('dropExpired() asks the node that waits only where there is room now', () => {
  const { table, silent } = fullTable(2);
  const [waiting] = far(1, 'waiting').map((each) => nodeOf(each));
  assert.ok(waiting !== undefined);
  table.offer(waiting, 'heard', NOW);
  silent.expired = true;
  assert.deepEqual(table.dropExpired(), [], 'it is the other bucket');
  assert.equal(table.nodes().includes(silent), false);
  const [one] = table.buckets[0]?.nodes ?? [];
  assert.ok(one !== undefined);
  one.expired = true;
  assert.deepEqual(table.dropExpired(), [waiting]);
  assert.equal(waiting.usesCount, 0);
  assert.equal(table.buckets[0]?.spare, undefined);
  assert.deepEqual(table.dropExpired(), []);
});

test('a node is good while it is heard and answers, and gone after a long silence', () => {
  const [first = OWN] = far(1, 'first');
  const node = nodeOf(first, '192.0.2.1', false);
  assert.equal(node.hasReplied, false);
  assert.equal(node.isGood(NOW), false);
  node.heardAtMs = node.repliedAtMs = NOW;
  assert.equal(node.hasReplied, true);
  assert.equal(node.isGood(NOW + NODE_HEARD_MS_MAX - 1), true);
  assert.equal(node.isGood(NOW + NODE_HEARD_MS_MAX), false);
  node.heardAtMs = NOW + NODE_REPLIED_MS_MAX;
  assert.equal(node.isGood(NOW + NODE_REPLIED_MS_MAX - 1), true);
  assert.equal(node.isGood(NOW + NODE_REPLIED_MS_MAX), false, 'it only sends');
  assert.equal(node.isGone(Infinity), false);
  node.expired = true;
  assert.equal(node.isGood(NOW), false);
  assert.equal(node.isGone(node.heardAtMs + NODE_HEARD_MS_MAX - 1), false);
  assert.equal(node.isGone(node.heardAtMs + NODE_HEARD_MS_MAX), true);
  assert.equal(node.family, 4);
});

test('nextTid() is never 0, nor one that is in use', () => {
  const drawn = [0, 5, 6, 7];
  const node = new RemoteNode(OWN, { address: '::1', port: 1 }, () => drawn.shift() ?? 0);
  node.requests.set(5, { tid: 5 } as Request);
  node.sockets.set(6, () => undefined);
  assert.equal(node.nextTid(), 7);
});

test('ReportedAddresses counts the votes for a limited number of addresses', () => {
  const reported = new ReportedAddresses();
  reported.add(Uint8Array.of(1, 2, 3));
  assert.deepEqual(reported.list(), []);
  for (let at = 0; at <= REPORTED_ADDRESSES_MAX; at += 1) {
    reported.add(Uint8Array.of(192, 0, 2, at));
  }
  assert.equal(reported.list().length, REPORTED_ADDRESSES_MAX);
  reported.add(Uint8Array.of(192, 0, 2, 1));
  reported.add(Uint8Array.of(192, 0, 2, REPORTED_ADDRESSES_MAX));
  assert.deepEqual(reported.list()[0], { address: '192.0.2.1', votes: 2 });
  assert.equal(reported.list().length, REPORTED_ADDRESSES_MAX);
  reported.clear();
  assert.deepEqual(reported.list(), []);
});
