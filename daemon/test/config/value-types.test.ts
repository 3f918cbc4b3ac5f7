// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTION_ENTRIES } from '../../src/config/settings.ts';
import {
  addressesType,
  addressType,
  countType,
  listenAddressesType,
  pathType,
  portType,
  sizeType,
  syslogTargetType,
} from '../../src/config/value-types.ts';

/** What each type accepts, and what it does not. */
function check<T>(
  type: { parse(text: string): T | undefined },
  good: readonly (readonly [string, T])[],
  bad: readonly string[],
): void {
  for (const [text, value] of good) assert.deepEqual(type.parse(text), value, text);
  for (const text of bad) assert.equal(type.parse(text), undefined, text);
}

test('every default is a value that its own type reads back', () => {
  for (const [key, { type, defaultValue }] of OPTION_ENTRIES) {
    if (defaultValue === undefined) continue;
    assert.deepEqual(type.parse(type.format(defaultValue)), defaultValue, key);
  }
});

test('countType() keeps to whole numbers within its range', () => {
  const bad = ['0', '65', '', ' ', '1.0', '1e1', '0x10', '-1', '+1', '1 2', '１', '9'.repeat(17)];
  check(
    countType('COUNT', 1, 64),
    [
      ['1', 1],
      ['64', 64],
      [' 8 ', 8],
      ['007', 7],
    ],
    bad,
  );
});

test('portType reads 0 to 65535', () => {
  check(
    portType,
    [
      ['0', 0],
      ['65535', 65535],
    ],
    ['65536', '', 'sip'],
  );
});

test('sizeType() reads octets with decimal and binary units, and 0', () => {
  check(
    sizeType(1000),
    [
      ['0', 0],
      ['65536', 65_536],
      ['1000B', 1000],
      ['1kB', 1000],
      ['1 KiB', 1024],
      ['500mb', 500_000_000],
      ['1GiB', 2 ** 30],
      ['1TiB', 2 ** 40],
      ['1024TiB', 2 ** 50],
      ['2000B', 2000],
    ],
    [
      '999',
      '1000',
      '256',
      '65535',
      '1G',
      '1.5GiB',
      'GiB',
      '',
      '-1',
      '1025TiB',
      '1 GiB more',
      '9999999999999999GiB',
    ],
  );
});

test('addressType reads addresses, with or without brackets, and no names', () => {
  check(
    addressType,
    [
      ['127.0.0.1', '127.0.0.1'],
      ['::1', '::1'],
      ['[::1]', '::1'],
      ['fe80::1%eth0', 'fe80::1%eth0'],
    ],
    ['localhost', '', '127.1', '[127.0.0.1]', '127.0.0.1:80', '[::1'],
  );
});

test('addressesType refuses the wildcard, which hides where a datagram came to', () => {
  check<'all' | readonly string[]>(
    addressesType,
    [
      ['all', 'all'],
      ['127.0.0.1,::1', ['127.0.0.1', '::1']],
    ],
    ['0.0.0.0', '::', 'all,127.0.0.1', '127.0.0.1,', ''],
  );
  const many = Array.from({ length: 257 }, (_, index) => `10.0.${index >> 8}.${index & 255}`);
  assert.equal(addressesType.parse(many.join(',')), undefined);
  assert.equal(addressesType.parse(many.slice(1).join(','))?.length, 256);
});

test('listenAddressesType wants a port, and brackets around IPv6', () => {
  check(
    listenAddressesType,
    [
      ['0.0.0.0:5061', [{ address: '0.0.0.0', port: 5061 }]],
      ['[::]:0', [{ address: '::', port: 0 }]],
    ],
    ['0.0.0.0', '::1:5061', '[::1]', 'localhost:5061', ':5061', '127.0.0.1:', '127.0.0.1:x'],
  );
  assert.equal(listenAddressesType.format([{ address: '::', port: 1 }]), '[::]:1');
});

test('syslogTargetType reads local, udp:// and tcp:// with a port', () => {
  check(
    syslogTargetType,
    [
      ['local', { kind: 'local' }],
      ['udp://192.0.2.1:514', { kind: 'udp', host: '192.0.2.1', port: 514 }],
      ['tcp://[2001:db8::1]:601', { kind: 'tcp', host: '2001:db8::1', port: 601 }],
      ['udp://log-1.example_net:514', { kind: 'udp', host: 'log-1.example_net', port: 514 }],
    ],
    [
      'udp://192.0.2.1',
      'udp://192.0.2.1:0',
      'udp://:514',
      'udp://a:b:514',
      'udp://a/b:514',
      'udp://-o:514',
      `udp://${'a'.repeat(254)}:514`,
      'tls://a:514',
      '192.0.2.1:514',
      '',
    ],
  );
});

test('pathType refuses an empty path and NUL', () => {
  check(pathType, [['a b', 'a b']], ['', 'a\0b']);
});
