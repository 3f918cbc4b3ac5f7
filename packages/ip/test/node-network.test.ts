// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNodeNetwork } from '../src/node-network.ts';

test('`parseNodeNetwork()` has one text for each network', () => {
  for (const [text, expected] of [
    ['45.10.0.0/16', '45.10.0.0/16'],
    ['::ffff:45.10.0.0/112', '45.10.0.0/16'],
    ['45.10.0.7', '45.10.0.7'],
    ['45.10.0.7/32', '45.10.0.7'],
    ['2A00:DB8::/32', '2a00:db8::/32'],
    ['2a00:db8::1', '2a00:db8::1'],
    ['as64500', 'AS64500'],
  ] as const) {
    assert.equal(parseNodeNetwork(text)?.text, expected);
  }
});

test('`parseNodeNetwork()` refuses what is not a network, mistyped or most of the Internet', () => {
  for (const text of [
    '',
    'unsigned',
    '454dfd30-4375-80fd-bcfe-99c52e887041',
    '45.10.0.1/16',
    '45.10.0.0/33',
    '0.0.0.0/0',
    '44.0.0.0/7',
    '::/0',
    '2000::/3',
    'AS',
    'AS-1',
    'AS4294967296',
    'AS1 ',
  ]) {
    assert.equal(parseNodeNetwork(text), undefined, text);
  }
});

test('`covers()` goes by the address where it is known, else by the whole network', () => {
  const network = parseNodeNetwork('45.10.7.0/24');
  assert.equal(network?.covers({ address: '45.10.7.9', network: '45.10.0.0/16' }), true);
  assert.equal(network?.covers({ address: '45.10.8.9', network: '45.10.0.0/16' }), false);
  assert.equal(network?.covers({ address: '', network: '45.10.7.128/25' }), true);
  assert.equal(network?.covers({ address: '', network: '45.10.0.0/16' }), false);
  assert.equal(network?.covers({ address: '', network: '' }), false);
  assert.equal(network?.covers({ address: '::1', network: 'AS64500' }), false);
  const link = parseNodeNetwork('fe80::/16');
  assert.equal(link?.covers({ address: 'fe80::7%eth0', network: '' }), true);
  const system = parseNodeNetwork('AS64500');
  assert.equal(system?.covers({ address: '45.10.7.9', network: 'AS64500' }), true);
  assert.equal(system?.covers({ address: '45.10.7.9', network: 'AS645001' }), false);
});
