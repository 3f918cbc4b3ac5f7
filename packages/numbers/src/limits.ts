// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/**
 * Characters of a text that is read as a number, 1 and above. Chosen: the longest URI an event keeps has 2,048; numbers
 * have far fewer.
 */
export const DIALLED_CHARACTERS_MAX = 256;

/**
 * Digits that are read, 1 and above. Chosen: an E.164 number after a prefix of the same length. Longer digits were
 * never meant to be a number.
 */
export const DIALLED_DIGITS_MAX = 32;

/** Digits of an international number, country code included (ITU-T E.164 §6.2.1). */
export const E164_DIGITS_MAX = 15;

/**
 * Digits of the shortest number that a suffix may be. Chosen: the shortest numbering plans have a country code of 3
 * digits and 4 more digits.
 */
export const E164_DIGITS_MIN = 7;

/** Up to this many dialled digits are an extension or a short code, never a number of E.164. */
export const SHORT_DIGITS_MAX = 6;

/**
 * Digits of a `phone-context` that is a country or an area: telephones there dial emergency numbers as they are. Chosen:
 * a country code of 3 digits and an area code of 3. Longer ones are the beginning of one company's numbers.
 */
export const AREA_DIGITS_MAX = 6;

/**
 * Readings of one dialled number that are kept, the likeliest first. Chosen: of 100,000 random prefixes before valid
 * numbers, one had more readings.
 */
export const CANDIDATES_COUNT_MAX = 8;

assert(SHORT_DIGITS_MAX < E164_DIGITS_MIN, 'nothing is both an extension and a number');
assert(E164_DIGITS_MAX * 2 <= DIALLED_DIGITS_MAX, 'a number fits after a prefix as long as itself');
