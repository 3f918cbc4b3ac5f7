// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock, Logger } from '@sentrypeer/kernel';
import { LEFT_OUT_SAY_MS } from '../limits.ts';

/**
 * Logs which listings no hub of ours can have made: the first at once, and then once a minute how many more there were.
 */
export class LeftOut {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Number since the last log line. */
  #count = 0;
  /** The newest of them. */
  #newest: Readonly<Record<string, unknown>> = {};
  #sayAtMs = Number.NEGATIVE_INFINITY;

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
  }

  add(row: Readonly<Record<string, unknown>>): void {
    this.#count += 1;
    this.#newest = row;
    this.say();
  }

  /** Logs what was not logged yet, when a minute is over. */
  say(): void {
    const nowMs = this.#clock.nowMs();
    if (this.#count === 0 || nowMs < this.#sayAtMs) return;
    this.#sayAtMs = nowMs + LEFT_OUT_SAY_MS;
    this.#logger.error('fleet_listing_left_out', {
      kind: String(this.#newest['kind']),
      value: String(this.#newest['value']),
      listings: this.#count,
      why: 'no hub can list this',
    });
    this.#count = 0;
  }
}
