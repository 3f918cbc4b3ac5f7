// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/**
 * Depth of nested maps and arrays in one datagram. Chosen: OpenDHT's deepest message, a signed value in a reply, has 6.
 */
export const MSGPACK_DEPTH_MAX = 16;

/** Octets of one UDP datagram over IPv4; longer ones are not sent (PROTOCOL 1). */
export const DATAGRAM_OCTETS_MAX = 65_507;

/** Values sent inline in one message must be fewer than this (PROTOCOL 6.1). */
export const INLINE_VALUES_COUNT = 50;

/** Packed octets of all values sent inline in one message must be fewer than this (PROTOCOL 6.1). */
export const INLINE_VALUES_OCTETS = 600;

/** Octets of a value in one part (PROTOCOL 6.2). */
export const PART_OCTETS = 1280;

/** Packed octets of one value that travels in parts; larger ones are skipped (PROTOCOL 5.3). */
export const PACKED_VALUE_OCTETS_MAX = 65_568;

/** Octets of data, signature, user type and cypher text of one value (PROTOCOL 5.3). */
export const VALUE_OCTETS_MAX = 65_536;

/** Nodes in one list of a reply that we send, and that we accept from a list (PROTOCOL 3.5). */
export const NODES_IN_REPLY_MAX = 8;

/** Octets of a token accepted from another node (PROTOCOL 4.10). */
export const TOKEN_OCTETS_MAX = 64;

/** Characters of an error's text that are kept. Chosen: real ones have up to 44. */
export const ERROR_TEXT_CHARACTERS_MAX = 100;

/** Conditions or fields in one filter. Chosen: there are five fields. */
export const FILTER_ENTRIES_MAX = 16;

/** Datagrams that may leave at once for one message in parts; the rest follow every `PACE_MS` (PROTOCOL 6.3). */
export const PACED_DATAGRAMS_COUNT = 50;

/** Milliseconds between two bursts of parts (PROTOCOL 6.3). */
export const PACE_MS = 10;

/**
 * Octets that wait for their burst; more are dropped and sent again later. Chosen: 3 dumps of a key with 6,500 values.
 */
export const PACED_OCTETS_MAX = 16_777_216;

/** Queries per second from one IPv4 address or IPv6 /64 (PROTOCOL 15). */
export const QUERIES_PER_SOURCE_PER_SECOND_MAX = 1024;

/** Queries per second in all (PROTOCOL 15). */
export const QUERIES_PER_SECOND_MAX = 8192;

/** Addresses with a port that are ignored because they broke the protocol. Chosen: 100 KiB. */
export const BLACKLIST_MAX = 1024;

/** Addresses with a port that have proved that they receive our answers. Chosen: about 100 octets each, 1.6 MB. */
export const PROVED_ADDRESSES_MAX = 16_384;

/** Milliseconds for which an address counts as proved (as long as a token, PROTOCOL 13.2). */
export const PROVED_MS = 600_000;

/**
 * Octets of values per second for proved addresses of one source; values that are searched count, too. Chosen: 3 times
 * what a node with 6,500 values costs when it asks for the whole list before each announcement (PROTOCOL 20.4).
 */
export const PROVED_OCTETS_PER_SECOND = 2_097_152;

/** Octets of values that one proved source gets at once. Chosen: a whole key of small values. */
export const PROVED_OCTETS_BURST = 8_388_608;

/** Octets of values per second for all proved addresses together. Chosen: 64 Mbit/s, below half a core of work. */
export const PROVED_OCTETS_PER_SECOND_ALL = 8_388_608;

/** Octets that count for each value searched. Chosen: examining a value takes as long as writing that many. */
export const SCANNED_VALUE_OCTETS = 8;

/** Sources whose octets are remembered. Chosen: as many as can send a query in one second. */
export const BUDGETS_MAX = 8192;

