// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { SKIPPED_OCTETS_KEPT_MAX } from './limits.ts';

const NOTHING = new Uint8Array(0);

/** Octets of a stream that belong to no message: how many there were, and the first of them. */
export class SkippedOctets {
  #kept: Uint8Array = NOTHING;
  #keptCount = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param octets Borrowed. */
  add(octets: Uint8Array): void {
    this.#count += octets.length;
    const room = SKIPPED_OCTETS_KEPT_MAX - this.#keptCount;
    if (this.#kept.length === 0) this.#kept = new Uint8Array(SKIPPED_OCTETS_KEPT_MAX);
    const more = octets.subarray(0, room);
    this.#kept.set(more, this.#keptCount);
    this.#keptCount += more.length;
  }

  /** The first octets, which the caller owns from now on; counting starts over. */
  take(): Uint8Array {
    const first = this.#kept.subarray(0, this.#keptCount);
    this.#kept = NOTHING;
    this.#keptCount = 0;
    this.#count = 0;
    return first;
  }
}
