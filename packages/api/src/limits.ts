// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/** Octets of all headers and the target of one request, 1 and above. Chosen: look-ups need a few hundred. */
export const HEAD_OCTETS_MAX = 8_192;

/** Headers of one request, 1 and above. Chosen: browsers send about twenty. */
export const HEADERS_COUNT_MAX = 64;

/**
 * Octets of a body that a request may announce, 0 and above; only routes with a separate limit read one. Chosen: what
 * the system buffers for a connection anyway.
 */
export const BODY_OCTETS_MAX = 65_536;

/**
 * Octets of a body that delivers events, 0 and above, both compressed and decompressed. Chosen: several dozen of the
 * largest events.
 */
export const DELIVERY_OCTETS_MAX = 4_194_304;

/** Events of one delivery, 1 and above. Chosen: one transaction of some tens of milliseconds. */
export const DELIVERY_EVENTS_MAX = 1_000;

/**
 * Characters of a text of a delivered event other than its message, 1 and above. Chosen: no less than the honeypot
 * keeps of its own events.
 */
export const DELIVERED_TEXT_CHARACTERS_MAX = 4_096;

/** Characters of the message of a delivered event, 1 and above: the largest datagram. */
export const DELIVERED_MESSAGE_CHARACTERS_MAX = 65_535;

/** Octets of a request for a token, 0 and above; a client sends about 200. */
export const TOKEN_OCTETS_MAX = 4_096;

/**
 * Octets reserved for all bodies that are being read, twice the octets of each. Chosen: four of the largest deliveries.
 */
export const BODIES_OCTETS_MAX = 33_554_432;

/** Octets of a decision of the operator, 0 and above; one has a few hundred. */
export const DECISION_OCTETS_MAX = 4_096;

/** Characters of a comment on a decision, 0 and above. Chosen: one line. */
export const COMMENT_CHARACTERS_MAX = 200;

/** Characters of a Host header, 1 and above: the longest name (RFC 1035 §2.3.4) and a port. */
export const HOST_CHARACTERS_MAX = 260;

/** Host headers for which the decision is cached, 1 and above. Chosen: clients use a few. */
export const HOSTS_COUNT_MAX = 256;

/** Characters of a key in a request, 1 and above; ours have 54. */
export const KEY_CHARACTERS_MAX = 128;

/** Characters of a text in a query, 1 and above. Chosen: totals of User-Agents keep as many. */
export const TEXT_CHARACTERS_MAX = 256;

/** Characters from which an answer is compressed, 0 and above. Chosen: what does not fit into one packet. */
export const GZIP_CHARACTERS_MIN = 1_400;

/** Entries of one page, 1 and above. Chosen: a few milliseconds to read and write. */
export const PAGE_ENTRIES_MAX = 1_000;

/** Entries of one page unless the query says otherwise. */
export const PAGE_ENTRIES_DEFAULT = 100;

/**
 * Totals that are examined for one page, 1 and above; the next page continues after them. Chosen: some tens of
 * milliseconds.
 */
export const PAGE_SCAN_MAX = 10_000;

/** Rows that one step of a query for events examines, 1 and above. Chosen: 1 to 2 ms, between two look-ups. */
export const SCAN_STEP_ROWS = 1_000;

/** Events that one step reads and writes, 1 and above. Chosen: takes as long as examining the rows. */
export const SCAN_STEP_EVENTS = 50;

/**
 * Largest `per_second` of a stream, 1 and above. Chosen: more than a person can read, and a few milliseconds of work.
 */
export const STREAM_RATE_MAX = 1_000;

/** Milliseconds between two readings of such a stream, 1 and above. Chosen: the eye follows four a second. */
export const STREAM_WINDOW_MS = 250;

/** Ids that one step of such a stream counts, 1 and above. Chosen: 1 to 2 ms in the database. */
export const SAMPLE_STEP_IDS = 10_000;

/** Rows that one query for a page of events examines, 1 and above; the next page continues after them. */
export const SCAN_ROWS_MAX = 10_000;

/** Milliseconds for which queries scan before the thread does something else, 1 and above. */
export const SCAN_SLICE_MS = 2;

/**
 * Queries of one client that wait at a time, 1 and above; more are answered 503. Chosen: a dashboard makes a few at a
 * time.
 */
export const SCANS_PER_CLIENT_MAX = 16;

/**
 * Steps of queries that are with another thread at a time, 1 and above. Chosen: it works on one while the other is on
 * its way.
 */
