// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Days of its own evidence that a node reads at start, to claim what it has not claimed yet: as long as a claim about
 * an address lasts.
 */
export const OWN_EVIDENCE_DAYS = 7;

/** Rows of its own evidence that are read at once. Chosen: about two milliseconds. */
export const OWN_EVIDENCE_ROWS = 256;

/** Octets of a file of pages. Chosen: several times the largest pool. */
export const POOL_FILE_OCTETS_MAX = 256 * 2 ** 20;

/**
 * Pages of a file that are added in one transaction, each of 280 claims at most. Chosen: a recording daemon waits for
 * it for some tens of milliseconds.
 */
export const POOL_FILE_PAGES = 32;

/**
 * Milliseconds at least between two such transactions; as long as the last one took if that is more. Chosen: a program
 * that waits for SQLite looks every 25 ms at first.
 */
export const IMPORT_PAUSE_MS_MIN = 25;

/**
 * Pages from a link that are checked and added in one transaction, each of 280 claims at most. Chosen: their claims are
 * garbage before the space for new objects (1 MiB) is full.
 */
export const PAGES_TAKEN_AT_ONCE = 4;

/**
 * Octets by which the heap of a small device may grow while it takes such pages, before garbage is collected. Chosen: a
 * collection takes some 20 ms, two or three a second.
 */
export const SMALL_GROWTH_OCTETS = 3 * 2 ** 20;

/** Bad pages of a file that are named one by one. */
export const BAD_PAGES_NAMED_MAX = 20;

/** Milliseconds between two checks for claims that this node has to publish. */
export const SPEAK_MS = 1000;

/** Pages that this node publishes: at once, and per hour. Others accept no more from one author. */
export const OWN_PAGES_BURST = 20;
export const OWN_PAGES_PER_HOUR = 6;

/**
 * Links that a node dials by itself. Chosen by simulation: with five, each node gets everything within 30 s, even if 30
 * % of the nodes are silent.
 */
export const LINKS_OUT = 5;

/**
 * Milliseconds between two attempts to reach one more node: as usual, and while there is no link at all or voters are
 * still to be found.
 */
export const LINKS_OUT_LOOK_MS = 10_000;
export const URGENT_LOOK_MS = 1000;

/** Milliseconds after which the list of known authors is read again. */
export const KNOWN_READ_MS = 60_000;

/** Milliseconds after which the network of a linked node is recorded again. */
export const PROVED_AGAIN_MS = 3_600_000;

/** Milliseconds between two attempts to reach a node that the operator named: at first, and at most. */
export const DIAL_MS_MIN = 1000;
export const DIAL_MS_MAX = 60_000;

/**
 * Milliseconds for which an address with which no link could be made is left alone, and how many addresses of one
 * network are dialled in that time.
 */
export const AVOIDED_MS = 3_600_000;
export const NETWORK_TRIES_MAX = 2;

/**
 * Milliseconds: for one look-up of contacts in the DHT; between two random look-ups if the first found some; and before
 * all keys are searched anew, which a node without any link does after 1, 2, 4 minutes and so on, up to this. Chosen:
 * searching all keys costs 0.6 MB.
 */
export const FIND_MS_MAX = 15_000;
export const CONTACTS_LOOK_MS = 60_000;
export const CONTACTS_PASS_MS = 3_600_000;

/**
 * Milliseconds between two look-ups of a voter without a link whose network was not proved for this many days, and of
 * one whose network was: what it tells only its followers may not come from anybody else. Chosen: a voter that was
 * restarted is linked again within the hour in which a claim is repeated at most once.
 */
export const VOTER_LOOK_MS = 600_000;
export const VOTER_PROVED_DAYS = 7;
export const PROVED_VOTER_LOOK_MS = 3_600_000;

/** Voters for which the time of the last look-up is remembered. */
export const VOTERS_SOUGHT_MAX = 64;

/** Nodes of the DHT that must report this node's address before it is published. */
export const SEEN_AT_MIN = 3;

/** Neighbours that may be dialled, and nodes to be left alone that are remembered. */
export const TARGETS_MAX = 1024;

/** Octets of the file of a pool's key. Chosen: many times its 43 characters, with blanks around them. */
export const KEY_FILE_OCTETS_MAX = 1024;

/** Octets of the note of links that commands read. Chosen: a hundred links take some 25 KiB. */
export const LINKS_NOTE_OCTETS_MAX = 64 * 1024;

/** Milliseconds until links that came or went are noted. Chosen: nodes that come and go cost few writes. */
export const LINKS_NOTE_WAIT_MS = 500;

/** Milliseconds after which the note of links is written again although nothing has changed. */
export const LINKS_NOTE_AGAIN_MS = 10_000;

/**
 * Milliseconds after which nobody believes the note of links: it is what a crash left. Chosen: far longer than a busy
 * daemon takes to write it again.
 */
export const LINKS_NOTE_AGE_MS_MAX = 60_000;
