// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Fleet, FleetNode } from '../api-types.ts';
import { amount } from '../text/number.ts';

/** What a node does in a fleet: nothing, not yet known, follow what hubs list, also push, or judge everything. */
export type FleetPart = 'none' | 'starting' | 'follower' | 'sensor' | 'hub';

/** A node configured as a hub is shown as one, even while the fleet refuses it. */
export function fleetPart({ state, push, pull }: Fleet): FleetPart {
  if (state !== 'running') return state;
  if (pull !== null) return 'hub';
  if (push !== null) return 'sensor';
  return 'follower';
}

/** What fails at present, in the words of the node. */
export interface FleetTrouble {
  readonly what: string;
  readonly why: string;
}

export function fleetTroubles({ push, pull, follow }: Fleet): readonly FleetTrouble[] {
  const found: FleetTrouble[] = [];
  const add = (what: string, part: { readonly trouble: string | null } | null): void => {
    const why = part?.trouble ?? null;
    if (why !== null) found.push({ what, why });
  };
  add('Pushing events', push);
  add('Taking the events of others', pull);
  add('Following what hubs list', follow);
  return found;
}

/** The state of a node in the overview, and whether it needs attention. */
export function nodeStanding({ role, silent, waiting }: FleetNode): {
  readonly word: string;
  readonly isBad: boolean;
} {
  if (role === 'left') return { word: 'left the fleet', isBad: false };
  const lag = waiting === 0 ? '' : `${amount(waiting, 'event')} behind`;
  if (silent) return { word: lag === '' ? 'silent' : `silent, ${lag}`, isBad: true };
  return { word: lag === '' ? 'up to date' : lag, isBad: false };
}
