// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { keyOf, type HeldElement } from '@sentrypeer/listings';
import { END_TOLERANCE_MS } from './limits.ts';
import type { Listing } from './table.ts';

/**
 * How the kernel's entries differ from those that were put there; `undefined` if they do not.
 *
 * @param touched Keys that were changed while the kernel listed its entries; they may be there or not.
 */
export function differenceOf(
  held: readonly HeldElement[],
  { entries }: Listing,
  touched: ReadonlySet<string>,
  nowEpochMs: number,
): string | undefined {
  let missing = 0;
  const heldKeys = new Set<string>();
  for (const one of held) {
    const key = keyOf(one);
    heldKeys.add(key);
    // An entry whose time is over may be there or not.
    const isDue = one.endEpochMs > nowEpochMs + END_TOLERANCE_MS && !touched.has(key);
    if (isDue && entries.get(one.set)?.has(one.element) !== true) missing += 1;
  }
  if (missing > 0) return `${missing} entries were taken out`;
  let more = 0;
  for (const [set, elements] of entries) {
    for (const element of elements) {
      const key = keyOf({ set, element });
      if (!heldKeys.has(key) && !touched.has(key)) more += 1;
    }
  }
  return more > 0 ? `${more} entries were put in` : undefined;
}
