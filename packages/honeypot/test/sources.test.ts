// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROVED_FLOWS_MAX, SOURCES_MAX } from '../src/limits.ts';
import { Sources } from '../src/sources.ts';

test('Sources proves one address and port, and remembers an IPv6 /64 as one source', () => {
  const sources = new Sources();
  sources.prove('2a02:6b8:1:2::5', 5060, 0);
  assert.equal(sources.isProved('2a02:6b8:1:2::5', 5060, 1), true);
  assert.equal(sources.isProved('2a02:6b8:1:2::5', 5061, 1), false);
  assert.equal(sources.isProved('2a02:6b8:1:2::6', 5060, 1), false);
  sources.of('2a02:6b8:1:2::5', 1).guessesCount = 3;
  assert.equal(sources.of('2a02:6b8:1:2::6', 1).guessesCount, 3);
  assert.equal(sources.of('2a02:6b8:1:3::6', 1).guessesCount, 0);
});

test('Sources lets no owner of a /64 push others out', () => {
  const sources = new Sources();
  sources.prove('192.0.2.1', 5060, 0);
  for (let host = 1; host <= SOURCES_MAX + 1; host += 1) {
    sources.prove(`2a02:6b8:1:2::${host.toString(16)}`, 5060, host);
  }
  const nowMs = SOURCES_MAX + 2;
  assert.equal(sources.isProved('192.0.2.1', 5060, nowMs), true);
  const first = (SOURCES_MAX + 2 - PROVED_FLOWS_MAX).toString(16);
  assert.equal(sources.isProved(`2a02:6b8:1:2::${first}`, 5060, nowMs), true);
});
