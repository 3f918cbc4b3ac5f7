// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Event } from '../api-types.ts';
import type { FilterName } from './filters.ts';

/** What an event says that can be counted and filtered by. */
export type EventProperty = Exclude<FilterName, 'number'>;

/** One of those with the most messages. */
export interface TopRow {
  readonly value: string;
  readonly count: number;
}

/**
 * The values with the most messages among some events; events without a value are left out.
 *
 * @param rowsMax The most rows.
 */
export function topsOf(
  events: readonly Event[],
  name: EventProperty,
  rowsMax: number,
): readonly TopRow[] {
  const counts = new Map<string, number>();
  for (const event of events) {
    const value = event[name];
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + event.seen_count);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
    .slice(0, rowsMax);
}
