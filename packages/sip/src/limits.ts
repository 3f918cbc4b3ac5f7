// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/** Octets of start line and header section on a stream, 1 and above: as much as a UDP datagram could carry. */
export const HEAD_OCTETS_MAX = 65_536;

/** Octets of a body on a stream, 0 and above: the largest payload that a UDP datagram could carry, rounded up. */
export const BODY_OCTETS_MAX = 65_536;

/**
 * Octets of one message on a stream, head and body together. Chosen: it bounds the memory that one connection can
 * occupy.
 */
export const MESSAGE_OCTETS_MAX = 98_304;

/**
 * Octets on a stream that may follow a message without beginning another one before framing stops. Chosen: a whole body
 * that no Content-Length announced.
 */
export const SKIPPED_OCTETS_MAX = 65_536;

/** Octets kept of what was skipped. Chosen: enough to recognise what it was. */
export const SKIPPED_OCTETS_KEPT_MAX = 512;

/**
 * Octets kept of what is not SIP on a stream, 1 and above. Chosen: the first few hundred identify the protocol; the
 * rest is of no interest to a honeypot.
 */
export const REFUSED_OCTETS_MAX = 1024;

/**
 * Header lines read in one message, 1 and above. Honest messages have fewer than 100. Lines beyond the limit stay in
 * the octets, are not read as headers, and are noted as an anomaly.
 */
export const HEADERS_COUNT_MAX = 1024;

/** Via values read in one message, 1 and above. RFC 4475 §3.1.1.7 has 34; Max-Forwards ends at 255 hops. */
export const VIAS_COUNT_MAX = 256;

/** Parameters read in one Authorization header, 1 and above. RFC 7616 §3.4 names 12. */
export const CREDENTIAL_PARAMETERS_COUNT_MAX = 64;

/** Anomalies noted on one message, 2 and above; the last one says that there were more. */
export const ANOMALIES_COUNT_MAX = 64;

assert(HEAD_OCTETS_MAX < MESSAGE_OCTETS_MAX, 'a message is more than its head');
assert(BODY_OCTETS_MAX < MESSAGE_OCTETS_MAX, 'a message is more than its body');
assert(SKIPPED_OCTETS_KEPT_MAX <= SKIPPED_OCTETS_MAX, 'what is kept was skipped');
assert(REFUSED_OCTETS_MAX <= HEAD_OCTETS_MAX, 'what is refused fits where a head fits');
assert(VIAS_COUNT_MAX <= HEADERS_COUNT_MAX, 'each Via may stand on a line of its own');
