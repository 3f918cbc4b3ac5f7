// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fleetMetrics } from '../../src/services/fleet/fleet-metrics.ts';
import { fleetState } from '../../src/services/fleet/fleet-state.ts';
import type { FleetWork } from '../../src/workers/messages.ts';

const PUSH: NonNullable<FleetWork['push']> = {
  trouble: undefined,
  isConnected: true,
  pushedEvents: 7,
  pushedRepeats: 0,
  failures: 0,
  refusedEvents: 0,
  epoch: 1,
  pushedEpochUs: undefined,
};

test('fleetState() tells a node in no fleet from one whose part in it has just begun', () => {
  const lag = (): number => 3;
  assert.equal(fleetState(undefined, lag), undefined);
  const starting = fleetState({ work: undefined }, lag);
  assert.equal(starting?.isStarting, true);
  assert.deepEqual([starting.push, starting.follow], [undefined, undefined]);
  assert.deepEqual(fleetMetrics(starting), [], 'nothing is measured yet');
  const none = { pull: undefined, publish: undefined, follow: undefined, overview: undefined };
  const running = fleetState({ work: { push: PUSH, ...none } }, lag);
  assert.deepEqual(running, { isStarting: false, push: { ...PUSH, lag: 3 }, ...none });
});
