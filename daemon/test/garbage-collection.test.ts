// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import { keepHeapSmall, releaseMemoryWhenQuiet } from '../src/garbage-collection.ts';

const MIB = 1_048_576;

/** Octets of V8's young generation. */
function youngOctets(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return space?.space_size ?? 0;
}

/** Keeps what it makes for a while, so that V8 finds the young generation too small. @returns The largest it was. */
function survive(): number {
  const kept: unknown[] = [];
  let largest = 0;
  for (let index = 0; index < 2_000_000; index += 1) {
    kept[index % 50_000] = { index, text: `text ${index}` };
    if (index % 50_000 === 0) largest = Math.max(largest, youngOctets());
  }
  return largest;
}

test('keepHeapSmall() ends the growth of the space for new objects', () => {
  // V8 goes beyond it for a while on a busy machine: up to 12 MB were seen, and 64 MiB where nothing ends the growth.
  const between = 24 * MIB;
  keepHeapSmall();
  assert.ok(survive() < between);
  setFlagsFromString('--semi-space-growth-factor=2'); // As it was.
  setFlagsFromString('--no-optimize-for-size');
  assert.ok(survive() > between);
});

test('releaseMemoryWhenQuiet() gives back what a busy time left behind', async () => {
  using open = new DisposableStack();
  open.defer(releaseMemoryWhenQuiet(50));
  const keptOctets = getHeapStatistics().total_heap_size;
  let garbage: unknown[] = [];
  let largest = 0;
  const busyUntil = performance.now() + 300;
  while (performance.now() < busyUntil) {
    garbage = Array.from({ length: 100_000 }, (_, index) => ({ index, text: `text ${index}` }));
    largest = Math.max(largest, getHeapStatistics().total_heap_size);
    await wait(1);
  }
  assert.equal(garbage.length, 100_000);
  garbage = [];
  assert.ok(largest > keptOctets * 1.5);
  const deadline = AbortSignal.timeout(10_000);
  while (getHeapStatistics().total_heap_size > keptOctets + 2 * MIB) {
    assert.ok(!deadline.aborted, 'not given back');
    await wait(20);
  }
});
