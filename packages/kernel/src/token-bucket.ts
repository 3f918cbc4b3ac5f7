// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from './assert.ts';

/** How many tokens may be taken at once, and how many a second in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket: lets through what a rate allows. It is full at first. Time is monotonic, in milliseconds. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #filledAtMs: number;

  constructor(rate: Rate, nowMs: number) {
    assert(rate.burst > 0 && rate.perSecond > 0, 'token_bucket_rate');
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#filledAtMs = nowMs;
  }

  /** Takes `cost` tokens and returns `true`, or returns `false` and takes nothing. */
  take(cost: number, nowMs: number): boolean {
    if (!this.has(cost, nowMs)) return false;
    this.#tokens -= cost;
    return true;
  }

  /** Whether `take()` would return `true`; takes nothing. */
  has(cost: number, nowMs: number): boolean {
    this.#fill(nowMs);
    return this.#tokens >= cost;
  }

  /** Tokens that can be taken now; negative after `spend()` took more than there were. */
  left(nowMs: number): number {
    this.#fill(nowMs);
    return this.#tokens;
  }

  /** Takes `cost` tokens even if fewer are left; time then has to make up for them first. */
  spend(cost: number, nowMs: number): void {
    this.#fill(nowMs);
    this.#tokens -= cost;
  }

  /** Puts back tokens that were taken; the bucket never holds more than the burst. */
  giveBack(cost: number): void {
    this.#tokens = Math.min(this.#rate.burst, this.#tokens + cost);
  }

  /** Milliseconds until one token can be taken. */
  waitMs(nowMs: number): number {
    return this.has(1, nowMs) ? 0 : ((1 - this.#tokens) / this.#rate.perSecond) * 1000;
  }

  #fill(nowMs: number): void {
    const { burst, perSecond } = this.#rate;
    const elapsedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#tokens = Math.min(burst, this.#tokens + (elapsedMs * perSecond) / 1000);
    this.#filledAtMs = nowMs;
  }
}
