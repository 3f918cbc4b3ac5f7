// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/** Octets of JSON in our values: what OpenDHT carries in one datagram (PROTOCOL 6.1). */
export const SHARED_OCTETS_MAX = 544;

/** Octets of a value; larger ones are ignored. Nodes of SentryPeer 4.x share the whole message, about 1,000 octets. */
export const RECEIVED_OCTETS_MAX = 16_384;

/** Characters of a called number that is shared or accepted, 1 and above. Chosen: E.164 has 15 digits. */
export const NUMBER_CHARACTERS_MAX = 128;

/** Characters of a method, 1 and above. Chosen: the longest registered one has 9. */
export const METHOD_CHARACTERS_MAX = 32;

/** Characters of a User-Agent that are kept; the rest is cut. Chosen: totals of our own events keep as many. */
export const USER_AGENT_CHARACTERS_MAX = 256;

/** Characters of a message that are kept of another node's event. Chosen: a head without its body; 100,000 take 100 MB. */
export const MESSAGE_CHARACTERS_MAX = 1024;

/** Characters of an application's name or version in a value. Chosen: far above `sentrypeer` and `4.0.4`, which nodes of 4.x send. */
export const APPLICATION_CHARACTERS_MAX = 64;

/** Microseconds by which a signed time may be ahead of our clock. Chosen: drift of clocks without a time server. */
export const FUTURE_US_MAX = 300_000_000;

/** The same if the time zone is unknown: nodes of SentryPeer 4.x write local time, at most 14 h ahead of UTC. */
export const LOCAL_TIME_FUTURE_US_MAX = 14 * 3_600_000_000 + FUTURE_US_MAX;

/**
 * Microseconds of age beyond which an event of another node is not accepted. Chosen: nodes of 4.x share what they saw
 * as long as they run.
 */
export const RECEIVED_AGE_US_MAX = 30 * 86_400_000_000;

/** Microseconds of age beyond which our events are not shared. Chosen: after a long outage they are not news. */
export const SHARED_AGE_US_MAX = 6 * 3_600_000_000;

/**
 * Our newest values, which are announced again and again (PROTOCOL 20.6). Chosen: 100 nodes stay below the 6,500 values
 * that the key can hold.
 */
export const PERMANENT_VALUES_MAX = 50;

/** Events that are read from the log at once. Chosen: reading them occupies the main thread for a few milliseconds. */
export const LOG_EVENTS_MAX = 32;

/** Rows after the cursor that are read at start, to know what was shared in this hour. Chosen: 1 s, in slices. */
export const REPLAYED_ROWS_MAX = 65_536;

/** Different contacts of one hour that are remembered. Chosen: about 200 octets each, 13 MB in a flood. */
export const CONTACTS_MAX = 65_536;

/** Values put per second on average, and at once. Chosen: a put costs 16 datagrams to 8 nodes. */
export const PUTS_PER_SECOND_MAX = 5;
export const PUTS_BURST_MAX = 50;

/** Puts that wait for their confirmations. Chosen: the puts of 13 s at the rate above. */
export const PUTS_OPEN_MAX = 64;

/** Numbers, User-Agents and methods of which the first network and day are remembered. Chosen: about 150 octets each, 15 MB in a flood. */
export const TEXTS_MAX = 32_768;

/** Events that wait for their random delay. Chosen: the puts of a minute at the rate above, and some more. */
export const DELAYED_MAX = 512;

/** Octets of values per day unless the operator says otherwise. Chosen: 8,000 values; each is sent to 8 nodes. */
export const BUDGET_OCTETS_DEFAULT = 4_194_304;

/** Part of a day's octets that one source address may use, so that one attacker does not use up the day. */
export const BUDGET_SHARE_PER_SOURCE = 1 / 16;

/** Source addresses of a day whose octets are counted. Chosen: as many as contacts. */
export const BUDGET_SOURCES_MAX = 65_536;

/** Values checked per second. Chosen: 0.1 ms per signature is 1/10 of a core; a dump of a full key takes 7 s. */
export const VALUES_PER_SECOND_MAX = 1000;

/** Values checked before other work gets its turn. Chosen: about 3 ms. */
export const VALUES_SLICE = 32;

/** Milliseconds between two attempts to record while the store accepts nothing. */
export const RECORD_RETRY_MS = 1000;

/** UUIDs of events that were accepted last. Chosen: twice what the key can hold (PROTOCOL 20.1). */
export const RECENT_UUIDS_MAX = 16_384;

/** Origins whose rate is remembered. Chosen: 100 octets each; beyond that the longest idle are forgotten first. */
export const ORIGIN_RATES_MAX = 4096;

/** Events of one origin at once, and per hour. Chosen: a busy honeypot meets a few hundred contacts per hour. */
export const ORIGIN_EVENTS_BURST = 500;
export const ORIGIN_EVENTS_PER_HOUR = 600;

