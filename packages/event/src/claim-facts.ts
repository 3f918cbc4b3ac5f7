// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade } from './bad-actor-event.ts';

/** What a pool claim says about its subject, too coarsely to tell one visit from another. */
export interface ClaimFacts {
  /** For an address, the grade it proved; for a number, the grade its callers proved. */
  readonly grade: Grade;
  /** Contacts as log2, rounded down, 0 to 15. */
  readonly contactsLog2: number;
  /** Days on which it was seen, 1 to 8; 8 means 8 or more. */
  readonly daysCount: number;
  readonly triedPasswords: boolean;
  /** Whether it tried to call numbers that are expensive or abroad. */
  readonly madeCostlyCalls: boolean;
  readonly usedTool: boolean;
  /**
   * For an address, the distinct names and numbers that it tried; for a number, the addresses that called it. As
   * `contactsLog2`.
   */
  readonly breadthLog2: number;
}

/** The two highest bits are an index into this list; 3 is not used. */
const GRADES: readonly Grade[] = ['seen', 'returned', 'handshake'];
const EXPONENT_MAX = 15;
const DAYS_MAX = 8;

/** log2 of a count, rounded down, 0 to 15. */
export function exponentOf(count: number): number {
  return Math.min(EXPONENT_MAX, Math.floor(Math.log2(Math.max(1, count))));
}

/** Days as a claim states them, 1 to 8. */
export function claimedDays(count: number): number {
  return Math.min(DAYS_MAX, Math.max(1, count));
}

/**
 * Packs facts into 16 bits, from the highest: grade 2, contacts 4, days minus one 3, passwords, costly calls and tool 1
 * each, breadth 4.
 */
export function packFacts(facts: ClaimFacts): number {
  return (
    (GRADES.indexOf(facts.grade) << 14) |
    (facts.contactsLog2 << 10) |
    ((facts.daysCount - 1) << 7) |
    (Number(facts.triedPasswords) << 6) |
    (Number(facts.madeCostlyCalls) << 5) |
    (Number(facts.usedTool) << 4) |
    facts.breadthLog2
  );
}

/** Reads what `packFacts()` wrote; `undefined` if the bits name no grade. @param bits 16 bits. */
export function unpackFacts(bits: number): ClaimFacts | undefined {
  const grade = GRADES[bits >> 14];
  if (grade === undefined) return undefined;
  return {
    grade,
    contactsLog2: (bits >> 10) & 15,
    daysCount: ((bits >> 7) & 7) + 1,
    triedPasswords: (bits & 64) !== 0,
    madeCostlyCalls: (bits & 32) !== 0,
    usedTool: (bits & 16) !== 0,
    breadthLog2: bits & 15,
  };
}
