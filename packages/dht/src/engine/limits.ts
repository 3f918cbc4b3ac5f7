// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What is sent to an address that has not shown that it hears us. */

import { assert } from '@sentrypeer/kernel';
import { PROVED_OCTETS_PER_SECOND } from '../limits.ts';

/** Milliseconds for which an address that has answered may be asked again, one datagram at a time (PROTOCOL 11.2). */
export const ANSWERED_MS = 7_200_000;

/**
 * Octets that may be sent to an address that has not proved that it receives our answers, for each octet that it sent.
 * Chosen: the same as for SIP.
 */
export const UNPROVED_RATIO_MAX = 1.2;

/**
 * Octets of the one datagram that may be sent to an address that has not proved that it receives our answers. Chosen:
 * our longest request, with both families, is half as long.
 */
export const UNPROVED_DATAGRAM_OCTETS_MAX = 256;

/** Octets of our ping, at most: with a network id, in client mode. */
export const PING_OCTETS_MAX = 68;

/**
 * Octets per hour to one IPv4 address or IPv6 /64 that has not answered, at once and on average. Chosen: at least 120
 * pings, enough for a site with many new nodes, while a forged source gets only 2 octets per second.
 */
export const UNPROVED_OCTETS_PER_HOUR = 8192;

/** The same for one IPv4 /24 or IPv6 /48. Chosen: four of its addresses. */
export const UNPROVED_OCTETS_PER_HOUR_NETWORK = 32_768;

/**
 * Octets a second to all addresses together that have not answered. Chosen: 0.5 Mbit/s, a thousand new nodes a second.
 */
export const UNPROVED_OCTETS_PER_SECOND_ALL = 65_536;

/**
 * Addresses and networks whose octets are remembered. Chosen: what all may get in 1 min reaches no more than these; 100
 * octets each.
 */
export const UNPROVED_SOURCES_MAX = 65_536;

/**
 * Pings at the same time to addresses that have not proved that they receive our answers. Chosen: 1/4 of the known
 * nodes.
 */
export const PROBES_MAX = 1024;

/** Milliseconds between two such pings to one node. Chosen: shorter than a real node waits before it asks again. */
export const PROBE_PAUSE_MS = 900;

/** Addresses whose requests wait until they have answered our ping. Chosen: as many as are pinged. */
export const HELD_ADDRESSES_MAX = 1024;

/** Requests of one address that wait. Chosen: a new node has a few searches. */
export const HELD_PER_ADDRESS_MAX = 16;

/** Milliseconds for which a request waits; by then the node has repeated it (PROTOCOL 11.3). */
export const HELD_MS = 3000;

assert(UNPROVED_OCTETS_PER_SECOND_ALL < PROVED_OCTETS_PER_SECOND, 'a proof is worth something');
assert(PING_OCTETS_MAX <= UNPROVED_DATAGRAM_OCTETS_MAX, 'who has not answered may be pinged');
assert(
  UNPROVED_OCTETS_PER_HOUR < UNPROVED_OCTETS_PER_HOUR_NETWORK,
  'one address leaves room for its neighbours',
);
