// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { AHEAD_MS } from '../limits.ts';
import { ask, type Answer } from './ask.ts';

interface Asked {
  readonly answer: Promise<Answer<unknown>>;
  readonly atMs: number;
}

const asked = new Map<string, Asked>();

/**
 * Asks the node before the view that needs the answers is drawn. Taking down the view before it keeps the browser's
 * thread busy for a while, and the node works meanwhile.
 */
export function askAhead(paths: readonly string[]): void {
  asked.clear();
  for (const path of paths) asked.set(path, { answer: ask(path), atMs: performance.now() });
}

/** The answer that was asked for ahead, once; `undefined` if none was, or too long ago. */
export function takeAhead<T>(path: string): Promise<Answer<T>> | undefined {
  const found = asked.get(path);
  asked.delete(path);
  if (found === undefined || performance.now() - found.atMs > AHEAD_MS) return undefined;
  return found.answer as Promise<Answer<T>>;
}
