// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { RecordedEvent } from '@sentrypeer/event';
import type { Log } from './log.ts';

/** The event log as a consumer reads it. */
export interface EventLog {
  /** Up to `limit` committed events whose `honeyId` is above the given one, in ascending order. */
  eventsAfter(honeyId: number, limit: number): readonly RecordedEvent[];
  /** The highest `honeyId` that is committed, 0 in an empty log. */
  lastHoneyId(): number;
  /** The position of the consumer with this name, or `undefined` if there never was one. */
  cursor(name: string): number | undefined;
}

/** The event log as a pump follows it. */
export function followedEvents(log: EventLog): Log<RecordedEvent> {
  return {
    entriesAfter: (id, limit) => log.eventsAfter(id, limit),
    idOf: ({ honeyId }) => honeyId,
    lastId: () => log.lastHoneyId(),
    cursor: (name) => log.cursor(name),
  };
}
