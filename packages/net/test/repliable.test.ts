// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRepliable, type OwnAddresses } from '@sentrypeer/net';

const OWN: OwnAddresses = {
  addresses: new Set(['203.0.113.5', '2001:db8::5', '127.0.0.1', '::1']),
  broadcasts: new Set(['203.0.113.255']),
  udpPorts: new Set([5060]),
};
const OUTSIDE = { address: '203.0.113.5', port: 5060 };
const INSIDE = { address: '127.0.0.1', port: 5060 };

function answered(address: string, port: number, local = OUTSIDE): boolean {
  return isRepliable({ address, port }, local, OWN);
}

test('isRepliable() answers a single host on an ordinary port', () => {
  assert.equal(answered('198.51.100.7', 5060), true);
  assert.equal(answered('198.51.100.7', 1024), true);
  assert.equal(answered('2001:db8:1::7', 40_000), true);
});

test('isRepliable() answers no port of a well-known service, nor port 0', () => {
  for (const port of [0, 7, 19, 53, 123, 1023]) assert.equal(answered('198.51.100.7', port), false);
});

test('isRepliable() answers no broadcast, multicast or unspecified address', () => {
  for (const address of [
    '255.255.255.255',
    '203.0.113.255',
    '224.0.0.251',
    '0.0.0.0',
    '240.0.0.1',
    '::',
    'ff02::fb',
    '::ffff:198.51.100.7',
  ])
    assert.equal(answered(address, 5060), false, address);
});

test('isRepliable() answers loopback only where the datagram came to loopback', () => {
  assert.equal(answered('127.0.0.1', 40_000, INSIDE), true);
  assert.equal(answered('::1', 40_000, { address: '::1', port: 5060 }), true);
  assert.equal(answered('127.0.0.1', 40_000, OUTSIDE), false);
  assert.equal(answered('::1', 40_000, OUTSIDE), false);
});

test('isRepliable() answers an own address, but not on a port that we listen on', () => {
  assert.equal(answered('203.0.113.5', 5061), true);
  assert.equal(answered('203.0.113.5', 5060), false);
  assert.equal(answered('2001:db8::5', 5060), false);
  assert.equal(answered('127.0.0.9', 5060, INSIDE), false, 'all of 127.0.0.0/8 is ours');
});
