// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { attacksOf } from './attacks.ts';
import type { AddressEvidence } from './evidence.ts';
import { commonPoints, commonReasons } from './points.ts';
import { gradeRank, type Policy } from './policy.ts';
import {
  DAY_US,
  decay,
  HOUR_US,
  notListed,
  SCORE_MAX,
  times,
  verdictAt,
  type Verdict,
} from './verdict.ts';

/**
 * The verdict on an address. Its evidence is only events for which it proved to be there, so packets that merely claim
 * an address can neither list it nor keep it listed. Proof says who came; only attacks list it.
 */
export function addressVerdict(
  evidence: AddressEvidence,
  policy: Policy,
  nowEpochUs: number,
): Verdict {
  const { grade, tool, transports, credentialsCount, callsCount } = evidence;
  if (gradeRank(grade) < policy['address-grade'] || grade === 'seen') {
    return notListed(`everything from this address has the grade ${grade}, which does not count`);
  }
  const points =
    commonPoints(evidence, policy) +
    (credentialsCount > 0 ? policy['points-credentials'] : 0) +
    (tool === undefined ? 0 : policy['points-tool']) +
    (callsCount > 0 ? policy['points-calls'] : 0) +
    (transports.length - 1) * policy['points-transports'];
  const attacks = attacksOf(evidence, policy);
  const reasons = [
    `the address came to the honeypot ${times(evidence.eventsCount)} and proved to be there (${grade})`,
    ...attacks,
    ...(callsCount > evidence.costlyCallsCount ? [`it tried to call ${times(callsCount)}`] : []),
    ...commonReasons(evidence),
    ...(transports.length > 1 ? [`it came over ${transports.join(', ')}`] : []),
  ];
  const threshold = policy['address-threshold'];
  const decayed = decay(Math.min(points, SCORE_MAX), evidence.lastEpochUs, {
    threshold,
    halfLifeUs: policy['address-half-life'] * HOUR_US,
    longestUs: policy['address-days-max'] * DAY_US,
    nowEpochUs,
  });
  if (!decayed.isActive) {
    const why = points < threshold ? 'that is not enough to be watched' : 'that is too long ago';
    return verdictAt('none', decayed, [...reasons, why]);
  }
  if (attacks.length > 0) return verdictAt('listed', decayed, reasons);
  return verdictAt('watch', decayed, [...reasons, 'that is no attack yet']);
}
