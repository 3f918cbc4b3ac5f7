// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyInstance, FastifyReply } from 'fastify';
import { addRoute, ANYBODYS } from '../routes.ts';
import type { FleetState } from './fleet-state.ts';
import type { FollowerState } from './follower-state.ts';
import { formatMetrics, METRICS_TYPE, type MetricFamily } from './metrics-text.ts';
import type { WebhookState } from './webhook-state.ts';
import type { RequestMeasures } from './request-measures.ts';

/** A part of the program that does not work, or not fully, and why. */
export interface NotReady {
  readonly part: string;
  readonly why: string;
}

/** What the program reports about itself. */
export interface Operations {
  /** Why clients do not get what they ask this node for; empty if it is ready. */
  notReady(): readonly NotReady[];
  /** What works less than it should although clients get what they ask for: sharing, an output, an endpoint. */
  degraded(): readonly NotReady[];
  metrics(): readonly MetricFamily[];
  /** Endpoints that events are posted to. */
  webhooks(): readonly WebhookState[];
  /** Programs on this machine that enforce the listings. */
  followers(): readonly FollowerState[];
  /** `undefined` if this node is in no fleet. */
  fleet(): FleetState | undefined;
}

/** `/livez`, `/readyz` and `/metrics`, for those who monitor the program. */
export function addOperationsRoutes(
  app: FastifyInstance,
  operations: Operations,
  measures: RequestMeasures,
): void {
  addRoute(app, '/livez', ANYBODYS, (_request, reply) =>
    sendStatus(reply, 200, { status: 'alive' }),
  );
  addRoute(app, '/readyz', ANYBODYS, (_request, reply) => {
    const reasons = operations.notReady();
    // Failures of others, such as an endpoint or a bootstrap node that is down, do not count: the program does its
    // work.
    const more = details(operations, reasons.length > 0);
    if (reasons.length === 0) sendStatus(reply, 200, { status: 'ready', ...more });
    else sendStatus(reply, 503, { status: 'not ready', reasons, ...more });
  });
  addRoute(app, '/metrics', { need: 'read' }, (_request, reply) => {
    const text = formatMetrics([...operations.metrics(), ...measures.families()]);
    reply
      .header('Cache-Control', 'no-store')
      .type(METRICS_TYPE)
      .serializer(() => text)
      .send(text);
  });
}

/** @param isBroken The reasons for it are known; then details that cannot be read are left out. */
function details(operations: Operations, isBroken: boolean): object {
  try {
    const webhooks = operations.webhooks().map(({ name, lag, error }) => ({
      name,
      lag,
      last_error: error?.code ?? null,
    }));
    const degraded = operations.degraded();
    return {
      ...(degraded.length > 0 && { degraded }),
      ...(webhooks.length > 0 && { webhooks }),
    };
  } catch (error) {
    if (!isBroken) throw error;
    return {};
  }
}

function sendStatus(reply: FastifyReply, status: number, value: object): void {
  const text = JSON.stringify(value);
  reply
    .code(status)
    .header('Cache-Control', 'no-store')
    .type('application/json')
    .serializer(() => text)
    .send(text);
}
