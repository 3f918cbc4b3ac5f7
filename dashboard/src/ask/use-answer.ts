// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { useLayoutEffect, useState } from 'preact/hooks';
import { takeAhead } from './ahead.ts';
import { ask, type Answer } from './ask.ts';

/**
 * What the node answers to a path; `undefined` until it has.
 *
 * @param everyMs Asks again after this time, while the page is visible. @default once
 * @param turn Asks again whenever it changes.
 */
export function useAnswer<T>(
  path: string | undefined,
  everyMs = 0,
  turn: unknown = 0,
): Answer<T> | undefined {
  const [known, setKnown] = useState<{ readonly path: string; readonly answer: Answer<T> }>();
  // Before the browser paints, so that the node works meanwhile.
  useLayoutEffect(() => {
    if (path === undefined) return undefined;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      if (!document.hidden || everyMs === 0) {
        const answer = await (takeAhead<T>(path) ?? ask<T>(path, leaving.signal));
        if (leaving.signal.aborted) return;
        setKnown({ path, answer });
      }
      if (everyMs > 0) timer = setTimeout(() => void look(), everyMs);
    };
    void look();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, turn]);
  return known?.path === path ? known?.answer : undefined;
}
