// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Endpoint } from '@sentrypeer/ip';
import { infoHash } from '../../src/info-hash.ts';
import {
  BOOTSTRAP_ENDPOINTS_MAX,
  BOOTSTRAP_REPEAT_MS_MAX,
  BOOTSTRAP_REPEAT_MS_MIN,
} from '../../src/limits.ts';
import { Bootstrap } from '../../src/routing/bootstrap.ts';
import { Requests } from '../../src/routing/requests.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { encodeError, encodeReply } from '../../src/wire/encode-message.ts';
import type { ErrorMessage, ReplyMessage } from '../../src/wire/message.ts';
import { testCore } from '../core-for-tests.ts';

const ENVELOPE = { network: 0, client: false, agent: undefined };
const NODE = infoHash('node');
/** Until a ping that nobody answers has surely ended (PROTOCOL 11.3). */
const OVER_MS = 9750;

function at(number: number): Endpoint {
  return { address: `10.${number >> 8}.${number & 255}.1`, port: 4222 };
}

function made() {
  const { core, sent, pass } = testCore();
  const events: string[] = [];
  const is = { connected: false };
  const bootstrap = new Bootstrap(core, new Requests(core), {
    isConnected: () => is.connected,
    onPong: (id, { address }) => events.push(`pong ${id === NODE} ${address}`),
    onSettled: () => events.push('settled'),
    onDue: () => events.push('due'),
  });
  /** The transaction ids of the pings since the last call. */
  const pings = (): readonly number[] =>
    sent.splice(0).map((octets) => {
      const decoded = decodeMessage(octets);
      assert.ok(decoded.ok && decoded.message.kind === 'query');
      assert.equal(decoded.message.name, 'ping');
      return decoded.message.tid;
    });
  return { core, bootstrap, events, is, pings, pass };
}

function answerTo(tid: number | undefined, code?: number): ReplyMessage | ErrorMessage {
  const octets =
    code === undefined
      ? encodeReply(ENVELOPE, tid ?? 0, { id: NODE })
      : encodeError(ENVELOPE, tid ?? 0, { code, text: 'no' }, NODE);
  const decoded = decodeMessage(octets);
  assert.ok(decoded.ok && (decoded.message.kind === 'reply' || decoded.message.kind === 'error'));
  return decoded.message;
}

test('each address is pinged, and its answer tells the id of the node there', () => {
  const { bootstrap, events, pings } = made();
  assert.ok(!bootstrap.isPending);
  bootstrap.add([at(1), at(2)]);
  const [first, second] = pings();
  assert.ok(first !== undefined && second !== undefined && first !== second);
  assert.ok(bootstrap.isPending);
  assert.ok(!bootstrap.answer(answerTo(first), at(2)), 'from elsewhere');
  assert.ok(!bootstrap.answer(answerTo(first === 1 ? 2 : 1), at(1)), 'of another transaction');
  assert.ok(!bootstrap.answer(answerTo(first, 401), at(1)), 'an error');
  assert.deepEqual(events, []);
  assert.ok(bootstrap.answer(answerTo(first), at(1)));
  assert.ok(!bootstrap.answer(answerTo(first), at(1)), 'again');
  assert.deepEqual(events, ['pong true 10.0.1.1', 'settled']);
  assert.ok(bootstrap.isPending);
  assert.ok(bootstrap.answer(answerTo(second), at(2)));
  assert.ok(!bootstrap.isPending);
});

test('it is settled when all pings have run out, and not before', () => {
  const { bootstrap, events, pass } = made();
  bootstrap.add([at(1)]);
  pass(100);
  bootstrap.add([at(2)]);
  for (let ms = 0; ms < OVER_MS + 100 && bootstrap.isPending; ms += 100) pass(100);
  assert.deepEqual(events, ['settled']);
  assert.ok(!bootstrap.isPending);
});

test('an address is not pinged twice at the same time', () => {
  const { bootstrap, pings } = made();
  bootstrap.add([at(1), at(1)]);
  bootstrap.add([at(1), at(2)]);
  bootstrap.restart();
  assert.equal(pings().length, 2);
});

