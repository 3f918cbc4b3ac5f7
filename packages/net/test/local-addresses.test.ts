// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { OperatingError } from '@sentrypeer/kernel';
import { machineAddresses, machineHasIpv6 } from '@sentrypeer/net';

test('machineAddresses() lists both loopback addresses, with the IPv4 broadcast', () => {
  const addresses = machineAddresses();
  assert.deepEqual(
    addresses.find(({ address }) => address === '127.0.0.1'),
    { address: '127.0.0.1', broadcast: '127.255.255.255' },
  );
  assert.deepEqual(
    addresses.find(({ address }) => address === '::1'),
    { address: '::1' },
  );
  assert.equal(machineHasIpv6(), true);
});

test('machineAddresses() names the zone of a link-local address as the system does: Windows by its number', () => {
  const info = {
    address: 'fe80::1',
    netmask: 'ffff:ffff:ffff:ffff::',
    family: 'IPv6',
    mac: '02:00:00:00:00:01',
    internal: false,
    cidr: 'fe80::1/64',
    scopeid: 7,
  } as const;
  const networkInterfaces = () => ({ Ethernet: [info] });
  for (const [platform, zone] of [
    ['win32', '7'],
    ['linux', 'Ethernet'],
    ['darwin', 'Ethernet'],
  ] as const)
    assert.deepEqual(machineAddresses({ platform, networkInterfaces }), [
      { address: 'fe80::1', zone },
    ]);
});

test('machineAddresses() says what to allow where a sandbox hides them', () => {
  const networkInterfaces = () => {
    throw new Error('EAFNOSUPPORT');
  };
  assert.throws(
    () => machineAddresses({ platform: 'linux', networkInterfaces }),
    (error) => error instanceof OperatingError && error.code === 'addresses_unreadable',
  );
});

test('machineAddresses() says that too many files are open, not that a sandbox hides them', () => {
  for (const [code, advice] of [
    ['EMFILE', /ulimit -n/],
    ['ENFILE', /fs\.file-max/],
    ['EAFNOSUPPORT', /RestrictAddressFamilies/],
  ] as const) {
    // As Node.js throws it: with a name, or with the number that the system gave, without a sign.
    for (const info of [
      { code, errno: -constants.errno[code] },
      { code: 'Unknown system error', errno: constants.errno[code] },
    ]) {
      const networkInterfaces = () => {
        throw Object.assign(new Error(`uv_interface_addresses returned ${info.code}`), {
          code: 'ERR_SYSTEM_ERROR',
          info,
        });
      };
      assert.throws(
        () => machineAddresses({ platform: 'linux', networkInterfaces }),
        ({ message }: Error) =>
          advice.test(message) && /sandbox/.test(message) === (code === 'EAFNOSUPPORT'),
        code,
      );
    }
  }
});
