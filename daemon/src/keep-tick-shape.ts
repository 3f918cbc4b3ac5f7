// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { executionAsyncResource } from 'node:async_hooks';
import { isMeasuredRuntime } from './measured-runtime.ts';

const kept: object[] = [];

/**
 * Keeps one of the objects that `process.nextTick` creates, for the life of the program. If garbage is collected while
 * none of them exists, V8 forgets their shape and from then on creates each the slow way: 0.45 instead of 0.11
 * microseconds a tick, of which each HTTP answer has three or four (Node 26.10, bench/api.ts).
 */
export function keepTickShape(): void {
  if (isMeasuredRuntime()) process.nextTick(() => kept.push(executionAsyncResource()));
}
