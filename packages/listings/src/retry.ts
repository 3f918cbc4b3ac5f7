// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { RETRY_MS_MAX, RETRY_MS_MIN } from './limits.ts';

/** Milliseconds to wait after a failure that follows this many others. */
export function retryMs(failuresCount: number): number {
  return Math.min(RETRY_MS_MIN * 2 ** Math.min(failuresCount, 10), RETRY_MS_MAX);
}
