// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Characters of the address of a fleet's database. Chosen: names and passwords that people use are shorter. */
export const ADDRESS_CHARACTERS_MAX = 2048;

/** Characters of a node's name, which is also the name of a PostgreSQL role: NAMEDATALEN - 1. */
export const NODE_NAME_CHARACTERS_MAX = 63;

/**
 * Octets of a password that we make: 144 bits, which nobody can guess. A multiple of 3, so that Base64 has no padding.
 */
export const PASSWORD_OCTETS = 18;

/** Rounds of PBKDF2 for such a password, RFC 7677 §4: more would slow down each connection and protect nothing. */
export const SCRAM_ITERATIONS = 4096;

/** Octets of the salt, as PostgreSQL makes it. */
export const SCRAM_SALT_OCTETS = 16;

/** Milliseconds to reach the database and log in. Chosen: also over a satellite. */
export const CONNECT_MS_MAX = 10_000;

/** Milliseconds for the answer to one statement; even in a large fleet a migration does not rewrite tables. */
export const STATEMENT_MS_MAX = 120_000;

/** Milliseconds without anything from the server after which an answer is overdue, and between two looks. */
export const SILENCE_MS = 5000;
export const SILENCE_LOOK_MS = 1000;

/** Milliseconds that a hub waits for a lock in the database; then it says so, and goes on with what needs no lock. */
export const HUB_LOCK_MS_MAX = 4000;

/** Milliseconds to close the connection to the server. */
export const CLOSE_MS_MAX = 500;

/** Connections that the role of one node may have: those in use, and those that a dead machine left open. */
export const NODE_CONNECTIONS_MAX = 4;

/** Days ahead for which `fleet init` makes partitions. */
export const PREPARED_DAYS = 7;

/** Lowest `server_version_num` of PostgreSQL: 15. */
export const SERVER_VERSION_MIN = 150_000;

/** Events in one push. By measurement: more do not make it faster, and a push that fails costs more. */
export const PUSH_EVENTS_MAX = 10_000;

/** By how many events pushes grow again after one took longer than the server's limit for a statement. */
export const PUSH_CAREFUL_EVENTS = 100;

/** The same if raw messages are pushed, each of which may have 64 KiB. */
export const PUSH_MESSAGES_MAX = 250;

/** Counts of repeats in one push. */
export const PUSH_REPEATS_MAX = 10_000;

/** Octets of rows that are handed to the socket at a time. */
export const COPY_CHUNK_OCTETS = 65_536;

/** Milliseconds for one push; after that the connection is closed, and the server is asked anew which mark it has. */
export const PUSH_MS_MAX = 120_000;

/**
 * Milliseconds from one push to the next, unless more events wait than fit into one. The first event after a pause is
 * pushed at once; with more milliseconds the server has less work, with less the next ones are listed elsewhere sooner.
 */
export const PUSH_GATHER_MS = 100;

/** Milliseconds between two checks for counts of repeats. */
export const PUSH_LOOK_MS = 1000;

/** Milliseconds between two signs of life while there is nothing to push. */
export const PUSH_ALIVE_MS = 30_000;

/** Milliseconds without events after which a node disconnects, so that quiet nodes keep no connection open. */
export const PUSH_IDLE_MS = 10_000;

/** Milliseconds after which a node that always has something to push connects anew, which makes partitions. */
export const PUSH_REJOIN_MS = 3_600_000;

/**
 * Milliseconds to wait after the first failure; doubled each time, up to a minute, and randomly changed by up to a
 * quarter.
 */
export const PUSH_RETRY_MS_MIN = 500;

/** Milliseconds between two lines in the log about events that were removed before they were pushed. */
export const EXPIRED_SAID_MS = 60_000;

/** Events that a hub reads from one log at a time; recording waits some milliseconds for them. */
export const PULL_EVENTS_MAX = 500;

/**
 * Newest events of a log that a hub searches for those that proved their sender, before it takes the others in order.
 * Chosen: it takes PostgreSQL some 10 ms, and only for a log that is so far behind.
 */
export const PROVED_AHEAD_EVENTS_MAX = 20_000;

/**
 * Milliseconds for which a hub reads logs before it asks again how far each is. Chosen: what proved its sender meanwhile
 * waits no longer than this, however many logs are behind.
 */
