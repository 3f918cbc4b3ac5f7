// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Octets of the status file of a process that enforces listings, 1 and above: that of a BGP speaker with 256 neighbours
 * has some 300 kB.
 */
export const RUN_FILE_OCTETS_MAX = 1_048_576;

/**
 * Milliseconds between two checks by such a process for an operator's orders; its status is behind by no more than
 * this.
 */
export const CONTROL_MS = 500;

/** Milliseconds after which a status is too old to believe: it is written every `CONTROL_MS`. */
export const STATUS_MS_MAX = 15_000;

/** Milliseconds between two requests for the allowlist and the addresses of the node that is followed. */
export const ALLOWLIST_MS = 60_000;

/** Milliseconds for the node to answer these. */
export const ANSWER_MS_MAX = 10_000;

/** Characters of one text that the daemon repeats from such a process. */
export const FOLLOWER_TEXT_CHARACTERS_MAX = 300;

/** Troubles that the daemon repeats from such a process. */
export const FOLLOWER_TROUBLES_COUNT_MAX = 20;

/** Counts that the daemon repeats from such a process. */
export const FOLLOWER_COUNTS_COUNT_MAX = 32;

/** Sessions with routers that the daemon repeats from such a process: as many as it may have. */
export const FOLLOWER_SESSIONS_COUNT_MAX = 256;

/** Milliseconds after which the daemon reads the files of such processes again. */
export const FOLLOWER_READ_MS = 1000;
