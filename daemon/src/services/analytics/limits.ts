// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Names of each kind in the summary of a day, 1 and above. Chosen: a few KB a day. */
export const SUMMARY_NAMES_MAX = 20;

/**
 * Milliseconds between two checks whether a day is over, and between two attempts to deliver a summary. Chosen: a
 * summary is not urgent.
 */
export const SUMMARY_CHECK_MS = 600_000;

/** Milliseconds for a summary and the answer to it. */
export const SUMMARY_TIMEOUT_MS = 30_000;

/** User-Agents that a summary reads to count the known tools, 1 and above. Chosen: more than are kept for a day. */
export const SUMMARY_TOOLS_READ_MAX = 10_000;