export const PULL_ROUND_MS = 500;

/** Characters of a word that a hub accepts in an event, such as its grade or its node's id. */
export const PULL_WORD_CHARACTERS_MAX = 128;

/** Characters of a text, such as a number or a User-Agent; what our own nodes push is no longer. */
export const PULL_TEXT_CHARACTERS_MAX = 512;

/** Characters of details, and of anomalies; our own nodes leave longer ones out. */
export const PULL_DETAILS_CHARACTERS_MAX = 4096;

/** Characters of a raw message, each of which is an octet. */
export const PULL_MESSAGE_CHARACTERS_MAX = 65_535;

/** Decisions of operators that a hub sends or reads at a time. Chosen: people make few. */
export const PULL_DECISIONS_MAX = 500;

/**
 * Milliseconds between two reads of the fleet's marks by a hub. Chosen: on average half of it is added to the time
 * until a source is refused everywhere; with a thousand nodes a read takes 3 ms.
 */
export const PULL_MS = 100;

/**
 * Rows of one log, by its marks, up to which it is read together with others. Chosen: an ordinary node has less in a
 * second.
 */
export const PULL_SMALL_EVENTS_MAX = 100;

/** Milliseconds for which listings to be refused are collected before a hub publishes them. */
export const LISTED_GATHER_MS = 50;

/**
 * Milliseconds between two checks by a hub whether it is the one that publishes. Chosen: a fifth of what the lease
 * lasts.
 */
export const LEAD_MS = 1000;

/** Milliseconds that a removal waits for the pushes that are under way. */
export const LOCK_MS_MAX = 10_000;

/** Days for which totals by the hour are kept after their rows were removed. */
export const TOTALS_DAYS = 366;

/** Listings that a hub publishes, or a node reads, at a time; the database's lock on serials is held for some 10 ms. */
export const LISTINGS_MAX = 500;

/**
 * Milliseconds that a hub spends on publishing listings between two pulls. Chosen: a hub that publishes 100,000
 * continues to judge meanwhile.
 */
export const LISTING_SAY_MS = 250;

/**
 * Milliseconds between two checks by a node of what the hubs list. Chosen: a thousand nodes ask for 4,000 single rows a
 * second. NOTIFY would be sooner, but every role may send it: with a sensor's stolen password one could keep all nodes
 * busy.
 */
export const FOLLOW_MS = 250;

/**
 * Seconds after which a standby that has heard nothing of its primary counts as cut off. Chosen: a hub writes every
 * second, and another takes over within 10 s.
 */
export const STANDBY_SECONDS_MAX = 20;

/** Milliseconds between two checks by a node for listings that have ended, and whose rows may be removed. */
export const FOLLOW_SWEEP_MS = 600_000;

/**
 * Milliseconds after which the hub that publishes listings compares all of them anew. Chosen: it costs some queries for
 * each 500.
 */
export const LISTINGS_COMPARE_MS = 3_600_000;

/** Reasons of a listing, and characters of each; the judge gives up to some ten, and the longest names voters. */
export const LISTING_REASONS_MAX = 16;
export const LISTING_REASON_CHARACTERS_MAX = 240;

/** Characters of all reasons of a listing as JSON: what the fleet's table takes. */
export const LISTING_REASONS_TEXT_MAX = 4096;

/**
 * Milliseconds between two lines that say which listings a node left out. Chosen: the thief of a hub's password cannot
 * fill the log.
 */
export const LEFT_OUT_SAY_MS = 60_000;

/**
 * Microseconds by which the clock of the database must differ from ours before times are moved. A query takes some
 * milliseconds.
 */
export const CLOCK_OFFSET_US_MIN = 5_000_000;

/** Milliseconds between two reads of all nodes by a hub, for people. Counting a million listings takes some 100 ms. */
export const OVERVIEW_MS = 10_000;

/** Nodes in such an overview. Chosen: a page shows no more; silent nodes come first. */
export const OVERVIEW_NODES_MAX = 1000;

/** Milliseconds without a sign of life after which a node counts as silent: it gives one every half minute. */
export const NODE_SILENT_MS = 300_000;

/** Octets of the file of authorities (`sslrootcert`). Chosen: many times that of all public ones, 230 KB. */
export const AUTHORITIES_OCTETS_MAX = 4_194_304;
