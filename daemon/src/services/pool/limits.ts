// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Days of its own evidence that a node reads at its start, to say what it has not said yet: as long as a claim about an address lasts. */
export const OWN_EVIDENCE_DAYS = 7;

/** Rows of its own evidence that are read at once. Chosen: about two milliseconds. */
export const OWN_EVIDENCE_ROWS = 256;

/** Octets of a file of pages. Chosen: all that a pool may hold, several times. */
export const POOL_FILE_OCTETS_MAX = 256 * 2 ** 20;

/** Pages of a file that are added in one transaction, each of 280 claims at most. Chosen: a recording daemon waits for it for some tens of milliseconds. */
export const POOL_FILE_PAGES = 32;

/** Bad pages of a file that are named one by one. */
export const BAD_PAGES_NAMED_MAX = 20;
