// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEventTimestamp, parseEventTimestamp } from '../src/index.ts';

test('`formatEventTimestamp()` writes the first second that it is asked for, whichever that is', () => {
  assert.equal(formatEventTimestamp(1_000_000), '1970-01-01 00:00:01.000000000');
});

test('`formatEventTimestamp()` writes UTC with nine digits, zeros kept', () => {
  assert.equal(formatEventTimestamp(1_637_784_816_000_005), '2021-11-24 20:13:36.000005000');
  assert.equal(formatEventTimestamp(1_637_784_816_427_515), '2021-11-24 20:13:36.427515000');
  assert.equal(formatEventTimestamp(1_637_784_816_999_999.75), '2021-11-24 20:13:36.999999000');
  assert.equal(formatEventTimestamp(0), '1970-01-01 00:00:00.000000000');
});

test('`parseEventTimestamp()` reads what was written and refuses other text', () => {
  for (const epochUs of [0, 1_637_784_816_000_005, 1_795_000_000_999_999]) {
    assert.equal(parseEventTimestamp(formatEventTimestamp(epochUs)), epochUs);
  }
  assert.equal(parseEventTimestamp('yesterday'), undefined);
  assert.equal(parseEventTimestamp(''), undefined);
  assert.equal(parseEventTimestamp('2021-11-24T20:13:36.000005000'), undefined);
  assert.equal(parseEventTimestamp('2021-11-24 20:13:36.a'), undefined);
  assert.equal(parseEventTimestamp('2021-11-24 20:13:36'), 1_637_784_816_000_000);
  assert.equal(parseEventTimestamp('2021-11-24 20:13:36.5'), 1_637_784_816_500_000);
});

test('`parseEventTimestamp()` reads what other programs write', () => {
  const second = 1_637_784_816_000_000;
  for (const [text, us] of [
    ['2021-11-24 20:13:36.7', second + 700_000], // 4.x writes nanoseconds without their leading zeros.
    ['2021-11-24 20:13:36.427', second + 427_000], // `created_at`.
    ['2021-11-24 20:13:36.427515999', second + 427_515],
    ['2021-11-24 20:13:36Z', second],
    ['2021-11-24 20:13:36.5 UTC', second + 500_000],
    ['2021-11-24 22:13:36+02:00', second],
    ['2021-11-25 01:43:36.000001 +0530', second + 1],
    ['2021-11-24 15:13:36-05', second],
  ] as const)
    assert.equal(parseEventTimestamp(text), us, text);
});

test('`parseEventTimestamp()` refuses a time with anything else after it, and other shapes', () => {
  for (const text of [
    '2021-11-24 20:13:36 or so',
    '2021-11-24 20:13:36.5x',
    '2021-11-24 20:13:36.',
    '2021-11-24 20:13:36.5.5',
    '2021-11-24 20:13:36.0000000001',
    '2021-11-24 20:13:36\n',
    '2021-11-24 20:13:36+2',
    '2021-11-24 20:13:36+02:0',
    '2021-11-24 20:13:36+02:',
    '2021-11-24 20:13:36+0200:',
    '2021-11-24 20:13:36+15:00',
    '2021-11-24 20:13:36+02:60',
    '2021-11-24 20:13:36  UTC',
    '2021-11-24 20:13:36 CET',
    '2021-11-24 20:13:361',
    '2021-13-24 20:13:36',
    '2021-11-24 25:13:36',
    '21-11-24 20:13:36',
    '2021-11-24 20:13',
    ' 2021-11-24 20:13:36',
    '2021/11/24 20:13:36',
  ])
    assert.equal(parseEventTimestamp(text), undefined, text);
});
