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
  SPARE_GROWTH_MIN,
  SPARE_UTILIZATION_MAX,
  SPARSE_MIN,
} from './limits.ts';
import { isMeasuredRuntime } from './measured-runtime.ts';
import { processorShare } from './processor-share.ts';
import { openTrim } from './allocator.ts';

/** Of this process: opened when it is first needed, which is not during the start. */
let trim: (() => void) | undefined;

/**
 * Collects all garbage of this thread at once and returns its pages to the system: a start leaves as much behind
 * (parsed sources, built tables) as stays in use, and an idle thread would not collect it for hours.
 */
export function releaseMemory(): void {
  collect('last-resort');
}

/**
 * Makes each thread collect its new objects itself. In a flood, V8 calls helper threads for it some hundred times a
 * second, for a megabyte each time; if every core is busy, the thread then waits for a helper that waits for a core. A
 * flood on two cores: 47,400 distinct events a second recorded with helpers, 52,000 without. V8 reads both flags at
 * each collection.
 */
export function collectWithoutHelpers(): void {
  if (!isMeasuredRuntime()) return;
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
}

/**
 * For all threads. The space for new objects keeps its size: under load V8 lets it grow to sixteen times that, which
 * costs 27 MiB and saves no measurable time (one thread, 25,000 distinct requests a second). Old objects are collected
 * when they have grown by a third instead of fourfold: a thread that always has a little to do would let its heap grow
 * for hours. With two threads, everything on and 100 requests a second, 244 MiB were resident after four minutes, and
 * rising; with this setting 207 MiB, and 197 with two arenas of glibc (allocator.ts).
 */
export function keepHeapNearItsContent(): void {
  if (!isMeasuredRuntime()) return;
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--memory-saver-mode');
}

/**
 * For small devices, in all threads. The space for old objects grows by 2 MB between two collections instead of 8: 11
 * MiB less after 40,000 requests a second, while about 5 % fewer are recorded in a flood.
 */
export function keepHeapSmall(): void {
  if (!isMeasuredRuntime()) return;
  setFlagsFromString('--optimize-for-size');
}

/**
 * Collects only the garbage of this thread. If that leaves the pages rather empty, they are merged, which V8 can do only
 * after a collection has shown which of them are.
 *
 * @param keepsCode What V8 has learnt about the code stays, and pages that are half full stay as they are.
 */
function collectGarbage(keepsCode = true): void {
  collect('regular');
  const { total_heap_size: heapOctets, used_heap_size: usedOctets } = getHeapStatistics();
  if (heapOctets >= usedOctets * SPARSE_MIN) collect(keepsCode ? 'regular' : 'last-resort');
}

/**
 * For work that makes much garbage while memory is scarce: V8 would let the heap grow by a third before it collects.
 *
 * @returns Collects garbage if the heap has grown by this much since that was last done.
 */
export function keepGarbageBelow(growthOctets: number): () => void {
  let keptOctets = getHeapStatistics().used_heap_size;
  return () => {
    if (getHeapStatistics().used_heap_size - keptOctets < growthOctets) return;
    collectGarbage();
    keptOctets = getHeapStatistics().used_heap_size;
  };
}

function collect(flavor: 'regular' | 'last-resort'): void {
  if (!isMeasuredRuntime()) return;
  // Only contexts created after the flag is set have the function. All threads share the flag, so it stays set.
  setFlagsFromString('--expose-gc');
  const collectAll = runInNewContext('gc') as (options: object) => void;
  collectAll({ type: 'major', execution: 'sync', flavor });
  trimArenas();
}

/** Returns what glibc no longer uses to the system. */
function trimArenas(): void {
  trim ??= openTrim();
  trim();
}

/**
 * Releases memory soon after the start, once more when this thread is first quiet, and again each time it has become
 * quiet after a busy time that made its heap grow. For a thread that always has a little to do, and whose heap V8 would
 * let grow for hours, garbage is collected while it works less than half of its time. As long as it does, what is kept
 * outside V8's heap, such as pages of the database, is released every now and then: it is soon read again.
 *
 * @param options.keepsCode Never drops what V8 has learnt about the code, which look-ups need.
 * @param options.alsoRelease Releases what others in this thread keep.
 * @param options.firstMs Milliseconds until the first release: done at once, it would take a sixth of a start's
 * processor time, while other threads are still starting.
 * @param options.lookMs Milliseconds between two checks, 1 and above.
 * @param options.spareMs Milliseconds between two such releases, and until a collection after slow growth while it is
 * not quiet.
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
  let releasedMs = collectedMs;
  let wasBusy = false; // Since garbage was last collected in a quiet thread.
  const share = processorShare();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    const utilization = share();
    if (utilization > SPARE_UTILIZATION_MAX) {
      wasBusy = true;
      return;
    }
    if (nowMs - releasedMs >= spareMs) {
      alsoRelease();
      trimArenas();
      releasedMs = nowMs;
    }
    const isQuiet = utilization <= QUIET_UTILIZATION_MAX;
    const growth = getHeapStatistics().total_heap_size / keptOctets;
    const isOver = isQuiet && (wasBusy || growth >= RELEASE_GROWTH_MIN);
    // The faster it grows, the sooner.
    const isSpare = (growth - 1) * (nowMs - collectedMs) >= (SPARE_GROWTH_MIN - 1) * spareMs;
    if (!isOver && !isSpare) return;
    alsoRelease();
    if (isOver && !keepsCode) releaseMemory();
    else collectGarbage(keepsCode);
    collectedMs = nowMs;
    wasBusy = !isQuiet;
    keptOctets = getHeapStatistics().total_heap_size;
  }, lookMs);
  timer.unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