/**
 * Nodes of one family to remember, besides those in tables, searches and requests, which always are. Chosen: about 500
 * octets each.
 */
export const NODES_KNOWN_MAX = 4096;

/** Nodes in one bucket (PROTOCOL 12). */
export const BUCKET_NODES_MAX = 8;

/**
 * Nodes in one bucket from one IPv4 address or IPv6 /64, unless a site shares the address. Chosen: a few nodes behind
 * one NAT are honest; eight would let one machine fill a bucket.
 */
export const BUCKET_NODES_PER_SOURCE_MAX = 2;

/** Milliseconds since its last reply for which a node may count as good (PROTOCOL 11.2). */
export const NODE_REPLIED_MS_MAX = 7_200_000;

/** Milliseconds since a node's last message for which it may count as good (PROTOCOL 11.2). */
export const NODE_HEARD_MS_MAX = 600_000;

/** Answers 401 in a row after which a node is expired (PROTOCOL 11.2). */
export const AUTH_ERRORS_MAX = 3;

/** Attempts of one request (PROTOCOL 11.3). */
export const REQUEST_ATTEMPTS_MAX = 3;

/** Half the milliseconds to wait after the first attempt; doubled each time, plus up to 250 ms (PROTOCOL 11.3). */
export const REQUEST_WAIT_MS = 500;

/** Milliseconds that are added to each wait at random, at most (PROTOCOL 11.3). */
export const REQUEST_WAIT_SPREAD_MS = 250;

/** Nodes that a value is put to and that must have answered (PROTOCOL 13.3). */
export const TARGET_NODES = 8;

/** Nodes of a search's list that are not bad (PROTOCOL 13.1). */
export const SEARCH_NODES_MAX = 14;

/** Nodes in a search's list, including bad ones. Chosen: the 14 plus 25 bad ones that end a search (PROTOCOL 13.3). */
export const SEARCH_LIST_MAX = 39;

/** Nodes asked at the same time (PROTOCOL 13.3). */
export const SEARCH_ASKED_MAX = 4;

/** Nodes that a listen subscribes at (PROTOCOL 13.6). */
export const LISTEN_NODES = 4;

/** Single values requested from one node at the same time. Chosen: a lost answer delays a few, not all. */
export const FETCHES_PER_NODE_MAX = 16;

/** Requests of gets and puts to one node in one tick: 320 per second, as PROTOCOL 15 advises. */
export const ASKED_PER_TICK_MAX = 16;

/** Milliseconds of a tick; requests to one node are limited per tick. */
export const ASK_TICK_MS = 50;

/** Nodes from which the same value id is fetched in one get. Chosen: a wrong copy at two of them does not hide the right one. */
export const FETCH_COPIES_MAX = 3;

/** Milliseconds for which a find or get reply keeps a node synced (PROTOCOL 13.2). */
export const SYNC_MS = 600_000;

/** Milliseconds after which an unused search is forgotten (PROTOCOL 12). */
export const SEARCH_IDLE_MS = 3_720_000;

/** Searches of one family; beyond them the oldest idle one is forgotten. Chosen: about 10 KiB each. */
export const SEARCHES_MAX = 1024;

/** Milliseconds between the confirmation of a listen and its repetition (PROTOCOL 10.1). */
export const LISTEN_REPEAT_MS = 20_000;

/** Milliseconds before the end of a value's life at which it is announced again (PROTOCOL 13.5). */
export const REANNOUNCE_MARGIN_MS = 10_000;

/**
 * Milliseconds before a node that refused a token is asked again. Chosen: a loop costs at most one request per second.
 */
export const RETRY_MS = 1000;

/** Values of one key (PROTOCOL 9.2). */
export const VALUES_PER_KEY_MAX = 65_536;

/** Keys with values or listeners. Chosen: below the values that fit, and each costs about 500 octets. */
export const KEYS_MAX = 65_536;

