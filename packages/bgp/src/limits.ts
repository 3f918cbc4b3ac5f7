// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/** Octets of a message, its header included (RFC 4271 §4.1). */
export const MESSAGE_OCTETS_MAX = 4096;

/** Octets of a message if both sides have the extended message capability (RFC 8654 §4). */
export const EXTENDED_MESSAGE_OCTETS_MAX = 65_535;

/** Neighbours of one speaker, 1 and above. Chosen: each costs two bits for each prefix and some 300 kB of buffers. */
export const NEIGHBOURS_COUNT_MAX = 256;

/**
 * Prefixes of each family that a speaker has, 1 and above. Chosen: some 60 MB; any more are left out, counted and
 * logged.
 */
export const TABLE_PREFIXES_MAX = 2_000_000;

/**
 * Prefixes that a neighbour is sent unless its options say otherwise. Chosen: below the limit that routers commonly
 * have for such a feed.
 */
export const NEIGHBOUR_PREFIXES_DEFAULT = 10_000;

/**
 * Octets that wait in our memory for one neighbour unless its options say otherwise; more are only made when these have
 * been sent.
 */
export const OUTPUT_OCTETS_DEFAULT = 262_144;

/** Seconds of the hold time that we offer, unless options say otherwise (RFC 4271 §10). */
export const HOLD_TIME_S_DEFAULT = 90;

/**
 * Seconds between two attempts to connect, before back-off and jitter. Chosen: RFC 4271 §10 suggests 120, which is a
 * long wait for a blackhole.
 */
export const CONNECT_RETRY_S_DEFAULT = 10;

/**
 * Seconds for which a neighbour keeps our routes after the session broke, unless options say otherwise, 1 to 4,095 (RFC
 * 4724 §3).
 */
export const RESTART_TIME_S_DEFAULT = 120;

/** Communities of one kind, 0 and above. Chosen: their attribute stays far below a message's size. */
export const COMMUNITIES_COUNT_MAX = 64;

/**
 * Port ranges of one FlowSpec rule, 1 and above: the rule stays below 240 octets, so that its length takes one (RFC
 * 8955 §4.1).
 */
export const FLOW_PORT_RANGES_MAX = 16;

/** Octets of a shutdown communication (RFC 9003 §2). */
export const COMMUNICATION_OCTETS_MAX = 255;

/**
 * Octets that are read from one neighbour per second, and at once; any more must wait. Chosen: a neighbour need not
 * send us anything, and this costs less than a tenth of a core.
 */
export const RECEIVED_OCTETS_PER_SECOND_MAX = 1_048_576;

/** Milliseconds by which the hold timer may fire late before the thread, and not the neighbour, is taken to be slow. */
export const HOLD_LATE_MS = 500;

/** Milliseconds for reading what came before the hold timer was due. */
export const HOLD_READ_MS = 20;

/**
 * Milliseconds of grace for a neighbour, once, if the timer is that late, so that what it sent meanwhile is read first.
 */
export const HOLD_GRACE_MS = 1000;

/**
 * Milliseconds after which the session with a neighbour that reads nothing of what we send ends, or twice its hold time
 * if that is longer (RFC 9687 §3).
 */
export const SEND_HOLD_MS_MIN = 480_000;

/** Octets that are made for one neighbour at a time. Chosen: one system call sends some 16 messages. */
export const CHUNK_OCTETS = 65_536;

/** Chunks for one neighbour before others get a turn, 1 and above. */
export const CHUNKS_PER_TURN_MAX = 8;

/** Milliseconds for which changes are collected into common messages. */
export const FLUSH_MS = 50;

/** Fewest milliseconds between two answers to one neighbour's requests for everything (RFC 2918). */
export const REFRESH_MS_MIN = 5000;

/** Milliseconds before a session that broke begins anew, doubled each time it breaks again, up to the second value. */
export const IDLE_HOLD_MS_MIN = 1000;
export const IDLE_HOLD_MS_MAX = 300_000;

/** Milliseconds between attempts to connect, at most. */
export const CONNECT_RETRY_MS_MAX = 120_000;

/**
 * Milliseconds before the first attempt after a neighbour refused more prefixes from us, doubled each time, up to the
 * second value: its operator has to act.
 */
export const PREFIX_LIMIT_MS_MIN = 300_000;
export const PREFIX_LIMIT_MS_MAX = 3_600_000;

/** Milliseconds that a session is up before earlier failures are forgotten. */
export const STABLE_MS = 60_000;

/** Milliseconds for withdrawals and final messages at a stop. */
export const CLOSE_MS_MAX = 5000;

/** Milliseconds for which a connection may linger after our last message on it. */
export const LINGER_MS_MAX = 2000;

/** Milliseconds between two lines in the log about strangers who connect. */
export const STRANGERS_LOG_MS = 60_000;

assert(MESSAGE_OCTETS_MAX < EXTENDED_MESSAGE_OCTETS_MAX, 'extended messages are longer');
assert(OUTPUT_OCTETS_DEFAULT >= 2 * MESSAGE_OCTETS_MAX, 'a message fits into the output');
assert(CHUNK_OCTETS >= EXTENDED_MESSAGE_OCTETS_MAX, 'a message fits into a chunk');
assert(IDLE_HOLD_MS_MAX <= PREFIX_LIMIT_MS_MIN, 'a prefix limit waits for people');
