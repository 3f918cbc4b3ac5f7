// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/**
 * Entries read from a log at once, 1 and above. Chosen: even when each carries the largest message,
 * reading them holds the main thread for some milliseconds only.
 */
export const BATCH_ENTRIES_MAX = 32;

/** Milliseconds to wait after the first failure of a follower; doubled each time up to the next limit. */
export const RETRY_MS_MIN = 1_000;

/** Milliseconds between two tries at most. Chosen: an operator who repaired it need not wait long. */
export const RETRY_MS_MAX = 60_000;

/**
 * Milliseconds within which `close()` writes what is committed, 1 and above. Chosen: the whole daemon
 * stops within 2 seconds; what is left waits for the next start.
 */
export const CLOSE_MS_MAX = 1_000;

/** Milliseconds to wait for a file or child to be let go after that, 1 and above. Chosen as above. */
export const CLOSE_SINK_MS_MAX = 250;

assert(RETRY_MS_MIN <= RETRY_MS_MAX, 'retries slow down');
assert(CLOSE_MS_MAX + CLOSE_SINK_MS_MAX < 2_000, 'closing fits into the stop of the daemon');
