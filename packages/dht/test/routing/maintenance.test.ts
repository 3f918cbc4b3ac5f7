// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Family } from '@sentrypeer/ip';
import { commonBits, divergingAt, infoHash, type InfoHash } from '../../src/info-hash.ts';
import { BUCKET_NODES_MAX, TABLE_GROWTH_MS, YOUNG_MS } from '../../src/limits.ts';
import { Maintenance } from '../../src/routing/maintenance.ts';
import { RemoteNode, type Request, type RequestHandlers } from '../../src/routing/remote-node.ts';
import { Requests, type RequestContent } from '../../src/routing/requests.ts';
import { RoutingTable } from '../../src/routing/routing-table.ts';
import {
  WANT_IPV4,
  WANT_IPV6,
  type NodeRecord,
  type ReplyMessage,
} from '../../src/wire/message.ts';
import { testCore } from '../core-for-tests.ts';

const MINUTE_MS = 60_000;

interface Find {
  readonly node: RemoteNode;
  readonly content: RequestContent;
  readonly handlers: RequestHandlers;
  readonly atMs: number;
}

/** Requests that are noted, not sent. */
class NotedRequests extends Requests {
  readonly finds: Find[] = [];
  readonly #now: () => number;

  constructor(core: ReturnType<typeof testCore>['core']) {
    super(core);
    this.#now = () => core.clock.nowMs();
  }

