// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/** Entries in one statement for nft, 1 and above. Chosen: a line of some 200 kB. */
export const STATEMENT_ENTRIES_MAX = 5000;

/**
 * Changes in one transaction, 1 and above. Chosen: some 50 ms for nft, and few enough for an unprivileged container.
 */
export const BATCH_CHANGES_MAX = 1000;

/**
 * Entries that are loaded at a time if the kernel accepts no longer transactions: 2,000 take it some 200 kB, half of
 * what it accepts.
 */
export const PART_ENTRIES_MAX = 2000;

/**
 * Milliseconds between two checks of the table, of what must be spared, and of what has expired. A change by another
 * program is noticed within twice that.
 */
export const LOOK_MS = 4000;

/** Milliseconds for which the list of what must be spared is used, while changes come. */
export const SPARED_MS = 1000;

/**
 * Comparing all entries with the kernel's takes at most one part in this many of the time. Chosen: 2 % of a core;
 * 10,000 entries are compared every 8 s.
 */
export const COMPARE_SHARE = 50;

/** Milliseconds by which the kernel may be earlier or later than we are with the end of an entry. */
export const END_TOLERANCE_MS = 15_000;

/** Milliseconds that one run of nft may take. Chosen: 100,000 entries take less than one second. */
export const NFT_RUN_MS_MAX = 60_000;

/** Characters of nft's output that are read, 1 and above: 1,000,000 entries. */
export const NFT_OUTPUT_CHARACTERS_MAX = 134_217_728;

/** Characters of nft's error text that a message repeats. */
export const NFT_WORDS_MAX = 300;

/** Examples of entries that were left out, in the status. */
export const LEFT_OUT_EXAMPLES_MAX = 20;

assert(2 * LOOK_MS < 10_000, 'a change by somebody else is seen within 10 s');
