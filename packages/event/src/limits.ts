// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/**
 * Characters of one field that an event keeps in addition to the raw message, 1 and above. Chosen: the longest header
 * values of honest messages are far shorter, and the raw message has all of them.
 */
export const EVENT_TEXT_CHARACTERS_MAX = 2048;

/**
 * Characters of one value inside `details`, 1 and above. Twenty of them, each character escaped to six by
 * JSON, still fit into the 65,534 octets of a text in a batch.
 */
export const DETAIL_TEXT_CHARACTERS_MAX = 512;

/** Octets of one message as received: the largest UDP payload, and the framer's limit on streams. */
export const EVENT_MESSAGE_OCTETS_MAX = 98_304;

/** Octets that are enough for any one event with every text at its limit. */
export const EVENT_BATCH_OCTETS_MIN = 262_144;

/**
 * Events to which a thread can still count repeats. Chosen: dozens of sources with hundreds of numbers each; at about
 * 400 octets per entry they take at most 13 MiB per thread, and only in a flood.
 */
export const FOLD_ENTRIES_MAX = 32_768;

/** Characters of one part of a fold key, so that keys of hostile length cannot fill memory. */
export const FOLD_KEY_PART_CHARACTERS_MAX = 128;

assert(20 * DETAIL_TEXT_CHARACTERS_MAX * 6 <= 65_534, 'details fit into one text');
assert(
  EVENT_MESSAGE_OCTETS_MAX + 11 * EVENT_TEXT_CHARACTERS_MAX * 3 + 65_534 + 1024 <=
    EVENT_BATCH_OCTETS_MIN,
  'any event fits into an empty batch',
);