/** The same for an origin the operator trusts. */
export const TRUSTED_EVENTS_BURST = 5000;
export const TRUSTED_EVENTS_PER_HOUR = 20_000;

/** Events of all unsigned origins, and of all signed ones that are neither trusted nor distrusted: keys are free. */
export const CLASS_EVENTS_BURST = 4000;
export const CLASS_EVENTS_PER_HOUR = 6000;

/**
 * Days since an origin was first heard of after which it takes precedence over younger ones: each step withholds 1/4 of
 * what a class may share at once from those below it. Chosen: keys cost nothing, but keeping one for a month does.
 */
export const ORIGIN_AGES_DAYS: readonly number[] = [1, 7, 30];

/** New origins in each of the two classes: at once, and per hour. Chosen: a flood of ids adds one row per minute. */
export const NEW_ORIGINS_BURST = 512;
export const NEW_ORIGINS_PER_HOUR = 60;

/** The same for those that one network (/24 or /48) told. Chosen: a quarter, so that others have room. */
export const NETWORK_ORIGINS_BURST = 128;
export const NETWORK_ORIGINS_PER_HOUR = 15;

/** Networks whose new origins are counted. Chosen: 100 octets each; the longest idle are forgotten first. */
export const NETWORK_RATES_MAX = 1024;

/** Values that wait until a quota has room or a look-up of a key is free. Chosen: about 2,000 octets each, at most 8 MB. */
export const BACKLOG_MAX = 4096;

/** Milliseconds between two passes over {@link VALUES_SLICE} values of the backlog: all of it within two minutes. */
export const BACKLOG_LOOK_MS = 1000;

/** Keys of origins that are cached. Chosen: about 500 octets each. */
export const KEYS_MAX = 1024;

/** Look-ups of keys at the same time, and origins that wait for theirs. */
export const KEY_LOOKUPS_OPEN_MAX = 4;
export const KEY_LOOKUPS_WAITING_MAX = 64;

/** Milliseconds for one look-up. Chosen: dead nodes near a key cost up to ten seconds (PROTOCOL 13). */
export const KEY_LOOKUP_MS_MAX = 15_000;

/**
 * Milliseconds before a key that was not found is looked up again, and before it is looked up for a later claim.
 * Chosen: a key that is on its way arrives within seconds; for one that is not, each look-up costs a search.
 */
export const KEY_RETRY_MS = 3000;
export const KEY_MISSING_MS = 20_000;

/** Milliseconds for which the first claim waits until other nodes have this node's key: the time of a look-up. */
export const KEY_ANNOUNCE_MS_MAX = 15_000;

/** Values of one origin, and of all, that wait for a key. Chosen: what one origin, and four, may say at once. */
export const WAITING_PER_ORIGIN_MAX = 1024;
export const WAITING_MAX = 4096;

/** Octets of an announcement to neighbours. Chosen: it has about 400. */
export const ANNOUNCEMENT_OCTETS_MAX = 1024;

/** Milliseconds between two announcements: while nobody answers, and otherwise. */
export const ANNOUNCE_LONELY_MS = 5000;
export const ANNOUNCE_MS = 60_000;

/** Fewest milliseconds between an announcement and another one that answers a newcomer. */
export const ANNOUNCE_ANSWER_MS_MIN = 2000;

/** Announcements whose signature is checked per second, from one source and in total. */
export const ANNOUNCEMENTS_PER_SOURCE_PER_SECOND_MAX = 2;
export const ANNOUNCEMENTS_PER_SECOND_MAX = 32;

/** Neighbours that are remembered. Chosen: enough for a large site. */
export const NEIGHBOURS_MAX = 256;

/** Milliseconds before a neighbour that announces itself again is contacted again. */
export const NEIGHBOUR_CALL_MS = 60_000;

/**
 * Router hops that an announcement beyond the link may make. Chosen: no organisation has more routers in a row, and a
 * leaked announcement does not get far.
 */
export const ANNOUNCEMENT_HOPS_MAX = 16;

/** Claims of a page, and its octets: 280 claims about networks or numbers have 4,036. */
export const PAGE_CLAIMS_MAX = 280;
export const PAGE_OCTETS_MAX = 4096;

/** Days for which a claim counts after the hour that it names. Chosen: addresses change hands within days, numbers do not. */
export const ADDRESS_CLAIM_DAYS = 7;
export const NUMBER_CLAIM_DAYS = 30;

/** Days by which a page may be older than its claims last: they may have been made in another hour than they name. */
export const PAGE_SLACK_DAYS = 1;

/** Seconds that a page's serial and time may be ahead of our clock. Chosen: clocks without a time server drift that much. */
export const PAGE_FUTURE_S_MAX = 300;

