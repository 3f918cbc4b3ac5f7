// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { doubledMs } from '@sentrypeer/follow';
import { PUSH_RETRY_MS_MIN } from '../limits.ts';

/** SQLSTATE classes which mean that the table does not accept a row: data, integrity, and limits of the program. */
const ROW_CLASSES: ReadonlySet<string> = new Set(['22', '23', '54']);
/** Random share added or subtracted, so that a thousand nodes do not come back at the same moment. */
const JITTER = 0.25;

/** Whether the server refuses a row, which would be refused again. */
export function isRowRefused(state: string | undefined): boolean {
  return state !== undefined && ROW_CLASSES.has(state.slice(0, 2));
}

/** Milliseconds to wait after that many consecutive failures, 1 and above. @param chance From 0 to below 1. */
export function retryMs(failuresCount: number, chance: number): number {
  return doubledMs(failuresCount, PUSH_RETRY_MS_MIN) * (1 + JITTER * (2 * chance - 1));
}
