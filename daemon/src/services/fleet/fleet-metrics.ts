// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetState, MetricFamily } from '@sentrypeer/api';

/** What is measured of a fleet, beside the lag of the push; nothing where this node is in none. */
export function fleetMetrics(fleet: FleetState | undefined): readonly MetricFamily[] {
  if (fleet === undefined) return [];
  const { push: state, pull } = fleet;
  const family = (
    name: string,
    type: MetricFamily['type'],
    help: string,
    value: number,
  ): MetricFamily => ({ name: `sentrypeer_fleet_${name}`, help, type, samples: [{ value }] });
  const { pushedEvents, pushedRepeats, failures, refusedEvents, pushedEpochUs } = state;
  return [
    family('push_failing', 'gauge', '1 while nothing can be pushed.', state.trouble ? 1 : 0),
    family('pushed_events_total', 'counter', 'Events that are in the fleet.', pushedEvents),
    family('pushed_repeats_total', 'counter', 'Counts added to such events.', pushedRepeats),
    family('push_failures_total', 'counter', 'Pushes that failed and are made again.', failures),
    family('refused_events_total', 'counter', 'Events that the fleet refuses.', refusedEvents),
    ...(pull === undefined
      ? []
      : [
          family('pull_failing', 'gauge', '1 while nothing can be taken.', pull.trouble ? 1 : 0),
          family('pulled_events_total', 'counter', 'Events taken of others.', pull.pulledEvents),
          family('pull_behind_events', 'gauge', 'Events of others not taken yet.', pull.behind),
        ]),
    ...(pushedEpochUs === undefined
      ? []
      : [
          family(
            'last_push_timestamp_seconds',
            'gauge',
            'Unix time of the newest push.',
            pushedEpochUs / 1e6,
          ),
        ]),
  ];
}
