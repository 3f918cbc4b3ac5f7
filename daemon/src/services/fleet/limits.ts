// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Milliseconds after which a node of a fleet that gave no sign of life is reported. Chosen: a node gives one every half
 * minute, and a restart of its machine takes less than this.
 */
export const FLEET_NODE_SILENT_MS = 300_000;

/** Milliseconds that a stop spends on pushing what is left, 1 and above. Chosen: the whole daemon stops within 2 s. */
export const FLEET_CLOSE_MS_MAX = 1000;

/** Most days that the command `fleet prune` accepts: a hundred years. */
export const FLEET_DAYS_MAX = 36_500;

/**
 * Niceness of a sensor's thread for the fleet, on Linux, 0 to 19. Chosen: during a flood it gets a quarter of a
 * processor, enough to push all of it; with 10 it got a tenth, and what others must know had to wait.
 */
export const FLEET_NICENESS = 5;
