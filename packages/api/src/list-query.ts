// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { familyOf as familyOfAddress, parseIp } from '@sentrypeer/ip';
import { LEVELS, type FeedQuery, type Level, type Listed, type ListedKind } from './feed.ts';
import { age, oneOf, serialOrTime, time, wholeNumber, type Values } from './parameters.ts';

/** From the weakest evidence to the strongest. */
export const GRADES = ['seen', 'returned', 'handshake'] as const;
export type Grade = (typeof GRADES)[number];

/** Which addresses a page of totals holds, or which entries a list. */
export interface ListFilter {
  /** The weakest grade that is included. */
  readonly grade: Grade;
  /** Messages from the address, or events of the entry; 0 also includes addresses that are only shared. */
  readonly minCount: number;
  /** Wall-clock microseconds; only what was seen after it. */
  readonly afterEpochUs: number;
  /** 4, 6, or 0 for both. */
  readonly family: number;
}

/** Of totals of addresses. */
export const ADDRESS_PARAMETERS = {
  grade: oneOf('The weakest evidence; an address that was only seen may be forged.', GRADES),
  min_count: wholeNumber('Messages that came here, at least this many.', 1),
  max_age: age('Last seen within this time before now.'),
  since: time('Seen after this time.'),
  family: oneOf('IPv4 or IPv6 only.', ['4', '6']),
};

const LISTING_PARAMETERS = {
  grade: oneOf('The weakest evidence.', GRADES),
  min_count: wholeNumber('Events of the entry, at least this many.', 1),
  max_age: age('Last seen within this time before now.'),
  since: serialOrTime(
    'Only what changed since this serial, or since this time. X-SentryPeer-Serial of an answer is the next since; X-SentryPeer-As-Of is for clients that can only handle times.',
  ),
  level: oneOf('listed: what to act on; watch: also what is only watched.', LEVELS),
};

/** Of lists of numbers. */
export const NUMBER_LIST_PARAMETERS = LISTING_PARAMETERS;
/** Of lists of addresses. */
export const ADDRESS_LIST_PARAMETERS = {
  ...LISTING_PARAMETERS,
  family: ADDRESS_PARAMETERS.family,
};

/** @param nowEpochUs Wall-clock microseconds, from which `max_age` counts. */
export function listFilter(
  values: Omit<Values<typeof ADDRESS_PARAMETERS>, 'since'> & { readonly since?: number },
  defaultGrade: Grade,
  nowEpochUs: number,
): ListFilter {
  const { grade = defaultGrade, min_count: minCount = 0, max_age: maxAge, since = 0 } = values;
  const young = maxAge === undefined ? 0 : nowEpochUs - maxAge * 1e6;
  // If both are given, the later time counts.
  return {
    grade,
    minCount,
    afterEpochUs: Math.max(young, since),
    family: Number(values.family ?? 0),
  };
}

/** Entries of these kinds, of this level or a stronger one. */
export function feedQuery(kinds: readonly ListedKind[], level: Level = 'listed'): FeedQuery {
  return { kinds, levels: level === 'watch' ? LEVELS : ['listed'] };
}

interface Listable {
  readonly seenCount: number;
  readonly grade: Grade;
}

/** Also refuses text that is not an address, because databases of older programs may contain anything. */
export function isListed(
  address: string,
  lastSeenEpochUs: number,
  total: Listable,
  filter: ListFilter,
): boolean {
  const family = familyOf(address);
  return (
    family !== 0 &&
    (filter.family === 0 || filter.family === family) &&
    fits(total.grade, total.seenCount, lastSeenEpochUs, filter)
  );
}

/** Whether a list contains the entry. What the operator blocked is on every list, whatever is known about it. */
export function isOnList(entry: Listed, filter: ListFilter): boolean {
  const { kind, value, grade, eventsCount, lastSeenEpochUs } = entry;
  if (entry.isBlocked) {
    return kind !== 'address' || filter.family === 0 || filter.family === familyOf(value);
  }
  const total = { grade, seenCount: eventsCount };
  return kind === 'address'
    ? isListed(value, lastSeenEpochUs, total, filter)
    : fits(grade, eventsCount, lastSeenEpochUs, filter);
}

function fits(grade: Grade, count: number, lastSeenEpochUs: number, filter: ListFilter): boolean {
  return (
    GRADES.indexOf(grade) >= GRADES.indexOf(filter.grade) &&
    count >= filter.minCount &&
    lastSeenEpochUs > filter.afterEpochUs
  );
}

/** 4 or 6 for an address or a prefix, 0 if it is neither. */
export function familyOf(value: string): number {
  const [address = ''] = value.split('/');
  return parseIp(address) === undefined ? 0 : familyOfAddress(address);
}
