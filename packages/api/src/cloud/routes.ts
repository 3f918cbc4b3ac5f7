// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { canonicalAddress } from '@sentrypeer/ip';
import { OperatingError, type Clock } from '@sentrypeer/kernel';
import type { Evidence } from '../evidence.ts';
import type { Access } from '../access/access.ts';
import { clientAddress } from '../access/client-address.ts';
import { sendRefusal } from '../access/admission.ts';
import { LevelledLookUp, type LookUpLevel } from '../look-up-levels.ts';
import type { Feed } from '../feed.ts';
import type { Reputation } from '../reputation.ts';
import { DELIVERY_EVENTS_MAX, DELIVERY_OCTETS_MAX, TOKEN_OCTETS_MAX } from '../limits.ts';
import { readAskedNumber } from '../asked-number.ts';
import { addRoute, ANYBODYS, sendJson } from '../routes.ts';
import { bodyText, jsonBody, PostedText, postRoute } from './posted.ts';
import { parseDelivery, type DeliveredEvent, type FieldErrors } from './delivered-event.ts';
import { addBannedList } from './banned-list.ts';

/** Seconds for which clients keep a token; ours are keys and do not expire. */
const TOKEN_SECONDS = 86_400;

const POSTED_TYPE = 'application/octet-stream';

export interface CloudPorts {
  readonly lookUpLevels: Readonly<Record<'hq' | 'apiban', LookUpLevel>>;
  readonly evidence: Evidence;
  readonly access: Access;
  readonly reputation: Reputation;
  readonly feed: Feed;
  readonly clock: Clock;
  /** Resolves when they are recorded, except those that are there already; rejects with `OperatingError`. */
  readonly deliver: (events: readonly DeliveredEvent[]) => Promise<void>;
}

type Handler = (request: FastifyRequest, reply: FastifyReply) => void;

/** The routes of SentryPeerHQ and of APIBAN, so that their clients can use this server. */
export function addCloudRoutes(app: FastifyInstance, ports: CloudPorts): void {
  const { evidence } = ports;
  const levelled = new LevelledLookUp(ports, ports.lookUpLevels.hq);
  addLookUp(app, '/api/phone-numbers/:value', 'Phone Number', (text) => {
    const asked = readAskedNumber(text, ports);
    if (asked === undefined) return undefined;
    return levelled.hasNumber(asked.text, () => evidence.number(asked.dialled) !== undefined);
  });
  addLookUp(app, '/api/ip-addresses/:value', 'IP Address', (text) => {
    const address = canonicalAddress(text.trim());
    if (address === undefined) return undefined;
    return levelled.hasAddress(address, () => evidence.address(address) !== undefined);
  });
  addBannedList(app, ports, ports.lookUpLevels.apiban);
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // Nodes label their JSON in any way, so the label is ignored.
    scope.addHook('onRequest', (request, _reply, next) => {
      request.headers['content-type'] = POSTED_TYPE;
      next();
    });
    scope.addContentTypeParser(POSTED_TYPE, { parseAs: 'buffer' }, new PostedText().parse);
    const keyInBody = (text: string): string => tokenMember(text, 'client_secret');
    const token = { ...ANYBODYS, keyInBody, octetsMax: TOKEN_OCTETS_MAX };
    postRoute(scope, '/oauth/token', token, (request, reply) => sendToken(ports, request, reply));
    const take = (request: FastifyRequest, reply: FastifyReply) =>
      takeEvents(ports, request, reply);
    const octetsMax = DELIVERY_OCTETS_MAX;
    postRoute(scope, '/api/events', { need: 'write', octetsMax }, take);
    postRoute(scope, '/api/:key/events', { need: 'write', keyInPath: true, octetsMax }, take);
    done();
  });
}

/** 404 means clean to these clients, so text that is not a number or address must not be 404. */
function addLookUp(
  app: FastifyInstance,
  url: string,
  name: string,
  isKnown: (text: string) => boolean | undefined,
): void {
  const handler: Handler = (request, reply) => {
    const known = isKnown((request.params as { readonly value: string }).value);
    if (known === undefined) sendJson(reply, 400, { error: 'The request data was invalid' });
    else if (known) sendJson(reply, 200, { message: `${name} found.` });
    else sendJson(reply, 404, { message: `${name} not found.` });
  };
  addRoute(app, url, { need: 'read' }, handler);
}

/** Client credentials, RFC 6749 §4.4: the id is a key's name, the secret the key, and the token the key again. */
function sendToken({ access }: CloudPorts, request: FastifyRequest, reply: FastifyReply): void {
  const text = bodyText(request);
  const member = (name: string): string => tokenMember(text, name);
  reply.header('Cache-Control', 'no-store');
  if (member('grant_type') !== 'client_credentials') {
    const description = 'grant_type must be client_credentials';
    return sendJson(reply, 400, {
      error: 'unsupported_grant_type',
      error_description: description,
    });
  }
  const secret = member('client_secret');
  const known = access.knows(clientAddress(request), member('client_id'), secret);
  if (known !== true) return sendRefusal(request, reply, known);
  return sendJson(reply, 200, {
    access_token: secret,
    expires_in: TOKEN_SECONDS,
    token_type: 'Bearer',
  });
}

/** A member of a request for a token, as JSON or as a form; empty if it is missing. */
function tokenMember(text: string, name: string): string {
  const form = text.trimStart().startsWith('{')
    ? jsonBody(text)
    : Object.fromEntries(new URLSearchParams(text));
  const value = (form as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof value === 'string' ? value : '';
}

async function takeEvents(
  ports: CloudPorts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const body = jsonBody(bodyText(request));
  const values = Array.isArray(body) ? (body as readonly unknown[]) : [body];
  if (values.length > DELIVERY_EVENTS_MAX) {
    return sendErrors(reply, { body: [`must be at most ${DELIVERY_EVENTS_MAX} events`] });
  }
  const nowEpochUs = ports.clock.epochUs();
  const events: DeliveredEvent[] = [];
  const errors: Record<string, FieldErrors> = {};
  values.forEach((value, index) => {
    const parsed = parseDelivery(value, nowEpochUs);
    if (parsed.ok) events.push(parsed.delivered);
    else errors[String(index)] = parsed.errors;
  });
  try {
    if (events.length > 0) await ports.deliver(events);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    reply.header('Retry-After', '5');
    return sendJson(reply, 503, { error: `nothing can be recorded at present: ${error.code}` });
  }
  if (events.length === values.length) {
    return sendJson(reply, 201, { message: 'Thanks for using SentryPeer!' });
  }
  // The valid ones are recorded: sent again they change nothing.
  return sendErrors(reply, Array.isArray(body) ? errors : (errors['0'] ?? {}));
}

function sendErrors(reply: FastifyReply, errors: Readonly<Record<string, unknown>>): void {
  const text = JSON.stringify({ errors });
  reply
    .code(422)
    .type('application/json')
    .serializer(() => text)
    .send(text);
}
