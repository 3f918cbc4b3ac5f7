// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** How many at once, and how many in the long run, may pass. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket: lets through what a rate allows. */
export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#atMs = nowMs;
  }

  /** Whether a token is left in addition to those reserved for others; it is not taken. */
  hasOne(nowMs: number, kept = 0): boolean {
    this.#refill(nowMs);
    return this.#tokens >= 1 + kept;
  }

  /** Takes a token; call it only if there is one. */
  take(): void {
    this.#tokens -= 1;
  }

  /** Milliseconds until there is one. */
  waitMs(nowMs: number): number {
    return this.hasOne(nowMs) ? 0 : ((1 - this.#tokens) / this.#rate.perSecond) * 1000;
  }

  #refill(nowMs: number): void {
    const { burst, perSecond } = this.#rate;
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) / 1000) * perSecond);
    this.#atMs = nowMs;
  }
}
