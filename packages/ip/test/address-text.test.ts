// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  broadcastOf,
  canonicalAddress,
  isLoopback,
  isNearlyIpv4,
  isUnicast,
  networkKey,
  sourceKey,
} from '@sentrypeer/ip';

test('canonicalAddress() gives each address one form, and nothing to other text', () => {
  assert.equal(canonicalAddress('192.0.2.1'), '192.0.2.1');
  assert.equal(canonicalAddress('2001:0DB8:0:0::0001'), '2001:db8::1');
  assert.equal(canonicalAddress('::ffff:192.0.2.1'), '192.0.2.1');
  for (const text of ['', 'pbx.example', '192.0.2.256', 'fe80::1%eth0', '[::1]']) {
    assert.equal(canonicalAddress(text), undefined, text);
  }
});

test('networkKey() of IPv4 is the /24', () => {
  assert.equal(networkKey('192.0.2.255'), '192.0.2.0/24');
  assert.equal(networkKey('10.1.23.4'), '10.1.23.0/24');
  assert.notEqual(networkKey('192.0.2.1'), networkKey('192.0.3.1'));
});

test('networkKey() of IPv6 is the /64, however it is written', () => {
  for (const address of [
    '2001:db8:0:7::1',
    '2001:db8::7:0:0:0:ffff',
    '2001:0DB8:0000:0007:1:2:3:4',
    '2001:db8:0:7:1::',
  ])
    assert.equal(networkKey(address), '2001:db8:0:7::/64', address);
  assert.notEqual(networkKey('2001:db8:0:7::1'), networkKey('2001:db8:0:8::1'));
  assert.equal(networkKey('::1'), '0:0:0:0::/64');
  assert.equal(networkKey('fe80::1'), 'fe80:0:0:0::/64');
});

test('networkKey() of IPv4-mapped IPv6 is the /24', () => {
  assert.equal(networkKey('::ffff:192.0.2.9'), '192.0.2.0/24');
});

test('sourceKey() takes each IPv4 address separately, and an IPv6 /64 together', () => {
  assert.equal(sourceKey('192.0.2.9'), '192.0.2.9');
  assert.equal(sourceKey('2001:db8::1'), sourceKey('2001:db8::dead:beef'));
});

test('broadcastOf() is the last address of a network of more than two', () => {
  assert.equal(broadcastOf('203.0.113.5', '255.255.255.0'), '203.0.113.255');
  assert.equal(broadcastOf('10.1.2.3', '255.240.0.0'), '10.15.255.255');
  assert.equal(broadcastOf('203.0.113.5', '255.255.255.254'), undefined);
  assert.equal(broadcastOf('203.0.113.5', '255.255.255.255'), undefined);
});

test('isLoopback() knows both families', () => {
  for (const address of ['127.0.0.1', '127.255.0.9', '::1'])
    assert.ok(isLoopback(address), address);
  for (const address of ['128.0.0.1', '12.7.0.0', '::', '::2', '1::1'])
    assert.ok(!isLoopback(address), address);
});

test('isUnicast() refuses what no single host has', () => {
  for (const address of [
    '1.0.0.1',
    '127.0.0.1',
    '223.255.255.255',
    '::1',
    '2001:db8::1',
    'fe80::1',
  ])
    assert.ok(isUnicast(address), address);
  for (const address of [
    '0.0.0.0',
    '0.1.2.3',
    '224.0.0.1',
    '239.1.1.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::ffff:8.8.8.8',
    '::8.8.8.8',
    'ff02::1',
    'ff0e::1',
  ])
    assert.ok(!isUnicast(address), address);
  assert.ok(isUnicast('ff:1::1'), 'group 0x00ff is not ff00::/8');
});

test('isNearlyIpv4() knows slips in addresses from numbers with dots', () => {
  for (const text of [
    '192.0.2.256',
    '192.0.2.05',
    '192.0.2',
    '1.2.3.4-1.2.3.9',
    '999.1.1.1',
    '1..2.3',
    '0177.0.0.1',
    '0300.0250.0.1',
    '192.0.2 .1',
    '192.0.2.-1',
    '.192.0.2.1.',
  ])
    assert.ok(isNearlyIpv4(text), text);
  for (const text of [
    '020.7946.0958',
    '912.345.678',
    '01.23.45.67.89',
    '+46.70.123.4567',
    '0800-123456',
    '46701234567',
    '192.0',
    '0800.12.34.56',
    '1234.5.6.7',
  ])
    assert.ok(!isNearlyIpv4(text), text);
});
