// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { TokenBucket, type Clock } from '@sentrypeer/kernel';
import {
  PROOF_OCTETS_KEPT,
  PUSHED_MS,
  PUSHED_OCTETS_BURST,
  PUSHED_OCTETS_PER_S,
} from './limits.ts';

/**
 * What may be sent to a link unasked. The other end may have all of it from elsewhere, and then counts it as sent in
 * vain: so never more is under way, or was recently in vain, than a part of what the other end tolerates.
 */
export class PushBudget {
  readonly #clock: Clock;
  /** Used up by what was in vain. */
  readonly #rate: TokenBucket;
  /** Octets of the current interval of {@link PUSHED_MS}, and of the previous one. */
  #pushed = 0;
  #before = 0;
  #sinceMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sinceMs = clock.nowMs();
    const rate = { burst: PUSHED_OCTETS_BURST, perSecond: PUSHED_OCTETS_PER_S };
    this.#rate = new TokenBucket(rate, this.#sinceMs);
  }

  /** Counts octets of pages, if that many may be sent. @returns Whether they may. */
  take(octets: number): boolean {
    return this.#take(octets, PROOF_OCTETS_KEPT);
  }

  /** The same for pages that prove that their author lies: nothing else uses up all of it. */
  takeForProof(octets: number): boolean {
    return this.#take(octets, 0);
  }

  #take(octets: number, kept: number): boolean {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = nowMs - this.#sinceMs;
    if (elapsedMs >= PUSHED_MS) {
      this.#before = elapsedMs < 2 * PUSHED_MS ? this.#pushed : 0;
      this.#pushed = 0;
      this.#sinceMs = nowMs;
    }
    if (!this.#rate.has(this.#before + this.#pushed + octets + kept, nowMs)) return false;
    this.#pushed += octets;
    return true;
  }

  /** The other end had them already. */
  wereInVain(): void {
    this.#rate.spend(this.#before + this.#pushed, this.#clock.nowMs());
    this.#before = 0;
    this.#pushed = 0;
  }
}
