// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Bits of the widest IPv6 prefix that is announced: no listing is wider, and routers take no wider blackhole. */
export const IPV6_LENGTH_MIN = 48;

/** Milliseconds between two looks at what has ended and at who is to be spared. */
export const LOOK_MS = 4000;

/** Milliseconds for which it is believed who is to be spared, while changes come. */
export const SPARED_MS = 1000;

/** Milliseconds for which changes are gathered before the routers are told: a burst then shares its messages. */
export const GATHER_MS = 50;

/** Changes that are worked out at a time, 1 and above. Chosen: some 10 ms, so that keepalives are never late. */
export const BATCH_CHANGES_MAX = 5000;

/** Examples of entries that were left out, in the status. */
export const LEFT_OUT_EXAMPLES_MAX = 20;
