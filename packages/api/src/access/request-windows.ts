// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { WINDOWS_COUNT_MAX } from '../limits.ts';

interface Window {
  readonly endsAtMs: number;
  count: number;
}

/** Counts per client within windows of time. Bounded: the client whose window is oldest is forgotten first. */
export class RequestWindows {
  readonly #countMax: number;
  readonly #windowMs: number;
  /** In the order in which the windows were opened. */
  readonly #windows = new Map<string, Window>();

  /** @param options.countMax What one client may do in `windowMs` milliseconds. */
  constructor(options: { readonly countMax: number; readonly windowMs: number }) {
    this.#countMax = options.countMax;
    this.#windowMs = options.windowMs;
  }

  /** Counts one request. @returns Milliseconds to wait if it is one too many, otherwise 0. */
  take(client: string, nowMs: number): number {
    let window = this.#windows.get(client);
    if (window === undefined || window.endsAtMs <= nowMs) {
      this.#windows.delete(client);
      this.#forgetOldest();
      window = { endsAtMs: nowMs + this.#windowMs, count: 0 };
      this.#windows.set(client, window);
    }
    window.count += 1;
    return window.count > this.#countMax ? window.endsAtMs - nowMs : 0;
  }

  #forgetOldest(): void {
    if (this.#windows.size < WINDOWS_COUNT_MAX) return;
    const [oldest] = this.#windows.keys();
    if (oldest !== undefined) this.#windows.delete(oldest);
  }
}
