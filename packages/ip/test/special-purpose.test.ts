// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLocalAddress, isPublicAddress, parseIp, specialPurpose } from '@sentrypeer/ip';

test('specialPurpose() names what the address is for', () => {
  const purpose = (text: string): string | undefined =>
    specialPurpose(parseIp(text) ?? new Uint8Array(16));
  assert.match(purpose('10.1.2.3') ?? '', /private use/);
  assert.match(purpose('::ffff:10.1.2.3') ?? '', /private use/);
  assert.match(purpose('ff02::1') ?? '', /not global unicast/);
  assert.equal(purpose('1.1.1.1'), undefined);
  assert.equal(purpose('2606:4700::1'), undefined);
});

test('isPublicAddress() refuses text that is not an address', () => {
  assert.ok(isPublicAddress('1.1.1.1'));
  for (const text of ['', 'localhost', '10.0.0.1', '2001:db8::1'])
    assert.ok(!isPublicAddress(text), text);
});

test('isLocalAddress() knows addresses that a site shares', () => {
  for (const address of [
    '127.1.2.3',
    '10.0.0.1',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.0.1',
    '100.64.0.1',
    '::1',
    'fd00::1',
    'fe80::1',
  ])
    assert.ok(isLocalAddress(address), address);
  for (const address of ['192.0.2.1', '172.32.0.1', '100.128.0.1', '2001:db8::1'])
    assert.ok(!isLocalAddress(address), address);
});
