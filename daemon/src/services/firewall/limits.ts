// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Entries of the firewall at most, 1 and above: some 300 MB of kernel memory. */
export const FIREWALL_ENTRIES_MAX = 1_000_000;

/** New entries of the firewall within a minute at most. */
export const FIREWALL_CHANGES_MAX = 1_000_000;

/** Milliseconds between two looks of the firewall for what an operator told it, and at most as long its status is behind. */
export const FIREWALL_CONTROL_MS = 500;

/** Milliseconds after which a status of the firewall is too old to believe: it is written every few seconds. */
export const FIREWALL_STATUS_MS_MAX = 15_000;

/** Octets of a file by which the firewall and its commands talk, 1 and above. */
export const FIREWALL_FILE_OCTETS_MAX = 65_536;

/** Seconds in which a start of the firewall must be confirmed, from and to. Chosen: time to try a login. */
export const FIREWALL_CONFIRM_SECONDS_MIN = 2;
export const FIREWALL_CONFIRM_SECONDS_MAX = 86_400;

/** Milliseconds between two looks of the firewall at the allowlist and the addresses of its node. */
export const FIREWALL_ALLOWLIST_MS = 60_000;

/** Milliseconds for the node to answer these. */
export const FIREWALL_ANSWER_MS_MAX = 10_000;
