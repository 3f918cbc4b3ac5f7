// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade } from '@sentrypeer/event';
import type { Policy } from './policy.ts';
import { about, share } from './verdict.ts';

/** Contacts and days for which their points are given in full. */
const COUNT_POWERS = 3;
const DAYS_FULL = 7;
const FURTHER_NODES_MAX = 2;

interface Common {
  readonly grade: Grade;
  readonly eventsCount: number;
  readonly daysCount: number;
  readonly nodesCount: number;
}

/** Points for what is known of addresses and numbers alike. */
export function commonPoints(
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

export function commonReasons({
  daysCount,
  nodesCount,
}: Pick<Common, 'daysCount' | 'nodesCount'>): readonly string[] {
  return [
    ...(daysCount > 1 ? [`on ${daysCount} days`] : []),
    ...(nodesCount > 1 ? [`${about(nodesCount, 'node')} saw it`] : []),
  ];
}

function gradePoints(grade: Grade, policy: Policy): number {
  if (grade === 'handshake') return policy['points-handshake'];
  return grade === 'returned' ? policy['points-returned'] : policy['points-seen'];
}
