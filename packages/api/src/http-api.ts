// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AssertionError, type Clock, type Logger } from '@sentrypeer/kernel';
import { Answers } from './answers.ts';
import { refuseClient, refuseConnect } from './client-error.ts';
import { FailureReport } from './failure-report.ts';
import {
  BODY_OCTETS_MAX,
  CLOSE_MS_MAX,
  CONNECTIONS_COUNT_MAX,
  HEAD_OCTETS_MAX,
  HEADERS_COUNT_MAX,
  HEADERS_MS_MAX,
  KEEP_ALIVE_MS,
  LATE_CHECK_MS,
  REQUEST_MS_MAX,
  STALLED_MS_MAX,
} from './limits.ts';
import { listenFailure } from './listen-failure.ts';
import { Lists } from './lists.ts';
import { originForm } from './request-target.ts';
import {
  addMethods,
  addRoutes,
  ALLOWED_METHODS,
  ANYBODYS,
  sendInvalid,
  sendJson,
} from './routes.ts';
import { Access, type Caller, type Refusal, type RouteAccess } from './access/access.ts';
import { addCloudRoutes, type CloudPorts } from './cloud/routes.ts';
import type { Evidence } from './evidence.ts';
import { RequestMeasures } from './operations/request-measures.ts';
import { addOperationsRoutes, type Operations } from './operations/routes.ts';
import type { PlaceEvidence } from './places.ts';
import { sendProblem } from './problem.ts';
import type { Totals } from './totals.ts';
import { EventStreams } from './v1/event-streams.ts';
import { addOperations } from './v1/routes.ts';

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

export interface HttpApiPorts {
  readonly totals: Totals;
  readonly evidence: Evidence;
  readonly places: PlaceEvidence;
  readonly deliver: CloudPorts['deliver'];
  readonly operations: Operations;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default nobody is told */
  readonly onAnswered?: (request: AnsweredRequest) => void;
}

/** For a log of requests. Nothing in it is checked: whoever writes it down escapes it. */
export interface AnsweredRequest {
  readonly client: string;
  /** Of the key that was given. */
  readonly role: string | undefined;
  readonly method: string;
  readonly target: string;
  readonly status: number;
  /** Milliseconds from the request to the end of its answer. */
  readonly ms: number;
}

export interface HttpApiOptions {
  /** A local address. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** What `X-SentryPeer-Version` and `/health-check` say. */
  readonly version: string;
  /** The origin that scripts of other sites may have, or `*`. @default none */
  readonly corsOrigin?: string;
  /** Also reading needs a key. @default false */
  readonly keyRequired?: boolean;
  /** Addresses or networks whose `X-Forwarded-For` is believed. @default none */
  readonly trustedProxies?: readonly string[];
  /** Requests per second of one client that is not this machine; 0 sets no limit. @default 0 */
  readonly ratePerSecond?: number;
  /** For tests. @default HEADERS_MS_MAX, REQUEST_MS_MAX, STALLED_MS_MAX and LATE_CHECK_MS */
  readonly timeouts?: HttpTimeouts;
}

/** Milliseconds, each as the limit of that name. */
interface HttpTimeouts {
  readonly headersMs: number;
  readonly requestMs: number;
  readonly stalledMs: number;
  readonly lateCheckMs: number;
}

/** What scripts of the allowed site may send (https://fetch.spec.whatwg.org/#http-cors-protocol). */
const PREFLIGHT_HEADERS = {
  'Access-Control-Allow-Methods': ALLOWED_METHODS,
  'Access-Control-Allow-Headers': 'Authorization, X-Api-Key, Last-Event-ID, If-None-Match',
  'Access-Control-Max-Age': '600',
};

/** The HTTP server with all routes. */
export class HttpApi {
  /** Where it listens. */
  readonly address: { readonly host: string; readonly port: number };
  readonly #app: FastifyInstance;
  readonly #streams: EventStreams;
  #closing: Promise<void> | undefined;

  private constructor(app: FastifyInstance, streams: EventStreams, host: string) {
    this.#app = app;
    this.#streams = streams;
    const bound = app.server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
    this.address = { host, port };
  }

  static async open(
    ports: HttpApiPorts,
    options: HttpApiOptions,
    signal?: AbortSignal,
  ): Promise<HttpApi> {
    signal?.throwIfAborted();
    const streams = new EventStreams(ports.evidence);
    const app = await buildApp({ ...ports, streams }, options);
    try {
      await app.listen({ host: options.host, port: options.port });
      signal?.throwIfAborted();
    } catch (error) {
      await app.close();
      throw listenFailure(error, options);
    }
    return new HttpApi(app, streams, options.host);
  }

  /** New events were committed. */
  wake(): void {
    this.#streams.wake();
  }