/** Octets of all stored values, packed, with `VALUE_OVERHEAD_OCTETS` each (PROTOCOL 9.2). */
export const STORED_OCTETS_MAX = 67_108_864;

/**
 * Octets that one IPv4 address or IPv6 /64 may store here; beyond them its own oldest values are dropped. Chosen: 1/4
 * of the total.
 */
export const STORED_OCTETS_PER_SOURCE_MAX = 16_777_216;

/** Octets that eviction frees at once, so that its search for the largest source is rare. Chosen: one part in 64. */
export const EVICTED_OCTETS = 1_048_576;

/** Octets that count for a stored value in addition to its packed form. Chosen: what its entries in tables take. */
export const VALUE_OVERHEAD_OCTETS = 256;

/** Values in one put. Chosen: as many as go inline; real nodes send one (PROTOCOL 4.5). */
export const VALUES_PER_PUT_MAX = 64;

/** Milliseconds that a listener is served without repeating its listen (PROTOCOL 9.4). */
export const SUBSCRIPTION_MS = 600_000;

/** Subscriptions of other nodes, in total. Chosen: 4 for each of 4,096 nodes. */
export const SUBSCRIPTIONS_MAX = 16_384;

/** Subscriptions of one IPv4 address or IPv6 /64. Chosen: a site of many nodes behind one address. */
export const SUBSCRIPTIONS_PER_SOURCE_MAX = 1024;

/** Subscriptions of one node at one key. Chosen: real nodes have one for each filter in use. */
export const SUBSCRIPTIONS_PER_NODE_AND_KEY_MAX = 8;

/** Octets of updates that wait for an answer, for one subscriber. Chosen: a few seconds of large values. */
export const PUSHED_OCTETS_PER_NODE_MAX = 4_194_304;

/** Octets of updates that wait for an answer, for all subscribers. Chosen: as much as may be stored. */
export const PUSHED_OCTETS_MAX = 67_108_864;

/** Octets of values at which one update of a first dump is closed (PROTOCOL 10.2). */
export const DUMP_OCTETS = 57_344;

/** Updates of a first dump that wait for their answer at one subscriber. Chosen: two, so that a burst fits a default socket buffer. */
export const DUMP_UPDATES_OPEN_MAX = 2;

/** Octets of whole values in one answer to a get. Chosen: real nodes ask for one at a time. */
export const ANSWER_VALUES_OCTETS_MAX = 1_048_576;

/** Whole values in one answer to a get. Chosen: real nodes ask for one at a time. */
export const ANSWER_VALUES_COUNT_MAX = 1024;

/** Values of a key that one get searches. Chosen: twice what a key can list on the wire (PROTOCOL 20.1). */
export const SCANNED_VALUES_MAX = 16_384;

/** Octets of the list of selected fields in an answer. Chosen: what fits into a datagram with nodes and token. */
export const ANSWER_FIELDS_OCTETS_MAX = 64_000;

/** Messages that are being assembled from parts, in total. */
export const SESSIONS_MAX = 1024;

/** Messages of one source that are being assembled from parts. Chosen: 1/16 of the total. */
export const SESSIONS_PER_SOURCE_MAX = 64;

/** Octets reserved for values in parts, in total. Chosen: the largest dump of 2.4.12 is one message of 3.5 MB. */
export const SESSION_OCTETS_MAX_ALL = 33_554_432;

/** Octets reserved for one message in parts. Chosen: the largest dump of 2.4.12 is one message of 3.5 MB. */
export const SESSION_OCTETS_MAX = 8_388_608;

/** Milliseconds from a header to its last part (PROTOCOL 6.3). */
export const SESSION_MS_MAX = 10_000;

/** Milliseconds between two parts of a message (PROTOCOL 6.3). */
export const SESSION_IDLE_MS_MAX = 3000;

/** Separate stretches of one value that have arrived. Chosen: 52 parts in any order make at most 26. */
export const SESSION_STRETCHES_MAX = 64;

