// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Characters of an entry to allow: an address, a network, a number or a range, 1 and above. Chosen: two numbers with
 * their plus.
 */
export const ALLOWED_CHARACTERS_MAX = 64;

/** Exceptions in a blocked network that reasons name, 0 and above. Chosen: a screen has room for them. */
export const EXCEPTIONS_COUNT_MAX = 8;

/**
 * Prefix length of an IPv4 network below which a confirmation is required, 0 to 32. Chosen: 10.0.0.0/8 is the widest
 * private one.
 */
export const WIDE_IPV4_BITS = 8;

/** The same for IPv6, 0 to 128. Chosen: registries hand out prefixes of 12 to 23 bits to whole continents. */
export const WIDE_IPV6_BITS = 20;

/**
 * Digits of the shortest text after a plus that is taken for a whole number. Chosen: the codes of countries and of most
 * areas are shorter; no subscriber's E.164 number is.
 */
export const WHOLE_NUMBER_DIGITS_MIN = 5;

/**
 * Digits of a number prefix below which a confirmation is required, 1 and above. Chosen: +1* and +7* are half a
 * continent.
 */
export const WIDE_PREFIX_DIGITS = 2;

/** Numbers in a range from which a confirmation is required. Chosen: ten million, the numbers of an area code. */
export const WIDE_NUMBERS_COUNT = 10_000_000;
