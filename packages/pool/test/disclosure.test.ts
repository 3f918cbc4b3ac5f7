// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNodeIdOfKey, NOT_FOUND } from '@sentrypeer/event';
import { Disclosure, sharedUuid } from '../src/disclosure.ts';
import { TEXTS_MAX } from '../src/limits.ts';
import { newSigner, NOW_US, recorded, uuidOf } from './claims.ts';

const NODE = uuidOf('a node');
const DAY_US = 86_400_000_000;

/** Number and User-Agent as others may know them. */
function said(
  disclosure: Disclosure,
  changes: Parameters<typeof recorded>[1],
  epochUs = NOW_US,
): readonly [string, string] {
  const { calledNumber, userAgent } = disclosure.ofEvent(recorded(NODE, changes), epochUs);
  return [calledNumber, userAgent];
}

test('`Disclosure` keeps numbers and User-Agents back until two networks said them', () => {
  const disclosure = new Disclosure();
  const of = { calledNumber: '00123', userAgent: 'probe 7' };
  assert.deepEqual(said(disclosure, { ...of, sourceIp: '45.12.3.4' }), [NOT_FOUND, NOT_FOUND]);
  assert.deepEqual(said(disclosure, { ...of, sourceIp: '45.12.3.4' }), [NOT_FOUND, NOT_FOUND]);
  assert.deepEqual(
    said(disclosure, { ...of, sourceIp: '45.12.3.99' }),
    [NOT_FOUND, NOT_FOUND],
    'who has one address of a /24 may have all',
  );
  assert.deepEqual(said(disclosure, { ...of, sourceIp: '45.12.4.4' }), ['00123', 'probe 7']);
  assert.deepEqual(said(disclosure, { ...of, sourceIp: '45.12.3.4' }), ['00123', 'probe 7']);
});

test('`Disclosure` counts an IPv6 /48 as one network', () => {
  const disclosure = new Disclosure();
  const of = { calledNumber: '00123', userAgent: '' };
  assert.deepEqual(said(disclosure, { ...of, sourceIp: '2a01:4f8:1::1' }), [NOT_FOUND, '']);
  assert.deepEqual(said(disclosure, { ...of, sourceIp: '2a01:4f8:1:ffff::1' }), [NOT_FOUND, '']);
  assert.deepEqual(said(disclosure, { ...of, sourceIp: '2a01:4f8:2::1' }), ['00123', '']);
});

test('`Disclosure` shares what comes on another day', () => {
  const disclosure = new Disclosure();
  // It is eight in the morning.
  const dayUs = NOW_US - 8 * 3_600_000_000;
  for (const atUs of [dayUs, NOW_US, dayUs + DAY_US - 1]) {
    assert.equal(said(disclosure, { calledNumber: '1' }, atUs)[0], NOT_FOUND);
  }
  assert.equal(said(disclosure, { calledNumber: '1' }, dayUs + DAY_US)[0], '1');
});

test('`Disclosure` of a thousand numbers, each dialled once from one of ten addresses, says none', () => {
  const disclosure = new Disclosure();
  for (let index = 0; index < 1000; index += 1) {
    const of = { calledNumber: `00${index}`, sourceIp: `45.12.${index % 10}.4`, userAgent: '' };
    assert.equal(said(disclosure, of)[0], NOT_FOUND);
  }
});

test('`Disclosure` keeps a method back that nobody knows', () => {
  const disclosure = new Disclosure();
  const methodOf = (sipMethod: string, sourceIp: string): string =>
    disclosure.ofEvent(recorded(NODE, { sipMethod, sourceIp }), NOW_US).sipMethod;
  assert.equal(methodOf('REGISTER', '45.12.3.4'), 'REGISTER');
  assert.equal(methodOf('X7', '45.12.3.4'), NOT_FOUND);
  assert.equal(methodOf('X7', '45.13.3.4'), 'X7');
});

test('`Disclosure` says no time finer than the hour', () => {
  const { eventTimestamp } = new Disclosure().ofEvent(recorded(NODE), NOW_US + 61_234_567);
  assert.equal(eventTimestamp, '2027-01-15 08:00:00.000000000');
});

test('`Disclosure` that remembers too much forgets what was said least lately, and says no more for it', () => {
  const disclosure = new Disclosure();
  said(disclosure, { calledNumber: 'first', sourceIp: '45.12.3.4' });
  for (let index = 0; index < TEXTS_MAX; index += 1)
    said(disclosure, { calledNumber: `00${index}`, sourceIp: '45.12.3.4' });
  assert.equal(said(disclosure, { calledNumber: 'first', sourceIp: '45.12.9.4' })[0], NOT_FOUND);
});

test('`Disclosure` forgets what was said least lately, not what was said first', () => {
  const disclosure = new Disclosure();
  const first = { calledNumber: 'first', sourceIp: '45.12.3.4' };
  said(disclosure, first);
  const sayOthers = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1)
      said(disclosure, { calledNumber: `00${index}`, sourceIp: '45.12.3.4' });
  };
  sayOthers(0, TEXTS_MAX - 1);
  said(disclosure, first);
  sayOthers(TEXTS_MAX, TEXTS_MAX + TEXTS_MAX / 2);
  assert.equal(said(disclosure, { ...first, sourceIp: '45.12.9.4' })[0], 'first');
});

test('`sharedUuid` is the same each time, another for each node, and holds no time', () => {
  const [own, other] = [newSigner(), newSigner()];
  const uuid = '019a0000-0000-7000-8000-000000000001';
  const shared = sharedUuid(own, uuid);
  assert.equal(sharedUuid(own, uuid), shared);
  assert.notEqual(sharedUuid(other, uuid), shared);
  assert.ok(isNodeIdOfKey(shared), 'version 8');
  assert.ok(!shared.startsWith('019a'));
});
