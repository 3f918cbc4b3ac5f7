// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Characters of a called number or account that is judged, 1 and above; longer ones are let through without a verdict.
 * Chosen: the longest that can be dialled have about 60.
 */
export const CALLED_CHARACTERS_MAX = 128;

/** Characters of the reasons in a header, 1 and above. Chosen: with them the answer still fits into one packet. */
export const REASON_CHARACTERS_MAX = 200;

/** Characters of a Call-ID, a From tag or a branch that our tag is made from; honest ones are far shorter. */
export const KEY_PART_CHARACTERS_MAX = 256;

/**
 * Characters of a template for destinations, 1 and above. Chosen: several times the length of a URI with its
 * parameters.
 */
export const TEMPLATE_CHARACTERS_MAX = 256;
