// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { infoHash } from '../../src/info-hash.ts';
import {
  DUMP_OCTETS,
  PUSHED_OCTETS_MAX,
  PUSHED_OCTETS_PER_NODE_MAX,
  SUBSCRIPTION_MS,
  SUBSCRIPTIONS_MAX,
  SUBSCRIPTIONS_PER_NODE_AND_KEY_MAX,
  SUBSCRIPTIONS_PER_SOURCE_MAX,
} from '../../src/limits.ts';
import { RemoteNode, type Request, type RequestHandlers } from '../../src/routing/remote-node.ts';
import { Requests, type RequestContent } from '../../src/routing/requests.ts';
import type { StoredValue } from '../../src/serving/storage.ts';
import { Subscriptions } from '../../src/serving/subscriptions.ts';
import { Tokens } from '../../src/serving/tokens.ts';
import { unsignedValue } from '../../src/values/value.ts';
import { Field, type ReplyMessage } from '../../src/wire/message.ts';
import { testCore } from '../core-for-tests.ts';

const KEY = infoHash('key');

interface Push {
  readonly node: RemoteNode;
  readonly content: RequestContent;
  readonly handlers: RequestHandlers;
}

/** Requests that are noted, not sent. */
class NotedRequests extends Requests {
  readonly pushes: Push[] = [];

  override send(node: RemoteNode, content: RequestContent, handlers: RequestHandlers): Request {
    this.pushes.push({ node, content, handlers });
    const { endpoint } = node;
    const counts = { attemptsCount: 1, attemptsMax: 3, waitMs: 0 };
    return { node, tid: 0, endpoint, handlers, datagrams: [], timer: undefined, ...counts };
  }

  /** What was pushed since the last call: the ids of values by their packed octets, or of refreshed or expired ones. */
  news(): readonly string[] {
    return this.pushes.splice(0).map(({ content: { name, args, packed } }) => {
      assert.equal(name, 'update');
      const values = packed?.map((octets) => octets[0]) ?? [];
      const [what, ids] =
        args.refreshed !== undefined
          ? ['refreshed', args.refreshed]
          : args.expired !== undefined
            ? ['expired', args.expired]
            : ['values', values];
      return `${args.socketId} ${what} ${ids.join(' ')}`;
    });
  }
}

function made() {
  const { core, pass } = testCore();
  const requests = new NotedRequests(core);
  const tokens = new Tokens(core.chance, 0);
  const subscriptions = new Subscriptions(core, tokens, () => requests);
  return { core, pass, requests, tokens, subscriptions };
}

function nodeAt(address: string, name = address): RemoteNode {
  return new RemoteNode(infoHash(name), { address, port: 4222 }, () => 1);
}

/** A stored value whose packed octets begin with its id. */
function stored(id: number, octets = 10, type = 0): StoredValue {
  const packed = new Uint8Array(octets).fill(id);
  const value = unsignedValue(BigInt(id), { data: new Uint8Array(1), type });
  return { key: KEY, value, packed, source: 's', expiresAtMs: Infinity, timer: undefined };
}

const REPLY = {} as ReplyMessage;

test('a new listener gets what is stored and matches, a known one nothing again', () => {
  const { subscriptions, requests, tokens } = made();
  const node = nodeAt('192.0.2.1');
  const where = [{ field: Field.type, type: 3 }] as const;
  const values = [stored(1, 10, 3), stored(2), stored(3, 10, 3)];
  assert.ok(subscriptions.renew(KEY, node, 7, where, values));
  const [push] = requests.pushes;
  assert.equal(push?.node, node);
  assert.equal(push.content.args.key, KEY);
  assert.equal(push.content.args.version, 1);
  assert.ok(tokens.matches(push.content.args.token, node.endpoint, 0));
  assert.deepEqual(requests.news(), ['7 values 1 3']);
  assert.ok(subscriptions.renew(KEY, node, 7, where, values));
  assert.deepEqual(requests.news(), []);
  assert.equal(subscriptions.count, 1);
  assert.equal(node.usesCount, 1);
  assert.ok(subscriptions.renew(KEY, node, 8, [{ field: Field.type, type: 4 }], values));
  assert.deepEqual(requests.news(), [], 'nothing matches');
  assert.equal(subscriptions.count, 2);
});

