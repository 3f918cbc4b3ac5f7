// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { LookUpLevel } from './look-up-levels.ts';

/** What is known of one source address. */
export interface AddressTotal {
  readonly ipAddress: string;
  /** `YYYY-MM-DD HH:MM:SS.nnnnnnnnn`, UTC. */
  readonly seenLast: string;
  readonly seenCount: number;
}

/** What is known of one number that was called. */
export interface NumberTotal {
  readonly calledNumber: string;
  /** `YYYY-MM-DD HH:MM:SS.nnnnnnnnn`, UTC. */
  readonly seenLast: string;
  readonly seenCount: number;
}

/** Pages of some hundred entries; closed with `return()` if the reader goes away early. */
export type Pages<T> = Iterable<readonly T[]> | AsyncIterable<readonly T[]>;

/** The collected data as the routes read it. */
export interface Totals {
  /** Addresses included in a level, most recently seen (or listed) first; a page may be empty. */
  addresses(level: LookUpLevel): Pages<AddressTotal>;
  /**
   * The address as it is stored; `undefined` if it was not seen.
   *
   * @param ipAddress In its shortest form; IPv4 in IPv6 as IPv4.
   */
  address(ipAddress: string): string | undefined;
  /** Numbers included in a level, most recently called (or listed) first; a page may be empty. */
  numbers(level: LookUpLevel): Pages<NumberTotal>;
  /** The number as it was first dialled, with or without a `+`; `undefined` if it was not called. */
  number(calledNumber: string): string | undefined;
}
