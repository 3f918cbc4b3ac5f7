// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { RETRY_MS_MAX, RETRY_MS_MIN } from './limits.ts';

/** Milliseconds to wait after that many consecutive failures, 1 and above: doubled each time, up to a minute. */
export function doubledMs(failuresCount: number, retryMsMin = RETRY_MS_MIN): number {
  return Math.min(retryMsMin * 2 ** (failuresCount - 1), RETRY_MS_MAX);
}