test('announce() tells the listeners of the key: values that match, and ids in any case', () => {
  const { subscriptions, requests, tokens } = made();
  const node = nodeAt('192.0.2.1');
  subscriptions.renew(KEY, node, 1, [], []);
  subscriptions.renew(KEY, node, 2, [{ field: Field.type, type: 3 }], []);
  subscriptions.renew(infoHash('other'), node, 3, [], []);
  subscriptions.announce('new', stored(5));
  assert.deepEqual(requests.news(), ['1 values 5']);
  subscriptions.announce('edited', stored(5, 10, 3));
  assert.deepEqual(requests.news(), ['1 values 5', '2 values 5']);
  subscriptions.announce('refreshed', stored(5));
  const [push] = requests.pushes;
  assert.ok(tokens.matches(push?.content.args.token, node.endpoint, 0));
  assert.deepEqual(requests.news(), ['1 refreshed 5', '2 refreshed 5']);
  subscriptions.announce('expired', stored(5));
  assert.deepEqual(requests.news(), ['1 expired 5', '2 expired 5']);
  subscriptions.renew(KEY, node, 2, [], []);
  subscriptions.announce('new', stored(6));
  assert.deepEqual(requests.news(), ['1 values 6', '2 values 6'], 'the filter of the last listen');
});

for (const how of ['expire', 'announce'] as const)
  test(`a listener that does not repeat its listen is forgotten after ten minutes: ${how}()`, () => {
    const { subscriptions, requests, pass } = made();
    const node = nodeAt('192.0.2.1');
    const look = (): void =>
      how === 'expire' ? subscriptions.expire() : subscriptions.announce('new', stored(1));
    subscriptions.renew(KEY, node, 1, [], []);
    subscriptions.renew(KEY, node, 2, [], []);
    pass(1000);
    subscriptions.renew(KEY, node, 2, [], []);
    pass(SUBSCRIPTION_MS - 1001);
    look();
    assert.equal(subscriptions.count, 2);
    pass(1);
    requests.news();
    look();
    assert.equal(subscriptions.count, 1);
    assert.equal(node.usesCount, 1);
    if (how === 'announce') assert.deepEqual(requests.news(), ['2 values 1']);
    pass(1000);
    look();
    assert.equal(subscriptions.count, 0);
    assert.equal(node.usesCount, 0);
    subscriptions.renew(KEY, node, 1, [], [stored(9)]);
    assert.deepEqual(requests.news().slice(-1), ['1 values 9'], 'it is new again');
  });

test('listens are limited for a node and key, for a source and in all; old ones make room', () => {
  const { subscriptions, core, pass } = made();
  const node = nodeAt('192.0.2.1');
  for (let id = 1; id <= SUBSCRIPTIONS_PER_NODE_AND_KEY_MAX; id += 1)
    assert.ok(subscriptions.renew(KEY, node, id, [], []));
  assert.ok(!subscriptions.renew(KEY, node, 99, [], []));
  assert.equal(core.counters.subscriptionsRefused, 1);
  assert.ok(subscriptions.renew(KEY, node, 1, [], []), 'a known one');
  let taken = SUBSCRIPTIONS_PER_NODE_AND_KEY_MAX;
  for (let index = 0; index < SUBSCRIPTIONS_PER_SOURCE_MAX; index += 1)
    if (subscriptions.renew(infoHash(`${index}`), node, 1, [], [])) taken += 1;
  assert.equal(taken, SUBSCRIPTIONS_PER_SOURCE_MAX);
  assert.ok(!subscriptions.renew(KEY, nodeAt('192.0.2.1', 'its neighbour'), 1, [], []));
  assert.ok(subscriptions.renew(KEY, nodeAt('192.0.2.2'), 1, [], []));
  pass(SUBSCRIPTION_MS);
  subscriptions.expire();
  assert.equal(subscriptions.count, 0);
  for (let id = 1; id <= SUBSCRIPTIONS_PER_NODE_AND_KEY_MAX; id += 1)
    assert.ok(subscriptions.renew(KEY, node, id, [], []), 'there is room again');
});

