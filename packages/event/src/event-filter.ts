// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade, Transport } from './bad-actor-event.ts';

/** What an event must be to be found; what is left out may be anything. */
export interface EventFilter {
  readonly sourceIp?: string;
  /** As it was dialled. */
  readonly calledNumber?: string;
  readonly sipMethod?: string;
  readonly userAgent?: string;
  readonly transportType?: Transport;
  readonly grade?: Grade;
  /** Wall-clock microseconds at which it was recorded: from this one on, and before the other one. */
  readonly sinceEpochUs?: number;
  readonly untilEpochUs?: number;
}
