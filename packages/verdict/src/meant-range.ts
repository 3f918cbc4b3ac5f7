// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { readQuestion, type HomePlan, type NumberingPlans } from '@sentrypeer/numbers';

/** Digits, or numbers of E.164 without a plus; of the same length, both ends included. */
interface DigitRange {
  readonly from: string;
  readonly to: string;
}

/**
 * The numbers of E.164 that a range of digits means when it is dialled at home, such as 46850780200 to 46850780299 for
 * 0850780200 to 0850780299; `undefined` if it is no range of numbers.
 */
export function meantRange(
  plans: NumberingPlans,
  { from, to }: DigitRange,
  home: HomePlan | undefined,
): DigitRange | undefined {
  const [first, last] = [from, to].map(
    (digits) => readQuestion(plans, digits, home).candidates[0]?.e164,
  );
  if (first === undefined || last?.length !== first.length) return undefined;
  const isAsLong = BigInt(last) - BigInt(first) === BigInt(to) - BigInt(from);
  return isAsLong ? { from: first, to: last } : undefined;
}
