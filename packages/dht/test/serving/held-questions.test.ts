// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HELD_ADDRESSES_MAX, HELD_MS, HELD_PER_ADDRESS_MAX } from '../../src/engine/limits.ts';
import { infoHash } from '../../src/info-hash.ts';
import { RemoteNode } from '../../src/routing/remote-node.ts';
import { HeldQuestions } from '../../src/serving/held-questions.ts';
import { decodeMessage } from '../../src/wire/decode-message.ts';
import { encodeQuery } from '../../src/wire/encode-message.ts';
import type { QueryMessage } from '../../src/wire/message.ts';

const ENVELOPE = { network: 0, client: false, agent: undefined };
const SOURCE = { address: '192.0.2.1', port: 4222 };
const NODE = new RemoteNode(infoHash('peer'), SOURCE, () => 1);

/** A get with this transaction id, and with what a put would bring. */
function question(tid: number): QueryMessage {
  const args = { id: infoHash('peer'), key: infoHash('key'), token: new Uint8Array(8) };
  const decoded = decodeMessage(encodeQuery(ENVELOPE, 'put', tid, { ...args, values: [70] }));
  assert.ok(decoded.ok && decoded.message.kind === 'query');
  return decoded.message;
}

function at(number: number) {
  return { address: `10.0.${number >> 8}.${number & 255}`, port: 4222 };
}

function tids(held: HeldQuestions, source = SOURCE, nowMs = 0): readonly number[] {
  return held.release(source, nowMs).map(({ message }) => message.tid);
}

test('release() gives what waits for one address and port, in its order, once', () => {
  const held = new HeldQuestions();
  for (const tid of [3, 1, 2]) assert.ok(held.hold(question(tid), NODE, SOURCE, 0));
  assert.ok(held.hold(question(9), NODE, { ...SOURCE, port: 4223 }, 0));
  assert.deepEqual(tids(held), [3, 1, 2]);
  assert.deepEqual(tids(held), []);
  assert.deepEqual(tids(held, { ...SOURCE, port: 4223 }), [9]);
});

test('what is held has neither values nor token, and all else', () => {
  const held = new HeldQuestions();
  held.hold(question(1), NODE, SOURCE, 0);
  const [only] = held.release(SOURCE, 0);
  assert.equal(only?.node, NODE);
  assert.equal(only.message.name, 'put');
  assert.equal(only.message.args.key, infoHash('key'));
  assert.equal(only.message.args.slots, undefined);
  assert.equal(only.message.args.token, undefined);
});

test('a question is held for three seconds', () => {
  const held = new HeldQuestions();
  held.hold(question(1), NODE, SOURCE, 0);
  assert.deepEqual(tids(held, SOURCE, HELD_MS - 1), [1]);
  held.hold(question(1), NODE, SOURCE, 0);
  assert.deepEqual(tids(held, SOURCE, HELD_MS), []);
});

test('a repeated question takes the place of the first', () => {
  const held = new HeldQuestions();
  held.hold(question(1), NODE, SOURCE, 0);
  held.hold(question(1), NODE, SOURCE, 1000);
  assert.deepEqual(tids(held, SOURCE, HELD_MS), [1]);
});

test('one address has 16 questions held, and more once those are too old', () => {
  const held = new HeldQuestions();
  for (let tid = 1; tid <= HELD_PER_ADDRESS_MAX; tid += 1)
    assert.ok(held.hold(question(tid), NODE, SOURCE, 0));
  assert.ok(!held.hold(question(99), NODE, SOURCE, HELD_MS - 1));
  assert.ok(held.hold(question(1), NODE, SOURCE, HELD_MS - 1), 'a repetition');
  assert.ok(held.hold(question(99), NODE, SOURCE, HELD_MS));
  assert.deepEqual(tids(held, SOURCE, HELD_MS), [1, 99]);
});

test('questions of 1,024 addresses are held, those that asked last', () => {
  const held = new HeldQuestions();
  for (let index = 0; index < HELD_ADDRESSES_MAX; index += 1)
    held.hold(question(1), NODE, at(index), 0);
  held.hold(question(2), NODE, at(0), 0);
  held.hold(question(1), NODE, at(HELD_ADDRESSES_MAX), 0);
  assert.deepEqual(tids(held, at(0)), [1, 2]);
  assert.deepEqual(tids(held, at(1)), []);
  assert.deepEqual(tids(held, at(2)), [1]);
  assert.deepEqual(tids(held, at(HELD_ADDRESSES_MAX)), [1]);
});
