// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The table and the searches of one family. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHash } from '../../src/info-hash.ts';
import {
  BUCKET_NODES_MAX,
  NODE_HEARD_MS_MAX,
  SEARCH_IDLE_MS,
  SEARCHES_MAX,
  TABLE_QUIET_MS,
} from '../../src/limits.ts';
import type { RemoteNode } from '../../src/routing/remote-node.ts';
import { encodeReply } from '../../src/wire/encode-message.ts';
import { ENVELOPE, farFrom, idsNear, KEY, PEER, SOURCE } from '../parts.ts';
import { ELSEWHERE, overlaid } from './overlaid.ts';

test('connectivity() is that of the best node, and of the pings under way', () => {
  const { overlay, good, pass, settle } = overlaid();
  assert.equal(overlay.connectivity(), 'disconnected');
  overlay.bootstrap.add([ELSEWHERE]);
  assert.equal(overlay.connectivity(), 'connecting');
  const node = good(PEER, SOURCE);
  assert.equal(overlay.connectivity(), 'connected');
  pass(NODE_HEARD_MS_MAX);
  settle();
  assert.equal(overlay.connectivity(), 'connecting', 'it may still answer');
  node.expired = true;
  assert.equal(overlay.connectivity(), 'disconnected');
});

test('whenSettled() waits for the first bootstrap, and for nothing else', () => {
  const { overlay, good, pong, pass, settle } = overlaid();
  const run: number[] = [];
  overlay.whenSettled(() => run.push(1));
  assert.deepEqual(run, [1]);
  overlay.bootstrap.add([SOURCE]);
  overlay.whenSettled(() => run.push(2));
  overlay.whenSettled(() => run.push(3));
  assert.deepEqual(run, [1]);
  pong(SOURCE);
  assert.deepEqual(run, [1, 2, 3]);
  overlay.bootstrap.add([ELSEWHERE]);
  overlay.whenSettled(() => run.push(4));
  assert.deepEqual(run, [1, 2, 3, 4], 'connected');
  pass(NODE_HEARD_MS_MAX);
  good(PEER, SOURCE).repliedAtMs = -Infinity;
  settle();
  assert.equal(overlay.connectivity(), 'connecting');
  overlay.whenSettled(() => run.push(5));
  assert.deepEqual(run, [1, 2, 3, 4, 5], 'nothing is under way');
});

test('close() ends searches, and runs nothing that waits', () => {
  const { overlay, core, pong } = overlaid();
  let isRun = false;
  overlay.bootstrap.add([SOURCE]);
  overlay.whenSettled(() => (isRun = true));
  overlay.search(KEY);
  const { size } = core.timers;
  overlay.close();
  assert.deepEqual([overlay.searches.size, core.timers.size], [0, size - 1]);
  pong(SOURCE);
  assert.equal(isRun, false);
});

test('search() is the same for the same key, and makes room only among idle ones', () => {
  const { overlay, pass } = overlaid();
  const first = overlay.search(KEY);
  assert.equal(overlay.search(KEY), first);
  pass(5);
  const keys = Array.from({ length: SEARCHES_MAX - 1 }, (_, index) => infoHash(String(index)));
  for (const key of keys) overlay.search(key);
  overlay.search(infoHash('one more'));
  assert.equal(overlay.searches.size, SEARCHES_MAX, 'one was idle');
  assert.ok(!overlay.searches.has(KEY));
  overlay.search(infoHash('and another'));
  assert.equal(overlay.searches.size, SEARCHES_MAX + 1, 'none was');
  pass(0);
  overlay.search(infoHash('the last'));
  assert.equal(overlay.searches.size, SEARCHES_MAX + 1, 'one makes room for one');
});

test('the search that was idle for longest makes room', () => {
  const { overlay, pass } = overlaid();
  const keys = Array.from({ length: SEARCHES_MAX }, (_, index) => infoHash(String(index)));
  for (const key of keys) overlay.search(key);
  pass(SEARCHES_MAX);
  for (const [index, search] of [...overlay.searches.values()].entries())
    search.usedAtMs = Math.abs(index - 500) + 1;
  overlay.search(KEY);
  assert.deepEqual(
    keys.filter((key) => !overlay.searches.has(key)),
    [keys[500]],
  );
});

