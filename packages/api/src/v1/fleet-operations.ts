// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type {
  FleetFollowState,
  FleetNodeState,
  FleetOverviewState,
  FleetPublishState,
  FleetPullState,
  FleetPushState,
} from '../operations/fleet-state.ts';
import { rfc3339 } from '../rfc3339.ts';
import type { Json } from './entries.ts';
import { operation, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

export const FLEET_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/fleet',
    summary:
      'What this node does in a fleet: pushes its events, reads those of others, follows what hubs list',
    description:
      'Counts are since the node started. `state` is none where it is in no fleet, and starting in the first moment, when it is not known yet what it does. What the node does not do is null: everything where it is in no fleet; pull, publish and overview where it is not a hub, or not one yet; follow where it is one, because hubs judge for themselves.',
    need: 'read',
    query: {},
    mediaType: 'application/json',
    schema: reference('Fleet'),
    isConditional: () => false,
    handle: (call) => {
      const state = call.ports.operations.fleet();
      sendJson(call, {
        state: state === undefined ? 'none' : state.isStarting ? 'starting' : 'running',
        push: state?.push === undefined ? null : pushEntry(state.push),
        pull: state?.pull === undefined ? null : pullEntry(state.pull),
        publish: state?.publish === undefined ? null : publishEntry(state.publish),
        follow: state?.follow === undefined ? null : followEntry(state.follow),
        overview: state?.overview === undefined ? null : overviewEntry(state.overview),
      });
    },
  }),
];

function publishEntry(state: FleetPublishState): Json {
  return {
    leading: state.isLeading,
    leader: state.leader ?? null,
    whole: state.isWhole,
    said_listings: state.saidListings,
  };
}

function followEntry(state: FleetFollowState): Json {
  return {
    listings: state.listings,
    serial: state.serial,
    taken_changes: state.takenChanges,
    left_out: state.leftOut,
    last_current: state.currentEpochUs === undefined ? null : rfc3339(state.currentEpochUs),
    failures: state.failures,
    trouble: state.trouble ?? null,
  };
}

function overviewEntry(state: FleetOverviewState): Json {
  return {
    as_of: rfc3339(state.asOfEpochUs),
    events: state.events,
    listed: state.listed,
    watched: state.watched,
    more_nodes: state.moreNodes,
    nodes: state.nodes.map(nodeEntry),
  };
}

function nodeEntry(node: FleetNodeState): Json {
  const time = (us: number | undefined): string | null => (us === undefined ? null : rfc3339(us));
  return {
    node: node.node,
    role: node.role,
    connected: node.isConnected,
    version: node.version ?? null,
    events: node.events,
    waiting: node.waiting,
    last_push: time(node.pushedEpochUs),
    last_seen: time(node.seenEpochUs),
    silent: node.isSilent,
  };
}

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