test('pings are repeated with growing pauses while nobody answers, and the names looked up', () => {
  const { core, bootstrap, events, pass } = made();
  bootstrap.add([at(1)]);
  const dueAtMs: number[] = [];
  for (let count = 0; count < 5; count += 1) {
    for (let ms = 0; ms < 2000 && !events.includes('due'); ms += 1) pass(100);
    events.length = 0;
    dueAtMs.push(core.clock.nowMs());
  }
  // After 10, 20, 40, 80 and 160 seconds more.
  assert.deepEqual(dueAtMs, [10_000, 30_000, 70_000, 150_000, 310_000]);
});

test('pauses between pings do not grow beyond a day, and are short again after a connection', () => {
  const { bootstrap, events, is, pings, pass } = made();
  bootstrap.add([at(1)]);
  pass(20 * BOOTSTRAP_REPEAT_MS_MAX);
  events.length = 0;
  pass(BOOTSTRAP_REPEAT_MS_MAX);
  assert.equal(events.filter((event) => event === 'due').length, 1);
  is.connected = true;
  pass(BOOTSTRAP_REPEAT_MS_MAX);
  events.length = 0;
  pings();
  pass(10 * BOOTSTRAP_REPEAT_MS_MIN);
  assert.deepEqual([events, pings()], [[], []], 'while connected');
  is.connected = false;
  pass(BOOTSTRAP_REPEAT_MS_MIN);
  assert.deepEqual(events, ['due']);
  assert.equal(pings().length, 1);
});

test('restart() pings at once and begins with short pauses, unless a node is known', () => {
  const { bootstrap, events, is, pings, pass } = made();
  bootstrap.add([at(1)]);
  pass(BOOTSTRAP_REPEAT_MS_MIN * 10);
  pings();
  events.length = 0;
  is.connected = true;
  bootstrap.restart();
  assert.deepEqual(pings(), []);
  is.connected = false;
  bootstrap.restart();
  assert.equal(pings().length, 1);
  pass(BOOTSTRAP_REPEAT_MS_MIN);
  assert.ok(events.includes('due'));
});

test('connected() makes the next pause short', () => {
  const { bootstrap, events, pass } = made();
  bootstrap.add([at(1)]);
  pass(150_000); // Since 70 s it waits 80 s.
  events.length = 0;
  bootstrap.connected();
  pass(160_000);
  assert.deepEqual(
    events.filter((event) => event === 'due'),
    ['due'],
  );
  pass(20_000);
  assert.equal(events.filter((event) => event === 'due').length, 2);
});

test('a limited number of addresses is kept; known ones are pinged again', () => {
  const { bootstrap, pings, pass } = made();
  const many = Array.from({ length: BOOTSTRAP_ENDPOINTS_MAX + 5 }, (_, index) => at(index));
  bootstrap.add(many);
  assert.equal(pings().length, BOOTSTRAP_ENDPOINTS_MAX);
  pass(OVER_MS);
  pings();
  bootstrap.add([at(0), at(BOOTSTRAP_ENDPOINTS_MAX)]);
  assert.equal(pings().length, 1);
});

test('without addresses nothing is repeated', () => {
  const { core, bootstrap, events, pass } = made();
  bootstrap.add([]);
  assert.equal(core.timers.nextAtMs, undefined);
  pass(BOOTSTRAP_REPEAT_MS_MAX);
  assert.deepEqual(events, []);
});

test('expect() keeps it unsettled until the look-up is over, each once', () => {
  const { bootstrap, events } = made();
  const first = bootstrap.expect();
  const second = bootstrap.expect();
  first();
  first();
  assert.ok(bootstrap.isPending);
  assert.deepEqual(events, []);
  second();
  assert.ok(!bootstrap.isPending);
  assert.deepEqual(events, ['settled']);
  const third = bootstrap.expect();
  bootstrap.add([at(1)]);
  third();
  assert.deepEqual(events, ['settled'], 'the ping is under way');
});
