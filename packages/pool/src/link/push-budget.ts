// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { TokenBucket, type Clock } from '@sentrypeer/kernel';
import { PUSHED_MS, PUSHED_OCTETS_BURST, PUSHED_OCTETS_PER_S } from './limits.ts';

/**
 * What may go to a link unasked. The other end may have it all from elsewhere, and counts it as sent in vain then: so
 * never more is under way, or was in vain of late, than a part of what it bears.
 */
export class PushBudget {
  readonly #clock: Clock;
  /** What was in vain uses it up. */
  readonly #rate: TokenBucket;
  /** Octets of this time of {@link PUSHED_MS}, and of the one before. */
  #pushed = 0;
  #before = 0;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
    const rate = { burst: PUSHED_OCTETS_BURST, perSecond: PUSHED_OCTETS_PER_S };
    this.#rate = new TokenBucket(rate, this.#sinceMs);
  }

  /** Counts octets, if so many may go. @returns Whether they may. */
  take(octets: number): boolean {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs >= PUSHED_MS) {
      this.#before = elapsedMs < 2 * PUSHED_MS ? this.#pushed : 0;
      this.#pushed = 0;
      this.#sinceMs = nowMs;
    }
    if (!this.#rate.has(this.#before + this.#pushed + octets, nowMs)) return false;
    this.#pushed += octets;
    return true;
  }

  /** The other end had them. */
  wereInVain(): void {
    this.#rate.spend(this.#before + this.#pushed, this.#clock.nowMs());
    this.#before = 0;
    this.#pushed = 0;
  }
}
