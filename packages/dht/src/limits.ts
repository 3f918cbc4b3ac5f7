// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/** Maps and arrays inside one another in one datagram. Chosen: OpenDHT's deepest message, a signed value in a reply, has 6. */
export const MSGPACK_DEPTH_MAX = 16;

/** Octets of one UDP datagram over IPv4; what is longer is not sent (PROTOCOL 1). */
export const DATAGRAM_OCTETS_MAX = 65_507;

/** Values that go inline in one message are fewer than this (PROTOCOL 6.1). */
export const INLINE_VALUES_COUNT = 50;

/** Packed octets of all values that go inline in one message are fewer than this (PROTOCOL 6.1). */
export const INLINE_VALUES_OCTETS = 600;

/** Octets of a value in one part (PROTOCOL 6.2). */
export const PART_OCTETS = 1280;

/** Packed octets of one value that travels in parts; larger ones are skipped (PROTOCOL 5.3). */
export const PACKED_VALUE_OCTETS_MAX = 65_568;

/** Octets of data, signature, user type and cypher text of one value (PROTOCOL 5.3). */
export const VALUE_OCTETS_MAX = 65_536;

/** Nodes in one list of a reply, and of a list that is believed (PROTOCOL 3.5). */
export const NODES_IN_REPLY_MAX = 8;

/** Octets of a token that is taken over from another node (PROTOCOL 4.10). */
export const TOKEN_OCTETS_MAX = 64;

/** Characters of an error's text that are kept. Chosen: real ones have up to 44. */
export const ERROR_TEXT_CHARACTERS_MAX = 100;

/** Conditions or fields in one filter. Chosen: there are five fields. */
export const FILTER_ENTRIES_MAX = 16;

assert(INLINE_VALUES_OCTETS < PART_OCTETS, 'what goes inline fits into one datagram');
assert(VALUE_OCTETS_MAX <= PACKED_VALUE_OCTETS_MAX, 'a value in parts holds what a store takes');
