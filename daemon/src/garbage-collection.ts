// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { performance } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  FIRST_RELEASE_MS,
  QUIET_LOOK_MS,
  QUIET_UTILIZATION_MAX,
  RELEASE_GROWTH_MIN,
  SPARE_COLLECTION_MS,
  SPARE_UTILIZATION_MAX,
} from './limits.ts';
import { isMeasuredRuntime } from './measured-runtime.ts';
import { processorShare } from './processor-share.ts';
import { openTrim } from './trim-allocator.ts';

/** Of this process: opened when it is needed first, which is not while it starts. */
let trim: (() => void) | undefined;

/**
 * Collects all garbage of this thread at once and gives its pages back to the system: what a start leaves behind
 * (sources parsed, tables built) is as much as what stays, and an idle thread would not collect it for hours.
 */
export function releaseMemory(): void {
  collect('last-resort');
}

/**
 * Has each thread collect its new objects by itself. V8 calls helpers for it some hundred times a second in a flood, for a
 * megabyte each time; where every core is busy the thread then waits for a helper that waits for a core. A flood on two
 * cores: 47,400 distinct events a second recorded with helpers, 52,000 without. V8 asks for both flags at each collection.
 */
export function collectWithoutHelpers(): void {
  if (!isMeasuredRuntime()) return;
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
}

/**
 * In all threads. The space for new objects stays as large as it is: V8 lets it grow to sixteen times that under load, which
 * costs 27 MiB and saves no time that can be measured (one thread, 25,000 distinct requests a second). Old objects are
 * collected when they have grown by a third, not fourfold: a thread that always has a little to do would let its heap grow for
 * hours. With two threads, everything on and 100 requests a second 244 MiB were resident after four minutes, and rising; so
 * they are 207 MiB, and 197 with two arenas of glibc, as systemd's unit has it.
 */
export function keepHeapNearItsContent(): void {
  if (!isMeasuredRuntime()) return;
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--memory-saver-mode');
}

/**
 * For small devices, in all threads. The space for old objects grows by 2 MB between two collections instead of 8: 11 MiB
 * less after 40,000 requests a second, while a flood has some 5 % fewer recorded.
 */
export function keepHeapSmall(): void {
  if (!isMeasuredRuntime()) return;
  setFlagsFromString('--optimize-for-size');
}

/** Collects the garbage of this thread alone: what V8 has learnt of the code stays. */
function collectGarbage(): void {
  collect('regular');
}

function collect(flavor: 'regular' | 'last-resort'): void {
  if (!isMeasuredRuntime()) return;
  // Only contexts made after the flag is set have the function. All threads share the flag, so it stays as it is.
  setFlagsFromString('--expose-gc');
  const collectAll = runInNewContext('gc') as (options: object) => void;
  collectAll({ type: 'major', execution: 'sync', flavor });
  trim ??= openTrim();
  trim();
}

/**
 * Releases memory soon, once more when this thread is first quiet, and again each time it has become quiet after a busy
 * time that made its heap grow. A thread that always has a little to do is never quiet, and V8 lets its heap grow for
 * hours: its garbage is collected while it works less than half of its time.
 *
 * @param options.keepsCode Never drops what V8 has learnt of the code, which look-ups need.
 * @param options.alsoRelease Gives back what others of this thread keep, each time after the first.
 * @param options.firstMs Milliseconds until the first release: done at once it would take a sixth of the processor time
 * of a start, while other threads still start.
 * @param options.lookMs Milliseconds between two looks, 1 and above.
 * @param options.spareMs Milliseconds between two collections while it is not quiet.
 * @returns Ends it.
 */
export function releaseMemoryWhenQuiet({
  keepsCode = false,
  alsoRelease = (): void => undefined,
  firstMs = FIRST_RELEASE_MS,
  lookMs = QUIET_LOOK_MS,
  spareMs = SPARE_COLLECTION_MS,
} = {}): () => void {
  const first = setTimeout(releaseMemory, firstMs);
  first.unref();
  let keptOctets = 0; // The first requests leave about a megabyte.
  let collectedMs = performance.now();
  const share = processorShare();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const utilization = share();
    if (utilization > SPARE_UTILIZATION_MAX) return;
    if (getHeapStatistics().total_heap_size < keptOctets * RELEASE_GROWTH_MIN) return;
    const isQuiet = utilization <= QUIET_UTILIZATION_MAX;
    if (!isQuiet && nowMs - collectedMs < spareMs) return;
    alsoRelease();
    if (isQuiet && !keepsCode) releaseMemory();
    else collectGarbage();
    collectedMs = nowMs;
    keptOctets = getHeapStatistics().total_heap_size;
  }, lookMs);
  timer.unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
