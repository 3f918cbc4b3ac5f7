// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Milliseconds for one attempt, 1 and above. Chosen: what a PBX may wait before it dials. */
export const TIMEOUT_MS_DEFAULT = 2000;

/** Attempts after the first one, 0 and above. */
export const RETRIES_DEFAULT = 2;

/** Milliseconds before the second attempt; doubled for each further one. */
export const RETRY_MS_MIN = 100;

/** Most milliseconds to wait before an attempt, even if the node asks for more. */
export const RETRY_MS_MAX = 30_000;

/** Characters of one event on the stream, 1 and above. Chosen: the largest message with all members of its event. */
export const STREAM_EVENT_CHARACTERS_MAX = 1_048_576;
