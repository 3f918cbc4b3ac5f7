// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOCK_STEP_MS, NONCE_FRESH_MS } from '../src/limits.ts';
import { Nonces } from '../src/nonces.ts';
import { ATTACKER, secret } from './bench.ts';

const NOW_MS = 1_772_366_400_123;
const SUBJECT = { sourceIp: ATTACKER, transport: 'UDP', realm: 'asterisk' } as const;
const nonces = new Nonces(secret(2), 'hex-24');

test('Nonces.check() takes a nonce of ours for minutes and then calls it stale', () => {
  const nonce = nonces.issue(SUBJECT, 'direct', NOW_MS);
  const stateAt = (epochMs: number) => nonces.check(nonce, SUBJECT, epochMs).state;
  assert.equal(stateAt(NOW_MS), 'fresh');
  assert.equal(stateAt(NOW_MS + NONCE_FRESH_MS), 'fresh');
  assert.equal(stateAt(NOW_MS + NONCE_FRESH_MS + 1), 'stale');
  assert.equal(stateAt(NOW_MS - CLOCK_STEP_MS), 'fresh');
  assert.equal(stateAt(NOW_MS - CLOCK_STEP_MS - 1), 'stale');
});

test('Nonces.check() takes no nonce of another address, transport, realm or secret', () => {
  const nonce = nonces.issue(SUBJECT, 'direct', NOW_MS);
  const other = new Nonces(secret(3), 'hex-24');
  assert.equal(
    nonces.check(nonce, { ...SUBJECT, sourceIp: '198.51.100.26' }, NOW_MS).state,
    'foreign',
  );
  assert.equal(nonces.check(nonce, { ...SUBJECT, realm: 'pbx' }, NOW_MS).state, 'foreign');
  const overTcp = nonces.check(nonce, { ...SUBJECT, transport: 'TCP' }, NOW_MS);
  assert.equal(overTcp.state, 'foreign');
  assert.equal(other.check(nonce, SUBJECT, NOW_MS).state, 'foreign');
});

test('Nonces.check() finds a change in every digit', () => {
  const nonce = nonces.issue(SUBJECT, 'direct', NOW_MS);
  for (let index = 0; index < nonce.length; index += 1) {
    const digit = nonce.charAt(index) === '0' ? '1' : '0';
    const changed = nonce.slice(0, index) + digit + nonce.slice(index + 1);
    assert.equal(nonces.check(changed, SUBJECT, NOW_MS).state, 'foreign', changed);
  }
});

test('Nonces.check() calls whatever is not a nonce foreign', () => {
  for (const text of ['', 'x', 'z'.repeat(24), '\u00ff'.repeat(24), '0'.repeat(60_000)]) {
    assert.equal(nonces.check(text, SUBJECT, NOW_MS).state, 'foreign');
  }
});

test('Nonces.issue() repeats nothing and gives no two nonces that begin alike', () => {
  const issued = Array.from({ length: 200 }, (_, index) =>
    nonces.issue(SUBJECT, 'direct', NOW_MS + Math.floor(index / 10)),
  );
  assert.equal(new Set(issued).size, 200);
  const beginnings = new Set(issued.map((nonce) => nonce.slice(0, 5)));
  assert.ok(beginnings.size > 190, `${beginnings.size} beginnings`);
  for (const nonce of issued) assert.ok(isHex(nonce) && nonce.length === 24, nonce);
});

test('Nonces.check() says of a foreign nonce nothing but that', () => {
  const foreign = { state: 'foreign', giving: undefined };
  for (const text of ['', 'x', '0'.repeat(24)]) {
    assert.deepEqual(nonces.check(text, SUBJECT, NOW_MS), foreign);
  }
});

