// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addressOctets,
  addressText,
  endpointKey,
  isMartianEndpoint,
  sameEndpoint,
} from '../src/address.ts';

const texts = [
  '127.0.0.1',
  '192.0.2.255',
  '::1',
  '::',
  '2001:db8::1',
  '2001:db8:0:1:1:1:1:1',
  'fe80::1:0:0:1',
  '1:2:3:4:5:6:7:8',
  '2001:db8::',
  '1::8:0:0:1',
];

test('addressText(addressOctets(text)) is the text as the system writes it', () => {
  for (const text of texts)
    assert.equal(addressText(addressOctets(text) ?? new Uint8Array(0)), text);
});

test('addressOctets() refuses what is not an address', () => {
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    '1:2',
    '1::2::3',
    '12345::',
    ':::',
    '1:2:3:4:5:6:7:8:9',
    'g::1',
    '1:2:3:4::5:6:7:8',
    'localhost',
  ])
    assert.equal(addressOctets(text), undefined, text);
});

test('an IPv4-mapped address is IPv4', () => {
  assert.equal(addressText(addressOctets('::ffff:192.0.2.1') ?? new Uint8Array(0)), '192.0.2.1');
});

test('isMartianEndpoint() knows where no node can be', () => {
  for (const address of [
    '0.1.2.3',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    'ff02::1',
    '::ffff:192.0.2.1',
    'nonsense',
  ])
    assert.ok(isMartianEndpoint({ address, port: 4222 }), address);
  for (const address of ['127.0.0.1', '223.255.255.255', '::1', 'fe80::1', '2001:db8::1'])
    assert.ok(!isMartianEndpoint({ address, port: 4222 }), address);
  assert.ok(isMartianEndpoint({ address: '192.0.2.1', port: 0 }));
});

test('addressText() wants 4 or 16 octets', () => {
  for (const size of [0, 3, 5, 15, 17]) assert.equal(addressText(new Uint8Array(size)), undefined);
});

test('endpoints are the same with the same address and port', () => {
  const one = { address: '192.0.2.1', port: 4222 };
  assert.ok(sameEndpoint(one, { ...one }));
  assert.equal(endpointKey(one), endpointKey({ ...one }));
  for (const other of [
    { ...one, port: 4223 },
    { ...one, address: '192.0.2.2' },
    { address: '192.0.2.14', port: 222 },
  ]) {
    assert.ok(!sameEndpoint(one, other));
    assert.notEqual(endpointKey(one), endpointKey(other));
  }
});
