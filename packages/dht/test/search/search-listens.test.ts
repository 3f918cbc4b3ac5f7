// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Where a listen subscribes, and what it takes from there (PROTOCOL 13.6). */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LISTEN_NODES, LISTEN_REPEAT_MS, RETRY_MS } from '../../src/limits.ts';
import { ListenOperation } from '../../src/node/listen-operation.ts';
import { GetOperation } from '../../src/node/operations.ts';
import { Field, type Arguments, type Condition } from '../../src/wire/message.ts';
import { textOf, textValue } from '../engines.ts';
import { idOf, KEY, range, searched, TOKEN } from './searched.ts';

const LIFE_MS = 600_000;

/** A synced search of so many nodes, and a listen on it. */
function made(count: number, where: readonly Condition[] = []) {
  const all = searched(count);
  const told: string[] = [];
  all.sync();
  const operation = new ListenOperation(all.core, KEY, where, (event) =>
    told.push(
      event.kind === 'value' ? `${textOf(event.value)} from ${event.from}` : `end of ${event.id}`,
    ),
  );
  all.search.addListen(operation);
  all.step();
  /** What this node pushes to our only subscription there. */
  const push = (number: number, args: Partial<Arguments>): void => {
    const [onPush] = all.node(number).sockets.values();
    assert.ok(onPush !== undefined, `no subscription at ${number}`);
    onPush({ ...NONE, ...args });
  };
  const value = (id: bigint, text: string) => [{ index: 0, value: textValue(id, text) }];
  return { ...all, told, operation, push, value };
}

/** How many timers were armed since the call. */
function armedIn(core: ReturnType<typeof searched>['core']): () => number {
  const { timers } = core;
  const arm = timers.arm.bind(timers);
  let count = 0;
  timers.arm = (atMs, run) => {
    count += 1;
    return arm(atMs, run);
  };
  return () => count;
}

const NONE: Arguments = {
  id: idOf(1),
  seenAddress: undefined,
  target: undefined,
  key: undefined,
  want: undefined,
  filter: undefined,
  token: undefined,
  slots: undefined,
  created: undefined,
  valueId: undefined,
  socketId: undefined,
  version: undefined,
  n4: undefined,
  n6: undefined,
  fields: undefined,
  expired: undefined,
  refreshed: undefined,
};

test('a listen subscribes at the four closest nodes, each with its token and a socket', () => {
  const { asked, node, open } = made(6);
  assert.deepEqual(
    open(),
    range(1, LISTEN_NODES).map((number) => `${number} listen`),
  );
  for (const { number, args } of asked) {
    const [socketId] = node(number).sockets.keys();
    assert.ok(socketId !== undefined);
    assert.deepEqual(args, { version: 1, key: KEY, token: TOKEN, socketId, filter: undefined });
  }
});

test('a listen with conditions sends them', () => {
  const where = [{ field: Field.type, type: 3 }] as const;
  const { asked } = made(1, where);
  assert.deepEqual(asked[0]?.args.filter, { select: [], where });
});

test('a subscription is renewed every twenty seconds with its socket and the newest token', () => {
  const { answer, pass, open, sent, asked } = made(1);
  const first = asked[0]?.args;
  sent();
  pass(3 * LISTEN_REPEAT_MS);
  assert.deepEqual(open(), ['1 listen'], 'while it waits for its answer, nothing is sent');
  const token = Uint8Array.of(7);
  answer(1, { token });
  pass(LISTEN_REPEAT_MS - 1);
  assert.deepEqual(sent(), []);
  pass(1);
  assert.deepEqual(sent(), ['1 listen']);
  assert.deepEqual(asked[0]?.args, { ...first, token });
  answer(1, { token: undefined });
  pass(LISTEN_REPEAT_MS);
  assert.deepEqual(asked[0]?.args.token, token);
});

test('the answer to a listen ends the count of refusals, and not the time until the node is asked', () => {
  const { answer, node, search, pass } = made(1);
  node(1).authErrorsCount = 2;
  const syncedAtMs = search.nodes[0]?.syncedAtMs;
  pass(1000);
  answer(1);
  assert.equal(node(1).authErrorsCount, 0);
  assert.equal(search.nodes[0]?.syncedAtMs, syncedAtMs);
});

