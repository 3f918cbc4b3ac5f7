// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWide, likelySlip, parseAllowed } from '../src/index.ts';

function wide(text: string): boolean {
  const allowed = parseAllowed(text);
  assert.ok(allowed !== undefined, text);
  return isWide(allowed);
}

test('isWide() asks about what takes in very much', () => {
  for (const text of [
    '0.0.0.0/0',
    '128.0.0.0/1',
    '10.0.0.0/7',
    '::/0',
    '2000::/3',
    '::ffff:0:0/96',
    '2001::/19',
    '+1*',
    '+10000000000-+99999999999',
    '0000000000-9999999999',
  ]) {
    assert.equal(wide(text), true, text);
  }
  for (const text of ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '+46*', '+4670*', '2000-2999']) {
    assert.equal(wide(text), false, text);
  }
});

test('likelySlip() says what was probably meant', () => {
  assert.equal(likelySlip('192.0.2.1/24'), 'bits after the length must be 0: write 192.0.2.0/24');
  assert.match(likelySlip('2001:db8::1/32') ?? '', /write 2001:db8::\/32$/);
  assert.match(likelySlip('+46 70-123 45 67') ?? '', /write .*: \+46701234567$/);
  assert.equal(likelySlip('+44'), '+44 is a code and not a number');
  assert.equal(likelySlip('office'), undefined);
  assert.equal(likelySlip('192.0.2.0/255.255.255.0'), undefined);
});
