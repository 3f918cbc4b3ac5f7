// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** A timer that fires once. */
export interface Timer {
  readonly atMs: number;
  /** `undefined` once it ran or was cancelled. */
  run: (() => void) | undefined;
}

/** Cancelled timers are removed when there are at least this many and they are the majority. */
const SWEEP_MIN = 64;

/** Timers in a binary heap, without a clock: the owner asks when the next one is due and then runs it. */
export class Timers {
  #heap: Timer[] = [];
  #cancelledCount = 0;

  /** When the next timer is due, in the milliseconds used to arm it; `undefined` if there is none. */
  get nextAtMs(): number | undefined {
    this.#dropCancelled();
    return this.#heap[0]?.atMs;
  }

  get size(): number {
    return this.#heap.length - this.#cancelledCount;
  }

  arm(atMs: number, run: () => void): Timer {
    const timer: Timer = { atMs, run };
    this.#heap.push(timer);
    this.#rise(this.#heap.length - 1);
    return timer;
  }

  cancel(timer: Timer | undefined): void {
    if (timer?.run === undefined) return;
    timer.run = undefined;
    this.#cancelledCount += 1;
    if (this.#cancelledCount > SWEEP_MIN && this.#cancelledCount * 2 > this.#heap.length)
      this.#sweep();
  }

  /**
   * Runs the timers that are due, in order of time, including those that they arm for now or earlier, up to a limit.
   */
  runDue(nowMs: number): void {
    for (let timer = this.#pop(nowMs); timer !== undefined; timer = this.#pop(nowMs)) {
      const { run } = timer;
      timer.run = undefined;
      run?.();
    }
  }

  #pop(nowMs: number): Timer | undefined {
    this.#dropCancelled();
    const first = this.#heap[0];
    if (first === undefined || first.atMs > nowMs) return undefined;
    this.#removeFirst();
    return first;
  }

  #dropCancelled(): void {
    while (this.#heap[0] !== undefined && this.#heap[0].run === undefined) {
      this.#removeFirst();
      this.#cancelledCount -= 1;
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #sweep(): void {
    this.#heap = this.#heap.filter(({ run }) => run !== undefined).sort((a, b) => a.atMs - b.atMs);
    this.#cancelledCount = 0;
  }

  #rise(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#swapIfEarlier(index, parent)) return;
      index = parent;
    }
  }

  #sink(from: number): void {
    let index = from;
    for (;;) {
      const left = index * 2 + 1;
      const right = left + 1;
      const earlier =
        (this.#heap[right]?.atMs ?? Infinity) < (this.#heap[left]?.atMs ?? Infinity) ? right : left;
      if (!this.#swapIfEarlier(earlier, index)) return;
      index = earlier;
    }
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const below = this.#heap[child];
    const above = this.#heap[parent];
    if (below === undefined || above === undefined || below.atMs >= above.atMs) return false;
    this.#heap[child] = above;
    this.#heap[parent] = below;
    return true;
  }
}
