// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEndpoint } from '@sentrypeer/net';
import { endpointOf, zonedAddress } from '../src/endpoint.ts';

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
