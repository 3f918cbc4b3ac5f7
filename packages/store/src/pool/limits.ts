// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Pages of one key that are kept, and their claims; fewer for an author who is not known yet. */
export const AUTHOR_PAGES_MAX = 64;
export const AUTHOR_CLAIMS_MAX = 16_384;
export const STRANGER_CLAIMS_MAX = 4096;

/** Claims of all authors, 90 octets each with their pages. Chosen: a week of 1 claim a second, and 2/3 more. */
export const POOL_CLAIMS_MAX = 1_000_000;

/** Pages of all authors. Chosen: links need 100 octets for each. */
export const POOL_PAGES_MAX = 131_072;

/** Authors of pages that are remembered, 250 octets each. */
export const AUTHORS_MAX = 131_072;

/** Authors that a command lists. Chosen: each of their claims is looked up, which takes a second for 100,000. */
export const AUTHORS_LISTED_MAX = 1000;

/** Authors whose claims about one subject are kept, voters first. Chosen: more would add nothing. */
export const SUBJECT_AUTHORS_MAX = 16;

/** Authors that the operator may make voters. Chosen: nobody knows more of them well enough. */
export const VOTERS_MAX = 64;

/** Subjects that an author must have foretold, and days since its first page, before it counts as known. */
export const KNOWN_FORETOLD_MIN = 5;
export const KNOWN_DAYS_MIN = 7;

/** Milliseconds between two reviews of which authors are known, and authors per step: each claim is looked up. */
export const KNOWN_REVIEW_MS = 3_600_000;
export const KNOWN_STEP = 4;

/** Known authors that links prefer. */
export const KNOWN_AUTHORS_MAX = 16_384;

/**
 * Networks of one node that are remembered. Chosen: more than it has, so that an attacker who relays its connections
 * from a few others pushes none out.
 */
export const NODE_NETWORKS_MAX = 8;

/** Networks of all nodes, 100 octets each; those of voters are kept longest. */
export const NETWORKS_PROVED_MAX = 8192;

/** Days for which a network counts after the last link in it. Chosen: as long as the longest claims. */
export const NETWORK_DAYS = 30;

/** Subjects that are listed or watched because voters name them. Chosen: what a router can load at once. */
export const POOL_LISTINGS_MAX = 65_536;

/**
 * A day's new subjects wait for the operator beyond this many times the median of the second value's days, if they are
 * also more than the third value.
 */
export const SURGE_FACTOR = 10;
export const SURGE_DAYS = 14;
export const SURGE_MIN = 500;

/** Other nodes in an overview. Chosen: some milliseconds to read; `sentrypeer peers list` has all. */
export const NODES_SHOWN_MAX = 200;

/** Networks that the operator may distrust, 4 to 60 octets each. Chosen: every link and page is compared with all. */
export const DISTRUSTED_NETWORKS_MAX = 256;

/** Pages that one transaction removes, of 280 claims at most: some milliseconds. */
export const PAGES_REMOVED_STEP = 4;