/** Claims that this node states at the same time: as many as others accept from a stranger. */
export const OWN_CLAIMS_MAX = 4096;

/** Number of own pages at which all are merged. Chosen: others keep 64. */
export const OWN_PAGES_MERGED = 40;

/** Hours by which the last contact must be later before a claim is stated anew. */
export const RESTATE_HOURS = 24;

/** Statements that wait for their turn. Chosen: about 300 octets each, 5 MB. */
export const HELD_STATEMENTS_MAX = 16_384;

/**
 * Authors within a day below which a node publishes a claim soon, and from which it tells followers only. In a
 * simulation 5 of 108 authors that met the same published it.
 */
export const VOICES_HURRIED = 3;
export const ENOUGH_VOICES = 5;

/** Seconds of the random wait before a claim: at most this if few make it, between the other two if some do. */
export const SPEAK_S_MAX = 10;
export const SPEAK_LATER_S_MIN = 600;
export const SPEAK_LATER_S_MAX = 1800;

/** Fewest refused pages that are remembered, so that they are not asked for again, and for how long. */
export const REFUSED_IDS_MIN = 16_384;
export const REFUSED_MS = 3_600_000;

/** Milliseconds without links with a key that forged a page or broke a promise, and how many are remembered. */
export const AVOIDED_MS = 3_600_000;
export const AVOIDED_MAX = 4096;

/**
 * Number of links from which pages are only announced on a new link, until it asks for something. Chosen: the tree then
 * has enough branches.
 */
export const EAGER_LINKS = 3;

/** Announcements on one link: at once, and per second. Chosen: honest nodes collect them for 15 s. */
export const HAVES_BURST = 32;
export const HAVES_PER_SECOND = 0.5;

/** Octets of the content of one frame. */
export const FRAME_OCTETS_MAX = 65_536;

/** Unsent octets of a link above which pages are only announced on it. */
export const LINK_UNSENT_OCTETS_MAX = 262_144;

/**
 * Unsent octets above which a link ends, because the other end does not read. Chosen: room for all ids that one
 * comparison may name, and for pages in addition.
 */
export const LINK_UNREAD_OCTETS_MAX = 2_097_152;

/** Links that others dialled, and of these from one network (/16, IPv6 /28), whether they said hello or not. */
export const LINKS_IN_MAX = 32;
export const LINKS_OF_NETWORK_MAX = 2;

/** Connections that are being set up at once, and per second. Chosen: each costs 7 ms and a signature. */
export const HANDSHAKES_OPEN_MAX = 16;
export const HANDSHAKES_PER_SECOND_MAX = 4;

/** Of these, those of one network (/16, IPv6 /28): at once, and per second. Chosen: a quarter. */
export const HANDSHAKES_OF_NETWORK_MAX = 4;
export const HANDSHAKES_OF_NETWORK_PER_SECOND = 1;

/** Milliseconds for a connection, TLS and hello. */
export const HELLO_MS_MAX = 10_000;

/** Milliseconds between two checks of what is to be done. */
export const EXCHANGE_STEP_MS = 200;

/** Milliseconds for which announcements are collected. In a simulation they cost more than the pages with 3 s. */
export const HAVE_MS = 15_000;

/** Milliseconds to wait for an announced page to come over another link, and that an answer may take. */
export const WANT_WAIT_MS = 600;
export const ANSWER_MS_MAX = 5000;

/** Pages that were asked for and have not come: in total, and on one link. Chosen: 256 KiB of whole pages. */
export const WANTED_MAX = 8192;
export const LINK_PAGES_AT_ONCE = 64;

/** Pages that the other end of a link asked for and that were not sent yet. */
export const LINK_SERVED_MAX = 1024;

/** Answers in a row that may fail before the link ends. */
export const BROKEN_PROMISES_MAX = 3;

/** Milliseconds between two comparisons with one of the links, between two answers, and for keys to follow. */
export const COMPARE_MS = 600_000;
export const SUMMARY_ANSWER_MS_MIN = 2000;

/**
 * Milliseconds from a change in what the operator distrusts to comparisons with all links. Chosen: pages may still be
 * being removed by then.
 */
export const COMPARE_ALL_AFTER_MS = [1000, 10_000, 60_000] as const;

/** Fewest pages of which a link remembers that the other end has them. Chosen: 2 MB for 37 links. */
export const LINK_KNOWN_MIN = 1024;

/** Keys whose quiet pages the other end may ask for: as many as it may have voters. */
export const FOLLOWED_MAX = 64;

/** Endpoints of a contact: one of each family. */
export const CONTACT_ENDPOINTS_MAX = 2;

/** Lowest port of a contact. Chosen: nobody can make nodes of the pool dial somebody else's well-known service. */
export const CONTACT_PORT_MIN = 1024;

