// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade } from './bad-actor-event.ts';
import type { Subject } from './decision.ts';

/** What the hubs of a fleet say about a subject. Times are wall-clock microseconds. */
export interface FleetListing extends Subject {
  /** `none` takes it off the list. */
  readonly level: 'listed' | 'watch' | 'none';
  readonly score: number;
  readonly grade: Grade;
  readonly reasons: readonly string[];
  /** Since when it has been listed; with `none`, when it was taken off. */
  readonly sinceEpochUs: number;
  readonly untilEpochUs: number;
  /** Of its evidence. */
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
  readonly eventsCount: number;
  /** Whether the operator listed it. */
  readonly isBlocked: boolean;
  /** Whether the operator took it off, so that evidence until then does not count. */
  readonly isDelisted: boolean;
}
