// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade } from './bad-actor-event.ts';

/** What a claim of the pool says of its subject, so coarsely that it does not tell one visit from another. */
export interface ClaimFacts {
  /** Of an address what it proved; of a number what its callers proved. */
  readonly grade: Grade;
  /** Contacts, as the exponent of 2 that is not above their number, 0 to 15. */
  readonly contactsLog2: number;
  /** Days on which it was met, 1 to 8; 8 are that many or more. */
  readonly daysCount: number;
  readonly triedPasswords: boolean;
  /** Whether it tried to call numbers that cost or are abroad. */
  readonly madeCostlyCalls: boolean;
  readonly usedTool: boolean;
  /**
   * Of an address the distinct names and numbers that it tried, of a number the addresses that called it; as
   * `contactsLog2`.
   */
  readonly breadthLog2: number;
}

/** A grade's place is what the two highest bits hold; 3 is none. */
const GRADES: readonly Grade[] = ['seen', 'returned', 'handshake'];
const EXPONENT_MAX = 15;
const DAYS_MAX = 8;

/** The exponent of 2 that is not above a count, 0 to 15. */
export function exponentOf(count: number): number {
  return Math.min(EXPONENT_MAX, Math.floor(Math.log2(Math.max(1, count))));
}

/** Days as a claim says them, 1 to 8. */
export function claimedDays(count: number): number {
  return Math.min(DAYS_MAX, Math.max(1, count));
}

/**
 * Facts in 16 bits, from the highest: grade 2, contacts 4, days less one 3, passwords, costly calls and tool 1 each,
 * breadth 4.
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

/** The opposite; `undefined` where the bits name no grade. @param bits 16 of them. */
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
