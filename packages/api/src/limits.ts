// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/** Octets of all headers and the target of one request, 1 and above. Chosen: look-ups need some hundred. */
export const HEAD_OCTETS_MAX = 8_192;

/** Headers of one request, 1 and above. Chosen: browsers send about twenty. */
export const HEADERS_COUNT_MAX = 64;

/** Octets of a body that a request may announce, 0 and above; no route reads one. Chosen. */
export const BODY_OCTETS_MAX = 65_536;

/** Connections at a time, 1 and above; more are closed at once. Chosen: about 20 KiB each. */
export const CONNECTIONS_COUNT_MAX = 1_024;

/** Milliseconds for all headers of a request, 1 and above. Chosen: honest clients send them at once. */
export const HEADERS_MS_MAX = 10_000;

/** Milliseconds for a whole request, 1 and above. Chosen. */
export const REQUEST_MS_MAX = 15_000;

/** Milliseconds between two looks for requests that are late, 1 and above. Chosen. */
export const LATE_CHECK_MS = 2_000;

/** Milliseconds without an octet in either direction amid a request or answer. Chosen. */
export const STALLED_MS_MAX = 30_000;

/**
 * Milliseconds a connection is kept for the next request, 0 and above. Chosen: longer than the minute after
 * which a proxy gives up an idle connection, so that it never writes into one that is just being closed.
 */
export const KEEP_ALIVE_MS = 75_000;

/** Lists being sent at a time, 1 and above; more are answered 503. Chosen: one page of each is in memory. */
export const LISTS_COUNT_MAX = 32;

/** Milliseconds for sending one list, 1 and above. Chosen: a million entries at 3 Mbit/s. */
export const LIST_MS_MAX = 300_000;

/** Characters of an address in a request, 1 and above: the longest text form of IPv6 has 45. */
export const ADDRESS_CHARACTERS_MAX = 45;

/** Characters of a number in a request, 1 and above. Chosen: E.164 has 15 digits, dial prefixes some more. */
export const NUMBER_CHARACTERS_MAX = 64;

/** Milliseconds for which answers may go on at the stop. Chosen: the daemon stops within 2 seconds. */
export const CLOSE_MS_MAX = 500;

/** Milliseconds between two lines about failed requests in our log. Chosen: a client sets their pace. */
export const REPORT_MS_MIN = 10_000;

assert(HEADERS_MS_MAX <= REQUEST_MS_MAX, 'headers are a part of the request');
