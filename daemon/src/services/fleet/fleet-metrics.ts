// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FleetPushState, MetricFamily } from '@sentrypeer/api';

/** What is measured of the push to a fleet, beside its lag; nothing where this node is in none. */
export function fleetMetrics(state: FleetPushState | undefined): readonly MetricFamily[] {
  if (state === undefined) return [];
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
