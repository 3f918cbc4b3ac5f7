// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock } from '@sentrypeer/kernel';

/** A clock that stands still until a test moves it. */
export class TestClock implements Clock {
  ms = 0;
  us = 1_772_366_400_000_000;
  /** Each reading moves it on by this much. */
  tickMs = 0;

  nowMs(): number {
    this.ms += this.tickMs;
    return this.ms;
  }

  epochUs(): number {
    return this.us;
  }

  pass(us: number): void {
    this.us += us;
    this.ms += us / 1000;
  }
}
