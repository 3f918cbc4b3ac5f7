// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Whom a search asks, when, and what it keeps (PROTOCOL 13). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  NODE_HEARD_MS_MAX,
  RETRY_MS,
  SEARCH_LIST_MAX,
  SEARCH_NODES_MAX,
  SYNC_MS,
  TARGET_NODES,
} from '../../src/limits.ts';
import { ListenOperation } from '../../src/node/listen-operation.ts';
import { GetOperation, PutOperation } from '../../src/node/operations.ts';
import { unsignedValue } from '../../src/values/value.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { KEY, range, recordOf, searched, TOKEN } from './searched.ts';

function aListen(core: ReturnType<typeof searched>['core']): ListenOperation {
  return new ListenOperation(core, KEY, [], () => undefined);
}

function aGet(onDone: () => void = () => undefined): GetOperation {
  return new GetOperation(KEY, [], [4], { onValue: () => undefined, onDone });
}

function aPut(permanent: boolean, settled: boolean[]): PutOperation {
  const value = unsignedValue(1n, { data: Uint8Array.of(1) });
  const content = { key: KEY, value, packed: encodeValue(value), permanent, created: 0 };
  return new PutOperation(content, [4], (ok) => settled.push(ok));
}

test('four of the eight closest nodes are asked at a time, the closest first', () => {
  const { search, open, sent, answer, asked, core } = searched(10);
  assert.deepEqual(open(), ['1 find', '2 find', '3 find', '4 find']);
  assert.deepEqual(asked[0]?.args, { target: KEY });
  assert.ok(!search.isSynced());
  answer(3);
  assert.deepEqual(open(), ['1 find', '2 find', '4 find', '5 find']);
  for (const number of [1, 2, 4, 5, 6, 7]) answer(number);
  assert.ok(!search.isSynced() && !search.isIdle);
  answer(8);
  assert.ok(search.isSynced() && search.isIdle);
  assert.deepEqual(
    sent(),
    range(1, 8).map((number) => `${number} find`),
  );
  assert.deepEqual(search.trace, { answersCount: TARGET_NODES, hopsCount: 1 });
  assert.equal(core.timers.nextAtMs, undefined, 'nothing is wanted any more');
});

test('a search without nodes is not synced, and those without operations end', () => {
  const { search, events, core } = searched(0);
  assert.ok(!search.isSynced() && search.isIdle);
  assert.ok(!events.includes('expired'), 'there was none');
  assert.equal(core.timers.nextAtMs, undefined);
});

test('nodes that an answer lists are asked in their turn, and counted as farther', () => {
  const { search, open, answer, node, events } = searched(1);
  for (const number of [-1, 5, 9]) node(number);
  answer(1, { n4: [recordOf(-1), recordOf(5)] });
  assert.deepEqual(open(), ['-1 find', '5 find']);
  answer(5, { n6: [] });
  answer(-1, { n4: [recordOf(9)] });
  answer(9);
  assert.deepEqual(
    search.nodes.map(({ hopsCount }) => hopsCount),
    [1, 0, 1, 2],
  );
  assert.deepEqual(search.trace, { answersCount: 4, hopsCount: 3 });
  assert.deepEqual(events.slice(1), [
    'learn 2 from 1',
    'learn 0 from 5',
    'learn 1 from -1',
    'learn 0 from 9',
  ]);
});

test('nodes offered from elsewhere count as known from the beginning', () => {
  const { search, node, answer } = searched(1);
  node(2);
  answer(1, { n4: [recordOf(2)] });
  search.offer(node(3));
  assert.deepEqual(
    search.nodes.map(({ hopsCount }) => hopsCount),
    [0, 1, 0],
  );
});

test('answers after the search was synced are not counted in its trace', () => {
  const { search, core, pass, sync } = searched(2);
  sync();
  search.addListen(aListen(core));
  sync();
  assert.equal(search.trace.answersCount, 2);
  pass(SYNC_MS);
  sync();
  assert.equal(search.trace.answersCount, 2);
});

test('a node that answers without a token is banned and not believed', () => {
  const { search, events, answer } = searched(1);
  answer(1, { token: undefined, n4: [recordOf(2)] });
  assert.deepEqual(events, ['closest', 'ban 1']);
  assert.equal(search.nodes[0]?.token, undefined);
  assert.ok(!search.isSynced());
});

test('a node that refuses is asked again a second later, once', () => {
  const { pass, refuse, sent, open, answer, search } = searched(1);
  sent();
  refuse(1, 203);
  pass(RETRY_MS - 1);
  assert.deepEqual(sent(), []);
  pass(1);
  assert.deepEqual(sent(), ['1 find']);
  assert.deepEqual(open(), ['1 find']);
  answer(1);
  assert.ok(search.isSynced());
});

