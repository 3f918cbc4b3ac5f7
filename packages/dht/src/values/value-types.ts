// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

const MINUTE_MS = 60_000;
const DEFAULT_MS = 10 * MINUTE_MS;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;

/** The value type of certificates, which we neither need nor store (PROTOCOL 8.2: refusing is harmless). */
export const CERTIFICATE_TYPE = 8;

/** PROTOCOL 8.1. */
const LIFETIMES_MS: ReadonlyMap<number, number> = new Map([
  [1, 5 * MINUTE_MS],
  [2, 15 * MINUTE_MS],
  [3, 5 * MINUTE_MS],
  [4, WEEK_MS],
  [5, MINUTE_MS],
  [CERTIFICATE_TYPE, WEEK_MS],
]);

/** Milliseconds for which a value of a type lives after it was put or refreshed. */
export function lifetimeMs(type: number): number {
  return LIFETIMES_MS.get(type) ?? DEFAULT_MS;
}
