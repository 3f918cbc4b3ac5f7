// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Prefixes that may be announced to routers, 1 and above. */
export const BGP_PREFIXES_MAX = 1_000_000;

/** New prefixes that may be announced within a minute. */
export const BGP_CHANGES_MAX = 1_000_000;

/**
 * Writing the file of routes for `bgp routes` takes at most one part in this many of the time. Chosen: 1 % of a core.
 */
export const ROUTES_SHARE = 100;

/**
 * Milliseconds for which a session may be down before it is reported as trouble: routers restart, and sessions begin
 * anew.
 */
export const SESSION_DOWN_MS = 60_000;

/** Characters of a neighbour's name, 1 and above. */
export const NEIGHBOUR_NAME_CHARACTERS_MAX = 64;
