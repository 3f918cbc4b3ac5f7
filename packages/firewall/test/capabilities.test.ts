// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { privilegeOf } from '../src/capabilities.ts';

test('privilegeOf() tells what nft would get, and what is more than it needs', () => {
  const status = (effective: string, ambient: string): string =>
    `Name:\tnode\nCapInh:\t0000000000000000\nCapEff:\t${effective}\nCapBnd:\t000001ffffffffff\nCapAmb:\t${ambient}\n`;
  const netAdmin = '0000000000001000';
  const none = '0000000000000000';
  const all = '000001ffffffffff';
  assert.deepEqual(privilegeOf(status(netAdmin, netAdmin), 1000), {
    suffices: true,
    excess: undefined,
  });
  assert.equal(privilegeOf(status(none, none), 1000).suffices, false);
  assert.equal(privilegeOf(status(netAdmin, none), 1000).suffices, false, 'nft would not get it');
  assert.equal(privilegeOf(status(none, none), 0).suffices, false);
  assert.match(privilegeOf(status(all, none), 0).excess ?? '', /more capabilities/);
  assert.match(privilegeOf(status(netAdmin, none), 0).excess ?? '', /root/);
});
