// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Characters of what is allowed: an address, a network, a number or a range, 1 and above. Chosen: two numbers with their plus. */
export const ALLOWED_CHARACTERS_MAX = 64;

/** Characters of a comment on what is allowed or delisted. Chosen: one line. */
export const COMMENT_CHARACTERS_MAX = 200;

/** Entries of the allowlist, 0 and above. Chosen: a large operator's networks and numbers; each look-up passes over those that are no exact match. */
export const ALLOWANCES_COUNT_MAX = 10_000;