test('a refused token is replaced a second later, and a new subscription made', () => {
  const { refuse, answer, pass, node, sent, asked, search } = made(1);
  const before = asked[0]?.args.socketId;
  sent();
  refuse(1, 401);
  assert.deepEqual([node(1).sockets.size, search.nodes[0]?.token], [0, undefined]);
  pass(RETRY_MS - 1);
  assert.deepEqual(sent(), []);
  pass(1);
  assert.deepEqual(sent(), ['1 find']);
  const token = Uint8Array.of(8);
  answer(1, { token });
  assert.deepEqual(sent(), ['1 listen']);
  const { args } = asked[0] ?? assert.fail();
  assert.notEqual(args.socketId, before);
  assert.deepEqual([args.token, node(1).sockets.has(args.socketId ?? 0)], [token, true]);
});

test('after another error the same subscription is tried again a second later', () => {
  const { refuse, pass, node, sent, asked } = made(1);
  const before = asked[0]?.args;
  sent();
  refuse(1, 203);
  assert.equal(node(1).sockets.size, 1);
  pass(RETRY_MS - 1);
  assert.deepEqual(sent(), []);
  pass(1);
  assert.deepEqual(sent(), ['1 listen']);
  assert.deepEqual(asked[0]?.args, before);
});

test('a node that leaves a listen unanswered is replaced by one more, and kept', () => {
  const { stale, open, node, search } = made(6);
  stale(2);
  assert.ok(search.nodes[1]?.candidate);
  assert.deepEqual(open(), ['1 listen', '2 listen', '3 listen', '4 listen', '5 listen']);
  assert.equal(node(2).sockets.size, 1);
});

test('the subscription of a node that has expired ends, and another node is asked', () => {
  const { expire, open, node, search } = made(6);
  expire(2);
  assert.equal(node(2).sockets.size, 0);
  assert.equal(search.nodes[1]?.listens.size, 0);
  assert.deepEqual(open(), ['1 listen', '3 listen', '4 listen', '5 listen']);
});

test('a node that was given up elsewhere and is back gets a new subscription', () => {
  const { node, answer, pass, sent, asked } = made(1);
  const before = asked[0]?.args.socketId;
  answer(1);
  node(1).sockets.clear();
  sent();
  pass(LISTEN_REPEAT_MS);
  assert.deepEqual(sent(), ['1 listen']);
  const after = asked[0]?.args.socketId ?? 0;
  assert.ok(after !== before && node(1).sockets.has(after));
});

test('a listen that ends cancels what it asks and takes no more pushes', () => {
  const { search, operation, node, open, core, pass, answer } = made(6);
  answer(2);
  search.removeListen(operation);
  assert.deepEqual([open(), node(1).sockets.size, node(2).sockets.size], [[], 0, 0]);
  assert.ok(search.isIdle);
  pass(LISTEN_REPEAT_MS);
  assert.deepEqual(open(), []);
  assert.equal(core.timers.nextAtMs, undefined);
});

test('of two listens each has its own subscription, and one may end', () => {
  const { search, operation, node, core, step, open } = made(1);
  const other = new ListenOperation(core, KEY, [], () => undefined);
  search.addListen(other);
  step();
  assert.deepEqual(open(), ['1 listen', '1 listen']);
  assert.equal(node(1).sockets.size, 2);
  search.removeListen(operation);
  assert.deepEqual(open(), ['1 listen']);
  assert.equal(node(1).sockets.size, 1);
  assert.equal(search.listens.size, 1);
});

test('a node that leaves the list takes its subscription with it', () => {
  const { search, node, open } = made(1);
  search.close();
  assert.deepEqual([open(), node(1).sockets.size], [[], 0]);
});

