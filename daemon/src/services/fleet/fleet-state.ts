// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetState } from '@sentrypeer/api';
import type { FleetService } from './fleet-service.ts';

/** Before the thread has reported anything. */
const STARTING: FleetState = {
  isStarting: true,
  push: undefined,
  pull: undefined,
  publish: undefined,
  follow: undefined,
  overview: undefined,
};

/**
 * What this node does in a fleet; `undefined` if it is in none.
 *
 * @param lag Events that the fleet has not confirmed yet.
 */
export function fleetState(
  fleet: Pick<FleetService, 'work'> | undefined,
  lag: () => number,
): FleetState | undefined {
  if (fleet === undefined) return undefined;
  if (fleet.work === undefined) return STARTING;
  const { push, pull, publish, follow, overview } = fleet.work;
  const lagging = push && { ...push, lag: lag() };
  return { isStarting: false, push: lagging, pull, publish, follow, overview };
}
