// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { WebhookState } from '../operations/webhook-state.ts';
import { rfc3339 } from '../rfc3339.ts';
import type { Json } from './entries.ts';
import { operation, type Operation } from './operation.ts';
import { reference } from './schemas.ts';
import { sendJson } from './send-json.ts';

export const WEBHOOK_OPERATIONS: readonly Operation[] = [
  operation({
    path: '/v1/webhooks',
    summary: 'Endpoints that events are posted to, and how far each of them is',
    description: 'Counts are since an endpoint was first configured, including earlier runs.',
    need: 'read',
    query: {},
    mediaType: 'application/json',
    schema: reference('Webhooks'),
    isConditional: () => false,
    handle: (call) => {
      sendJson(call, { items: call.ports.operations.webhooks().map(webhookEntry) });
    },
  }),
];

function webhookEntry(state: WebhookState): Json {
  const { error } = state;
  return {
    name: state.name,
    lag: state.lag,
    requests: state.requests,
    accepted: state.accepted,
    refused: state.refused,
    expired: state.expired,
    failures: state.failures,
    dead_letters: state.deadLetters,
    last_accepted: timeOrNull(state.acceptedEpochUs),
    next_try: timeOrNull(state.nextTryEpochUs),
    last_error:
      error === undefined
        ? null
        : { code: error.code, message: error.message, time: rfc3339(error.epochUs) },
  };
}

function timeOrNull(epochUs: number | undefined): string | null {
  return epochUs === undefined ? null : rfc3339(epochUs);
}
