// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade, Transport } from './bad-actor-event.ts';

/** E.164 numbers from one to another, both included: digits without the plus, both of the same length. */
export interface NumberSpan {
  readonly first: string;
  readonly last: string;
}

/** What an event must match to be found; a missing field matches anything. */
export interface EventFilter {
  readonly sourceIp?: string;
  /** As dialled. */
  readonly calledNumber?: string;
  /** What was dialled means one of these, in whatever form. */
  readonly numbers?: NumberSpan;
  readonly sipMethod?: string;
  readonly userAgent?: string;
  readonly transportType?: Transport;
  readonly grade?: Grade;
  /** When it was recorded, in wall-clock microseconds: at or after `sinceEpochUs`, and before `untilEpochUs`. */
  readonly sinceEpochUs?: number;
  readonly untilEpochUs?: number;
}
