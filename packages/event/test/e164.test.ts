// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatJudgedNumber } from '../src/index.ts';

test('`formatJudgedNumber()` gives a plus to what can be a number of E.164, and to nothing else', () => {
  for (const [digits, text] of [
    ['442071234567', '+442071234567'],
    ['12126834123', '+12126834123'],
    ['6834123', '+6834123'],
    ['972592891005', '+972592891005'],
    ['79161234567', '+79161234567'],
    ['199', '199'],
    ['2001', '2001'],
    ['116123', '116123'],
    ['0701234567', '0701234567'],
    ['8300000000', '8300000000'],
    ['1234567890123456', '1234567890123456'],
    ['123456789012345', '+123456789012345'],
    ['*72442071', '*72442071'],
    ['4420712/4567', '4420712/4567'],
    ['4420712:4567', '4420712:4567'],
    ['', ''],
  ] as const) {
    assert.equal(formatJudgedNumber(digits), text);
  }
});
