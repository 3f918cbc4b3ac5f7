// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Listings of a fleet's hubs that a node keeps, 0 and above; with a small database one for every 4 KiB of its size.
 * Chosen: as many as a hub lists of one kind.
 */
export const FOLLOWED_COUNT_MAX = 1_048_576;

/**
 * Of these, entries that an operator blocked, by kind and value. Chosen: twice as many as an operator may block,
 * because spared addresses divide networks.
 */
export const FOLLOWED_BLOCKS_MAX = 20_000;

/** Octets of such a listing in the database, for the room on a disk that is nearly full. */
export const FOLLOWED_OCTETS = 1024;

/**
 * Share of the room for listings that watched entries may fill. Chosen: listed entries have as much room to themselves.
 */
export const FOLLOWED_WATCHED_SHARE = 0.5;
