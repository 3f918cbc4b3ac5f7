// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isGraver, levelRank, type Verdict } from './verdict.ts';

/** What the hubs of a fleet list, as a node that follows them has it. */
export interface FleetWord {
  readonly level: 'listed' | 'watch';
  readonly score: number;
  readonly reasons: readonly string[];
  /** Wall-clock microseconds of the newest evidence for it. */
  readonly lastEpochUs: number;
  /** Wall-clock microseconds from which on it does not hold any more. */
  readonly untilEpochUs: number;
}

const BY_FLEET = 'the hubs of the fleet say so';

/**
 * The graver of what is known here and of what the hubs say, with the reasons of both. Hubs are the operator's own, so
 * their word needs no votes; but what they met before this node's operator delisted it does not count.
 */
export function withFleet(
  own: Verdict,
  word: FleetWord | undefined,
  nowEpochUs: number,
  delistedEpochUs = -Infinity,
): Verdict {
  if (word === undefined || nowEpochUs >= word.untilEpochUs || word.lastEpochUs <= delistedEpochUs)
    return own;
  const { level, score, untilEpochUs } = word;
  const reasons = [BY_FLEET, ...word.reasons];
  const fleet: Verdict = { level, listed: level === 'listed', score, reasons, untilEpochUs };
  const [first, second] = isGraver(own, fleet) ? [own, fleet] : [fleet, own];
  const isSame = levelRank(first.level) === levelRank(second.level);
  const known = new Set(first.reasons);
  return {
    ...first,
    reasons: [...first.reasons, ...second.reasons.filter((reason) => !known.has(reason))],
    untilEpochUs: isSame
      ? Math.max(first.untilEpochUs ?? 0, second.untilEpochUs ?? 0)
      : first.untilEpochUs,
  };
}
