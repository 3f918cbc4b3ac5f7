// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Bits of the widest IPv6 prefix that is announced: no listing is wider, and routers take no wider blackhole. */
export const IPV6_LENGTH_MIN = 48;

/** Milliseconds between two checks of what has ended and of what must be spared. */
export const LOOK_MS = 4000;

/** Milliseconds for which the list of what must be spared is used, while changes come. */
export const SPARED_MS = 1000;

/** Milliseconds for which changes are collected before they are announced, so that a burst shares messages. */
export const GATHER_MS = 50;

/** Changes that are processed at a time, 1 and above. Chosen: some 10 ms, so that keepalives are never late. */
export const BATCH_CHANGES_MAX = 5000;

/** Examples of entries that were left out, in the status. */
export const LEFT_OUT_EXAMPLES_MAX = 20;
