// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { DESTINATION_CLASSES, type DestinationClass } from './destination.ts';
import type { RangeEvidence } from './evidence.ts';
import { decayOf, needsOf } from './number-verdict.ts';
import type { Policy } from './policy.ts';
import {
  about,
  counted,
  decay,
  notListed,
  SCORE_MAX,
  share,
  verdictAt,
  type Verdict,
} from './verdict.ts';

/** Other numbers for which their points are given in full. */
const NUMBERS_FULL = 10;

/** Never judged as a range: one number of theirs says nothing of its neighbours. */
const NO_RANGES: ReadonlySet<DestinationClass> = new Set([
  'home',
  'unread',
  'harmonised',
  'helpline',
]);

/**
 * The verdict on a block of numbers of which several were called: who tests one number of a block often owns the block.
 *
 * @param block As `blocksOf()` names it, such as `46850780xx`.
 * @param destinationClass Of the number that is asked for, or of one in the block.
 * @param othersCount Numbers other than the one asked for; none where the block itself is.
 */
export function rangeVerdict(
  block: string,
  evidence: RangeEvidence,
  destinationClass: DestinationClass,
  policy: Policy,
  nowEpochUs: number,
  othersCount?: number,
): Verdict {
  const { numbersCount, networksCount, daysCount } = evidence;
  if (NO_RANGES.has(destinationClass)) {
    return notListed(`ranges of ${DESTINATION_CLASSES[destinationClass].name} are never listed`);
  }
  if (numbersCount < policy['range-watch']) return notListed();
  const points =
    policy['points-range'] + policy['points-sources'] * share(numbersCount - 1, NUMBERS_FULL - 1);
  const decayed = decay(
    Math.min(points, SCORE_MAX),
    evidence.lastEpochUs,
    decayOf(policy, nowEpochUs),
  );
  const numbersTried =
    othersCount === undefined
      ? counted(numbersCount, 'number')
      : counted(othersCount, 'other number');
  const reasons = [
    `${numbersTried} of +${block} were tried by proved callers in ${about(networksCount, 'network')}`,
    ...(daysCount > 1 ? [`on ${daysCount} days`] : []),
  ];
  if (!decayed.isActive) return verdictAt('none', decayed, [...reasons, 'that is too long ago']);
  const { networks, days } = needsOf({ class: destinationClass, isHot: false }, policy);
  const numbers = numbersNeeded(block, policy);
  const isListed =
    networks > 0 && numbersCount >= numbers && networksCount >= networks && daysCount >= days;
  if (isListed) return verdictAt('listed', decayed, reasons);
  const { name } = DESTINATION_CLASSES[destinationClass];
  const why = `it is only watched: the range is refused after proved calls to ${numbers} numbers and, for ${name}, from ${counted(networks, 'network')} on ${counted(days, 'day')}`;
  return verdictAt('watch', decayed, [...reasons, why]);
}

function numbersNeeded(block: string, policy: Policy): number {
  if (block.endsWith('xxxx')) return policy['range-listed-10000'];
  return block.endsWith('xxx') ? policy['range-listed-1000'] : policy['range-listed-100'];
}