test('a node that leaves a first attempt unanswered is replaced until it answers', () => {
  const { open, stale, answer, search } = searched(10);
  stale(2);
  assert.deepEqual(open(), ['1 find', '2 find', '3 find', '4 find', '5 find']);
  for (const number of [1, 3, 4, 5, 6, 7, 8]) answer(number);
  assert.deepEqual(open(), ['2 find', '9 find']);
  answer(9);
  assert.ok(search.isSynced());
  answer(2);
  assert.ok(search.isSynced() && search.nodes[1]?.token !== undefined);
});

test('who has expired is not asked, until it is offered again and back', () => {
  const { search, node, known, expire, open, sync, pass, core } = searched(2);
  search.addListen(aListen(core));
  known.splice(0);
  expire(1);
  sync();
  pass(RETRY_MS);
  assert.ok(search.isSynced());
  node(1).expired = false;
  search.offer(node(1));
  pass(0);
  assert.ok(open().includes('1 find'), open().join());
});

test('when all nodes have expired, gets and puts end, and the owner is told once', () => {
  const { search, node, known, events, expire } = searched(2);
  known.splice(0);
  const settled: boolean[] = [];
  let doneCount = 0;
  search.addGet(aGet(() => (doneCount += 1)));
  search.addPut(aPut(false, settled));
  expire(1);
  assert.deepEqual([doneCount, settled], [0, []]);
  expire(2);
  assert.deepEqual([doneCount, settled], [1, [false]]);
  assert.deepEqual(events.filter((event) => event === 'expired').length, 1);
  assert.equal(search.nodes.length, 0);
  assert.deepEqual([node(1).usesCount, node(2).usesCount], [0, 0]);
  assert.ok(search.isIdle);
});

test('when all nodes have expired, other known nodes are asked before it gives up', () => {
  const { search, node, known, events, expire, open } = searched(2);
  search.addGet(aGet());
  known.splice(0, 2, node(7));
  expire(1, 2);
  assert.ok(!events.includes('expired'));
  assert.deepEqual(open(), ['7 get']);
});

test('a search with few nodes takes known ones again only after ten minutes', () => {
  const { search, node, known, events, pass, sync, core } = searched(1);
  search.addListen(aListen(core));
  sync();
  known.push(node(2));
  const before = events.length;
  pass(SYNC_MS - 1);
  sync();
  search.addListen(aListen(core));
  sync();
  assert.ok(!events.slice(before).includes('closest'));
  assert.equal(search.nodes.length, 1);
  pass(1);
  assert.ok(events.slice(before).includes('closest'));
  assert.equal(search.nodes.length, 2);
});

test('a search that has enough nodes takes no others', () => {
  const { search, events, pass, sync, core } = searched(SEARCH_NODES_MAX);
  search.addListen(aListen(core));
  sync();
  pass(2 * SYNC_MS);
  assert.deepEqual(events.filter((event) => event === 'closest').length, 1);
});

test('a client is no node of a search, and no node is there twice', () => {
  const { search, node } = searched(1);
  node(2).client = true;
  search.offer(node(2));
  search.offer(node(1));
  assert.deepEqual(
    search.nodes.map((each) => each.node),
    [node(1)],
  );
  assert.equal(node(1).usesCount, 1);
});

test('the list holds the 14 closest, and of those that ever answered the 14 closest besides', () => {
  const { search, node } = searched(0);
  const numbers = (): readonly number[] => {
    const all = range(-40, 60);
    return search.nodes.map((each) => all.find((number) => node(number) === each.node) ?? -99);
  };
  for (const number of range(31, 45)) {
    node(number).repliedAtMs = 0;
    search.offer(node(number));
  }
  assert.deepEqual(numbers(), range(31, 44), 'the farthest of those that answered');
  for (const number of range(1, 15)) search.offer(node(number));
  assert.deepEqual(numbers(), [...range(1, 14), ...range(31, 44)]);
  search.offer(node(0));
  assert.deepEqual(numbers(), [...range(0, 13), ...range(31, 44)]);
  assert.deepEqual([node(14).usesCount, node(13).usesCount], [0, 1]);
  node(20).repliedAtMs = 0;
  search.offer(node(20));
  assert.deepEqual(numbers(), [...range(0, 13), 20, ...range(31, 43)]);
});

test('the list holds 39 nodes with those that do not answer, and any that does', () => {
  const { search, node } = searched(0);
  for (const number of range(1, SEARCH_LIST_MAX + 3)) {
    node(number).expired = true;
    search.offer(node(number));
  }
  assert.equal(search.nodes.length, SEARCH_LIST_MAX);
  assert.equal(search.nodes.at(-1)?.node, node(SEARCH_LIST_MAX));
  search.offer(node(50));
  assert.equal(search.nodes.length, SEARCH_LIST_MAX);
  node(51).repliedAtMs = 0;
  search.offer(node(51));
  assert.equal(search.nodes.length, SEARCH_LIST_MAX + 1);
});

