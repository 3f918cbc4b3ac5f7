// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock } from '@sentrypeer/kernel';

/** A seeded generator (Mulberry32), so that a run can be repeated. */
let seed = 20_261_129;
export function random(): number {
  seed = (seed + 0x6d_2b_79_f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

interface Due {
  readonly atMs: number;
  run: (() => void) | undefined;
}

/** Time as a binary heap of what is due. */
export class SimulatedTime implements Clock {
  #ms = 0;
  readonly #heap: Due[] = [];

  nowMs(): number {
    return this.#ms;
  }

  epochUs(): number {
    return 1_800_000_000_000_000 + Math.floor(this.#ms * 1000);
  }

  readonly wakeAfter = (waitMs: number, run: () => void): (() => void) => {
    const due: Due = { atMs: this.#ms + waitMs, run };
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || parent.atMs <= due.atMs) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = due;
    return () => void (due.run = undefined);
  };

  async pass(ms: number): Promise<void> {
    const untilMs = this.#ms + ms;
    let count = 0;
    for (
      let next = this.#heap[0];
      next !== undefined && next.atMs <= untilMs;
      next = this.#heap[0]
    ) {
      this.#pop();
      this.#ms = next.atMs;
      next.run?.();
      // Awaiting in between takes no simulated time worth counting.
      if ((count += 1) % 16 === 0) for (let turn = 0; turn < 4; turn += 1) await Promise.resolve();
    }
    this.#ms = untilMs;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (heap.length === 0 || last === undefined) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if ((heap[child + 1]?.atMs ?? Infinity) < (heap[child]?.atMs ?? Infinity)) child += 1;
      const below = heap[child];
      if (below === undefined || below.atMs >= last.atMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