/** Parts kept that came before their header (PROTOCOL 6.3). */
export const EARLY_PARTS_MAX = 98;

/** Octets of parts kept that came before their header (PROTOCOL 6.3). */
export const EARLY_OCTETS_MAX = 122_912;

/** Values that a listen remembers for one storing node. Chosen: twice what a key can list (PROTOCOL 20.1). */
export const LISTEN_VALUES_PER_STORER_MAX = 16_384;

/** Events that wait in one listen for their reader; then the oldest is dropped and counted. Chosen: a full key twice. */
export const LISTEN_EVENTS_MAX = 16_384;

/** Storing nodes that a listen remembers. Chosen: 4 of each family, and those that they replaced within 10 min. */
export const LISTEN_STORERS_MAX = 64;

/** Puts in flight to one node at the same time. Chosen: a lost answer delays a few, not all. */
export const PUTS_PER_NODE_MAX = 32;

/** Values that one get reports. Chosen: above what a key can list (PROTOCOL 20.1). */
export const GET_VALUES_MAX = 16_384;

/**
 * Values that this node announces itself. Chosen: with an announcement every 590 s to 8 nodes, that is 890 requests per
 * second.
 */
export const ANNOUNCED_VALUES_MAX = 65_536;

/** Milliseconds to the first maintenance: from, to (PROTOCOL 12). */
export const MAINTENANCE_FIRST_MS: readonly [number, number] = [3000, 5000];

/** Milliseconds to the next maintenance if something was done (PROTOCOL 12). */
export const MAINTENANCE_BUSY_MS: readonly [number, number] = [5000, 25_000];

/** Milliseconds to the next maintenance if nothing was done (PROTOCOL 12). */
export const MAINTENANCE_IDLE_MS: readonly [number, number] = [60_000, 180_000];

/**
 * Milliseconds to the next maintenance of a young table with fewer than 8 nodes. Chosen: a small network connects
 * within seconds, while real nodes take up to 30 s.
 */
export const MAINTENANCE_YOUNG_MS: readonly [number, number] = [1000, 4000];

/**
 * Milliseconds after the start for which a table is young. Chosen: by then a table that can grow has grown, and one
 * that cannot grow need not hurry.
 */
export const YOUNG_MS = 60_000;

/** Milliseconds between two cleanups. */
export const CLEANUP_MS: readonly [number, number] = [120_000, 360_000];

/** Milliseconds without growth of the table after which a new node brings maintenance forward to one second. */
export const TABLE_QUIET_MS = 300_000;

/** Milliseconds after the table last grew during which the neighbourhood is searched. */
export const TABLE_GROWTH_MS = 150_000;

/** Milliseconds for which a token secret is used: from, to; the previous one is accepted, too (PROTOCOL 4.10). */
export const TOKEN_SECRET_MS: readonly [number, number] = [900_000, 2_700_000];

/** Milliseconds to the first repetition of bootstrap, doubling to the last (PROTOCOL 14.1). */
export const BOOTSTRAP_REPEAT_MS_MIN = 10_000;

/** Milliseconds between two repetitions of bootstrap, at most (PROTOCOL 14.1). */
export const BOOTSTRAP_REPEAT_MS_MAX = 86_400_000;

/**
 * Milliseconds until a name that was not found is looked up again, doubled each time up to the next limit. Chosen: a
 * network that comes up a few seconds after the program.
 */
export const BOOTSTRAP_RESOLVE_MS_MIN = 5_000;

/**
 * Milliseconds between two look-ups of a name that is not found, at most. Chosen: after a long outage the node connects
 * within 5 min.
 */
export const BOOTSTRAP_RESOLVE_MS_MAX = 300_000;

/** Addresses pinged by one bootstrap. Chosen: several names with several addresses each. */
export const BOOTSTRAP_ENDPOINTS_MAX = 256;

