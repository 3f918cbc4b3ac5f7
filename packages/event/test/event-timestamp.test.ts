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
