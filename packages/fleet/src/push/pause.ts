// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** One wait at a time, which others can end. */
export class Pause {
  #end: (() => void) | undefined;
  #isPatient = false;
  #isOver = false;

  /** Waits this long, or until it is woken or ended. */
  async for(ms: number): Promise<void> {
    if (this.#isOver) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#end = resolve;
    const timer = Number.isFinite(ms) ? setTimeout(resolve, ms) : undefined;
    await promise;
    clearTimeout(timer);
    this.#end = undefined;
  }

  /** Waits this long even if it is woken, because there is a reason not to try at once. */
  async patiently(ms: number): Promise<void> {
    this.#isPatient = true;
    await this.for(ms);
    this.#isPatient = false;
  }

  wake(): void {
    if (!this.#isPatient) this.#end?.();
  }

  /** From now on nothing waits. */
  end(): void {
    this.#isOver = true;
    this.#end?.();
  }
}
