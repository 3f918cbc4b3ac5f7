// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Pages as the store receives them, with their signatures already checked. */

import { createHash } from 'node:crypto';
import { nodeIdOfKey, packFacts, type ClaimFacts } from '@sentrypeer/event';
import type { PoolPage } from '../../src/pool/pool-page.ts';
import { NOON_US } from '../fixtures.ts';

export const NOON_S = NOON_US / 1e6;
const HOUR = NOON_S / 3600;
const DAY_S = 86_400;

export const FACTS: ClaimFacts = {
  grade: 'returned',
  contactsLog2: 3,
  daysCount: 1,
  triedPasswords: true,
  madeCostlyCalls: false,
  usedTool: false,
  breadthLog2: 0,
};

export interface PageOptions {
  readonly serial?: number;
  readonly replaces?: number;
  readonly madeEpochS?: number;
  readonly isRetired?: boolean;
  readonly facts?: Partial<ClaimFacts>;
  readonly lastHour?: number;
  readonly subjects: readonly string[];
}

export function keyOf(name: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(name).digest());
}

export function nodeOf(name: string): string {
  return nodeIdOfKey(keyOf(name));
}

export function pageOf(name: string, options: PageOptions): PoolPage {
  const { serial = NOON_S, madeEpochS = NOON_S, lastHour = HOUR - 1, subjects } = options;
  const said = JSON.stringify([name, options]);
  return {
    nodeId: nodeOf(name),
    key: keyOf(name),
    serial,
    replaces: options.replaces ?? serial,
    madeEpochS,
    endEpochS: madeEpochS + 8 * DAY_S,
    isRetired: options.isRetired ?? false,
    octets: new TextEncoder().encode(said),
    claims: subjects.map((subject) => ({
      subject,
      lastHour,
      endEpochS: (lastHour + 1) * 3600 + (subject.includes('.') ? 7 : 30) * DAY_S,
      facts: packFacts({ ...FACTS, ...options.facts }),
    })),
  };
}

/** Many different addresses. */
export function addresses(count: number, network = 45): readonly string[] {
  return Array.from(
    { length: count },
    (_, index) => `${network}.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
  );
}
