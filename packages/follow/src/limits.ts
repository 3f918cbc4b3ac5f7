// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/**
 * Entries read from a log at once, 1 and above. Chosen: even if each carries the largest message, reading them occupies
 * the main thread for only a few milliseconds.
 */
export const BATCH_ENTRIES_MAX = 32;

/** Milliseconds to wait after the first failure of a follower; doubled each time up to the next limit. */
export const RETRY_MS_MIN = 1_000;

/** Milliseconds between two attempts at most. Chosen: after a repair the operator need not wait long. */
export const RETRY_MS_MAX = 60_000;

/**
 * Milliseconds between two log lines that say how many entries were removed before a follower got them. Rows are
 * removed by grade, so a follower that has fallen behind finds many small gaps, each of which would be a line.
 */
export const EXPIRED_SAID_MS = 60_000;

/**
 * Milliseconds within which `close()` writes what is committed, 1 and above. Chosen: the whole daemon stops within 2 s;
 * the rest waits for the next start.
 */
export const CLOSE_MS_MAX = 1_000;

/**
 * Milliseconds to wait after that for a file or child process to be closed, 1 and above. Chosen: the whole daemon stops
 * within 2 s.
 */
export const CLOSE_SINK_MS_MAX = 250;

assert(RETRY_MS_MIN <= RETRY_MS_MAX, 'retries slow down');
assert(CLOSE_MS_MAX + CLOSE_SINK_MS_MAX < 2_000, 'closing fits into the stop of the daemon');
