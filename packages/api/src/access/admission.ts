// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify';
import { BODY_OCTETS_MAX } from '../limits.ts';
import { sendProblem } from '../problem.ts';
import { ALLOWED_METHODS, ANYBODYS, sendJson } from '../routes.ts';
import { RouteMethods } from '../route-methods.ts';
import type { Access, Caller, Refusal, RouteAccess } from './access.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler runs. */
    caller: Caller;
  }
  interface FastifyContextConfig {
    access?: RouteAccess;
    /** Has a limit of its own for what is sent to it. */
    readsBody?: boolean;
  }
}

/** What scripts of the allowed site may send (https://fetch.spec.whatwg.org/#http-cors-protocol). */
const PREFLIGHT_HEADERS = {
  'Access-Control-Allow-Methods': ALLOWED_METHODS,
  'Access-Control-Allow-Headers': 'Authorization, X-Api-Key, Last-Event-ID, If-None-Match',
  'Access-Control-Max-Age': '600',
};

export interface AdmissionOptions {
  /** Scripts of another site may read. */
  readonly allowsScripts: boolean;
  /** Told who asks, before it is known whether he may. */
  readonly onCaller: ((request: FastifyRequest, caller: Caller | undefined) => void) | undefined;
}

/** Lets only those on to the handlers of the routes that are added from here on who may ask them. */
export function addAdmission(
  app: FastifyInstance,
  access: Access,
  options: AdmissionOptions,
): void {
  app.decorateRequest('caller');
  const routes = new RouteMethods();
  // Each route has its own: to find out which route it is costs a look-up more than all the rest.
  app.addHook('onRoute', (route) => {
    const { access: routeAccess = ANYBODYS, readsBody = false } = route.config ?? {};
    routes.add(route.url, [route.method].flat());
    const own: onRequestHookHandler = (request, reply, done) => {
      if (refusesAnyway(request, reply, options.allowsScripts, readsBody)) return;
      options.onCaller?.(request, undefined);
      const admission = access.admit(request, routeAccess);
      if ('refusal' in admission) return sendRefusal(request, reply, admission.refusal);
      request.caller = admission.caller;
      options.onCaller?.(request, admission.caller);
      done();
    };
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

/** Answers what no route need see. */
function refusesAnyway(
  request: FastifyRequest,
  reply: FastifyReply,
  allowsScripts: boolean,
  readsBody: boolean,
): boolean {
  if (!readsBody && announcesTooMuch(request.raw)) {
    reply.header('Connection', 'close');
    sendJson(reply, 413, { error: 'The request is too large' });
    return true;
  }
  if (!allowsScripts || !isPreflight(request)) return false;
  reply.headers(PREFLIGHT_HEADERS).code(204).send();
  return true;
}

/** In the form that the clients of the route read. */
export function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): void {
  const { status, error, detail, retryAfter } = refusal;
  if (status === 401) reply.header('WWW-Authenticate', 'Bearer');
  if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
  if (request.raw.url?.startsWith('/v1/') === true) sendProblem(reply, status, detail);
  else sendJson(reply, status, { error, error_description: detail });
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** No route but those that say so reads a body: a small one is passed over, a large one is not waited for. */
function announcesTooMuch(request: IncomingMessage): boolean {
  const length = request.headers['content-length'];
  return length !== undefined && Number(length) > BODY_OCTETS_MAX;
}
