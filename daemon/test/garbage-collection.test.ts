// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { constants, type PerformanceNodeEntry, PerformanceObserver } from 'node:perf_hooks';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';
import {
  keepGarbageBelow,
  keepHeapNearItsContent,
  releaseMemory,
  releaseMemoryWhenQuiet,
} from '../src/garbage-collection.ts';
import { isMeasuredRuntime } from '../src/measured-runtime.ts';

const MIB = 1_048_576;

/** Octets of one of V8's spaces. */
function octetsOf(name: 'new_space' | 'old_space'): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === name);
  return space?.space_size ?? 0;
}

/**
 * Keeps its objects for a while, so that they outlive collections of new objects. @returns The largest size of each
 * space.
 */
function survive(): { readonly newOctets: number; readonly oldOctets: number } {
  const kept: unknown[] = [];
  let newOctets = 0;
  let oldOctets = 0;
  for (let index = 0; index < 2_000_000; index += 1) {
    kept[index % 50_000] = { index, text: `text ${index}` };
    if (index % 5_000 > 0) continue;
    newOctets = Math.max(newOctets, octetsOf('new_space'));
    oldOctets = Math.max(oldOctets, octetsOf('old_space'));
  }
  return { newOctets, oldOctets };
}

test('keepHeapNearItsContent() ends the growth of the space for new objects, and slows that of the old ones', () => {
  // V8 exceeds it for a while on a busy machine: up to 12 MB were seen, and 64 MiB if nothing ends the growth.
  const between = 24 * MIB;
  releaseMemory();
  keepHeapNearItsContent();
  const small = survive();
  assert.ok(small.newOctets < between);
  setFlagsFromString('--no-memory-saver-mode'); // As before.
  releaseMemory();
  const { oldOctets } = survive();
  assert.ok(small.oldOctets * 1.25 < oldOctets, `${small.oldOctets} beside ${oldOctets}`);
  setFlagsFromString('--semi-space-growth-factor=2'); // As before.
  assert.ok(survive().newOctets > between);
});

test('releaseMemoryWhenQuiet() gives back what little the first work left behind', async () => {
  using open = new DisposableStack();
  releaseMemory();
  open.defer(releaseMemoryWhenQuiet({ lookMs: 50 }));
  const keptOctets = getHeapStatistics().total_heap_size;
  let garbage: unknown[] = Array.from({ length: 13_000 }, (_, index) => ({
    text: `text ${index}`,
  }));
  const grownOctets = getHeapStatistics().total_heap_size;
  assert.equal(garbage.length, 13_000);
  garbage = [];
  assert.ok(
    grownOctets > keptOctets && grownOctets < keptOctets * 1.4,
    `${keptOctets} ${grownOctets}`,
  );
  const deadline = AbortSignal.timeout(60_000);
  while (getHeapStatistics().total_heap_size > keptOctets + (grownOctets - keptOctets) / 2) {
    assert.ok(!deadline.aborted, 'not given back');
    await wait(20);
  }
});

test('releaseMemoryWhenQuiet() gives back what a busy time left behind, and has others do so', async () => {
  using open = new DisposableStack();
  releaseMemory();
  const asked: number[] = [];
  open.defer(
    releaseMemoryWhenQuiet({ lookMs: 50, alsoRelease: () => asked.push(performance.now()) }),
  );
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
  const deadline = AbortSignal.timeout(60_000);
  while (asked.length === 0 || getHeapStatistics().total_heap_size > keptOctets + 2 * MIB) {
    assert.ok(!deadline.aborted, `not given back, others asked ${asked.length} times`);
    await wait(20);
  }
});

test('releaseMemoryWhenQuiet() collects once more when a busy time is over, though the heap has not grown', async () => {
  using open = new DisposableStack();
  releaseMemory();
  await wait(0);
  const forced = open.use(forcedCollections());
  open.defer(releaseMemoryWhenQuiet({ firstMs: 60_000, lookMs: 50, spareMs: 0 }));
  const deadline = AbortSignal.timeout(60_000);
  while (forced.count() < 2) {
    assert.ok(!deadline.aborted, `collected ${forced.count()} times`);
    for (let times = 0; times < 20; times += 1) {
      const busyUntil = performance.now() + 3;
      while (performance.now() < busyUntil);
      await wait(7);
    }
    await wait(200);
  }
});

test('releaseMemoryWhenQuiet() has others release again and again, though the heap has not grown', async () => {
  using open = new DisposableStack();
  releaseMemory();
  const asked: number[] = [];
  const alsoRelease = (): void => void asked.push(performance.now());
  open.defer(releaseMemoryWhenQuiet({ lookMs: 20, spareMs: 60, alsoRelease }));
  const deadline = AbortSignal.timeout(60_000);
  while (asked.length < 5) {
    assert.ok(!deadline.aborted, `asked ${asked.length} times`);
    await wait(20);
  }
});

