// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetState, MetricFamily } from '@sentrypeer/api';

type Push = NonNullable<FleetState['push']>;
type Follow = NonNullable<FleetState['follow']>;

/** Metrics of a fleet, except the lag of the push; none if this node is in no fleet. */
export function fleetMetrics(fleet: FleetState | undefined): readonly MetricFamily[] {
  if (fleet === undefined) return [];
  const { push, pull, publish, follow } = fleet;
  return [
    ...(push === undefined ? [] : pushMetrics(push)),
    ...(pull === undefined
      ? []
      : [
          gauge('pull_failing', '1 while nothing can be taken.', pull.trouble ? 1 : 0),
          counter('pulled_events_total', 'Events taken of others.', pull.pulledEvents),
          gauge('pull_behind_events', 'Events of others not taken yet.', pull.behind),
        ]),
    ...(publish === undefined
      ? []
      : [gauge('listings_leading', '1 while this hub says what is listed.', +publish.isLeading)]),
    ...(follow === undefined ? [] : followMetrics(follow)),
  ];
}

function pushMetrics(state: Push): readonly MetricFamily[] {
  const { pushedEvents, pushedRepeats, failures, refusedEvents, pushedEpochUs } = state;
  return [
    gauge('push_failing', '1 while nothing can be pushed.', state.trouble ? 1 : 0),
    counter('pushed_events_total', 'Events that are in the fleet.', pushedEvents),
    counter('pushed_repeats_total', 'Counts added to such events.', pushedRepeats),
    counter('push_failures_total', 'Pushes that failed and are repeated.', failures),
    counter('refused_events_total', 'Events that the fleet refuses.', refusedEvents),
    ...time('last_push_timestamp_seconds', 'Unix time of the newest push.', pushedEpochUs),
  ];
}

function followMetrics({ trouble, listings, currentEpochUs }: Follow): readonly MetricFamily[] {
  const help = 'Unix time at which this node last had all listings.';
  return [
    gauge('follow_failing', '1 while what hubs list cannot be followed.', trouble ? 1 : 0),
    gauge('followed_listings', 'Listings of the hubs here.', listings),
    ...time('follow_current_timestamp_seconds', help, currentEpochUs),
  ];
}

function time(name: string, help: string, epochUs: number | undefined): readonly MetricFamily[] {
  return epochUs === undefined ? [] : [gauge(name, help, epochUs / 1e6)];
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name: `sentrypeer_fleet_${name}`, help, type: 'gauge', samples: [{ value }] };
}

function counter(name: string, help: string, value: number): MetricFamily {
  return { name: `sentrypeer_fleet_${name}`, help, type: 'counter', samples: [{ value }] };
}
