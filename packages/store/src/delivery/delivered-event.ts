// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { BatchedEvent, CollectedMethod } from '@sentrypeer/event';
import type { EventOrigin } from '../sharing/origins.ts';

/** The position of a consumer of events. */
export interface CursorPlace {
  readonly name: string;
  readonly honeyId: number;
}

/** An event that another node received. */
export interface DeliveredEvent {
  readonly event: BatchedEvent;
  readonly nodeId: string;
  readonly collectedMethod: CollectedMethod;
  /** Its origin, if it was shared: then it is hearsay, which has no grade and can be withdrawn. */
  readonly origin?: EventOrigin;
}
