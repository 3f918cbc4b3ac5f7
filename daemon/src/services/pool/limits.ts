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

/** Milliseconds between two times at which this node says what it has to say. */
export const SPEAK_MS = 1000;

/** Pages that this node says: at once, and an hour. Others take no more of one author. */
export const OWN_PAGES_BURST = 20;
export const OWN_PAGES_PER_HOUR = 6;

/** Links that are dialled without being asked for. Chosen by simulation: with five each node hears all within 30 s, though 30 % are silent. */
export const LINKS_OUT = 5;

/** Milliseconds between two attempts to reach one more node, and while there is no link at all or there are voters to be found. */
export const LINKS_OUT_LOOK_MS = 10_000;
export const URGENT_LOOK_MS = 1000;

/** Milliseconds between two readings of whose word was checked. */
export const KNOWN_READ_MS = 60_000;

/** Milliseconds after which it is written again in which network a linked node is. */
export const PROVED_AGAIN_MS = 3_600_000;

/** Milliseconds between two attempts to reach a node that was named, at first and at most. */
export const DIAL_MS_MIN = 1000;
export const DIAL_MS_MAX = 60_000;

/** Milliseconds for which an address that could not be linked with is left alone, and addresses of one network that are dialled meanwhile. */
export const AVOIDED_MS = 3_600_000;
export const NETWORK_TRIES_MAX = 2;

/** Milliseconds for a look-up of contacts in the DHT; between two by chance of which the first found some, and before all keys are looked under anew, which a node without any link does after 1, 2, 4 minutes and so on, up to this. Chosen: all keys cost 0.6 MB. */
export const FIND_MS_MAX = 15_000;
export const CONTACTS_LOOK_MS = 60_000;
export const CONTACTS_PASS_MS = 3_600_000;

/** Milliseconds between two look-ups of a voter whose network was not proved for so many days, and voters of whom that is remembered. */
export const VOTER_LOOK_MS = 600_000;
export const VOTER_PROVED_DAYS = 7;
export const VOTERS_SOUGHT_MAX = 64;

/** Nodes of the DHT that have to say where they see this one. */
export const SEEN_AT_MIN = 3;

/** Neighbours that are dialled, and nodes that are remembered to be left alone. */
export const TARGETS_MAX = 1024;
