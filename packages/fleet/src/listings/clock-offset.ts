// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { CLOCK_OFFSET_US_MIN } from '../limits.ts';

/** The database's time, as a column of what is asked anyhow. */
export const NOW_US = '(extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us';

const SECOND_US = 1_000_000;

/**
 * How far the database's clock is ahead of this machine's. Times of events, decisions and listings go over the database
 * in its time, so that what a node with a wrong clock met counts, and ends at all nodes at once. What a query takes is
 * no difference, and a difference that stays the same must not look like a change of every time: so it is 0 or whole
 * seconds, and moves in steps.
 */
export class ClockOffset {
  #us = 0;

  /** @param theirUs The database's time when it answered. @param ourUs Ours. */
  look(theirUs: number, ourUs: number): void {
    const offsetUs = theirUs - ourUs;
    if (Math.abs(offsetUs - this.#us) < CLOCK_OFFSET_US_MIN) return;
    const isSmall = Math.abs(offsetUs) < CLOCK_OFFSET_US_MIN;
    this.#us = isSmall ? 0 : Math.round(offsetUs / SECOND_US) * SECOND_US;
  }

  /** Microseconds. */
  get us(): number {
    return this.#us;
  }
}