/** Seconds: the age up to which a contact is accepted, at which it is made anew, and its lead on our clock. */
export const CONTACT_AGE_S_MAX = 86_400;
export const CONTACT_RENEWED_S = 43_200;
export const CONTACT_FUTURE_S_MAX = 300;

/** Contacts that one look-up returns, of these from one network, and signatures that it checks for that. */
export const CONTACTS_FOUND_MAX = 16;
export const CONTACTS_OF_NETWORK_MAX = 2;
export const CONTACTS_CHECKED_MAX = 64;

/** Contacts in the name of one key of which a look-up checks the signature. Chosen: a tenth of a second. */
export const CONTACTS_OF_KEY_CHECKED_MAX = 512;

/** How many of the DHT's 64 keys for contacts one look-up searches. */
export const SHARDS_AT_ONCE = 8;

/** Pages accepted from an author without a vote: at once (as many as are kept of one), and per hour. */
export const AUTHOR_PAGES_BURST = 64;
export const AUTHOR_PAGES_PER_HOUR = 6;

/** Authors whose rate is remembered. */
export const AUTHOR_RATES_MAX = 16_384;

/**
 * Pages accepted from all authors without a vote: at once, for a node that joins or was away, and per second. Chosen:
 * 50 MB a day including passing them on.
 */
export const STRANGERS_PAGES_BURST = 16_384;
export const STRANGERS_PAGES_PER_S = 1.25;

/** Of these, the pages at once that are reserved for known authors. Chosen: 15 minutes of a whole pool. */
export const KNOWN_PAGES_KEPT = 1024;

/** Octets of pages from all authors without a vote. Chosen: at once a whole pool; 44 MB a day, 410 octets a page. */
export const STRANGERS_OCTETS_BURST = 33_554_432;
export const STRANGERS_OCTETS_PER_S = 512;

/** Of these, the octets at once that are reserved for known authors. */
export const KNOWN_OCTETS_KEPT = 1_048_576;

/** Room left for pages and octets of strangers below which a node only announces their pages, and pushes none. */
export const FLOODED_PAGES = 128;
export const FLOODED_OCTETS = 65_536;

/** Seconds of age beyond which a page is announced, not pushed: it is not news, and most others have it. */
export const NEWS_AGE_S_MAX = 600;

/**
 * Useless octets that a network (/16, IPv6 /28) may send over links: at once, and per second. Chosen: an honest node
 * sends some 30 a second in a flood, and 5.5 MB a day are harmless; at once what two nodes of the largest pools
 * announce.
 */
export const IDLE_OCTETS_BURST = 131_072;
export const IDLE_OCTETS_PER_S = 64;

/** The same for the excess of all networks together. Chosen: 22 MB a day; at once what some joiners announce. */
export const IDLE_OCTETS_ALL_BURST = 8_388_608;
export const IDLE_OCTETS_ALL_PER_S = 256;

/** Of these, the octets that must remain for a link when it is asked for pages. */
export const IDLE_OCTETS_KEPT = 65_536;

/** Of these, the octets that must remain for a new link to begin. */
export const IDLE_OCTETS_BEGIN = 8192;

/** Octets that a segment costs in headers, TLS and acknowledgements, in addition to its content. */
export const SEGMENT_OCTETS = 100;

/** Networks whose octets are counted. Chosen: about 200 octets each. */
export const LINK_NETWORKS_MAX = 4096;

/** Octets that a network may ask for over links: at once, and per second. Chosen: at once twice the largest pool. */
export const SERVED_OCTETS_BURST = 67_108_864;
export const SERVED_OCTETS_PER_S = 512;

/** Milliseconds between two requests to announce pages instead of pushing them. */
export const PRUNE_MS = 1000;

assert(SHARED_OCTETS_MAX < RECEIVED_OCTETS_MAX, 'what we share is taken');
assert(CLASS_EVENTS_BURST > ORIGIN_EVENTS_BURST, 'one origin cannot use up what all may say');
assert(PERMANENT_VALUES_MAX <= PUTS_OPEN_MAX, 'what is announced again fits into the open puts');
assert(WAITING_PER_ORIGIN_MAX < WAITING_MAX, 'one origin cannot make all others wait');
assert(IDLE_OCTETS_KEPT < IDLE_OCTETS_BURST, 'a network whose share is whole is asked for pages');
assert(KNOWN_OCTETS_KEPT + FLOODED_OCTETS < STRANGERS_OCTETS_BURST, 'a node begins unflooded');

/**
 * Nodes of other pools that are named in the log: at once, and an hour after that; all are counted. Chosen: enough for
 * a pool whose key was copied wrongly, and too few for a scanner to fill the log.
 */
export const OTHER_POOLS_NAMED_BURST = 8;
export const OTHER_POOLS_NAMED_PER_HOUR = 2;
