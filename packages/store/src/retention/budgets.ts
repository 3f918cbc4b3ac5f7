// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  EVIDENCE_COUNT_MAX,
  OCTETS_PER_EVIDENCE,
  OCTETS_PER_TOTAL,
  TOTALS_COUNT_MAX,
} from '../limits.ts';

/** The most rows that tables may have in a database of a given size. */
export interface Budgets {
  /** Addresses, numbers and User-Agents, each. */
  readonly totalsCountMax: number;
  /** Evidence of addresses and of numbers, and so listings of each kind; and changes of listings. */
  readonly evidenceCountMax: number;
}

/** @param databaseOctetsMax Octets of live pages, or `Infinity`. */
export function budgetsOf(databaseOctetsMax: number): Budgets {
  const share = (octets: number, max: number): number =>
    Math.min(Math.floor(databaseOctetsMax / octets), max);
  return {
    totalsCountMax: share(OCTETS_PER_TOTAL, TOTALS_COUNT_MAX),
    evidenceCountMax: share(OCTETS_PER_EVIDENCE, EVIDENCE_COUNT_MAX),
  };
}
