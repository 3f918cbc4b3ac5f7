// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { MetricFamily, WebhookState } from '@sentrypeer/api';

/** Metrics of the endpoints to which events are posted; none without endpoints. */
export function webhookMetrics(states: readonly WebhookState[]): readonly MetricFamily[] {
  if (states.length === 0) return [];
  const family = (
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    of: (state: WebhookState) => number,
  ): MetricFamily => ({
    name: `sentrypeer_webhook_${name}`,
    help,
    type,
    samples: states.map((state) => ({ labels: { webhook: state.name }, value: of(state) })),
  });
  return [
    family('lag_events', 'gauge', 'Events not taken yet.', ({ lag }) => lag),
    family('requests_total', 'counter', 'Requests made.', ({ requests }) => requests),
    family('failures_total', 'counter', 'Tries that failed.', ({ failures }) => failures),
    family('accepted_events_total', 'counter', 'Events taken.', ({ accepted }) => accepted),
    family('refused_events_total', 'counter', 'Events refused for good.', ({ refused }) => refused),
    family(
      'expired_events_total',
      'counter',
      'Events that retention removed before they were taken.',
      ({ expired }) => expired,
    ),
    family('dead_letters', 'gauge', 'Refused events kept.', ({ deadLetters }) => deadLetters),
    {
      name: 'sentrypeer_webhook_last_error_timestamp_seconds',
      help: 'Unix time of the newest failure or refusal, by its code.',
      type: 'gauge',
      samples: states.flatMap(({ name, error }) =>
        error === undefined
          ? []
          : [{ labels: { webhook: name, code: error.code }, value: error.epochUs / 1e6 }],
      ),
    },
    {
      name: 'sentrypeer_webhook_last_accepted_timestamp_seconds',
      help: 'Unix time at which events were taken last.',
      type: 'gauge',
      samples: states.flatMap(({ name, acceptedEpochUs }) =>
        acceptedEpochUs === undefined
          ? []
          : [{ labels: { webhook: name }, value: acceptedEpochUs / 1e6 }],
      ),
    },
  ];
}