  override send(node: RemoteNode, content: RequestContent, handlers: RequestHandlers): Request {
    assert.equal(content.name, 'find');
    this.finds.push({ node, content, handlers, atMs: this.#now() });
    const { endpoint } = node;
    const counts = { attemptsCount: 1, attemptsMax: 3, waitMs: 0 };
    return { node, tid: 0, endpoint, handlers, datagrams: [], timer: undefined, ...counts };
  }
}

function made(families: readonly Family[] = [4]) {
  const { core, pass } = testCore();
  const requests = new NotedRequests(core);
  const table = new RoutingTable(core.id);
  const searches = new Map<InfoHash, unknown>();
  const events: string[] = [];
  const learnt: NodeRecord[] = [];
  const is = { connected: false };
  const maintenance = new Maintenance(
    core,
    {
      table,
      requests,
      searches,
      connectivity: () => (is.connected ? 'connected' : 'connecting'),
      search: (key) => searches.set(key, {}),
      learnAll: (records) => learnt.push(...records),
      ban: (node) => events.push(`ban ${node.endpoint.address}`),
      cleanup: () => events.push(`cleanup`),
    },
    families,
  );
  let count = 0;
  /** Adds a good node that shares exactly so many bits with us. */
  const add = (bits: number): RemoteNode => {
    count += 1;
    const id = divergingAt(core.id, bits, new Uint8Array(20).fill(count));
    const node = new RemoteNode(id, { address: `10.0.${count}.1`, port: 4222 }, () => 1);
    node.heardAtMs = core.clock.nowMs();
    node.repliedAtMs = core.clock.nowMs();
    table.offer(node, 'replied', core.clock.nowMs());
    return node;
  };
  /** Lets time pass until the table no longer grows, while every bucket has an answer now and then. */
  const rest = (ms: number): void => {
    for (let left = ms; left > 0; left -= MINUTE_MS) {
      pass(Math.min(left, MINUTE_MS));
      for (const bucket of table.buckets) bucket.repliedAtMs = core.clock.nowMs();
    }
    requests.finds.length = 0;
  };
  return { core, pass, rest, requests, table, searches, events, learnt, is, maintenance, add };
}

test('upkeep begins after 3 to 5 s: it asks a node near our own id, once there is one', () => {
  const { core, pass, requests, maintenance, add } = made();
  maintenance.start();
  const node = add(3);
  pass(2999);
  assert.equal(requests.finds.length, 0);
  pass(2001);
  const [find] = requests.finds;
  assert.equal(find?.node, node);
  assert.equal(requests.finds.length, 1);
  const { target, want } = find.content.args;
  assert.equal(want, undefined);
  assert.ok(target !== undefined && commonBits(core.id, target) >= 152);
});

test('while there are few nodes it asks every 1 to 4 s, for a minute', () => {
  const { core, pass, requests, maintenance, add } = made();
  maintenance.start();
  add(3);
  pass(YOUNG_MS);
  const times = requests.finds.map(({ atMs }) => atMs);
  for (const [index, atMs] of times.slice(1).entries()) {
    const pauseMs = atMs - (times[index] ?? 0);
    assert.ok(pauseMs >= 1000 && pauseMs <= 4000, String(pauseMs));
  }
  assert.ok(times.length >= 14, String(times.length));
  requests.finds.length = 0;
  pass(MINUTE_MS);
  assert.ok(requests.finds.length >= 2 && requests.finds.length <= 12, 'every 5 to 25 s');
  assert.ok(core.clock.nowMs() === YOUNG_MS + MINUTE_MS);
});

test('a bucket that had no answer for ten minutes is asked for an id of its own', () => {
  const { core, pass, rest, requests, table, maintenance, add } = made();
  maintenance.start();
  for (let count = 0; count < BUCKET_NODES_MAX; count += 1) add(0);
  for (let count = 0; count < BUCKET_NODES_MAX; count += 1) add(1);
  assert.equal(table.buckets.length, 2);
  rest(TABLE_GROWTH_MS + 30 * MINUTE_MS);
  pass(5 * MINUTE_MS);
  assert.equal(requests.finds.length, 0, 'nothing to do');
  const [far, near] = table.buckets;
  assert.ok(far !== undefined && near !== undefined);
  for (let count = 0; count < 10; count += 1) {
    near.repliedAtMs = core.clock.nowMs();
    pass(MINUTE_MS);
  }
  assert.ok(requests.finds.length > 0);
  for (const { content } of requests.finds)
    assert.equal(commonBits(core.id, content.args.target ?? core.id), 0);
  requests.finds.length = 0;
  far.repliedAtMs = core.clock.nowMs();
  near.repliedAtMs = -Infinity;
  pass(8 * MINUTE_MS);
  const bits = requests.finds.map(({ content: { args } }) =>
    commonBits(core.id, args.target ?? core.id),
  );
  assert.ok(bits.length > 10 && bits.every((count) => count >= 1), String(bits));
  assert.ok(bits.includes(1) && bits.some((count) => count > 1), String(bits));
});

test('neither an expired node nor one that is being asked is asked', () => {
  const { pass, requests, maintenance, add } = made();
  maintenance.start();
  const expired = add(0);
  const busy = add(1);
  expired.expired = true;
  busy.requests.set(1, {} as Request);
  pass(5 * MINUTE_MS);
  assert.equal(requests.finds.length, 0);
  busy.requests.clear();
  pass(8 * MINUTE_MS);
  assert.ok(requests.finds.length > 0);
  assert.ok(requests.finds.every(({ node }) => node === busy));
});

test('the nodes of an answer are learnt; an answer without a token is the last of its node', () => {
  const { pass, requests, learnt, events, maintenance, add } = made();
  maintenance.start();
  add(0);
  pass(5000);
  const [find] = requests.finds;
  const record = (address: string) => ({ id: infoHash(address), endpoint: { address, port: 1 } });
  const n4 = [record('192.0.2.1')];
  const n6 = [record('2001:db8::1')];
  const token = new Uint8Array(8);
  const reply = (args: object) => find?.handlers.onReply({ args } as ReplyMessage);
  reply({ token, n4, n6 });
  assert.deepEqual(learnt, [...n4, ...n6]);
  reply({ token });
  assert.deepEqual(events, []);
  reply({ n4 });
  assert.deepEqual(events, ['ban 10.0.1.1']);
  assert.equal(learnt.length, 2);
});

test('a node with both families asks for both near its own id', () => {
  const { pass, requests, maintenance, add } = made([4, 6]);
  maintenance.start();
  add(0);
  pass(5000);
  assert.deepEqual(requests.finds[0]?.content.args.want, [WANT_IPV4, WANT_IPV6]);
});

test('both families are asked for where the other one lacks nodes, and seldom else', () => {
  for (const lacks of [true, false]) {
    const { core, pass, rest, requests, table, maintenance, add } = made([4, 6]);
    const other = new RoutingTable(core.id);
    if (!lacks)
      for (let count = 0; count < BUCKET_NODES_MAX; count += 1) {
        const id = divergingAt(core.id, 0, new Uint8Array(20).fill(count));
        const endpoint = { address: `2001:db8:${count}::1`, port: 4222 };
        other.offer(new RemoteNode(id, endpoint, () => 1), 'heard', 0);
      }
    maintenance.other = { table: other };
    maintenance.start();
    add(0);
    rest(TABLE_GROWTH_MS + 10 * MINUTE_MS);
    for (const bucket of table.buckets) bucket.repliedAtMs = -Infinity;
    pass(60 * MINUTE_MS);
    const both = requests.finds.filter(({ content }) => content.args.want !== undefined).length;
    assert.ok(requests.finds.length > 100, String(requests.finds.length));
    if (lacks) assert.equal(both, requests.finds.length);
    else assert.ok(both > 0 && both < requests.finds.length / 8, String(both));
  }
});

test('a search for our own id is begun once we are connected, if there is no other', () => {
  const { core, pass, searches, is, maintenance } = made();
  maintenance.start();
  pass(10 * MINUTE_MS);
  assert.equal(searches.size, 0);
  is.connected = true;
  pass(5 * MINUTE_MS);
  assert.deepEqual([...searches.keys()], [core.id]);
  searches.clear();
  searches.set(infoHash('another'), {});
  pass(5 * MINUTE_MS);
  assert.equal(searches.size, 1);
});

test('hasten() brings the next look within a second, and never later than it was due', () => {
  const { core, pass, rest, searches, is, maintenance, add } = made();
  maintenance.hasten();
  assert.equal(core.timers.nextAtMs, undefined, 'before the start');
  maintenance.start();
  for (let count = 0; count < BUCKET_NODES_MAX; count += 1) add(0);
  rest(TABLE_GROWTH_MS + 10 * MINUTE_MS);
  is.connected = true;
  searches.clear();
  maintenance.hasten();
  maintenance.hasten();
  pass(500);
  maintenance.hasten();
  assert.equal(searches.size, 0);
  pass(500);
  assert.equal(searches.size, 1);
});

test('the table is cleaned up every 2 to 6 min', () => {
  const { pass, events, maintenance } = made();
  maintenance.start();
  pass(2 * MINUTE_MS - 1);
  assert.deepEqual(events, []);
  pass(4 * MINUTE_MS + 1);
  assert.ok(events.length >= 1);
  pass(54 * MINUTE_MS);
  assert.ok(events.length >= 10 && events.length <= 30, String(events.length));
});

test('while there is nothing to do, or nobody to ask, it looks every 1 to 3 min', () => {
  for (const count of [0, BUCKET_NODES_MAX]) {
    const { pass, rest, searches, is, maintenance, add } = made();
    maintenance.start();
    for (let number = 0; number < count; number += 1) add(0);
    if (count > 0) rest(TABLE_GROWTH_MS + 5 * MINUTE_MS);
    else pass(5000);
    is.connected = true;
    let looksCount = 0;
    for (let second = 0; second < 540; second += 1) {
      searches.clear();
      pass(1000);
      looksCount += searches.size;
    }
    assert.ok(looksCount >= 3 && looksCount <= 9, String(looksCount));
  }
});

/** A table of two full buckets and some nodes nearer to us, that has come to rest. */
function three() {
  const parts = made();
  parts.maintenance.start();
  for (const bits of [0, 1])
    for (let count = 0; count < BUCKET_NODES_MAX; count += 1) parts.add(bits);
  for (let count = 0; count < 4; count += 1) parts.add(5);
  parts.add(1); // It splits the bucket around us.
  parts.rest(TABLE_GROWTH_MS + 5 * MINUTE_MS);
  const bucketsAsked = (index: number, minutes: number): readonly number[] => {
    for (let count = 0; count < minutes; count += 1) {
      for (const bucket of parts.table.buckets) bucket.repliedAtMs = parts.core.clock.nowMs();
      const asked = parts.table.buckets[index];
      assert.ok(asked !== undefined);
      asked.repliedAtMs = -Infinity;
      parts.pass(MINUTE_MS);
    }
    return parts.requests.finds.splice(0).map(({ node }) => parts.table.bucketIndex(node.id));
  };
  return { ...parts, bucketsAsked };
}

test('a bucket is asked at its own nodes, and now and then at those of its neighbours', () => {
  const { table, bucketsAsked } = three();
  assert.deepEqual(
    table.buckets.map(({ nodes }) => nodes.length),
    [8, 8, 4],
  );
  const asked = bucketsAsked(1, 200);
  const count = (index: number): number => asked.filter((each) => each === index).length;
  assert.ok(asked.length > 300, String(asked.length));
  for (const neighbour of [0, 2])
    assert.ok(count(neighbour) > asked.length / 30 && count(neighbour) < asked.length / 4);
  assert.ok(count(1) > asked.length / 2);
});

test('a bucket whose nodes have all expired is asked at its neighbours, or anywhere', () => {
  const { table, bucketsAsked } = three();
  const [far, middle] = table.buckets;
  for (const node of far?.nodes ?? []) node.expired = true;
  const next = bucketsAsked(0, 20);
  assert.ok(next.length > 10 && next.every((index) => index === 1), String(next));
  for (const node of middle?.nodes ?? []) node.expired = true;
  const any = bucketsAsked(0, 20);
  assert.ok(any.length > 10 && any.every((index) => index === 2), String(any));
});
