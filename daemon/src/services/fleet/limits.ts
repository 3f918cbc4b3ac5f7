// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Milliseconds after which a node of a fleet that gave no sign of life is reported. Chosen: a node says something each half
 * minute, so this is more than a restart of its machine.
 */
export const FLEET_NODE_SILENT_MS = 300_000;

/** Milliseconds in which a stop pushes what is left, 1 and above. Chosen: the whole daemon stops within 2 s. */
export const FLEET_CLOSE_MS_MAX = 1000;

/** Days that events of a fleet may be kept, as far as a command can be told: a hundred years. */
export const FLEET_DAYS_MAX = 36_500;
