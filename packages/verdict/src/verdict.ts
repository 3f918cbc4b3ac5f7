// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade } from '@sentrypeer/event';
import type { AddressEvidence, NumberEvidence } from './evidence.ts';
import { gradeRank, type Policy } from './policy.ts';

/** What is to be done about an address or a number, and why. */
export interface Verdict {
  readonly listed: boolean;
  /** 0 to 100, at the time it was asked for. */
  readonly score: number;
  /** In words, for a person; the weightiest first. */
  readonly reasons: readonly string[];
  /** Wall-clock microseconds from which on it is not listed any more unless more comes; `undefined` where it is not listed. */
  readonly untilEpochUs: number | undefined;
}

const SCORE_MAX = 100;
const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
/** Contacts, days, forms and sources for which their points are given in full. */
const COUNT_POWERS = 3;
const DAYS_FULL = 7;
const FORMS_FULL = 10;
const SOURCES_FULL = 10;
const FURTHER_NODES_MAX = 2;

/** Neither listed nor anything known. */
export function notListed(...reasons: readonly string[]): Verdict {
  return { listed: false, score: 0, reasons, untilEpochUs: undefined };
}

/**
 * The verdict on an address. Its evidence is of events that it proved to be there for, so that packets which
 * only claim an address can neither list it nor keep it listed.
 */
export function addressVerdict(
  evidence: AddressEvidence,
  policy: Policy,
  nowEpochUs: number,
): Verdict {
  const { grade, tool, transports, credentialsCount, callsCount } = evidence;
  if (gradeRank(grade) < policy['address-grade'] || grade === 'seen') {
    return notListed(`what came from this address is of the grade ${grade}, which does not count`);
  }
  const points =
    commonPoints(evidence, policy) +
    (credentialsCount > 0 ? policy['points-credentials'] : 0) +
    (tool === undefined ? 0 : policy['points-tool']) +
    (callsCount > 0 ? policy['points-calls'] : 0) +
    (transports.length - 1) * policy['points-transports'];
  const reasons = [
    `the address came to the honeypot ${times(evidence.eventsCount)} and proved to be there (${grade})`,
    ...(credentialsCount > 0 ? [`it tried passwords ${times(credentialsCount)}`] : []),
    ...(callsCount > 0 ? [`it tried to call ${times(callsCount)}`] : []),
    ...(tool === undefined ? [] : [`it uses ${tool}`]),
    ...commonReasons(evidence),
    ...(transports.length > 1 ? [`it came over ${transports.join(', ')}`] : []),
  ];
  return decayed(Math.min(points, SCORE_MAX), evidence.lastEpochUs, reasons, {
    threshold: policy['address-threshold'],
    halfLifeUs: policy['address-half-life'] * HOUR_US,
    longestUs: policy['address-days-max'] * DAY_US,
    nowEpochUs,
  });
}

/** The verdict on a number. */
export function numberVerdict(
  evidence: NumberEvidence,
  policy: Policy,
  nowEpochUs: number,
): Verdict {
  const { grade, formsCount, sourcesCount, confidence } = evidence;
  if (gradeRank(grade) < policy['number-grade']) {
    return notListed(`calls to this number are of the grade ${grade}, which does not count`);
  }
  if (confidence * 100 < policy['number-confidence']) {
    return notListed('digits were dialled that may have meant this number, but it is a guess');
  }
  const points =
    commonPoints(evidence, policy) +
    policy['points-forms'] * share(formsCount - 1, FORMS_FULL - 1) +
    policy['points-sources'] * share(sourcesCount - 1, SOURCES_FULL - 1);
  const reasons = [
    `the number was called ${times(evidence.eventsCount)} at the honeypot`,
    ...(formsCount > 1 ? [`it was dialled in ${formsCount} forms`] : []),
    ...(sourcesCount > 1 ? [`about ${sourcesCount} addresses called it`] : []),
    ...commonReasons(evidence),
  ];
  return decayed(Math.min(points, SCORE_MAX) * confidence, evidence.lastEpochUs, reasons, {
    threshold: policy['number-threshold'],
    halfLifeUs: policy['number-half-life'] * HOUR_US,
    longestUs: policy['number-days-max'] * DAY_US,
    nowEpochUs,
  });
}

type Common = Pick<AddressEvidence, 'grade' | 'eventsCount' | 'daysCount' | 'nodesCount'>;

function commonPoints(
  { grade, eventsCount, daysCount, nodesCount }: Common,
  policy: Policy,
): number {
  return (
    gradePoints(grade, policy) +
    policy['points-count'] * share(Math.log10(Math.max(1, eventsCount)), COUNT_POWERS) +
    policy['points-days'] * share(daysCount - 1, DAYS_FULL - 1) +
    policy['points-nodes'] * Math.min(Math.max(0, nodesCount - 1), FURTHER_NODES_MAX)
  );
}

function commonReasons({ daysCount, nodesCount }: Common): readonly string[] {
  return [
    ...(daysCount > 1 ? [`on ${daysCount} days`] : []),
    ...(nodesCount > 1 ? [`about ${nodesCount} nodes saw it`] : []),
  ];
}

function gradePoints(grade: Grade, policy: Policy): number {
  if (grade === 'handshake') return policy['points-handshake'];
  return grade === 'returned' ? policy['points-returned'] : policy['points-seen'];
}

interface Decay {
  readonly threshold: number;
  readonly halfLifeUs: number;
  readonly longestUs: number;
  readonly nowEpochUs: number;
}

/** Lets points fall with age: to a half in each half-life since the last evidence, and to none at the longest. */
function decayed(
  points: number,
  lastEpochUs: number,
  reasons: readonly string[],
  { threshold, halfLifeUs, longestUs, nowEpochUs }: Decay,
): Verdict {
  const ageUs = Math.max(0, nowEpochUs - lastEpochUs);
  const score = ageUs >= longestUs ? 0 : points * 2 ** (-ageUs / halfLifeUs);
  // Whole microseconds, so that a listing ends at the very time it names.
  const decaysUs = Math.floor(halfLifeUs * Math.log2(points / threshold)) + HOUR_US;
  const lastsUs = points < threshold ? 0 : Math.min(longestUs, decaysUs);
  // An hour of grace, so that what just reaches the threshold is listed at all.
  const listed = points >= threshold && ageUs < lastsUs;
  return {
    listed,
    score: Math.round(listed ? Math.max(score, threshold) : Math.min(score, threshold - 1)),
    reasons: listed
      ? reasons
      : [
          ...reasons,
          points < threshold ? 'that is not enough to be listed' : 'that is too long ago',
        ],
    untilEpochUs: listed ? lastEpochUs + lastsUs : undefined,
  };
}

/** 0 to 1. */
function share(part: number, whole: number): number {
  return Math.min(1, Math.max(0, part) / whole);
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
