// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FollowerSession, FollowerState, MetricFamily } from '@sentrypeer/api';

/** Metrics of the followers on this machine; none if none runs. */
export function followerMetrics(states: readonly FollowerState[]): readonly MetricFamily[] {
  if (states.length === 0) return [];
  const gauge = (
    name: string,
    help: string,
    of: (state: FollowerState) => number,
  ): MetricFamily => ({
    name: `sentrypeer_follower_${name}`,
    help,
    type: 'gauge',
    samples: states.map((state) => ({ labels: { follower: state.name }, value: of(state) })),
  });
  return [
    gauge('in_force', '1 while what is listed is carried out.', (one) => Number(one.isInForce)),
    gauge(
      'troubles',
      'What somebody should look at; /v1/followers names it.',
      (one) => one.troubles.length,
    ),
    ...sessionMetrics(states),
    {
      name: 'sentrypeer_follower_entries',
      help: 'Addresses and networks that it acts on.',
      type: 'gauge',
      samples: states.flatMap(({ name, entries }) =>
        Object.entries(entries).map(([family, value]) => ({
          labels: { follower: name, family },
          value,
        })),
      ),
    },
    {
      name: 'sentrypeer_follower_total',
      help: 'What it counted since its start: changes, failures, packets and octets refused.',
      type: 'counter',
      samples: states.flatMap(({ name, counts }) =>
        Object.entries(counts).map(([what, value]) => ({
          labels: { follower: name, what },
          value,
        })),
      ),
    },
  ];
}

/** Metrics of each session with a router; none if no follower has any. */
function sessionMetrics(states: readonly FollowerState[]): readonly MetricFamily[] {
  const gauge = (
    name: string,
    help: string,
    of: (session: FollowerSession) => number,
  ): MetricFamily => ({
    name: `sentrypeer_follower_session_${name}`,
    help,
    type: 'gauge',
    samples: states.flatMap((state) =>
      state.sessions.map((session) => ({
        labels: { follower: state.name, session: session.name },
        value: of(session),
      })),
    ),
  });
  if (states.every(({ sessions }) => sessions.length === 0)) return [];
  return [
    gauge('up', '1 while there is a session.', (one) => Number(one.isUp)),
    gauge('since_seconds', 'Unix time since when there is a session, or none.', (one) =>
      Math.floor(one.sinceEpochUs / 1_000_000),
    ),
    gauge('prefixes', 'Prefixes that the router has from us.', (one) => one.prefixesOut),
    {
      name: 'sentrypeer_follower_session_last_error',
      help: 'Always 1; the error that ended a session or an attempt last is in the label.',
      type: 'gauge',
      samples: states.flatMap((state) =>
        state.sessions.flatMap(({ name, lastError }) =>
          lastError === undefined
            ? []
            : [{ labels: { follower: state.name, session: name, error: lastError }, value: 1 }],
        ),
      ),
    },
  ];
}
