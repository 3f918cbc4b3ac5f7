// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { AVOIDED_MAX, AVOIDED_MS } from '../limits.ts';

/** Keys with which no link is made for a while, because they forged, or promised in vain. */
export class Avoided {
  readonly #untilMs = new Map<string, number>();

  add(key: string, nowMs: number): void {
    this.#untilMs.set(key, nowMs + AVOIDED_MS);
    const [oldest] = this.#untilMs.keys();
    if (this.#untilMs.size > AVOIDED_MAX && oldest !== undefined) this.#untilMs.delete(oldest);
  }

  has(key: string, nowMs: number): boolean {
    if ((this.#untilMs.get(key) ?? 0) <= nowMs) this.#untilMs.delete(key);
    return this.#untilMs.has(key);
  }
}
