// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLegacySource } from '../../src/file/legacy-source.ts';

const CASES: readonly (readonly [string, string | undefined, number | undefined])[] = [
  ['203.0.113.9', '203.0.113.9', undefined],
  ['203.0.113.9:5060', '203.0.113.9', 5060],
  ['203.0.113.9:0', '203.0.113.9', 0],
  ['[::1]:5060', '::1', 5060],
  ['[2001:db8::1]:65535', '2001:db8::1', 65_535],
  ['2001:db8::1', '2001:db8::1', undefined],
  ['2001:db8:1:2:3:4:5:6:5060', '2001:db8:1:2:3:4:5:6', 5060],
  ['::1:5060', '::1:5060', undefined],
  ['::ffff:203.0.113.9', '203.0.113.9', undefined],
  ['[::FFFF:203.0.113.9]:5060', '203.0.113.9', 5060],
  ['203.0.113.9:65536', undefined, undefined],
  ['203.0.113.9:', undefined, undefined],
  ['203.0.113.9:5o60', undefined, undefined],
  ['[203.0.113.9]:5060', undefined, undefined],
  ['203.0.113.9:5099', '203.0.113.9', 5099],
  ['203.0.113.9:005060', undefined, undefined],
  ['203.0.113.9:1e3', undefined, undefined],
  ['203.0.113.9:-1', undefined, undefined],
  ['203.0.113.9: 506', undefined, undefined],
  ['[2001:db8::1:5060', undefined, undefined],
  ['2001:db8::1]:5060', undefined, undefined],
  ['fe80::1%eth0', 'fe80::1%eth0', undefined],
  ['[fe80::1%eth0]:5060', 'fe80::1%eth0', 5060],
  [':5060', undefined, undefined],
  ['8.8.8.8;rm', undefined, undefined],
  ['', undefined, undefined],
];

for (const [text, ip, port] of CASES) {
  test(`parseLegacySource() reads '${text}' as ${ip ?? 'no address'}`, () => {
    const source = parseLegacySource(text);
    assert.deepEqual(source, ip === undefined ? undefined : { ip, port });
  });
}
