// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hexText } from '@sentrypeer/bytes';
import { infoHash } from '../../src/info-hash.ts';
import { AUTH_ERRORS_MAX } from '../../src/limits.ts';
import { RemoteNode, type RequestHandlers } from '../../src/routing/remote-node.ts';
import { Requests } from '../../src/routing/requests.ts';
import { unsignedValue } from '../../src/values/value.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { encodeError, encodeReply } from '../../src/wire/encode-message.ts';
import type { ErrorMessage, ReplyMessage } from '../../src/wire/message.ts';
import { encodeValue } from '../../src/wire/value-codec.ts';
import { testCore } from '../core-for-tests.ts';

const PEER = { address: '192.0.2.1', port: 4222 };
const ELSEWHERE = { address: '192.0.2.2', port: 4222 };
const ENVELOPE = { network: 0, client: false, agent: undefined };
const PING = { name: 'ping', args: {} } as const;
/** Until a request that nobody answers has surely ended (PROTOCOL 11.3). */
const OVER_MS = 10_000;

function made() {
  const { core, sent, pass } = testCore();
  const requests = new Requests(core);
  let tid = 100;
  const node = new RemoteNode(infoHash('peer'), PEER, () => (tid += 1));
  const events: string[] = [];
  const handlers = (name = ''): RequestHandlers => ({
    onReply: () => events.push(`${name}reply`),
    onError: (code) => (events.push(`${name}error ${code}`), code !== 500),
    onStale: () => events.push(`${name}stale`),
    onExpired: () => events.push(`${name}expired`),
  });
  return { core, sent, pass, requests, node, events, handlers };
}

function reply(tid: number): ReplyMessage {
  const decoded = decodeMessage(encodeReply(ENVELOPE, tid, { id: infoHash('peer') }));
  assert.ok(decoded.ok && decoded.message.kind === 'reply');
  return decoded.message;
}

function refusal(tid: number, code: number): ErrorMessage {
  const octets = encodeError(ENVELOPE, tid, { code, text: 'no' }, infoHash('peer'));
  const decoded = decodeMessage(octets);
  assert.ok(decoded.ok && decoded.message.kind === 'error');
  return decoded.message;
}

test('a request is sent three times, the same octets, and then the node has expired (11.3)', () => {
  const { core, sent, pass, requests, node, events, handlers } = made();
  requests.send(node, PING, handlers());
  assert.equal(node.usesCount, 1);
  for (const [untilMs, count] of [
    [999, 1],
    [1250, 2],
    [1000 + 2000 - 1, 2],
    [1250 + 2750, 3],
    [1000 + 2000 + 4000 - 1, 3],
  ] as const) {
    pass(untilMs - core.clock.nowMs());
    assert.equal(sent.length, count, String(untilMs));
    assert.equal(node.expired, false);
  }
  pass(OVER_MS);
  assert.deepEqual(events, ['stale', 'expired']);
  assert.equal(new Set(sent.map(hexText)).size, 1);
  assert.equal(sent.length, 3);
  assert.equal(node.expired, true);
  assert.equal(node.usesCount, 0);
  const { requestsSent, retransmissions, requestsExpired } = core.counters;
  assert.deepEqual([requestsSent, retransmissions, requestsExpired], [1, 2, 1]);
});

test('the pauses between attempts vary', () => {
  const { core, sent, pass, requests, node, handlers } = made();
  const second: number[] = [];
  for (let count = 0; count < 40; count += 1) {
    const before = sent.length;
    const startMs = core.clock.nowMs();
    const request = requests.send(node, PING, handlers());
    for (let ms = 0; ms < 3000 && sent.length < before + 2; ms += 1) pass(1);
    second.push(core.clock.nowMs() - startMs);
    requests.cancel(request);
  }
  assert.ok(second.every((ms) => ms >= 1000 && ms <= 1250));
  assert.ok(new Set(second).size > 10);
});

test('an answer counts with the transaction and from the address that was asked, once', () => {
  const { core, pass, requests, node, events, handlers } = made();
  const { tid } = requests.send(node, PING, handlers());
  node.expired = true;
  node.heardOnly = true;
  pass(50);
  assert.ok(requests.awaits(node, tid, PEER));
  assert.ok(!requests.awaits(node, tid + 1, PEER));
  assert.ok(!requests.awaits(node, tid, ELSEWHERE));
  assert.ok(!requests.answer(node, reply(tid + 1), PEER));
  assert.ok(!requests.answer(node, reply(tid), ELSEWHERE));
  assert.deepEqual(events, []);
  assert.equal(node.repliedAtMs, -Infinity);
  assert.ok(requests.answer(node, reply(tid), PEER));
  assert.ok(!requests.answer(node, reply(tid), PEER));
  assert.deepEqual(events, ['reply']);
  assert.deepEqual([node.heardAtMs, node.repliedAtMs], [50, 50]);
  assert.deepEqual([node.expired, node.heardOnly, node.usesCount], [false, false, 0]);
  assert.equal(core.counters.repliesMatched, 1);
  pass(OVER_MS);
  assert.deepEqual(events, ['reply'], 'it is not repeated');
  assert.equal(core.counters.retransmissions, 0);
});

