// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Time as the engines see it; tests pass their own. */
export interface Clock {
  /** Monotonic milliseconds with a fraction, from an arbitrary zero. */
  nowMs(): number;
  /** Wall-clock microseconds since 1970-01-01T00:00:00Z, a whole number. */
  epochUs(): number;
}

/**
 * The machine's clock. Wall-clock time is read on each call, so that it follows adjustments; the microseconds within a
 * millisecond come from the monotonic clock.
 */
export const systemClock: Clock = {
  nowMs: () => performance.now(),
  epochUs: () => {
    const fractionUs = Math.floor((performance.now() % 1) * 1000);
    return Date.now() * 1000 + fractionUs;
  },
};