export const SCANS_AWAY_MAX = 2;

/** Queries of all clients that wait at a time, 1 and above; more of strangers are answered 503. */
export const SCANS_COUNT_MAX = 512;

/**
 * Characters from which an answer is compressed in another thread, 1 and above; below it takes less than a millisecond.
 */
export const GZIP_THREAD_CHARACTERS_MIN = 65_536;

/** Events that an export reads at a time, 1 and above. */
export const EXPORT_EVENTS = 250;

/**
 * Streams of events at a time, 1 and above; beyond that the client with most loses its oldest to one with fewer,
 * otherwise 503. Chosen: enough for dashboards and collectors.
 */
export const STREAMS_COUNT_MAX = 64;

/**
 * Streams of the feed of listings at a time, counted separately, so that no dashboard keeps a firewall out. Chosen:
 * each firewall or router needs one.
 */
export const FEED_STREAMS_COUNT_MAX = 64;

/** Entries or changes of the feed that a stream reads at a time, 1 and above. Chosen: a few milliseconds. */
export const FEED_PAGE_ENTRIES = 500;

/** Milliseconds between two signs of life on a stream without events. Chosen: below what proxies wait. */
export const STREAM_BEAT_MS = 10_000;

/** Milliseconds over which the requests of one client are counted, 1 and above. */
export const RATE_MS = 10_000;

/**
 * Wrong keys with the same beginning that one client may try in {@link FAILED_KEYS_MS} milliseconds. Chosen: a person
 * with a wrong key in a script notices before that, and an attacker can guess only 14,400 of 2^256 keys per day.
 */
export const FAILED_KEYS_COUNT_MAX = 10;
export const FAILED_KEYS_MS = 60_000;

/**
 * Wrong keys with any beginning that one client may try in {@link FAILED_KEYS_MS} milliseconds. Chosen: programs of one
 * site with old keys stay below it.
 */
export const FAILED_CLIENT_KEYS_COUNT_MAX = 100;

/** Characters that count as the beginning of a key, 1 and above: the 11 that all of ours share, and 5 more. */
export const FAILED_KEY_PREFIX_CHARACTERS = 16;

/** Networks, tools and ranges with the most messages that an answer names, 1 and above. Chosen: what a table shows. */
export const ANALYTICS_TOPS = 10;

/** Countries that such an answer names. Chosen: all countries, for a map. */
export const ANALYTICS_COUNTRIES = 250;

/** Milliseconds after which a session of a browser ends. Chosen: somewhat more than a working day. */
export const SESSION_MS = 43_200_000;

/**
 * Milliseconds without a request after which a session of a browser ends. Chosen: the open page asks every few seconds.
 */
export const SESSION_IDLE_MS = 3_600_000;

/** Sessions of browsers at a time with one key, 1 and above; the oldest ends. Chosen: a few people share a key. */
export const SESSIONS_PER_KEY_MAX = 16;

/** Sessions of browsers at a time, 1 and above; the oldest ends. Chosen: some hundred kilobytes. */
export const SESSIONS_COUNT_MAX = 512;

/** Clients that are counted at a time, 1 and above. Chosen: about 2 MB. */
export const WINDOWS_COUNT_MAX = 16_384;

/**
 * Connections at a time, 1 and above; of more, the source that has most loses one, or the one that is idle longest
 * goes. Chosen: about 20 KiB each.
 */
export const CONNECTIONS_COUNT_MAX = 1_024;

/**
 * Connections of one source, 1 and above, up to which it is not blamed for there being too many. Chosen: a PBX keeps a
 * few for its questions.
 */
export const CONNECTIONS_SPARED_MAX = 16;

/**
 * At most that part of all connections is spared: one in N. Chosen: where there are few, one source has no claim to
 * all.
 */
export const CONNECTIONS_SPARED_SHARE = 4;

/**
 * Milliseconds that a request has at least, 1 and above, before its connection makes room for that of another source
 * with few, if all are in use. Chosen: what a PBX waits for an answer.
 */
export const REQUEST_TENURE_MS = 2_000;

/** Milliseconds for all headers of a request, 1 and above. Chosen: honest clients send them at once. */
export const HEADERS_MS_MAX = 10_000;

/**
 * Milliseconds for a whole request, 1 and above. Chosen: the headers, and half as long again for a body over a slow
 * link.
 */