test('an error ends a request if its sender says so; otherwise it runs on', () => {
  const { pass, requests, node, events, handlers } = made();
  const first = requests.send(node, PING, handlers('a '));
  const second = requests.send(node, PING, handlers('b '));
  const third = requests.send(node, PING, { onReply: () => events.push('c reply') });
  assert.ok(requests.answer(node, refusal(first.tid, 404), PEER));
  assert.ok(requests.answer(node, refusal(second.tid, 500), PEER));
  assert.ok(requests.answer(node, refusal(third.tid, 404), PEER));
  assert.deepEqual(events, ['a error 404', 'b error 500']);
  assert.equal(node.usesCount, 2);
  assert.equal(node.authErrorsCount, 0);
  assert.ok(requests.answer(node, reply(third.tid), PEER));
  pass(OVER_MS);
  assert.deepEqual(events.slice(2), ['c reply', 'b stale', 'b expired']);
});

test('a node that says 401 again and again is given up, with all its requests', () => {
  const { requests, node, events, handlers } = made();
  requests.send(node, PING, handlers('other '));
  node.sockets.set(5, () => undefined);
  for (let count = 1; count <= AUTH_ERRORS_MAX + 1; count += 1) {
    assert.equal(node.expired, false, String(count));
    const { tid } = requests.send(node, PING, handlers());
    requests.answer(node, refusal(tid, 401), PEER);
  }
  assert.equal(node.expired, true);
  assert.equal(node.authErrorsCount, 0);
  assert.equal(node.sockets.size, 0);
  assert.equal(events.at(-1), 'other expired');
  assert.equal(node.usesCount, 0);
});

test('a request that is sent once waits longer, and its silence says nothing about the node', () => {
  const { core, sent, pass, requests, node, events, handlers } = made();
  requests.send(node, PING, handlers('other '));
  requests.send(node, PING, handlers('once '), PEER, 1);
  pass(1999);
  assert.deepEqual(events, ['other stale']);
  pass(251);
  assert.deepEqual(events, ['other stale', 'once expired']);
  assert.equal(node.expired, false);
  assert.equal(sent.length, 3);
  assert.equal(node.usesCount, 1);
  assert.equal(core.counters.requestsExpired, 0);
});

test('silence at a foreign address says nothing about the node', () => {
  const { sent, pass, requests, node, events, handlers } = made();
  requests.send(node, PING, handlers(), ELSEWHERE);
  pass(OVER_MS);
  assert.deepEqual(events, ['stale', 'expired']);
  assert.equal(sent.length, 3);
  assert.deepEqual([node.expired, node.usesCount, node.requests.size], [false, 0, 0]);
});

test('a node that answers at another address is followed there', () => {
  const { requests, node, handlers } = made();
  const { tid } = requests.send(node, PING, handlers(), ELSEWHERE);
  assert.ok(requests.answer(node, reply(tid), ELSEWHERE));
  assert.deepEqual(node.endpoint, ELSEWHERE);
});

test('cancel() ends a request without a word, once', () => {
  const { sent, pass, requests, node, events, handlers } = made();
  const request = requests.send(node, PING, handlers());
  requests.cancel(request);
  requests.cancel(request);
  requests.cancel(undefined);
  assert.equal(node.usesCount, 0);
  pass(OVER_MS);
  assert.deepEqual(events, []);
  assert.equal(sent.length, 1);
  assert.equal(node.expired, false);
});

test('a request that another one cancels while both expire is not told', () => {
  const { requests, node, events, handlers } = made();
  requests.send(node, PING, {
    onReply: () => undefined,
    onExpired: () => requests.cancel(second),
  });
  const second = requests.send(node, PING, handlers());
  requests.expire(node);
  assert.deepEqual(events, []);
  assert.equal(node.usesCount, 0);
});

test('values go inline, and in parts to who hears us', () => {
  const { sent, requests, node, handlers } = made();
  const value = encodeValue(unsignedValue(1n, { data: new Uint8Array(80) }));
  requests.send(node, { name: 'put', args: {}, packed: [value] }, handlers());
  assert.equal(sent.length, 1);
  const decoded = decodeMessage(sent[0] ?? value);
  assert.ok(decoded.ok && decoded.message.kind === 'query');
  assert.equal(decoded.message.name, 'put');
  assert.equal(decoded.message.args.slots?.length, 1);
  const large = new Uint8Array(5000);
  const request = requests.send(node, { name: 'put', args: {}, packed: [large] }, handlers());
  assert.equal(request.datagrams.length, 1 + 4);
  assert.equal(sent.length, 1, 'the peer has not shown that it hears us');
});
