// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { RecordedEvent } from '@sentrypeer/event';
import type { EventLog } from '@sentrypeer/follow';
import { VERBOSE_EVENTS_PER_COMMIT_MAX } from '../limits.ts';

/** Prints what was recorded, for a person who is watching (`-v`, `-d`). */
export class VerbosePrinter {
  readonly #log: EventLog;
  readonly #write: (text: string) => void;
  readonly #format: (event: RecordedEvent) => string;
  #honeyId: number;

  /** @param format The text to print for one event. */
  constructor(
    ports: { readonly log: EventLog; readonly write: (text: string) => void },
    format: (event: RecordedEvent) => string,
  ) {
    this.#log = ports.log;
    this.#write = ports.write;
    this.#format = format;
    this.#honeyId = ports.log.lastHoneyId();
  }

  /** New events were committed. More events than a person can read are counted instead of printed. */
  wake(): void {
    for (const event of this.#log.eventsAfter(this.#honeyId, VERBOSE_EVENTS_PER_COMMIT_MAX)) {
      this.#write(this.#format(event));
      this.#honeyId = event.honeyId;
    }
    const leftOut = this.#log.lastHoneyId() - this.#honeyId;
    if (leftOut <= 0) return;
    this.#write(`(${leftOut} more events are in the database)\n`);
    this.#honeyId += leftOut;
  }
}
