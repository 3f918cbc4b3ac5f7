// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade, Subject } from '@sentrypeer/event';

/** What an entry of the feed says about the evidence behind it. */
export interface EvidenceFacts {
  readonly grade: Grade;
  /** Wall-clock microseconds. */
  readonly firstEpochUs: number;
  readonly lastEpochUs: number;
  /** Events, 1 and above. */
  readonly eventsCount: number;
}

export interface KeptBlock {
  readonly subject: Subject;
  readonly comment: string;
  readonly createdEpochUs: number;
  /** `undefined` if it always holds. */
  readonly untilEpochUs: number | undefined;
  /** Whether an operator decided it at a hub of the fleet, not here. @default false */
  readonly isOfFleet?: boolean;
}
