// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionQuota } from '../src/connection-quota.ts';

test('admit() refuses a source over its limit, and others not', () => {
  const quota = new ConnectionQuota({ max: 10, perSourceMax: 2 });
  assert.equal(quota.admit('192.0.2.1'), 'admitted');
  assert.equal(quota.admit('192.0.2.1'), 'admitted');
  assert.equal(quota.admit('192.0.2.1'), 'connections_source');
  assert.equal(quota.admit('192.0.2.2'), 'admitted', 'an IPv4 neighbour is another source');
  quota.release('192.0.2.1');
  assert.equal(quota.admit('192.0.2.1'), 'admitted');
});

test('admit() counts an IPv6 /64 as one source', () => {
  const quota = new ConnectionQuota({ max: 10, perSourceMax: 2 });
  assert.equal(quota.admit('2001:db8::1'), 'admitted');
  assert.equal(quota.admit('2001:db8::2'), 'admitted');
  assert.equal(quota.admit('2001:db8::3'), 'connections_source');
  assert.equal(quota.admit('2001:db8:0:1::3'), 'admitted');
  quota.release('2001:db8::2');
  assert.equal(quota.admit('2001:db8::4'), 'admitted');
});

test('admit() refuses everybody over the limit for all', () => {
  const quota = new ConnectionQuota({ max: 2, perSourceMax: 2 });
  assert.equal(quota.admit('192.0.2.1'), 'admitted');
  assert.equal(quota.admit('192.0.2.2'), 'admitted');
  assert.equal(quota.admit('192.0.2.3'), 'connections_all');
  assert.equal(quota.count, 2);
  quota.release('192.0.2.1');
  assert.equal(quota.admit('192.0.2.3'), 'admitted');
});

test('release() of what was not admitted is our own mistake', () => {
  const quota = new ConnectionQuota({ max: 2, perSourceMax: 2 });
  assert.throws(() => quota.release('192.0.2.1'), { name: 'AssertionError' });
});
