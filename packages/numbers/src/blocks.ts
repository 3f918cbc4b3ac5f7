// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { NumberingPlans } from './numbering-plans.ts';

/** Digits that blocks omit: 100, 1,000 and 10,000 numbers, as they are assigned to carriers. */
const BLOCK_DIGITS: readonly number[] = [2, 3, 4];
/** Digits that must remain after the country code: a shorter block is a region, not an owner. */
const NATIONAL_DIGITS_MIN = 2;
const PLACE = 'x';

/**
 * The blocks of a number, smallest first, such as `46850780xx`, `4685078xxx` and `468507xxxx` for +46 8 50780123.
 * Numbers of another length are in another block.
 *
 * @param e164 Without its plus; digits that are not a number have no blocks.
 */
export function blocksOf(plans: NumberingPlans, e164: string): readonly string[] {
  const code = plans.callingCodeOf(e164);
  if (code === undefined || plans.read(e164) === undefined) return [];
  return BLOCK_DIGITS.filter(
    (digits) => e164.length - digits >= code.length + NATIONAL_DIGITS_MIN,
  ).map((digits) => e164.slice(0, -digits) + PLACE.repeat(digits));
}

/** The digits with which all numbers of a block begin. */
export function blockPrefix(block: string): string {
  const end = block.indexOf(PLACE);
  return end < 0 ? block : block.slice(0, end);
}
