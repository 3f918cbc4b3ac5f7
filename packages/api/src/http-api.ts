// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions, FastifyInstance } from 'fastify';
import { AssertionError, type Logger } from '@sentrypeer/kernel';
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
import { addMethods, addRoutes, ALLOWED_METHODS, sendInvalid, sendJson } from './routes.ts';
import type { Totals } from './totals.ts';

export interface HttpApiPorts {
  readonly totals: Totals;
  readonly logger: Logger;
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

/** The HTTP server with all routes. */
export class HttpApi {
  /** Where it listens. */
  readonly address: { readonly host: string; readonly port: number };
  readonly #app: FastifyInstance;
  #closing: Promise<void> | undefined;

  private constructor(app: FastifyInstance, host: string) {
    this.#app = app;
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
    const app = await buildApp(ports, options);
    try {
      await app.listen({ host: options.host, port: options.port });
      signal?.throwIfAborted();
    } catch (error) {
      await app.close();
      throw listenFailure(error, options);
    }
    return new HttpApi(app, options.host);
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
    const deadline = setTimeout(() => this.#app.server.closeAllConnections(), CLOSE_MS_MAX);
    try {
      await this.#app.close();
    } finally {
      clearTimeout(deadline);
    }
  }
}

async function buildApp(ports: HttpApiPorts, options: HttpApiOptions): Promise<FastifyInstance> {
  // Imported here, so that a node without the API does not pay for it.
  const { default: fastify } = await import('fastify');
  const headers = commonHeaders(options);
  const report = new FailureReport(ports.logger);
  const answers = new Answers();
  const lists = new Lists((error) => report.add(error));
  const app: FastifyInstance = fastify({
    ...serverOptions(options.timeouts),
    rewriteUrl: (request) => originForm(request.url ?? '/'),
    frameworkErrors: (_error, _request, reply) => {
      reply.headers(headers);
      sendInvalid(reply);
    },
    clientErrorHandler: (error, socket) =>
      answers.afterLast(socket, () => refuseClient(error.code, socket, headers)),
  });
  addMethods(app);
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(headers);
    if (announcesTooMuch(request.raw)) {
      reply.header('Connection', 'close');
      sendJson(reply, 413, { error: 'The request is too large' });
    } else if (request.is404) {
      sendJson(reply, 404, { error: 'The requested resource could not be found.' });
    } else {
      done();
    }
  });
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 400 && status < 500) return sendInvalid(reply);
    report.add(error);
    return sendJson(reply, 500, { error: 'The request could not be answered' });
  });
  addRoutes(app, { totals: ports.totals, lists }, options.version);
  app.server.maxConnections = CONNECTIONS_COUNT_MAX;
  app.server.maxHeadersCount = HEADERS_COUNT_MAX;
  app.server.on('request', (request, response) => answers.add(request.socket, response));
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) =>
    refuseConnect(socket, ALLOWED_METHODS, headers),
  );
  return app;
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
      : { 'Access-Control-Allow-Origin': options.corsOrigin }),
  };
}

/** No route reads a body: a small one is passed over, a large one is not waited for. */
function announcesTooMuch(request: IncomingMessage): boolean {
  return Number(request.headers['content-length'] ?? 0) > BODY_OCTETS_MAX;
}
