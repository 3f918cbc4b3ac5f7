// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
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
