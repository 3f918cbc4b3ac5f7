// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { familyOf, parseIp } from '@sentrypeer/ip';
import { age, oneOf, time, wholeNumber, type Values } from './parameters.ts';

/** From the weakest evidence to the strongest. */
export const GRADES = ['seen', 'returned', 'handshake'] as const;
export type Grade = (typeof GRADES)[number];

/** Which addresses a list holds. */
export interface ListFilter {
  /** The weakest grade that is listed. */
  readonly grade: Grade;
  /** Messages from the address, 1 and above. */
  readonly minCount: number;
  /** Wall-clock microseconds; only addresses seen after it. */
  readonly afterEpochUs: number;
  /** 4, 6, or 0 for both. */
  readonly family: number;
}

export const LIST_PARAMETERS = {
  grade: oneOf('The weakest evidence; an address that was only seen may be forged.', GRADES),
  min_count: wholeNumber('Messages, at least so many.', 1),
  max_age: age('Last seen within this time before now.'),
  since: time(
    'Seen or listed after this time: what changed since. The X-SentryPeer-As-Of of an answer is the next since.',
  ),
  family: oneOf('IPv4 or IPv6 only.', ['4', '6']),
};

/** @param nowEpochUs Wall-clock microseconds, from which `max_age` counts. */
export function listFilter(
  values: Values<typeof LIST_PARAMETERS>,
  defaultGrade: Grade,
  nowEpochUs: number,
): ListFilter {
  const { grade = defaultGrade, min_count: minCount = 1, max_age: maxAge, since = 0 } = values;
  const young = maxAge === undefined ? 0 : nowEpochUs - maxAge * 1e6;
  // Both may be given; the later time counts.
  return {
    grade,
    minCount,
    afterEpochUs: Math.max(young, since),
    family: Number(values.family ?? 0),
  };
}

interface Listable {
  readonly seenCount: number;
  readonly grade: Grade;
}

/** Also refuses what is no address: databases of older programs may hold anything. */
export function isListed(
  address: string,
  lastSeenEpochUs: number,
  total: Listable,
  filter: ListFilter,
): boolean {
  return (
    parseIp(address) !== undefined &&
    (filter.family === 0 || filter.family === familyOf(address)) &&
    GRADES.indexOf(total.grade) >= GRADES.indexOf(filter.grade) &&
    total.seenCount >= filter.minCount &&
    lastSeenEpochUs > filter.afterEpochUs
  );
}