test('releaseMemoryWhenQuiet() merges pages that a collection leaves nearly empty', async () => {
  using open = new DisposableStack();
  releaseMemory();
  const few: unknown[] = [];
  let all: unknown[] = Array.from({ length: 400_000 }, (_, index) => {
    const one = { index, text: `text ${index}` };
    if (index % 20 === 0) few.push(one);
    return one;
  });
  const fullOctets = getHeapStatistics().total_heap_size;
  assert.equal(all.length, 400_000);
  all = [];
  open.defer(releaseMemoryWhenQuiet({ keepsCode: true, lookMs: 20, spareMs: 60, firstMs: 60_000 }));
  // One collection alone leaves more than four fifths, and V8 would merge them by itself half a minute later.
  const deadline = AbortSignal.timeout(15_000);
  while (getHeapStatistics().total_heap_size > fullOctets * 0.75) {
    assert.ok(!deadline.aborted, `${getHeapStatistics().total_heap_size} of ${fullOctets} octets`);
    await wait(20);
  }
  assert.equal(few.length, 20_000);
});

test('releaseMemoryWhenQuiet() leaves the processor to the start first', async () => {
  using open = new DisposableStack();
  const { promise: collected, resolve } = Promise.withResolvers<number>();
  const observer = new PerformanceObserver((list) => resolve(list.getEntries()[0]?.startTime ?? 0));
  observer.observe({ entryTypes: ['gc'] });
  open.defer(() => observer.disconnect());
  const calledAt = performance.now();
  open.defer(releaseMemoryWhenQuiet({ firstMs: 100, lookMs: 60_000 }));
  assert.ok((await collected) >= calledAt + 99);
});

/**
 * Counts the collections that were requested from now on, not those that V8 chose, nor those that follow at once to merge
 * pages.
 */
function forcedCollections(): Disposable & { readonly count: () => number } {
  let count = 0;
  let endedAt = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { flags } = (entry as PerformanceNodeEntry).detail as { readonly flags: number };
      if ((flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) === 0) continue;
      if (entry.startTime > endedAt + 10) count += 1;
      endedAt = entry.startTime + entry.duration;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return { count: () => count, [Symbol.dispose]: () => observer.disconnect() };
}

/** Works, with pauses, until that many collections have been requested; `work` hears how many there were. */
async function untilCollected(
  work: (collectedCount: number) => void,
  lookMs: number,
  count = 1,
): Promise<void> {
  using open = new DisposableStack();
  open.defer(releaseMemoryWhenQuiet({ keepsCode: true, firstMs: 60_000, lookMs, spareMs: 200 }));
  await wait(0);
  const forced = open.use(forcedCollections());
  const deadline = AbortSignal.timeout(60_000);
  while (forced.count() < count) {
    assert.ok(!deadline.aborted, 'not collected');
    work(forced.count());
    await wait(6);
  }
}

test('releaseMemoryWhenQuiet() collects the garbage of a thread that is never quiet', async () => {
  await untilCollected(() => {
    const busyUntil = performance.now() + 2;
    while (performance.now() < busyUntil);
  }, 50);
});

test('releaseMemoryWhenQuiet() collects again in a thread that is never quiet when its heap has grown by a quarter', async () => {
  releaseMemory();
  const mostOctets = getHeapStatistics().total_heap_size * 1.25;
  const kept: unknown[] = [];
  await untilCollected(
    (collectedCount) => {
      const busyUntil = performance.now() + 2;
      while (performance.now() < busyUntil) {
        if (collectedCount === 0 || getHeapStatistics().total_heap_size > mostOctets) continue;
        kept.push(Array.from({ length: 100 }, (_, index) => ({ text: `text ${index}` })));
      }
    },
    50,
    2,
  );
  assert.ok(kept.length > 0);
});

test('releaseMemoryWhenQuiet() takes no thread for busy that waits for a core', async () => {
  const never = new Int32Array(new SharedArrayBuffer(4));
  await untilCollected(() => void Atomics.wait(never, 0, 0, 60), 300);
});

test('isMeasuredRuntime() knows the Node.js that ships, and no other', () => {
  assert.ok(isMeasuredRuntime());
  for (const version of ['25.9.0', '27.0.0', '2.6.0', '260.0.0'])
    assert.ok(!isMeasuredRuntime(version), version);
});

test('keepGarbageBelow() collects as soon as the heap has grown by that much', () => {
  releaseMemory();
  const collectIfGrown = keepGarbageBelow(3 * MIB);
  const keptOctets = getHeapStatistics().used_heap_size;
  const garbage = Array.from({ length: 100_000 }, (_, index) => ({ text: `text ${index}` }));
  assert.ok(getHeapStatistics().used_heap_size > keptOctets + 4 * MIB);
  garbage.length = 0;
  collectIfGrown();
  assert.ok(getHeapStatistics().used_heap_size < keptOctets + 2 * MIB);
});