/** Addresses remembered at which other nodes say they see us (PROTOCOL 3.6). */
export const REPORTED_ADDRESSES_MAX = 32;

/** Nodes in an exported state, of each family. Chosen: a table of a million nodes has about 150. */
export const STATE_NODES_MAX = 512;

/** Most milliseconds between two checks of what is due. Chosen: after a suspend the machine notices within a minute. */
export const WAKE_MS_MAX = 60_000;

/** Milliseconds to the second discovery message while disconnected; doubled up to the next limit (PROTOCOL 17). */
export const DISCOVERY_REPEAT_MS_MIN = 10_000;

/** Milliseconds between two discovery messages while disconnected, at most (PROTOCOL 17). */
export const DISCOVERY_REPEAT_MS_MAX = 60_000;

/** Answers to discovery queries per second. Chosen: each honest node of a LAN asks once. */
export const DISCOVERY_ANSWERS_PER_SECOND_MAX = 32;

/**
 * Octets of the receive buffer to request for each UDP socket. Chosen: a full key is pushed in one burst (PROTOCOL
 * 6.3).
 */
export const UDP_RECEIVE_BUFFER_OCTETS = 4_194_304;

/** Octets of the smallest receive buffer to request; if that fails, the system's default is kept. */
export const UDP_RECEIVE_BUFFER_OCTETS_MIN = 262_144;

/** Octets that may wait in one socket for the network; more are dropped and counted. Chosen: the burst of a dump. */
export const UDP_SEND_QUEUE_OCTETS_MAX = 4_194_304;

/** Octets of the DER of an RSA key that checks a signature. Chosen: twice what OpenDHT generates. */
export const OWNER_OCTETS_MAX = 1100;

/** Most bits of an RSA key that signs. Chosen: twice what OpenDHT generates. */
export const OWNER_MODULUS_BITS_MAX = 8192;

/** Fewest bits of an RSA key that signs. Chosen: real nodes accept any; below this a signature proves nothing. */
export const OWNER_MODULUS_BITS_MIN = 1024;

/** The largest public exponent. Chosen: 65,537 is usual; a large one makes a check as slow as signing. */
export const OWNER_EXPONENT_MAX = 4_294_967_295n;

assert(INLINE_VALUES_OCTETS < PART_OCTETS, 'what goes inline fits into one datagram');
assert(VALUE_OCTETS_MAX <= PACKED_VALUE_OCTETS_MAX, 'a value in parts holds what a store takes');
assert(STORED_OCTETS_PER_SOURCE_MAX < STORED_OCTETS_MAX, 'one source cannot fill the storage');
assert(SESSION_OCTETS_MAX < SESSION_OCTETS_MAX_ALL, 'one message cannot take all memory for parts');
assert(SESSIONS_PER_SOURCE_MAX < SESSIONS_MAX, 'one source cannot take all sessions');
assert(
  SUBSCRIPTIONS_PER_SOURCE_MAX < SUBSCRIPTIONS_MAX,
  'one source cannot take all subscriptions',
);
assert(BUCKET_NODES_PER_SOURCE_MAX < BUCKET_NODES_MAX, 'one source cannot own a bucket');
assert(DUMP_OCTETS + INLINE_VALUES_OCTETS < DATAGRAM_OCTETS_MAX, 'an update fits into a datagram');
assert(
  QUERIES_PER_SOURCE_PER_SECOND_MAX < QUERIES_PER_SECOND_MAX,
  'one source leaves room for others',
);
assert(PROVED_OCTETS_BURST <= PROVED_OCTETS_PER_SECOND_ALL, 'one burst is served within a second');
assert(
  PUSHED_OCTETS_PER_NODE_MAX < PUSHED_OCTETS_MAX,
  'one subscriber cannot take all memory for updates',
);
assert(
  LISTEN_NODES <= TARGET_NODES && TARGET_NODES <= SEARCH_NODES_MAX,
  'a search holds its targets',
);