test('listens are limited in all', () => {
  const { subscriptions } = made();
  let taken = 0;
  const nodes = Array.from({ length: 20 }, (_, index) => nodeAt(`192.0.2.${index}`));
  for (let index = 0; index < SUBSCRIPTIONS_PER_SOURCE_MAX; index += 1) {
    const key = infoHash(`${index}`);
    for (const node of nodes) if (subscriptions.renew(key, node, 1, [], [])) taken += 1;
  }
  assert.equal(taken, SUBSCRIPTIONS_MAX);
  assert.equal(subscriptions.count, SUBSCRIPTIONS_MAX);
});

test('a first dump goes in groups, two at a time, each when an earlier one is answered', () => {
  const { subscriptions, requests } = made();
  const half = DUMP_OCTETS / 2;
  const values = [1, 2, 3, 4, 5, 6, 7, 8].map((id) => stored(id, half));
  subscriptions.renew(KEY, nodeAt('192.0.2.1'), 1, [], [stored(9, half - 1), ...values]);
  const [first, second] = requests.pushes;
  assert.deepEqual(requests.news(), ['1 values 9 1 2', '1 values 3 4']);
  first?.handlers.onReply(REPLY);
  const [third] = requests.pushes;
  assert.deepEqual(requests.news(), ['1 values 5 6']);
  second?.handlers.onReply(REPLY);
  assert.deepEqual(requests.news(), ['1 values 7 8']);
  third?.handlers.onReply(REPLY);
  assert.deepEqual(requests.news(), []);
});

test('a dump ends when its listener does not answer', () => {
  const { subscriptions, requests } = made();
  const node = nodeAt('192.0.2.1');
  const values = [1, 2, 3, 4, 5].map((id) => stored(id, DUMP_OCTETS));
  subscriptions.renew(KEY, node, 1, [], values);
  const [first, second] = requests.pushes;
  requests.news();
  first?.handlers.onExpired?.();
  second?.handlers.onReply(REPLY);
  assert.deepEqual(requests.news(), []);
  assert.equal(node.pushedOctets, 0);
});

test('a listener that has expired gets nothing, and all news once it is back', () => {
  const { subscriptions, requests } = made();
  const node = nodeAt('192.0.2.1');
  node.expired = true;
  subscriptions.renew(KEY, node, 1, [], [stored(1)]);
  subscriptions.announce('new', stored(2));
  assert.deepEqual(requests.news(), []);
  node.expired = false;
  subscriptions.announce('new', stored(3));
  assert.deepEqual(requests.news(), ['1 values 3']);
});

test('updates that wait for an answer are limited for a node and in all, and make room', () => {
  const { subscriptions, requests, core } = made();
  const nodes = Array.from({ length: 20 }, (_, index) => nodeAt(`192.0.2.${index}`));
  const [node, other] = nodes;
  assert.ok(node !== undefined && other !== undefined);
  // With the octets around its values, four of these are exactly as much as one node may leave unanswered.
  const quarter = stored(1, PUSHED_OCTETS_PER_NODE_MAX / 4 - 150);
  subscriptions.renew(KEY, node, 1, [], []);
  for (let index = 0; index < 5; index += 1) subscriptions.announce('new', quarter);
  assert.equal(requests.pushes.length, 4);
  assert.equal(core.counters.pushesDropped, 1);
  assert.equal(node.pushedOctets, PUSHED_OCTETS_PER_NODE_MAX);
  requests.pushes[0]?.handlers.onReply(REPLY);
  requests.pushes[1]?.handlers.onExpired?.();
  requests.pushes.length = 0;
  for (let index = 0; index < 3; index += 1) subscriptions.announce('new', quarter);
  assert.equal(requests.pushes.length, 2);
  for (const each of nodes.slice(1)) subscriptions.renew(KEY, each, 1, [], []);
  for (let index = 0; index < 4; index += 1) subscriptions.announce('new', quarter);
  const octets = nodes.reduce((sum, each) => sum + each.pushedOctets, 0);
  assert.equal(octets, PUSHED_OCTETS_MAX);
  assert.ok(nodes.some(({ pushedOctets }) => pushedOctets < PUSHED_OCTETS_PER_NODE_MAX));
});
