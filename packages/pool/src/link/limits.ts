// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';
import { IDLE_OCTETS_BURST } from '../limits.ts';

/**
 * Octets that go to a link unasked and may turn out to be known there: at once, and per second of what was. Chosen: half
 * of what the other end lets a network send in vain, also where it had them all by somebody who sees to that.
 */
export const PUSHED_OCTETS_BURST = 65_536;
export const PUSHED_OCTETS_PER_S = 16;

/** Milliseconds in which the other end says that it had them. */
export const PUSHED_MS = 5000;

assert(PUSHED_OCTETS_BURST < IDLE_OCTETS_BURST, 'what is pushed in vain ends no link');
