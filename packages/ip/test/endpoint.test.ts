// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  endpointOf,
  formatEndpoint,
  zonedAddress,
  isZonedAddress,
  parseAddressAndPort,
} from '@sentrypeer/ip';

test('endpointOf() writes IPv4-mapped IPv6 as IPv4', () => {
  assert.deepEqual(endpointOf('::ffff:192.0.2.1', 5060), { address: '192.0.2.1', port: 5060 });
  assert.deepEqual(endpointOf('192.0.2.1', 5060), { address: '192.0.2.1', port: 5060 });
});

test('endpointOf() keeps the zone apart, and zonedAddress() puts it back', () => {
  const endpoint = endpointOf('fe80::1%eth0', 5060);
  assert.deepEqual(endpoint, { address: 'fe80::1', port: 5060, zone: 'eth0' });
  assert.equal(zonedAddress(endpoint), 'fe80::1%eth0');
  assert.equal(formatEndpoint(endpoint), '[fe80::1%eth0]:5060');
});

test('formatEndpoint() puts IPv6 in brackets', () => {
  assert.equal(formatEndpoint({ address: '::1', port: 5061 }), '[::1]:5061');
  assert.equal(formatEndpoint({ address: '192.0.2.1', port: 5061 }), '192.0.2.1:5061');
});

test('parseAddressAndPort() reads an address with and without its port', () => {
  for (const [text, address, port] of [
    ['203.0.113.9', '203.0.113.9', undefined],
    ['203.0.113.9:5060', '203.0.113.9', 5060],
    ['2001:DB8::1', '2001:db8::1', undefined],
    ['[2001:db8::1]', '2001:db8::1', undefined],
    ['[2001:db8::1]:65535', '2001:db8::1', 65_535],
    ['[::ffff:203.0.113.9]:5060', '203.0.113.9', 5060],
    ['2001:db8::1:5060', '2001:db8::1:5060', undefined],
  ] as const)
    assert.deepEqual(parseAddressAndPort(text), { address, port }, text);
  for (const text of [
    '',
    ':',
    '203.0.113.9:',
    '203.0.113.9:65536',
    '203.0.113.9:5o',
    '[203.0.113.9]:1',
    '[::1',
    '[::1]5060',
    'pbx.example:5060',
    'fe80::1%eth0',
  ])
    assert.equal(parseAddressAndPort(text), undefined, text);
});

test('isZonedAddress() takes a zone only after an IPv6 address', () => {
  for (const text of ['::1', '192.0.2.1', 'fe80::1%eth0']) assert.ok(isZonedAddress(text), text);
  for (const text of ['', '%eth0', 'fe80::1%', '192.0.2.1%eth0', 'localhost'])
    assert.ok(!isZonedAddress(text), text);
});