test('Nonces.check() takes no nonce of another length, though it was made of the same secret', () => {
  const [short, long] = [new Nonces(secret(2), 'hex-24'), new Nonces(secret(2), 'hex-32')];
  const issued = [short, long].map((each) => each.issue(SUBJECT, 'direct', NOW_MS));
  const states = [short, long].map((each) =>
    issued.map((nonce) => each.check(nonce, SUBJECT, NOW_MS).state),
  );
  assert.deepEqual(states, [
    ['fresh', 'foreign'],
    ['foreign', 'fresh'],
  ]);
});

test('Nonces.opaque() is another each time, also within one millisecond', () => {
  const made = Array.from({ length: 32 }, (_, index) => nonces.opaque(NOW_MS + (index >> 4)));
  assert.equal(new Set(made).size, made.length);
  for (const opaque of made) assert.ok(isHex(opaque) && opaque.length === 16, opaque);
});

test('Nonces.issue() gives sixteen different nonces in one millisecond', () => {
  const issued = Array.from({ length: 16 }, () => nonces.issue(SUBJECT, 'direct', NOW_MS));
  assert.equal(new Set(issued).size, 16);
  for (const nonce of issued) assert.equal(nonces.check(nonce, SUBJECT, NOW_MS).state, 'fresh');
});

test('Nonces.check() tells a nonce that may have been handed on from one that stays', () => {
  for (const giving of ['direct', 'relayed'] as const) {
    const nonce = nonces.issue(SUBJECT, giving, NOW_MS);
    assert.deepEqual(nonces.check(nonce, SUBJECT, NOW_MS), { state: 'fresh', giving });
  }
});

function isHex(text: string): boolean {
  return Array.from(text).every((digit) => '0123456789abcdef'.includes(digit));
}

for (const shape of ['hex-24', 'hex-32', 'unix-time', 'base64'] as const) {
  test(`Nonces of the shape ${shape} prove for one source, in every character, for minutes`, () => {
    const shaped = new Nonces(secret(2), shape);
    for (const giving of ['direct', 'relayed'] as const) {
      const nonce = shaped.issue(SUBJECT, giving, NOW_MS);
      assert.deepEqual(shaped.check(nonce, SUBJECT, NOW_MS + 60_000), { state: 'fresh', giving });
      assert.equal(shaped.check(nonce, SUBJECT, NOW_MS + NONCE_FRESH_MS + 2000).state, 'stale');
      assert.equal(
        shaped.check(nonce, { ...SUBJECT, sourceIp: '192.0.2.9' }, NOW_MS).state,
        'foreign',
      );
      assert.equal(new Nonces(secret(3), shape).check(nonce, SUBJECT, NOW_MS).state, 'foreign');
      for (let index = 0; index < nonce.length; index += 1) {
        const other = nonce.charAt(index) === '0' ? '1' : '0';
        const changed = nonce.slice(0, index) + other + nonce.slice(index + 1);
        assert.equal(shaped.check(changed, SUBJECT, NOW_MS).state, 'foreign', changed);
      }
    }
    for (const length of [0, 24, 32, 36, 43, 60_000]) {
      assert.equal(shaped.check('\u00ff'.repeat(length), SUBJECT, NOW_MS).state, 'foreign');
    }
  });
}

test('Nonces name their time as the product does', () => {
  const pjsip = new Nonces(secret(2), 'unix-time').issue(SUBJECT, 'direct', NOW_MS);
  assert.equal(pjsip.slice(0, 11), `${Math.floor(NOW_MS / 1000)}/`);
  const [early, late] = [100, 999].map((ms) => {
    const shaped = new Nonces(secret(2), 'unix-time');
    return shaped.issue(SUBJECT, 'direct', Math.floor(NOW_MS / 1000) * 1000 + ms);
  });
  assert.equal(early, late, 'one nonce a second');
  const kamailio = new Nonces(secret(2), 'base64').issue(SUBJECT, 'direct', NOW_MS);
  const octets = Buffer.from(kamailio, 'base64');
  assert.equal(octets.length, 24);
  assert.equal(octets.readUInt32BE(0), Math.floor(NOW_MS / 1000));
});
