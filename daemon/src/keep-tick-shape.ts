// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { executionAsyncResource } from 'node:async_hooks';
import { isMeasuredRuntime } from './measured-runtime.ts';

const kept: object[] = [];

/**
 * Keeps one of the objects that `process.nextTick` makes, as long as the program runs. Where garbage is collected while
 * there is none of them V8 forgets their shape, and makes each the slow way from then on: 0.45 instead of 0.11
 * microseconds a tick, of which each answer over HTTP has three or four (Node 26.10, bench/api.ts).
 */
export function keepTickShape(): void {
  if (isMeasuredRuntime()) process.nextTick(() => kept.push(executionAsyncResource()));
}
