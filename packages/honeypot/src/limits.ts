// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/**
 * Octets sent for each octet received from an unproved UDP source, in all replies to one datagram together. Chosen: an
 * echo needs about 0.9 to 1.2, and below 1.5 forging gains an attacker nothing.
 */
export const UNPROVED_OCTETS_FACTOR = 1.2;

/** Datagrams sent for one datagram of an unproved UDP source, 1 and above: a 180 and the 200. */
export const UNPROVED_REPLIES_MAX = 2;

/**
 * Octets of one datagram we send: what passes every path without fragments (RFC 3261 §18.1.1). The answer to a larger
 * request, which came in fragments, too, may have 1.2 times its octets: what it adds to each hop makes it longer.
 */
export const DATAGRAM_OCTETS_MAX = 1300;

/**
 * Octets of one answer, whatever the request. Chosen: servers answer Call-IDs of 4 KiB and requests with sixty
 * hops; above it nothing is sent.
 */
export const ANSWER_OCTETS_MAX = 8192;

/** Octets of an answer that is kept for retransmissions; for a longer one a retransmission is answered anew. */
export const KEPT_ANSWER_OCTETS_MAX = 4096;

/**
 * Milliseconds for which an address and port stay proved after they gave back a nonce or tag of ours. Chosen: longer than
 * the pauses inside an attack, shorter than the time in which addresses change hands.
 */
export const PROOF_MS = 600_000;

/**
 * Ports of one address that are proved at a time. Chosen: a tool uses one, several tools behind one NAT a few. One more
 * pushes out the oldest.
 */
export const PROVED_FLOWS_MAX = 16;

/** Milliseconds for which a nonce is accepted, any number of times: `svcrack -n` reuses one for its whole run. */
export const NONCE_FRESH_MS = 300_000;

/** Milliseconds by which the wall clock may step back before our own nonces seem to be from the future. */
export const CLOCK_STEP_MS = 5000;

/**
 * Milliseconds of one slot of the To tags. A tag is valid in its own slot and in the next one, so for 10 to 20 minutes;
 * with a longer slot a captured tag would be valid longer, with a shorter one calls would end.
 */
export const TAG_SLOT_MS = 600_000;

/**
 * To tags that may fail their check in one minute before tags are ignored until it is over. The shortest tag has 32
 * bits: at this pace one guess in 16 years succeeds in a thread. It also limits the hashing that a flood of made-up
 * tags can cause.
 */
export const TAG_FAILURES_PER_MINUTE_MAX = 256;

/**
 * Sources whose guesses and calls are remembered, each thread. Chosen: ten days of a public honeypot see a
 * few thousand attackers; about 400 octets each.
 */
export const SOURCES_MAX = 4096;

/** Milliseconds for which a source is remembered after its last message. */
export const SOURCE_LIFETIME_MS = 86_400_000;

/** Distinct numbers remembered for one source; more than the most calls that are refused at first. */
export const REFUSED_NUMBERS_MAX = 16;

/** Characters of a dialled number, a Call-ID or a tag that are used in a key; honest ones are far shorter. */
export const KEY_PART_CHARACTERS_MAX = 256;

/** Accounts whose password was found, in each thread. About 2,000 can exist at all. */
export const WON_ACCOUNTS_MAX = 2048;

/** Milliseconds in which equal octets from one source are a retransmission: 64 T1, RFC 3261 §17.2.1. */
export const RETRANSMISSION_MS = 32_000;

/** Answers kept for retransmissions, each thread; about 600 octets an entry, and 4 KiB at most: 16 MiB. */
export const RETRANSMISSIONS_MAX = 4096;

/** INVITE transactions kept, each thread; about 2 KiB an entry, and 9 KiB at most. */
export const CALLS_MAX = 1024;

/** Milliseconds for which an INVITE is remembered: the longest ringing and 64 T1. */
export const CALL_LIFETIME_MS = 40_000;

/** Fewest and most milliseconds before a proved source's call is answered: one to four rings, different each time. */
export const RING_MS_MIN = 1200;
export const RING_MS_MAX = 6000;

/** RFC 3261 T1: milliseconds before a final answer to an INVITE is repeated; doubles each time. */
export const T1_MS = 500;

/** Repetitions of one answer without a request, to proved sources only. A full Timer G would be ten. */
export const REPETITIONS_MAX = 3;

/** Fewest and most seconds of a registration: RFC 3261 §10.2 leaves these limits to the registrar. */
export const EXPIRES_S_MIN = 60;
export const EXPIRES_S_MAX = 3600;

/** Bindings listed in one answer to a REGISTER; phones have one. */
export const CONTACTS_MAX = 4;

/** Octets of a session description that are read; those of blasters have 150 to 500. */
export const SDP_OCTETS_MAX = 4096;

/** Codes of anomalies kept with one event: more of the same says nothing new. */
export const ANOMALIES_MAX = 32;

assert(CALL_LIFETIME_MS >= RING_MS_MAX + RETRANSMISSION_MS, 'a call outlives its ringing');
assert(KEPT_ANSWER_OCTETS_MAX <= ANSWER_OCTETS_MAX, 'what is kept was sent');
assert(DATAGRAM_OCTETS_MAX <= ANSWER_OCTETS_MAX, 'a datagram is an answer');
assert(PROOF_MS < SOURCE_LIFETIME_MS, 'a proved source is remembered');
assert(NONCE_FRESH_MS <= PROOF_MS, 'a nonce proves no longer than a proof lasts');
