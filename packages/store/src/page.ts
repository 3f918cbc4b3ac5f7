// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Where a page of totals ended. */
export interface PageEnd {
  readonly lastSeenEpochUs: number;
  readonly totalId: number;
}

/** One page of totals, newest first. `next` is `undefined` after the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: PageEnd | undefined;
}
