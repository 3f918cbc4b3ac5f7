// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { BodyBudget } from '../body-budget.ts';
import { bodyText } from '../cloud/posted.ts';
import { BODY_OCTETS_MAX } from '../limits.ts';
import { sendProblem } from '../problem.ts';
import { sendLapiError } from '../lapi/lapi-error.ts';
import { ALLOWED_METHODS, ANYBODYS, sendJson } from '../routes.ts';
import { authorityOf } from '../request-target.ts';
import { RouteMethods } from '../route-methods.ts';
import type { Access, Caller, Refusal, RouteAccess } from './access.ts';
import { hasBadHost, isCrossSite, type ServedHosts } from './hosts.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The caller; set before any handler runs. */
    caller: Caller;
  }
  interface FastifyContextConfig {
    access?: RouteAccess;
    /** Largest body in octets that the route reads; the others read none. */
    bodyOctetsMax?: number;
  }
}

/** What scripts of the allowed site may send (https://fetch.spec.whatwg.org/#http-cors-protocol). */
const PREFLIGHT_HEADERS = {
  'Access-Control-Allow-Methods': ALLOWED_METHODS,
  'Access-Control-Allow-Headers': 'Authorization, X-Api-Key, Last-Event-ID, If-None-Match',
  'Access-Control-Max-Age': '600',
};

export interface AdmissionOptions {
  /** Whether scripts of another site may read. */
  readonly allowsScripts: boolean;
  /** The names under which callers without a key may ask. */
  readonly hosts: ServedHosts;
  /** Called with a name that is not among them. */
  readonly onStrangeHost: (host: string) => void;
  /** Called with the caller, before it is known whether it may. */
  readonly onCaller: ((request: FastifyRequest, caller: Caller | undefined) => void) | undefined;
}

/** Lets only permitted callers through to the handlers of the routes that are added from here on. */
export function addAdmission(
  app: FastifyInstance,
  access: Access,
  options: AdmissionOptions,
): void {
  app.decorateRequest('caller');
  const routes = new RouteMethods();
  const bodies = new BodyBudget();
  // A hook for each route: finding out which route it is costs a look-up more than all the rest.
  app.addHook('onRoute', (route) => {
    const { access: routeAccess = ANYBODYS, bodyOctetsMax } = route.config ?? {};
    routes.add(route.url, [route.method].flat());
    const own: onRequestHookHandler = (request, reply, done) => {
      if (refusesAnyway(request, reply, options.allowsScripts, bodyOctetsMax !== undefined)) return;
      options.onCaller?.(request, undefined);
      const admission = access.admit(request, routeAccess);
      if ('refusal' in admission) return sendRefusal(request, reply, admission.refusal);
      request.caller = admission.caller;
      options.onCaller?.(request, admission.caller);
      if (isOfPage(admission.caller) && isStrange(request, reply, options)) return;
      if (bodyOctetsMax !== undefined && !bodies.reserve(request, reply, bodyOctetsMax)) {
        return sendBusy(request, reply);
      }
      done();
    };
    const { keyInBody } = routeAccess;
    if (keyInBody !== undefined) {
      route.preHandler = (request, reply, done) => {
        const refusal = access.admitBody(request, keyInBody(bodyText(request)));
        if (refusal !== undefined) return sendRefusal(request, reply, refusal);
        done();
      };
    }
    route.onRequest = [own, ...(route.onRequest === undefined ? [] : [route.onRequest].flat())];
  });
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    if (refusesAnyway(request, reply, options.allowsScripts, false)) return;
    const [path = ''] = (request.raw.url ?? '').split('?');
    const allowed = routes.allowed(path);
    if (allowed === '') {
      return sendJson(reply, 404, { error: 'The requested resource could not be found.' });
    }
    reply.header('Allow', allowed);
    return sendJson(reply, 405, { error: 'The method is not allowed' });
  });
}

/** Answers requests that no route need see. */
function refusesAnyway(
  request: FastifyRequest,
  reply: FastifyReply,
  allowsScripts: boolean,
  readsBody: boolean,
): boolean {
  if (hasBadHost(request.raw)) {
    reply.header('Connection', 'close');
    sendJson(reply, 400, { error: 'The request data was invalid' });
    return true;
  }
  if (isCrossSite(request.raw)) {
    sendJson(reply, 403, { error: 'Pages of other sites cannot change anything here' });
    return true;
  }
  if (!readsBody && announcesTooMuch(request.raw)) {
    reply.header('Connection', 'close');
    sendJson(reply, 413, { error: 'The request is too large' });
    return true;
  }
  if (!allowsScripts || !isPreflight(request)) return false;
  reply.headers(PREFLIGHT_HEADERS).code(204).send();
  return true;
}

/** Whether a page may have sent it against its user's will: it has no key, or one that the browser adds. */
function isOfPage({ role, session }: Caller): boolean {
  return role === undefined || session !== undefined;
}

/** Refuses callers that use a name that is not ours. A key comes from the operator, not from a page. */
function isStrange(
  request: FastifyRequest,
  reply: FastifyReply,
  { hosts, onStrangeHost }: AdmissionOptions,
): boolean {
  const host = authorityOf(request.originalUrl) ?? request.raw.headers.host;
  if (host === undefined || hosts.serves(host)) return false;
  onStrangeHost(host);
  const detail = 'this server is not known by the name in Host; --api-host NAME makes it known';
  sendRefusal(request, reply, { status: 421, error: 'misdirected', detail });
  return true;
}

function sendBusy(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('Retry-After', '1').header('Connection', 'close');
  if (isLapi(request))
    return sendLapiError(reply, 503, 'too many events are being delivered at once');
  sendJson(reply, 503, { error: 'Too much is being delivered at a time' });
}

/** In the format that the route's clients read. */
export function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): void {
  const { status, error, detail, retryAfter } = refusal;
  if (status === 401 && !isLapi(request)) reply.header('WWW-Authenticate', 'Bearer');
  if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
  // Bouncers know 403 for each of these.
  if (isLapi(request)) return sendLapiError(reply, status === 401 ? 403 : status, detail);
  if (request.raw.url?.startsWith('/v1/') === true) sendProblem(reply, status, detail);
  else sendJson(reply, status, { error, error_description: detail });
}

/** Whether the client reads errors in the format of CrowdSec's Local API. */
export function isLapi(request: FastifyRequest): boolean {
  return request.routeOptions.config.access?.errors === 'lapi';
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** Only routes that say so read a body: for others a small one is skipped, and a large one is not awaited. */
function announcesTooMuch(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return length !== undefined && Number(length) > BODY_OCTETS_MAX;
}
