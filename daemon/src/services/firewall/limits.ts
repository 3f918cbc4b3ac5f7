// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Entries that the firewall may have, 1 and above: some 300 MB of kernel memory. */
export const FIREWALL_ENTRIES_MAX = 1_000_000;

/** New entries that the firewall may add within a minute. */
export const FIREWALL_CHANGES_MAX = 1_000_000;

/** Fewest and most seconds within which a start of the firewall must be confirmed. Chosen: time to try a login. */
export const FIREWALL_CONFIRM_SECONDS_MIN = 2;
export const FIREWALL_CONFIRM_SECONDS_MAX = 86_400;
