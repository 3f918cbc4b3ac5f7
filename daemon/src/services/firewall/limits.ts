// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Entries of the firewall at most, 1 and above: some 300 MB of kernel memory. */
export const FIREWALL_ENTRIES_MAX = 1_000_000;

/** New entries of the firewall within a minute at most. */
export const FIREWALL_CHANGES_MAX = 1_000_000;

/** Seconds in which a start of the firewall must be confirmed, from and to. Chosen: time to try a login. */
export const FIREWALL_CONFIRM_SECONDS_MIN = 2;
export const FIREWALL_CONFIRM_SECONDS_MAX = 86_400;
