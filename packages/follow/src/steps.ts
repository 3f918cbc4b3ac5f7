// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError } from '@sentrypeer/kernel';

export interface StepsOptions {
  /**
   * Some milliseconds of work.
   *
   * @returns Milliseconds until the next step; `undefined` to wait until woken.
   */
  readonly step: () => Promise<number | undefined>;
  /** Milliseconds from `wake()` to a step, while none is due. */
  readonly wakeMs: number;
  /** A step threw an `OperatingError`; the next one waits until woken. */
  readonly onFailed: (error: OperatingError) => void;
}

/** Runs small steps one at a time, so that the rest of the program runs in between. */
export class Steps implements AsyncDisposable {
  readonly #options: StepsOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  #isWoken = false;
  #isClosed = false;

  /** The first step runs at once: an earlier run may have left work. */
  constructor(options: StepsOptions) {
    this.#options = options;
    this.#stepAfter(0);
  }

  /** There is something new. */
  wake(): void {
    this.#isWoken = true;
    if (this.#timer === undefined && !this.#isRunning) this.#stepAfter(this.#options.wakeMs);
  }

  /** Resolves when no step runs any more. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #stepAfter(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => (this.#running = this.#step()), ms);
  }

  async #step(): Promise<void> {
    let nextMs: number | undefined;
    this.#timer = undefined;
    this.#isRunning = true;
    this.#isWoken = false;
    try {
      nextMs = await this.#options.step();
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.#options.onFailed(error);
    }
    this.#isRunning = false;
    // What arrived during the step may have come too late for it.
    if (this.#isWoken) nextMs ??= this.#options.wakeMs;
    if (nextMs !== undefined) this.#stepAfter(nextMs);
  }
}
