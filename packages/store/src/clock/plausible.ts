// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatEventTimestamp } from '@sentrypeer/event';

/** 2020-01-01T00:00:00Z in microseconds: no program of this kind recorded anything before. */
export const EARLIEST_US = 1_577_836_800_000_000;

/**
 * Microseconds by which clocks may differ while times are still accepted as they are: a day, because of time zones and
 * clocks saved at the last stop.
 */
export const DOUBT_US = 86_400_000_000;

/** The same as a text of the event log. */
export const EARLIEST_TEXT = formatEventTimestamp(EARLIEST_US);

/** Whether something can have happened at this time, as of now. Wall-clock microseconds. */
export function isPlausible(us: number, nowUs: number): boolean {
  return us >= EARLIEST_US && us <= nowUs + DOUBT_US;
}
