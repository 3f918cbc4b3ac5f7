// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOKEN_SECRET_MS } from '../../src/limits.ts';
import { Tokens } from '../../src/serving/tokens.ts';
import { testCore } from '../core-for-tests.ts';

const HOLDER = { address: '192.0.2.1', port: 4222 };
const [LEAST_MS, MOST_MS] = TOKEN_SECRET_MS;

function made(): Tokens {
  return new Tokens(testCore().core.chance, 0);
}

test('matches() takes a token only from the address and port it was made for', () => {
  const tokens = made();
  const token = tokens.make(HOLDER, 0);
  assert.ok(tokens.matches(token, HOLDER, 0));
  assert.ok(!tokens.matches(undefined, HOLDER, 0));
  assert.ok(!tokens.matches(new Uint8Array(0), HOLDER, 0));
  assert.ok(!tokens.matches(token.subarray(1), HOLDER, 0));
  for (const other of [
    { ...HOLDER, address: '192.0.2.2' },
    { ...HOLDER, address: '2001:db8::1' },
    { ...HOLDER, port: 4223 },
    { ...HOLDER, port: 4222 ^ 0x0100 },
  ])
    assert.ok(!tokens.matches(token, other, 0), `${other.address} ${other.port}`);
  const v6 = { address: '2001:db8::1', port: 4222 };
  assert.ok(tokens.matches(tokens.make(v6, 0), v6, 0));
  assert.ok(!tokens.matches(tokens.make(HOLDER, 0).toReversed(), HOLDER, 0));
});

test('a token is the same until its secret is renewed, after 15 to 45 min', () => {
  const tokens = made();
  const token = tokens.make(HOLDER, 0);
  assert.deepEqual(tokens.make(HOLDER, LEAST_MS - 1), token);
  assert.notDeepEqual(tokens.make(HOLDER, MOST_MS), token);
});

test('a token is good during the secret it was made with and the next, and then no more', () => {
  const tokens = made();
  const token = tokens.make(HOLDER, 0);
  assert.ok(tokens.matches(token, HOLDER, MOST_MS));
  assert.ok(tokens.matches(token, HOLDER, MOST_MS + LEAST_MS - 1));
  const next = tokens.make(HOLDER, MOST_MS + LEAST_MS - 1);
  assert.ok(!tokens.matches(token, HOLDER, 2 * MOST_MS));
  assert.ok(tokens.matches(next, HOLDER, 2 * MOST_MS));
});

test('after a long sleep no earlier token is good, and a new one is', () => {
  const tokens = made();
  const token = tokens.make(HOLDER, 0);
  const awakeMs = 2 * MOST_MS + 1;
  assert.ok(!tokens.matches(token, HOLDER, awakeMs));
  assert.ok(tokens.matches(tokens.make(HOLDER, awakeMs), HOLDER, awakeMs + LEAST_MS));
});