export const REQUEST_MS_MAX = 15_000;

/**
 * Milliseconds between two checks for late requests, 1 and above. Chosen: a late request is cut off within 1/5 of the
 * shortest limit.
 */
export const LATE_CHECK_MS = 2_000;

/**
 * Milliseconds without an octet in either direction during a request or answer. Chosen: a link that is silent for 30 s
 * is lost.
 */
export const STALLED_MS_MAX = 30_000;

/**
 * Milliseconds a connection is kept for the next request, 0 and above. Chosen: longer than the minute after which a
 * proxy gives up an idle connection, so that it never writes to one that is just being closed.
 */
export const KEEP_ALIVE_MS = 75_000;

/**
 * Octets of the usage metrics of a CrowdSec bouncer, 0 and above; they are ignored. Chosen: several times what one
 * sends.
 */
export const USAGE_OCTETS_MAX = 262_144;

/**
 * CrowdSec bouncers whose positions are kept, 1 and above; the one that pulled longest ago is forgotten, and gets
 * everything when it comes again. Chosen: some hundred kilobytes.
 */
export const BOUNCERS_COUNT_MAX = 1_024;

/** Milliseconds after which a bouncer gets everything anew. Chosen: less than half of what an entry lasts at most. */
export const BOUNCER_RENEWAL_MS = 604_800_000;

/**
 * Milliseconds that a list or stream has at least, 1 and above, before it makes room for that of a client with as few.
 * Chosen: a list takes seconds, and a stream that is cut goes on where it was.
 */
export const ANSWER_TENURE_MS = 30_000;

/**
 * Lists being sent at a time, 1 and above; beyond that the client with most loses its oldest to one with fewer,
 * otherwise 503. Chosen: one page of each is in memory.
 */
export const LISTS_COUNT_MAX = 32;

/** Milliseconds for sending one list, 1 and above. Chosen: a million entries at 3 Mbit/s. */
export const LIST_MS_MAX = 300_000;

/**
 * Characters of a number in a query, including its URI, 1 and above. Chosen: as many as the parser of numbers accepts.
 */
export const NUMBER_TEXT_CHARACTERS_MAX = 256;

/** Numbers that one question asks to read, 1 and above. Chosen: a table of the dashboard, in some milliseconds. */
export const READINGS_COUNT_MAX = 64;

/** Characters of a number in a request, 1 and above. Chosen: E.164 has 15 digits, dial prefixes some more. */
export const NUMBER_CHARACTERS_MAX = 64;

/** Milliseconds for which answers may continue during a stop. Chosen: the daemon stops within 2 s. */
export const CLOSE_MS_MAX = 500;

/** Milliseconds between two lines about failed requests in our log. Chosen: clients decide how often requests fail. */
export const REPORT_MS_MIN = 10_000;

assert(REQUEST_TENURE_MS < REQUEST_MS_MAX, 'a late request makes room before it is cut off');
assert(STREAM_BEAT_MS < STALLED_MS_MAX, 'a stream that has nothing to say is not stalled');
assert(FAILED_KEYS_COUNT_MAX <= FAILED_CLIENT_KEYS_COUNT_MAX, 'one beginning is a part of all');
assert(2 * DELIVERY_OCTETS_MAX <= BODIES_OCTETS_MAX, 'the largest delivery has room');
assert(SCAN_STEP_ROWS <= SCAN_ROWS_MAX, 'a question has a step at least');
assert(SESSIONS_PER_KEY_MAX <= SESSIONS_COUNT_MAX, 'one key has a part of all sessions');
assert(SESSION_IDLE_MS <= SESSION_MS, 'a session that is used lasts longer');
assert(HEADERS_MS_MAX <= REQUEST_MS_MAX, 'headers are a part of the request');

/**
 * Seconds until an entry of a list for a firewall expires, at most: what `ipset` can count (2^31 - 1 ms). A firewall
 * that loads a list less often than every 24 days loses entries.
 */
export const ENTRY_SECONDS_MAX = 2_147_483;

/**
 * An entry may last longer than was announced to followers: by this many seconds or by this share of the time left,
 * whichever is greater; see the store's `RENEW_US_MIN`.
 */
export const RENEWAL_SECONDS = 3_600;
export const RENEWAL_SHARE = 0.25;

assert(2 * BOUNCER_RENEWAL_MS < ENTRY_SECONDS_MAX * 1000, 'an entry is told again before it ends');
