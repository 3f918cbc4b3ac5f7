// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { AddressEvidence } from './evidence.ts';
import type { Policy } from './policy.ts';
import { about, DAY_US, times } from './verdict.ts';

/** Contacts on a day that tell a scanner from a census, which comes at most once a day. Chosen. */
const CONTACTS_PER_DAY = 5;
/**
 * A source that comes less often than every third day is not persistent: an attacker does not make one wrong call a
 * month. Chosen.
 */
const GAP_DAYS_MAX = 3;

/** What an address did that only attackers do, in words; empty if a harmless caller may have done all of it. */
export function attacksOf(evidence: AddressEvidence, policy: Policy): readonly string[] {
  const { tool, credentialsCount, costlyCallsCount, targetsCount } = evidence;
  return [
    ...(credentialsCount > 0 ? [`it tried passwords ${times(credentialsCount)}`] : []),
    ...(costlyCallsCount > 0
      ? [`it tried to call expensive or foreign numbers ${times(costlyCallsCount)}`]
      : []),
    ...(tool === undefined ? [] : [`it uses ${tool}`]),
    ...(targetsCount >= policy['address-targets']
      ? [`it tried ${about(targetsCount, 'name or number', 'names and numbers')}`]
      : []),
    ...(isPersistent(evidence, policy) ? ['it comes again and again'] : []),
  ];
}

function isPersistent(evidence: AddressEvidence, policy: Policy): boolean {
  const { eventsCount, attemptsCount, daysCount, firstEpochUs, lastEpochUs } = evidence;
  const contacts = policy['address-contacts'];
  const perDay = Math.min(CONTACTS_PER_DAY, contacts);
  if (eventsCount >= contacts && eventsCount >= perDay * daysCount) return true;
  const days = policy['address-attempt-days'];
  const daysApart = Math.floor(lastEpochUs / DAY_US) - Math.floor(firstEpochUs / DAY_US);
  const isOften = daysApart <= (daysCount - 1) * GAP_DAYS_MAX;
  return daysCount >= days && attemptsCount >= days && isOften;
}
