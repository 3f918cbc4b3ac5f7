// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { DEFAULT_POLICY, type PoolVoice } from '@sentrypeer/verdict';
import { hasQuorum, votedAddress } from '../../packages/verdict/src/votes.ts';
import type { Party } from './pool-liar.ts';
import type { HonestNode } from './pool-node.ts';

const DAY_US = 86_400e6;

/** At how many nodes voters list somebody. */
export interface Listed {
  /** Whom voters in one network name. */
  readonly victims: number;
  /** The same where networks are not looked at. */
  readonly unchecked: number;
  /** Whom honest voters name. */
  readonly attackers: number;
}

/** What votes make of a subject at a node whose operator took these for voters. */
function voted(
  node: HonestNode,
  votersCount: number,
  naming: readonly Party[],
  { nowEpochUs, networkCheck = true }: { nowEpochUs: number; networkCheck?: boolean },
): { readonly isListed: boolean; readonly hasQuorum: boolean } {
  const voices = naming.map(({ key }): PoolVoice => ({
    name: key,
    isVoter: true,
    networks: [...(node.proved.get(key) ?? [])],
    facts: {
      grade: 'handshake',
      contactsLog2: 9,
      daysCount: 7,
      triedPasswords: true,
      madeCostlyCalls: true,
      usedTool: true,
      breadthLog2: 9,
    },
    lastEpochUs: nowEpochUs,
    endEpochUs: nowEpochUs + DAY_US,
  }));
  const said = { voices, votersCount, isAdmitted: true };
  const options = { quorumMin: 2, networkCheck, nowEpochUs };
  const { verdict } = votedAddress(said, {
    ...options,
    policy: DEFAULT_POLICY,
    delistedEpochUs: undefined,
  });
  return { isListed: verdict.level === 'listed', hasQuorum: hasQuorum(said, options) };
}

/** Each node has all liars that it met for voters, and of the others as few as can have a quorum. */
export function listedAt(
  nodes: readonly HonestNode[],
  parties: readonly Party[],
  nowEpochUs: number,
): Listed {
  let [victims, unchecked, attackers] = [0, 0, 0];
  for (const node of nodes) {
    const linked = (isLiar: boolean): readonly Party[] =>
      parties.filter((party) => party.isLiar === isLiar && node.proved.has(party.key));
    const sybils = linked(true);
    const some = linked(false).slice(0, Math.ceil((sybils.length + 3) / 2));
    const votersCount = some.length + sybils.length;
    const victim = voted(node, votersCount, sybils, { nowEpochUs });
    if (victim.isListed || victim.hasQuorum) victims += 1;
    if (voted(node, votersCount, sybils, { nowEpochUs, networkCheck: false }).isListed)
      unchecked += 1;
    if (voted(node, votersCount, some, { nowEpochUs }).isListed) attackers += 1;
  }
  return { victims, unchecked, attackers };
}
