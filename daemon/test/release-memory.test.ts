// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { getHeapStatistics } from 'node:v8';
import { releaseMemoryWhenQuiet } from '../src/release-memory.ts';

const MIB = 1_048_576;

test('releaseMemoryWhenQuiet() gives back what a busy time left behind', async () => {
  using open = new DisposableStack();
  open.defer(releaseMemoryWhenQuiet(50));
  const keptOctets = getHeapStatistics().total_heap_size;
  let garbage: unknown[] = [];
  const grow = (): void => {
    garbage = Array.from({ length: 100_000 }, (_, index) => ({ index, text: `text ${index}` }));
  };
  const busyUntil = performance.now() + 300;
  while (performance.now() < busyUntil) {
    grow();
    await wait(1);
  }
  assert.equal(garbage.length, 100_000);
  garbage = [];
  assert.ok(getHeapStatistics().total_heap_size > keptOctets * 1.5);
  const deadline = AbortSignal.timeout(10_000);
  while (getHeapStatistics().total_heap_size > keptOctets + 2 * MIB) {
    assert.ok(!deadline.aborted, 'not given back');
    await wait(20);
  }
});