test('a node that was silent for ten minutes after it expired is left', () => {
  const { search, node, expire, pass, core, sync } = searched(2);
  search.addListen(aListen(core));
  expire(1);
  sync();
  pass(NODE_HEARD_MS_MAX - 1);
  sync();
  search.wake();
  pass(0);
  assert.equal(search.nodes.length, 2);
  pass(1);
  search.wake();
  pass(0);
  assert.deepEqual(
    search.nodes.map((each) => each.node),
    [node(2)],
  );
  assert.equal(node(1).usesCount, 0);
});

test('a search with a listen asks again when its nodes are no longer synced', () => {
  const { search, core, pass, sync, sent } = searched(2);
  search.addListen(aListen(core));
  sync();
  pass(SYNC_MS - 1);
  sync();
  assert.ok(!sent().includes('1 find'));
  pass(1);
  assert.deepEqual(
    sent().filter((each) => each.endsWith('find')),
    ['1 find', '2 find'],
  );
});

test('a new operation finds a search that was idle for long out of date', () => {
  const { search, pass, sync, sent } = searched(1);
  sync();
  const usedAtMs = search.usedAtMs;
  pass(SYNC_MS);
  assert.deepEqual([search.usedAtMs, search.isSynced()], [usedAtMs, false]);
  search.addPut(aPut(true, []));
  assert.equal(search.usedAtMs, usedAtMs + SYNC_MS);
  pass(0);
  assert.deepEqual(sent(), ['1 find']);
});

test('an operation on a synced search starts at once', () => {
  for (const [act, name] of [
    [(search, core) => search.addListen(aListen(core)), '1 listen'],
    [(search) => search.addPut(aPut(false, [])), '1 put'],
    [(search) => search.addGet(aGet()), '1 get'],
  ] as readonly (readonly [
    (
      search: ReturnType<typeof searched>['search'],
      core: ReturnType<typeof searched>['core'],
    ) => void,
    string,
  ])[]) {
    const { search, core, sync, step, sent } = searched(1);
    sync();
    act(search, core);
    assert.ok(!search.isIdle);
    step();
    assert.deepEqual(sent(), [name]);
  }
});

test('close() cancels what is asked, and the node may be forgotten', () => {
  const { search, node, open, core, asked, refuse } = searched(2);
  assert.equal(node(1).usesCount, 1);
  refuse(2, 203);
  assert.notEqual(core.timers.nextAtMs, undefined);
  search.close();
  assert.deepEqual([node(1).usesCount, node(2).usesCount, search.nodes.length], [0, 0, 0]);
  assert.deepEqual([open(), asked.length], [[], 0]);
  assert.equal(core.timers.nextAtMs, undefined);
});

test('the token of an answer is that of the node', () => {
  const { search, answer } = searched(1);
  answer(1, { token: Uint8Array.of(9) });
  assert.deepEqual(search.nodes[0]?.token, Uint8Array.of(9));
  assert.notDeepEqual(search.nodes[0]?.token, TOKEN);
});

test('a search that was idle counts the answers that bring it up to date', () => {
  const { search, pass, sync } = searched(2);
  sync();
  pass(SYNC_MS);
  search.addPut(aPut(true, []));
  pass(0);
  sync();
  assert.equal(search.trace.answersCount, 4);
});

test('a search whose operation has ended goes on until it is synced', () => {
  const { search, pass, sync, open, answer } = searched(1);
  sync();
  pass(SYNC_MS);
  const put = aPut(true, []);
  search.addPut(put);
  search.cancelPut(put);
  pass(0);
  assert.deepEqual(open(), ['1 find']);
  answer(1);
  assert.ok(search.isIdle);
});

test('nodes that do not answer make room for known ones', () => {
  const { search, node, known, expire, pass, sync, core } = searched(SEARCH_NODES_MAX);
  search.addListen(aListen(core));
  sync();
  known[0] = node(20);
  pass(1000);
  sync();
  node(1).heardAtMs = core.clock.nowMs();
  expire(1);
  pass(SYNC_MS - 1000);
  assert.equal(search.nodes[0]?.node, node(1), 'it is not gone');
  assert.ok(search.nodes.some((each) => each.node === node(20)));
});

test('a get does not end while all nodes leave it unanswered', () => {
  const { search, stale, answer, step } = searched(1);
  answer(1);
  let doneCount = 0;
  search.addGet(aGet(() => (doneCount += 1)));
  step();
  stale(1);
  assert.equal(doneCount, 0);
  answer(1);
  assert.equal(doneCount, 1);
});
