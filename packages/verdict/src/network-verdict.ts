// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { JudgedNetwork } from '@sentrypeer/ip';
import type { ListedPart } from './evidence.ts';
import type { Policy } from './policy.ts';
import { notListed, SCORE_MAX, type Verdict } from './verdict.ts';

/** What a /56 consists of, and a /48. */
const PARTS = { 56: '/64', 48: '/56' } as const;
/** Parts of a network that have their sixteenth in common. */
const PER_SIXTEENTH = 16;

/**
 * The verdict on a /56 by its listed /64, on a /48 by its listed /56. They must be many, and lie in more than half of the
 * network's sixteenths: then no smaller network holds all of them, so nobody who holds only a part has the whole listed.
 * It lasts as long as both are so.
 */
export function networkVerdict(
  { length, text }: JudgedNetwork,
  parts: readonly ListedPart[],
  policy: Policy,
  nowEpochUs: number,
): Verdict {
  if (length === 64 || parts.length === 0) return notListed();
  const needed = policy[`network-${length}`];
  const spread = policy['network-spread'];
  const active = parts
    .filter(({ untilEpochUs }) => untilEpochUs > nowEpochUs)
    .toSorted((a, b) => b.untilEpochUs - a.untilEpochUs);
  const firstOfSixteenth = new Map<number, ListedPart>();
  for (const part of active) {
    const sixteenth = Math.floor(part.place / PER_SIXTEENTH);
    if (!firstOfSixteenth.has(sixteenth)) firstOfSixteenth.set(sixteenth, part);
  }
  const what = `${active.length} of the 256 ${PARTS[length]} of ${text} are listed, in ${firstOfSixteenth.size} of its 16 parts`;
  const lastNeeded = active[needed - 1];
  const lastSpread = [...firstOfSixteenth.values()][spread - 1];
  if (lastNeeded === undefined || lastSpread === undefined) {
    if (active.length === 0) return notListed();
    if (needed === 0) return notListed(`${what}; the policy lists no /${length}`);
    return notListed(`${what}; ${needed} in ${spread} parts are needed to list the whole`);
  }
  return {
    level: 'listed',
    listed: true,
    score: Math.min(SCORE_MAX, policy['address-threshold'] + active.length - needed),
    reasons: [`${what}, so it is listed as a whole`],
    untilEpochUs: Math.min(lastNeeded.untilEpochUs, lastSpread.untilEpochUs),
  };
}
