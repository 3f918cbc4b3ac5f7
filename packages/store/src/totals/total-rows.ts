// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade } from '@sentrypeer/event';
import type { Row } from '../log/event-row.ts';
import { gradeOfRank } from '../log/grades.ts';

const HOUR_US = 3_600_000_000;

/** What all totals have. */
interface TotalOf {
  /** Distinguishes totals that were seen at the same time. */
  readonly totalId: number;
  /** Wall-clock microseconds. */
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
  /**
   * Messages received here, including those folded into others; 0 if it is only shared, and then the times are those of
   * sharing.
   */
  readonly seenCount: number;
  /** Messages that other nodes share. */
  readonly sharedCount: number;
}

/** Everything known about an address, whether or not its rows are still in the log. */
export interface AddressTotal extends TotalOf {
  readonly address: string;
  /** The highest ever. */
  readonly grade: Grade;
}

/** The same for a source: an IPv4 address, or all addresses of an IPv6 /64, which is then its text. */
export interface SourceTotal extends AddressTotal {
  /** How many of its addresses are known, 1 and above. */
  readonly addressesCount: number;
}

/** Everything known about a called number, as dialled. */
export interface NumberTotal extends TotalOf {
  readonly number: string;
}

/** Everything known about a User-Agent, cut to 256 characters. */
export interface UserAgentTotal extends TotalOf {
  readonly userAgent: string;
}

/** Messages of one hour, method and transport. */
export interface HourTotal {
  /** Wall-clock microseconds of its beginning. */
  readonly hourEpochUs: number;
  /** `OTHER` if it is not counted by name. */
  readonly method: string;
  readonly transport: string;
  readonly seenCount: number;
  /** Messages that other nodes share. */
  readonly sharedCount: number;
}

export const ADDRESS_COLUMNS =
  'total_id, address, first_seen_us, last_seen_us, seen_count, grade, shared_count';
export const NUMBER_COLUMNS =
  'total_id, number, first_seen_us, last_seen_us, seen_count, shared_count';
export const USER_AGENT_COLUMNS =
  'total_id, user_agent, first_seen_us, last_seen_us, seen_count, shared_count';

function totalOf(row: Row): TotalOf {
  return {
    totalId: Number(row['total_id']),
    firstSeenEpochUs: Number(row['first_seen_us']),
    lastSeenEpochUs: Number(row['last_seen_us']),
    seenCount: Number(row['seen_count']),
    sharedCount: Number(row['shared_count']),
  };
}

export function addressTotal(row: Row): AddressTotal {
  return {
    address: String(row['address']),
    ...totalOf(row),
    grade: gradeOfRank(Number(row['grade'])),
  };
}

export function numberTotal(row: Row): NumberTotal {
  return { number: String(row['number']), ...totalOf(row) };
}

export function userAgentTotal(row: Row): UserAgentTotal {
  return { userAgent: String(row['user_agent']), ...totalOf(row) };
}

export function hourTotal(row: Row): HourTotal {
  return {
    hourEpochUs: Number(row['hour']) * HOUR_US,
    method: String(row['method']),
    transport: String(row['transport']),
    seenCount: Number(row['seen_count']),
    sharedCount: Number(row['shared_count']),
  };
}