  /** Lets answers under way end, within a deadline. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#streams.close();
    const deadline = setTimeout(() => this.#app.server.closeAllConnections(), CLOSE_MS_MAX);
    try {
      await this.#app.close();
    } finally {
      clearTimeout(deadline);
    }
  }
}

async function buildApp(
  ports: HttpApiPorts & { readonly streams: EventStreams },
  options: HttpApiOptions,
): Promise<FastifyInstance> {
  // Imported here, so that a node without the API does not pay for it.
  const { default: fastify } = await import('fastify');
  const headers = commonHeaders(options);
  const report = new FailureReport(ports.logger);
  const answers = new Answers();
  const lists = new Lists((error) => report.add(error));
  const app: FastifyInstance = fastify({
    ...serverOptions(options.timeouts),
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    rewriteUrl: (request) => originForm(request.url ?? '/'),
    frameworkErrors: (_error, _request, reply) => {
      reply.headers(headers);
      sendInvalid(reply);
    },
    clientErrorHandler: (error, socket) =>
      answers.afterLast(socket, () => refuseClient(error.code, socket, headers)),
  });
  addMethods(app);
  addAdmission(app, ports, options, headers);
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status === 413) return sendJson(reply, 413, { error: 'The request is too large' });
    if (status === 415) return sendJson(reply, 415, { error: error.message });
    if (status >= 400 && status < 500) return sendInvalid(reply);
    report.add(error);
    return sendJson(reply, 500, { error: 'The request could not be answered' });
  });
  addOperationsRoutes(app, ports.operations, addMeasures(app, ports.onAnswered));
  addRoutes(app, { totals: ports.totals, lists }, options.version);
  addOperations(app, { ...ports, lists }, options.version);
  addCloudRoutes(app, ports);
  app.server.maxConnections = CONNECTIONS_COUNT_MAX;
  app.server.maxHeadersCount = HEADERS_COUNT_MAX;
  app.server.on('request', (request, response) => answers.add(request.socket, response));
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) =>
    refuseConnect(socket, ALLOWED_METHODS, headers),
  );
  return app;
}

/** Lets only those on to a handler who may ask it. */
function addAdmission(
  app: FastifyInstance,
  ports: HttpApiPorts,
  options: HttpApiOptions,
  headers: Readonly<Record<string, string>>,
): void {
  app.decorateRequest('caller');
  const access = new Access(
    { clock: ports.clock, apiKey: (key) => ports.evidence.apiKey(key) },
    { keyRequired: options.keyRequired ?? false, ratePerSecond: options.ratePerSecond ?? 0 },
  );
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers);
    const { config } = request.routeOptions;
    if (config.readsBody !== true && announcesTooMuch(request.raw)) {
      reply.header('Connection', 'close');
      sendJson(reply, 413, { error: 'The request is too large' });
    } else if (options.corsOrigin !== undefined && isPreflight(request)) {
      reply.headers(PREFLIGHT_HEADERS).code(204).send();
    } else if (request.is404) {
      sendJson(reply, 404, { error: 'The requested resource could not be found.' });
    } else {
      const admission = access.admit(request, config.access ?? ANYBODYS);
      if ('refusal' in admission) return sendRefusal(request, reply, admission.refusal);
      request.caller = admission.caller;
      done();
    }
  });
}

/** Measures every request, and tells of it. */
function addMeasures(
  app: FastifyInstance,
  onAnswered: HttpApiPorts['onAnswered'],
): RequestMeasures {
  const measures = new RequestMeasures();
  app.addHook('onResponse', (request, reply, done) => {
    const { statusCode: status, elapsedTime: ms } = reply;
    const target = request.raw.url ?? '';
    measures.add(target, status, ms);
    onAnswered?.({
      client: request.ip,
      role: request.caller?.role,
      method: request.method,
      target,
      status,
      ms,
    });
    done();
  });
  return measures;
}

function serverOptions(timeouts: HttpTimeouts | undefined): FastifyHttpOptions<Server> {
  return {
    // No route has a schema yet; without its two compilers Fastify takes 10 MB less (Node 26.10).
    schemaController: {
      compilersFactory: { buildValidator: () => refuseSchema, buildSerializer: () => refuseSchema },
    },
    // One handler answers both methods, so that HEAD does not read a list just to throw it away.
    exposeHeadRoutes: false,
    requestTimeout: timeouts?.requestMs ?? REQUEST_MS_MAX,
    connectionTimeout: timeouts?.stalledMs ?? STALLED_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    http: {
      maxHeaderSize: HEAD_OCTETS_MAX,
      headersTimeout: timeouts?.headersMs ?? HEADERS_MS_MAX,
      connectionsCheckingInterval: timeouts?.lateCheckMs ?? LATE_CHECK_MS,
    },
  };
}

/** In the form that the clients of the route read. */
function sendRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): void {
  const { status, error, detail, retryAfter } = refusal;
  if (status === 401) reply.header('WWW-Authenticate', 'Bearer');
  if (retryAfter !== undefined) reply.header('Retry-After', String(retryAfter));
  if (request.raw.url?.startsWith('/v1/') === true) sendProblem(reply, status, detail);
  else sendJson(reply, status, { error, error_description: detail });
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function refuseSchema(): never {
  throw new AssertionError('a route has a schema, so Fastify needs its compilers');
}

function commonHeaders(options: HttpApiOptions): Readonly<Record<string, string>> {
  return {
    'X-Powered-By': 'SentryPeer',
    'X-SentryPeer-Version': options.version,
    'X-Content-Type-Options': 'nosniff',
    ...(options.corsOrigin === undefined
      ? {}
      : {
          'Access-Control-Allow-Origin': options.corsOrigin,
          'Access-Control-Expose-Headers': 'ETag, Retry-After',
        }),
  };
}

/** No route reads a body: a small one is passed over, a large one is not waited for. */
function announcesTooMuch(request: IncomingMessage): boolean {
  return Number(request.headers['content-length'] ?? 0) > BODY_OCTETS_MAX;
}