test('cleanup() forgets searches that were idle for long, and pings spares', () => {
  const { overlay, pass, pings, good, core } = overlaid();
  const busy = infoHash('busy');
  for (const key of [infoHash('idle'), busy, infoHash('also idle')]) overlay.search(key);
  pass(1);
  for (const id of idsNear(farFrom(core.id, 0), 20, BUCKET_NODES_MAX))
    good(id, { address: `10.0.${overlay.table.nodes().length}.1`, port: 4222 });
  const [, expired] = overlay.table.nodes();
  pass(SEARCH_IDLE_MS - 2);
  overlay.cleanup();
  assert.equal(overlay.searches.size, 3);
  pings();
  (overlay.searches.get(busy) ?? assert.fail()).usedAtMs = core.clock.nowMs();
  pass(1);
  overlay.cleanup();
  assert.deepEqual([...overlay.searches.keys()], [busy]);
  assert.ok(expired !== undefined);
  expired.expired = true;
  const [bucket] = overlay.table.buckets;
  assert.ok(bucket !== undefined);
  bucket.spare = overlay.cache.mentioned(PEER, SOURCE, 0);
  overlay.cleanup();
  assert.deepEqual(pings(), ['192.0.2.1 4222']);
  assert.equal(overlay.table.nodes().length, BUCKET_NODES_MAX - 1);
});

test('seen() adds a node to the table and offers it to searches; a client is left', () => {
  const { overlay, node, core } = overlaid();
  const offered: RemoteNode[] = [];
  overlay.search(KEY).offer = (each) => void offered.push(each);
  const client = node(ELSEWHERE, infoHash('client'));
  client.client = true;
  overlay.seen(client, 'replied', true);
  assert.deepEqual([offered, overlay.table.nodes()], [[], []]);
  overlay.seen(node(), 'heard', false);
  assert.deepEqual([offered, overlay.table.nodes()], [[node()], [node()]]);
  overlay.seen(node(), 'heard', false);
  assert.equal(offered.length, 1, 'known, and no news');
  overlay.seen(node(), 'heard', true);
  assert.equal(offered.length, 2);
  assert.equal(overlay.table.buckets[0]?.repliedAtMs, -Infinity);
  overlay.seen(node(), 'replied', false);
  assert.equal(overlay.table.buckets[0].repliedAtMs, core.clock.nowMs());
});

test('a node that is new after a long time without one hastens upkeep', () => {
  const { overlay, node, pass, hastened } = overlaid();
  overlay.seen(node(), 'heard', false);
  assert.equal(hastened(), 1);
  pass(TABLE_QUIET_MS - 1);
  overlay.seen(node(ELSEWHERE, infoHash('2')), 'heard', false);
  assert.equal(hastened(), 1);
  pass(TABLE_QUIET_MS);
  overlay.seen(node(), 'heard', true);
  assert.equal(hastened(), 1, 'known');
  overlay.seen(node({ address: '192.0.2.3', port: 1 }, infoHash('3')), 'heard', false);
  assert.equal(hastened(), 2);
});

test('who answers makes the pauses of bootstrap short, and who was only heard does not', () => {
  const { overlay, node } = overlaid();
  let count = 0;
  overlay.bootstrap.connected = () => (count += 1);
  overlay.seen(node(), 'heard', true);
  assert.equal(count, 0);
  overlay.seen(node(), 'replied', true);
  assert.equal(count, 1);
});

test('a full bucket pings the node it doubts', () => {
  const { overlay, node, pass, pings, fill } = overlaid();
  const far = fill();
  pass(NODE_HEARD_MS_MAX);
  pings();
  overlay.seen(node(SOURCE, farFrom(far, 30)), 'heard', false);
  assert.equal(pings().length, 1);
});

