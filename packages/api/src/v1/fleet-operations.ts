// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetPullState, FleetPushState } from '../operations/fleet-state.ts';
import { rfc3339 } from '../rfc3339.ts';
import type { Json } from './entries.ts';
import { operation, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

export const FLEET_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/fleet',
    summary: 'How far this node pushes its events to a fleet, and takes those of the others',
    description:
      'Counts are since the node started. push is null where the node is in no fleet, pull where it is no hub.',
    need: 'read',
    query: {},
    mediaType: 'application/json',
    schema: reference('Fleet'),
    isConditional: () => false,
    handle: (call) => {
      const state = call.ports.operations.fleet();
      sendJson(call, {
        push: state === undefined ? null : pushEntry(state.push),
        pull: state?.pull === undefined ? null : pullEntry(state.pull),
      });
    },
  }),
];

function pullEntry(state: FleetPullState): Json {
  return {
    pulled_events: state.pulledEvents,
    left_out: state.leftOut,
    behind: state.behind,
    taken_decisions: state.takenDecisions,
    waiting_decisions: state.waitingDecisions,
    failures: state.failures,
    trouble: state.trouble ?? null,
  };
}

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
