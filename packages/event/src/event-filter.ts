// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade, Transport } from './bad-actor-event.ts';

/** E.164 numbers from one to another, both included: digits without the plus, both of the same length. */
export interface NumberSpan {
  readonly first: string;
  readonly last: string;
}

/** What an event must match to be found by the store, which does not know places; a missing field matches anything. */
export interface LogFilter {
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
  /** Whether events of the source match. */
  readonly sourceFits?: (sourceIp: string) => boolean;
}

/** What an event must match to be found; a missing field matches anything. */
export interface EventFilter extends Omit<LogFilter, 'sourceFits'> {
  /** Where the source is: ISO 3166-1 alpha-2, or `-` if that is not known. */
  readonly country?: string;
  /** The source's network as events name it, or a prefix that contains the source. */
  readonly network?: string;
}