test('pushed values are told with their source, and end with it', () => {
  const { push, value, told } = made(2);
  push(1, { slots: [...value(1n, 'one'), { index: 1, size: 2000 }, ...value(2n, 'two')] });
  push(2, { slots: value(1n, 'one') });
  assert.deepEqual(told, ['one from 10.0.101.1', 'two from 10.0.101.1']);
  push(1, { expired: [1n, 2n] });
  assert.deepEqual(told.slice(2), ['end of 2']);
  push(2, { expired: [1n] });
  assert.deepEqual(told.slice(3), ['end of 1']);
});

test('the life of a pushed value is counted from when it was made, and never from the future', () => {
  const { push, value, told, pass, core } = made(1);
  const nowS = core.clock.epochUs() / 1_000_000;
  push(1, { slots: value(1n, 'old'), created: nowS - 590 });
  push(1, { slots: value(2n, 'of tomorrow'), created: nowS + 86_400 });
  push(1, { slots: value(3n, 'new') });
  pass(9_999);
  assert.equal(told.length, 3);
  pass(1);
  assert.deepEqual(told.slice(3), ['end of 1']);
  pass(LIFE_MS - 10_001);
  assert.equal(told.length, 4);
  pass(1);
  assert.deepEqual(told.slice(4).toSorted(), ['end of 2', 'end of 3']);
});

test('a value that is refreshed lives on', () => {
  const { push, value, told, pass } = made(1);
  push(1, { slots: value(1n, 'one') });
  pass(LIFE_MS - 1);
  push(1, { refreshed: [1n] });
  pass(LIFE_MS - 1);
  assert.equal(told.length, 1);
  pass(1);
  assert.equal(told.length, 2);
});

test('the token of a push replaces the one we have, and is none where we had none', () => {
  const { push, search, refuse } = made(2);
  push(1, { token: Uint8Array.of(5) });
  assert.deepEqual(search.nodes[0]?.token, Uint8Array.of(5));
  push(1, {});
  assert.deepEqual(search.nodes[0]?.token, Uint8Array.of(5));
  const [onPush] = search.nodes[1]?.node.sockets.values() ?? [];
  refuse(2, 401);
  onPush?.({ ...NONE, token: Uint8Array.of(6) });
  assert.equal(search.nodes[1]?.token, undefined);
});

test('the answer to a listen that comes after its token was refused brings none', () => {
  const { take, search, answer } = made(1);
  search.nodes[0]?.desync();
  answer(1);
  assert.equal(search.nodes[0]?.token, undefined);
  assert.equal(take(1).name, 'find');
});

test('a node that dies between two renewals keeps nobody awake', () => {
  const { search, core, answer, expire, pass } = made(2);
  answer(1);
  answer(2);
  search.addGet(
    new GetOperation(KEY, [], [4], { onValue: () => undefined, onDone: () => undefined }),
  );
  pass(0);
  expire(1);
  answer(2);
  const armed = armedIn(core);
  pass(LISTEN_REPEAT_MS);
  answer(2);
  pass(LISTEN_REPEAT_MS);
  assert.ok(armed() < 10, String(armed()));
});

test('a renewal that waits for a new node to answer keeps nobody awake', () => {
  const { search, core, node, answer, pass, sent } = made(1);
  answer(1);
  search.offer(node(0));
  pass(0);
  sent();
  const armed = armedIn(core);
  pass(2 * LISTEN_REPEAT_MS);
  assert.deepEqual(sent(), []);
  assert.ok(armed() < 10, String(armed()));
  answer(0);
  assert.deepEqual(sent(), ['0 listen', '1 listen']);
});

test('the subscription that stands in for one unanswered is renewed in its own time', () => {
  const { answer, stale, pass, sent } = made(6);
  stale(2);
  for (const number of [1, 3, 4]) answer(number);
  pass(5000);
  answer(5);
  pass(LISTEN_REPEAT_MS - 5000);
  assert.deepEqual(sent().slice(-3), ['1 listen', '3 listen', '4 listen']);
  for (const number of [1, 3, 4]) answer(number);
  pass(4999);
  assert.deepEqual(sent(), []);
  pass(1);
  assert.deepEqual(sent(), ['5 listen']);
});
