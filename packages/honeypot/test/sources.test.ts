// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROOF_MS, PROVED_FLOWS_MAX, SOURCES_MAX } from '../src/limits.ts';
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

const KNOWN = '192.0.2.1';

test('Sources lets each port stay proved for its own time, counted from its last proof', () => {
  const sources = new Sources();
  sources.prove(KNOWN, 5060, 0);
  sources.prove(KNOWN, 5061, 1000);
  const provedAt = (nowMs: number) =>
    [5060, 5061].map((port) => sources.isProved(KNOWN, port, nowMs));
  assert.deepEqual(provedAt(PROOF_MS - 1), [true, true]);
  assert.deepEqual(provedAt(PROOF_MS), [false, true]);
  assert.deepEqual(provedAt(PROOF_MS + 1000), [false, false]);
  sources.prove(KNOWN, 5060, 2000);
  assert.deepEqual(provedAt(PROOF_MS + 1999), [true, false]);
});

test('Sources remembers a limited number of ports: one more pushes out the oldest, a known one none', () => {
  const sources = new Sources();
  const isProved = (port: number) => sources.isProved(KNOWN, port, 1);
  for (let index = 0; index < PROVED_FLOWS_MAX; index += 1) sources.prove(KNOWN, 5060 + index, 0);
  sources.prove(KNOWN, 5061, 0);
  assert.equal(isProved(5060), true);
  sources.prove(KNOWN, 6000, 0);
  assert.deepEqual([5060, 5061, 6000].map(isProved), [false, true, true]);
});

test('Sources keeps a source that proved itself before all others, as long as its proof is good', () => {
  const rememberedAfter = (nowMs: number): boolean => {
    const sources = new Sources();
    sources.prove(KNOWN, 5060, 0);
    sources.of(KNOWN, nowMs).guessesCount = 7;
    for (let index = 0; index < SOURCES_MAX; index += 1) {
      sources.of(`10.0.${index >> 8}.${index & 255}`, nowMs);
    }
    return sources.of(KNOWN, nowMs).guessesCount === 7;
  };
  assert.deepEqual([1, PROOF_MS - 1, PROOF_MS].map(rememberedAfter), [true, true, false]);
});

test('Sources lets no number of unproved sources push out one that proved itself', () => {
  const sources = new Sources();
  sources.prove(KNOWN, 5060, 0);
  for (let index = 0; index < SOURCES_MAX; index += 1) {
    sources.of(`10.0.${index >> 8}.${index & 255}`, 1);
  }
  assert.equal(sources.isProved(KNOWN, 5060, 1), true);
});
