// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { ClaimFacts } from '@sentrypeer/event';
import { gradeRank } from './policy.ts';

/** What one other node says of a subject in the pool, in its latest word. */
export interface PoolVoice {
  /** What the operator calls it, or its id. */
  readonly name: string;
  /** The operator gave it a vote. */
  readonly isVoter: boolean;
  /** Those in which a link proved it to be: prefixes, and autonomous systems where these are known. */
  readonly networks: readonly string[];
  readonly facts: ClaimFacts;
  /** The beginning of the hour in which it met the subject last, and the end of the claim; wall-clock microseconds. */
  readonly lastEpochUs: number;
  readonly endEpochUs: number;
}

/**
 * Ways of naming networks that are not mixed: one server has an address of IPv4 and a network of IPv6, so a network of
 * each proves no two people.
 */
const KINDS: readonly ((network: string) => boolean)[] = [
  (network) => network.startsWith('AS'),
  (network) => !network.startsWith('AS') && !network.includes(':'),
  (network) => network.includes(':'),
];

/** All that one name says. */
interface Candidate {
  /** The best that is said under it. */
  readonly voice: PoolVoice;
  readonly networks: Set<string>;
}

/**
 * The votes among voters who name a subject, the best first: one for each name, and each with a network of its own. A
 * network counts for whom it serves best: who is seen in several, as by somebody who passes on connections, loses none.
 */
export function votesOf(voters: readonly PoolVoice[], networkCheck: boolean): readonly PoolVoice[] {
  const byName = new Map<string, Candidate>();
  const best = voters.toSorted((a, b) => gradeRank(b.facts.grade) - gradeRank(a.facts.grade));
  for (const voice of best) {
    const known = byName.get(voice.name) ?? { voice, networks: new Set() };
    for (const network of voice.networks) known.networks.add(network);
    byName.set(voice.name, known);
  }
  const candidates = [...byName.values()];
  if (!networkCheck) return candidates.map(({ voice }) => voice);
  const ways = KINDS.map((isOfKind) => matched(candidates, isOfKind));
  return ways.reduce((most, way) => (way.length > most.length ? way : most), []);
}

/** As many candidates as can have a network each, those before others where not all can (Kuhn's algorithm). */
function matched(
  candidates: readonly Candidate[],
  isOfKind: (network: string) => boolean,
): readonly PoolVoice[] {
  const holders = new Map<string, Candidate>();
  const finds = (candidate: Candidate, tried: Set<string>): boolean => {
    for (const network of candidate.networks) {
      if (!isOfKind(network) || tried.has(network)) continue;
      tried.add(network);
      const holder = holders.get(network);
      if (holder !== undefined && !finds(holder, tried)) continue;
      holders.set(network, candidate);
      return true;
    }
    return false;
  };
  return candidates.filter((candidate) => finds(candidate, new Set())).map(({ voice }) => voice);
}