test('learn() takes nodes that can be there, and not ourselves', () => {
  const { overlay, core, admission } = overlaid();
  admission.blacklist(ELSEWHERE);
  for (const [id, endpoint] of [
    [core.id, SOURCE],
    [PEER, { address: '224.0.0.1', port: 4222 }],
    [PEER, ELSEWHERE],
  ] as const)
    overlay.learn({ id, endpoint }, undefined);
  assert.equal(overlay.cache.size, 0);
  overlay.learn({ id: PEER, endpoint: SOURCE }, undefined);
  assert.deepEqual(overlay.cache.get(PEER)?.endpoint, SOURCE);
  assert.equal(overlay.table.nodes().length, 1);
});

test('learn() takes a node that others call 127.0.0.1 to be at their address', () => {
  for (const [reporter, expected] of [
    [ELSEWHERE, { address: '192.0.2.2', port: 5 }],
    [undefined, { address: '127.0.0.1', port: 5 }],
    [
      { address: '2001:db8::1', port: 9 },
      { address: '127.0.0.1', port: 5 },
    ],
  ] as const) {
    const { overlay } = overlaid();
    overlay.learn({ id: PEER, endpoint: { address: '127.0.0.1', port: 5 } }, reporter);
    assert.deepEqual(overlay.cache.get(PEER)?.endpoint, expected);
  }
  const { overlay } = overlaid();
  overlay.learn({ id: PEER, endpoint: SOURCE }, ELSEWHERE);
  assert.deepEqual(overlay.cache.get(PEER)?.endpoint, SOURCE);
});

test('learn() offers what it hears of to searches each time', () => {
  const { overlay } = overlaid();
  let count = 0;
  overlay.search(KEY).offer = () => void (count += 1);
  overlay.learn({ id: PEER, endpoint: SOURCE }, undefined);
  overlay.learn({ id: PEER, endpoint: SOURCE }, undefined);
  assert.equal(count, 2);
});

test('lists of nodes of any family go to whoever knows all of them', () => {
  const { overlay, node, events } = overlaid();
  overlay.learnAll([{ id: KEY, endpoint: { address: '2001:db8::1', port: 1 } }], node());
  assert.deepEqual(events, ['learn 1']);
});

test('closestGood() lists good nodes whose address fits into a list', () => {
  const { overlay, good, pass } = overlaid();
  const [first, second, third] = idsNear(KEY, 50, 3);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  good(first, SOURCE);
  good(second, { address: 'fe80::1%eth0', port: 4222 });
  assert.deepEqual(overlay.closestGood(KEY, 8), [{ id: first, endpoint: SOURCE }]);
  good(third, ELSEWHERE);
  assert.equal(overlay.closestGood(KEY, 8).length, 2);
  assert.equal(overlay.closestGood(KEY, 1).length, 1);
  pass(NODE_HEARD_MS_MAX);
  assert.deepEqual(overlay.closestGood(KEY, 8), []);
});

test('a search that is forgotten lets its nodes go', () => {
  const { overlay, good, sends, receiver, pass } = overlaid();
  const node = good(PEER, SOURCE);
  overlay.search(KEY);
  pass(0);
  for (const { message } of sends())
    if (message.kind === 'query')
      receiver.receive(
        encodeReply(ENVELOPE, message.tid, { id: PEER, token: Uint8Array.of(1) }),
        SOURCE,
      );
  pass(0);
  assert.equal(node.usesCount, 2, 'the table and the search');
  pass(SEARCH_IDLE_MS);
  overlay.cleanup();
  assert.deepEqual([overlay.searches.size, node.usesCount], [0, 1]);
});

test('the spare of a bucket gives way to a node that was heard, not to one that was mentioned', () => {
  const { overlay, node, fill } = overlaid();
  const far = fill();
  const [first, second, third] = idsNear(far, 30, 3);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  overlay.learn({ id: first, endpoint: SOURCE }, undefined);
  overlay.learn({ id: second, endpoint: SOURCE }, undefined);
  assert.equal(overlay.table.buckets[0]?.spare?.id, first);
  overlay.seen(node(SOURCE, third), 'heard', false);
  assert.equal(overlay.table.buckets[0]?.spare?.id, third);
});

test('an idle search stays while there is room', () => {
  const { overlay, pass } = overlaid();
  const first = overlay.search(KEY);
  pass(0);
  overlay.search(infoHash('another'));
  assert.equal(overlay.search(KEY), first);
});
