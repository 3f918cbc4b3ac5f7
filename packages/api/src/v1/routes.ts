// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { roomClient, scanClient } from '../access/client-address.ts';
import { readQuery } from '../parameters.ts';
import { sendProblem } from '../problem.ts';
import { addRoute, ANYBODYS, sendHtml } from '../routes.ts';
import { sendText } from '../send-text.ts';
import { AGENT_OPERATIONS } from './agent-operations.ts';
import { ANALYTICS_OPERATIONS } from './analytics-operations.ts';
import { docsPage } from './docs-page.ts';
import { EVENTS_OPERATIONS } from './events-operations.ts';
import { FOLLOWER_OPERATIONS } from './follower-operations.ts';
import { LIST_OPERATIONS } from './list-operations.ts';
import { LISTING_OPERATIONS } from './listing-operations.ts';
import { openApiDocument } from './openapi.ts';
import type { Operation, OperationPorts } from './operation.ts';
import { addTrustRoutes, PEERS_OPERATIONS } from './peers-operations.ts';
import { PLACES_OPERATIONS } from './places-operations.ts';
import { sendBusy } from './stream-route.ts';
import { FLEET_OPERATIONS } from './fleet-operations.ts';
import { TOTALS_OPERATIONS } from './totals-operations.ts';
import { WEBHOOK_OPERATIONS } from './webhook-operations.ts';
import { VERDICT_OPERATIONS } from './verdict-operations.ts';

const OPERATIONS: readonly Operation[] = [
  ...TOTALS_OPERATIONS,
  ...PLACES_OPERATIONS,
  ...ANALYTICS_OPERATIONS,
  ...VERDICT_OPERATIONS,
  ...LISTING_OPERATIONS,
  ...EVENTS_OPERATIONS,
  ...LIST_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
  ...FOLLOWER_OPERATIONS,
  ...FLEET_OPERATIONS,
  ...AGENT_OPERATIONS,
  ...PEERS_OPERATIONS,
];

/** Adds all routes under `/v1`, their OpenAPI document and the page that shows it. */
export function addOperations(app: FastifyInstance, ports: OperationPorts, version: string): void {
  // Distinguishes this run of the program from the previous one, which had other revisions.
  const run = ports.clock.epochUs().toString(36);
  for (const own of OPERATIONS) addOperation(app, ports, own, run);
  addTrustRoutes(app, ports.peers);
  let document: string | undefined;
  addRoute(app, '/openapi.json', ANYBODYS, (request, reply) => {
    document ??= JSON.stringify(openApiDocument(OPERATIONS, version));
    sendText(request, reply, 'application/json', document);
  });
  let page: string | undefined;
  addRoute(app, '/docs', ANYBODYS, (_request, reply) => {
    page ??= docsPage(OPERATIONS);
    sendHtml(reply, page);
  });
}

function addOperation(
  app: FastifyInstance,
  ports: OperationPorts,
  own: Operation,
  run: string,
): void {
  const url = own.path.replace(/\{(\w+)\}/, ':$1');
  addRoute(app, url, { need: own.need }, (request, reply) => {
    const query = readQuery(request.raw.url ?? '', own.query);
    if (!query.ok) return sendProblem(reply, 400, query.detail);
    const place = placeOf(request, own);
    if (place === undefined) {
      const { name, parameter } = own.place ?? {};
      return sendProblem(reply, 400, `${name} must be ${parameter?.right}`);
    }
    // What a browser read with a key does not stay there after its user has signed out.
    if (request.caller.session !== undefined) reply.header('Cache-Control', 'no-store');
    else if (own.isConditional(query.values)) {
      const tag = `W/"${run}-${ports.evidence.revision()}-${request.caller.role ?? ''}"`;
      reply.header('ETag', tag).header('Cache-Control', 'no-cache');
      if (matches(request, tag)) return void reply.code(304).send();
    }
    const call = { request, reply, caller: request.caller, values: query.values, place, ports };
    if (!('cursor' in own.query)) return own.handle(call);
    const client = scanClient(request);
    if (!ports.scans.hasRoom(client, roomClient(request).isKnown)) return sendBusy(reply);
    if (own.hasSteps === true) return own.handle(call);
    ports.scans
      .step(client, () => {
        if (!reply.raw.destroyed) own.handle(call);
      })
      .catch((error: unknown) => reply.send(error));
  });
}

/** The value in the path; empty if none is needed, `undefined` if it is wrong. */
function placeOf(request: FastifyRequest, { place }: Operation): string | undefined {
  if (place === undefined) return '';
  const text = (request.params as Readonly<Record<string, string>>)[place.name] ?? '';
  return place.parameter.read(text);
}

/** RFC 9110 §13.1.2: a list of tags, or any. */
function matches(request: FastifyRequest, tag: string): boolean {
  const asked = request.headers['if-none-match'];
  if (asked === undefined) return false;
  return asked.split(',').some((one) => one.trim() === tag || one.trim() === '*');
}
