// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  assert as claim,
  AssertionError,
  OperatingError,
  systemClock,
  unreachable,
} from '../src/index.ts';

test('`assert()` and `unreachable()` throw what only a programmer can cause', () => {
  claim(true, 'fine');
  assert.throws(() => claim(false, 'limits_related'), AssertionError);
  assert.throws(() => unreachable('other' as never), /unreachable: other/);
});

test('`OperatingError` carries a stable code and its cause', () => {
  const cause = new Error('EADDRINUSE');
  const error = new OperatingError('port_taken', 'UDP port 5060 is taken.', { cause });
  assert.equal(error.code, 'port_taken');
  assert.equal(error.cause, cause);
});

test('`systemClock` counts whole microseconds near the wall clock and never backwards', () => {
  const before = Date.now() * 1000;
  const epochUs = systemClock.epochUs();
  assert.ok(Number.isSafeInteger(epochUs));
  assert.ok(epochUs >= before && epochUs < before + 5_000_000);
  const first = systemClock.nowMs();
  assert.ok(systemClock.nowMs() >= first);
});
