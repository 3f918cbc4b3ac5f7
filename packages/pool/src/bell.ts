// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { PoolPorts } from './ports.ts';

/** Lets a loop wait for news, or for a time, or for its end. */
export class Bell {
  readonly #wakeAfter: PoolPorts['wakeAfter'];
  #rung = false;
  #closed = false;
  #resume: (() => void) | undefined;

  constructor(wakeAfter: PoolPorts['wakeAfter']) {
    this.#wakeAfter = wakeAfter;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Rings: ends the current `news()`, or the next one if there is none. */
  ring(): void {
    this.#rung = true;
    this.#resume?.();
  }

  /** Ends every wait, now and later. */
  close(): void {
    this.#closed = true;
    this.#resume?.();
  }

  /** Resolves with the next ring, or at once if it rang since the last call. */
  async news(): Promise<void> {
    if (!this.#rung) await this.#wait(undefined, true);
    this.#rung = false;
  }

  /** Resolves after this many milliseconds, even if the bell rings meanwhile. */
  pause(waitMs: number): Promise<void> {
    return this.#wait(waitMs, false);
  }

  async #wait(waitMs: number | undefined, forNews: boolean): Promise<void> {
    if (this.#closed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const resume = (): void => {
      if (forNews || this.#closed) resolve();
    };
    this.#resume = resume;
    const cancel = waitMs === undefined ? undefined : this.#wakeAfter(waitMs, resolve);
    await promise;
    cancel?.();
    if (this.#resume === resume) this.#resume = undefined; // Otherwise a later caller is waiting.
  }
}
