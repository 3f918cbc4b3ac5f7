// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Characters of what is allowed: an address, a network, a number or a range, 1 and above. Chosen: two numbers with their plus. */
export const ALLOWED_CHARACTERS_MAX = 64;
