// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NONCE_FRESH_MS } from '../src/limits.ts';
import { Nonces } from '../src/nonces.ts';
import { ATTACKER, secret } from './bench.ts';

const NOW_MS = 1_772_366_400_123;
const nonces = new Nonces(secret(2), { digits: 24 });

test('Nonces.check() takes a nonce of ours for minutes and then calls it stale', () => {
  const nonce = nonces.issue(ATTACKER, 'asterisk', NOW_MS);
  const stateAt = (epochMs: number) => nonces.check(nonce, ATTACKER, 'asterisk', epochMs);
  assert.equal(stateAt(NOW_MS), 'fresh');
  assert.equal(stateAt(NOW_MS + NONCE_FRESH_MS), 'fresh');
  assert.equal(stateAt(NOW_MS + NONCE_FRESH_MS + 1), 'stale');
  assert.equal(stateAt(NOW_MS - 60_000), 'stale');
});

test('Nonces.check() takes no nonce of another address, realm or secret', () => {
  const nonce = nonces.issue(ATTACKER, 'asterisk', NOW_MS);
  const other = new Nonces(secret(3), { digits: 24 });
  assert.equal(nonces.check(nonce, '198.51.100.26', 'asterisk', NOW_MS), 'foreign');
  assert.equal(nonces.check(nonce, ATTACKER, 'pbx', NOW_MS), 'foreign');
  assert.equal(other.check(nonce, ATTACKER, 'asterisk', NOW_MS), 'foreign');
});

test('Nonces.check() finds a change in every digit', () => {
  const nonce = nonces.issue(ATTACKER, 'asterisk', NOW_MS);
  for (let index = 0; index < nonce.length; index += 1) {
    const digit = nonce.charAt(index) === '0' ? '1' : '0';
    const changed = nonce.slice(0, index) + digit + nonce.slice(index + 1);
    assert.equal(nonces.check(changed, ATTACKER, 'asterisk', NOW_MS), 'foreign', changed);
  }
});

test('Nonces.check() calls whatever is no nonce foreign', () => {
  for (const text of ['', 'x', 'z'.repeat(24), '\u00ff'.repeat(24), '0'.repeat(60_000)]) {
    assert.equal(nonces.check(text, ATTACKER, 'asterisk', NOW_MS), 'foreign');
  }
});

test('Nonces.issue() repeats nothing and gives no two nonces that begin alike', () => {
  const issued = Array.from({ length: 200 }, (_, index) =>
    nonces.issue(ATTACKER, 'asterisk', NOW_MS + Math.floor(index / 10)),
  );
  assert.equal(new Set(issued).size, 200);
  const beginnings = new Set(issued.map((nonce) => nonce.slice(0, 5)));
  assert.ok(beginnings.size > 190, `${beginnings.size} beginnings`);
  for (const nonce of issued) assert.ok(isHex(nonce) && nonce.length === 24, nonce);
});

function isHex(text: string): boolean {
  return Array.from(text).every((digit) => '0123456789abcdef'.includes(digit));
}
