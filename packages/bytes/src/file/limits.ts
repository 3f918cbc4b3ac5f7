// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Milliseconds that a pipe may take to give its next octets where a small file is expected. Chosen: a program that asks
 * a vault over the network.
 */
export const PIPE_WAIT_MS_MAX = 5000;

/** Milliseconds to wait for a program that writes to it. Chosen: one command line starts both. */
export const PIPE_UNUSED_MS_MAX = 1000;

/** Milliseconds between two looks at it. Chosen: nobody notices them, and they cost nothing. */
export const PIPE_LOOK_MS = 20;
