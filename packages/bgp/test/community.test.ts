// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BLACKHOLE, formatCommunity, NO_EXPORT, parseCommunity } from '@sentrypeer/bgp';

test('parseCommunity() and formatCommunity() are opposites', () => {
  for (const text of [
    'blackhole',
    'no-export',
    'no-advertise',
    '65332:888',
    '0:0',
    '64496:1:2',
    '4200000000:4294967295:0',
    'rt:64496:100000',
    'ro:64496:1',
    'rt:4200000000:65535',
  ]) {
    const community = parseCommunity(text);
    assert.ok(community !== undefined, text);
    assert.equal(formatCommunity(community), text);
  }
});

test('parseCommunity() knows the values of RFC 7999 and RFC 1997', () => {
  assert.deepEqual(parseCommunity('65535:666'), BLACKHOLE);
  assert.deepEqual(parseCommunity('no-export'), NO_EXPORT);
  assert.deepEqual(NO_EXPORT, { kind: 'standard', value: 65_535 * 65_536 + 65_281 });
});

test('parseCommunity() refuses what is not a community', () => {
  for (const text of [
    '',
    '1',
    '1:',
    ':1',
    '1:2:3:4',
    '65536:1',
    '1:65536',
    '01:2',
    '1:-2',
    '1:2:4294967296',
    'rt:1',
    'rt:70000:70000',
    'rt:1:2:3',
    'Blackhole',
    '1e3:2',
  ])
    assert.equal(parseCommunity(text), undefined, text);
});
