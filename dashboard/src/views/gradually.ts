// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { useEffect, useRef, useState } from 'preact/hooks';
import { ROWS_AT_ONCE } from '../limits.ts';

/** Calls back after the next paint, however late that is. @returns Cancels it. */
function afterNextFrame(done: () => void): () => void {
  let frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(done);
  });
  return () => cancelAnimationFrame(frame);
}

/**
 * The part of a list that is drawn now: what is drawn already and a little more, until all is, in separate tasks, so
 * that the page responds while a long list is drawn.
 */
export function useGradually<T extends { readonly id: number }>(all: readonly T[]): readonly T[] {
  const drawn = useRef<ReadonlySet<number>>(new Set());
  const [, drawAgain] = useState(0);
  let moreCount = ROWS_AT_ONCE;
  const now = all.filter(({ id }) => {
    if (drawn.current.has(id)) return true;
    moreCount -= 1;
    return moreCount >= 0;
  });
  useEffect(() => {
    drawn.current = new Set(now.map(({ id }) => id));
    if (now.length === all.length) return undefined;
    return afterNextFrame(() => drawAgain((count) => count + 1));
  });
  return now;
}

/**
 * The newest value, but not more often than asked for, and never in the task that changed it.
 *
 * @param first The value until then.
 */
export function useCalmly<T>(value: T, everyMs: number, first: T): T {
  const [shown, setShown] = useState({ value: first, atMs: -everyMs });
  useEffect(() => {
    if (value === shown.value) return undefined;
    const waitMs = Math.max(0, shown.atMs + everyMs - performance.now());
    const timer = setTimeout(() => setShown({ value, atMs: performance.now() }), waitMs);
    return () => clearTimeout(timer);
  }, [value, shown, everyMs]);
  return shown.value;
}
