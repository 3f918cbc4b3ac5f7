// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { DESTINATION_CLASSES, type DestinationClass } from './destination.ts';
import type { NumberEvidence, ProvedCalls } from './evidence.ts';
import { commonPoints, commonReasons } from './points.ts';
import { gradeRank, type Policy } from './policy.ts';
import {
  about,
  counted,
  DAY_US,
  decay,
  HOUR_US,
  notListed,
  SCORE_MAX,
  share,
  times,
  verdictAt,
  type Decay,
  type Decayed,
  type Verdict,
} from './verdict.ts';

/** Forms and sources for which their points are given in full. */
const FORMS_FULL = 10;
const SOURCES_FULL = 10;

/** What a number is, as far as its verdict goes. */
export interface Destination {
  readonly class: DestinationClass;
  /** Other numbers of its block were tried too. */
  readonly isHot: boolean;
}

/** What it takes to list a number or a range; networks 0 is never. */
export interface Needs {
  readonly networks: number;
  readonly days: number;
}

/** Of the policy; a hot range takes the place of one network and of one day. */
export function needsOf(destination: Destination, policy: Policy): Needs {
  const networks = policy[`networks-${destination.class}`];
  const days = policy[`days-${destination.class}`];
  if (!destination.isHot || networks === 0) return { networks, days };
  return { networks: Math.max(1, networks - 1), days: Math.max(1, days - 1) };
}

/** The verdict on a number: `listed` by calls that are proved alone, `watch` by any. */
export function numberVerdict(
  evidence: NumberEvidence,
  destination: Destination,
  policy: Policy,
  nowEpochUs: number,
): Verdict {
  const { grade, confidence } = evidence;
  if (gradeRank(grade) < policy['number-grade']) {
    return notListed(`calls to this number are of the grade ${grade}, which does not count`);
  }
  if (confidence * 100 < policy['number-confidence']) {
    return notListed('digits that may mean this number were dialled, but that is a guess');
  }
  const reasons = reasonsOf(evidence);
  const proved = provedDecay(evidence, policy, nowEpochUs);
  const missing = missingOf(evidence.proved, destination, policy);
  if (proved?.isActive === true && missing === undefined) {
    return verdictAt('listed', proved, reasons);
  }
  const points = pointsOf(evidence, evidence.sourcesCount, evidence, policy);
  const all = decay(points, evidence.lastEpochUs, decayOf(policy, nowEpochUs));
  if (all.isActive) {
    const why = missing ?? 'the proved calls are too long ago to refuse it';
    return verdictAt('watch', all, [...reasons, why]);
  }
  const isTooLittle = points < policy['number-threshold'];
  const why = isTooLittle ? 'that is not enough to watch it' : 'that is too long ago';
  return verdictAt('none', all, [...reasons, why]);
}

/** How long a number stays on the list after a call. */
export function decayOf(policy: Policy, nowEpochUs: number): Decay {
  return {
    threshold: policy['number-threshold'],
    halfLifeUs: policy['number-half-life'] * HOUR_US,
    longestUs: policy['number-days-max'] * DAY_US,
    nowEpochUs,
  };
}

function provedDecay(
  evidence: NumberEvidence,
  policy: Policy,
  nowEpochUs: number,
): Decayed | undefined {
  const { proved } = evidence;
  if (proved === undefined || gradeRank(proved.grade) < policy['number-grade']) return undefined;
  const points = pointsOf({ ...proved, nodesCount: 1 }, proved.sourcesCount, evidence, policy);
  return decay(points, proved.lastEpochUs, decayOf(policy, nowEpochUs));
}

function pointsOf(
  common: Parameters<typeof commonPoints>[0],
  sourcesCount: number,
  { formsCount, confidence }: NumberEvidence,
  policy: Policy,
): number {
  const points =
    commonPoints(common, policy) +
    policy['points-forms'] * share(formsCount - 1, FORMS_FULL - 1) +
    policy['points-sources'] * share(sourcesCount - 1, SOURCES_FULL - 1);
  return Math.min(points, SCORE_MAX) * confidence;
}

function reasonsOf(evidence: NumberEvidence): readonly string[] {
  const { formsCount, sourcesCount, proved } = evidence;
  return [
    `the number was called ${times(evidence.eventsCount)} at the honeypot`,
    ...(proved === undefined ? [] : [provedReason(proved)]),
    ...(formsCount > 1 ? [`it was dialled in ${formsCount} forms`] : []),
    ...(sourcesCount > 1
      ? [`calls claimed to come from ${about(sourcesCount, 'address', 'addresses')}`]
      : []),
    ...commonReasons(evidence),
  ];
}

function provedReason({
  eventsCount,
  sourcesCount,
  networksCount,
  daysCount,
  grade,
}: ProvedCalls): string {
  const sources = about(sourcesCount, 'address', 'addresses');
  const networks = sourcesCount > 1 ? ` in ${about(networksCount, 'network')}` : '';
  const days = daysCount > 1 ? ` on ${daysCount} days` : '';
  return `${times(eventsCount)} by callers that proved to be there (${grade}): ${sources}${networks}${days}`;
}

/** What the evidence lacks to be listed, in words; `undefined` where it lacks nothing. */
function missingOf(
  proved: ProvedCalls | undefined,
  destination: Destination,
  policy: Policy,
): string | undefined {
  const { networks, days } = needsOf(destination, policy);
  const { name } = DESTINATION_CLASSES[destination.class];
  if (networks === 0) return `it is only watched: ${name} are never refused`;
  if (proved === undefined)
    return 'it is only watched: no caller from the Internet proved its address';
  if (gradeRank(proved.grade) < policy['number-grade']) {
    return `it is only watched: calls of the grade ${proved.grade} do not count`;
  }
  if (proved.networksCount >= networks && proved.daysCount >= days) return undefined;
  const has = `${counted(proved.networksCount, 'network')} on ${counted(proved.daysCount, 'day')}`;
  return `it is only watched: ${name} are refused after proved calls from ${counted(networks, 'network')} on ${counted(days, 'day')}; these came from ${has}`;
}
