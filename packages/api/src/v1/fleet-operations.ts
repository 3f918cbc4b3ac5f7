// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetPushState } from '../operations/fleet-state.ts';
import { rfc3339 } from '../rfc3339.ts';
import type { Json } from './entries.ts';
import { operation, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

export const FLEET_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/fleet',
    summary: 'How this node pushes its events to a fleet, and how far it is',
    description: 'Counts are since the node started. push is null where the node is in no fleet.',
    need: 'read',
    query: {},
    mediaType: 'application/json',
    schema: reference('Fleet'),
    isConditional: () => false,
    handle: (call) => {
      const state = call.ports.operations.fleet();
      sendJson(call, { push: state === undefined ? null : pushEntry(state) });
    },
  }),
];

function pushEntry(state: FleetPushState): Json {
  return {
    connected: state.isConnected,
    lag: state.lag,
    pushed_events: state.pushedEvents,
    pushed_repeats: state.pushedRepeats,
    failures: state.failures,
    refused_events: state.refusedEvents,
    epoch: state.epoch,
    last_push: state.pushedEpochUs === undefined ? null : rfc3339(state.pushedEpochUs),
    trouble: state.trouble ?? null,
  };
}
