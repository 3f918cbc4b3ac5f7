// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions, FastifyInstance } from 'fastify';
import { AssertionError, type Clock, type Logger } from '@sentrypeer/kernel';
import { Answers } from './answers.ts';
import { refuseClient, refuseConnect } from './client-error.ts';
import { ConnectionRoom } from './connection-room.ts';
import { FailureReport } from './failure-report.ts';
import {
  CLOSE_MS_MAX,
  CONNECTIONS_COUNT_MAX,
  HEAD_OCTETS_MAX,
  HEADERS_COUNT_MAX,
  HEADERS_MS_MAX,
  FEED_STREAMS_COUNT_MAX,
  KEEP_ALIVE_MS,
  LATE_CHECK_MS,
  REQUEST_MS_MAX,
  STALLED_MS_MAX,
  STREAMS_COUNT_MAX,
} from './limits.ts';
import { addLapiRoutes } from './lapi/routes.ts';
import { Bouncers } from './lapi/bouncers.ts';
import { sendLapiError } from './lapi/lapi-error.ts';
import { listenFailure } from './listen-failure.ts';
import { Lists } from './lists.ts';
import type { LookUpFamily, LookUpLevel } from './look-up-levels.ts';
import { originForm } from './request-target.ts';
import { addRoutes, ALLOWED_METHODS, sendInvalid, sendJson } from './routes.ts';
import { Access, type Caller } from './access/access.ts';
import { addSessionRoutes } from './access/session-routes.ts';
import { addAdmission, isLapi } from './access/admission.ts';
import { clientAddress } from './access/client-address.ts';
import { ServedHosts } from './access/hosts.ts';
import type { AgentDecisions } from './agent-decisions.ts';
import { addCloudRoutes, type CloudPorts } from './cloud/routes.ts';
import { addDashboardRoutes, sendDashboard, type Dashboard } from './dashboard.ts';
import type { Evidence, WrittenEventSearch } from './evidence.ts';
import type { Feed } from './feed.ts';
import type { RateEvidence } from './rates.ts';
import type { Reputation } from './reputation.ts';
import { RequestMeasures } from './operations/request-measures.ts';
import { addOperationsRoutes, type Operations } from './operations/routes.ts';
import type { Peers } from './peers.ts';
import type { PlaceEvidence } from './places.ts';
import { Scans } from './scans.ts';
import type { Totals } from './totals.ts';
import { addDecisionsRoute } from './v1/decisions-route.ts';
import { EventStreams } from './v1/event-streams.ts';
import type { OperationPorts } from './v1/operation.ts';
import { addOperations } from './v1/routes.ts';

export interface HttpApiPorts {
  readonly totals: Totals;
  readonly evidence: Evidence;
  readonly eventSearch: WrittenEventSearch;
  readonly places: PlaceEvidence;
  readonly rates: RateEvidence;
  readonly reputation: Reputation;
  readonly feed: Feed;
  readonly deliver: CloudPorts['deliver'];
  readonly peers: Peers;
  readonly operations: Operations;
  readonly clock: Clock;
  readonly logger: Logger;
  /** @default the SIP agent is off */
  readonly agentDecisions?: AgentDecisions;
  /** @default browsers get a page of links */
  readonly dashboard?: Dashboard;
  /** @default nobody is told */
  readonly onAnswered?: (request: AnsweredRequest) => void;
}

/** For a log of requests. Nothing in it is sanitised: whoever writes it down must escape it. */
export interface AnsweredRequest {
  readonly client: string;
  /** Role of the key that was given. */
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
  /** The version in `X-SentryPeer-Version` and `/health-check`. */
  readonly version: string;
  /** Names under which clients without a key may ask, in addition to addresses and private names. @default none */
  readonly hostNames?: readonly string[];
  /** The origin whose scripts may read, or `*`. @default none */
  readonly corsOrigin?: string;
  /** What clients of other services are told. */
  readonly lookUpLevels: Readonly<Record<LookUpFamily, LookUpLevel>>;
  /** Whether reading needs a key too. @default false */
  readonly keyRequired?: boolean;
  /** Addresses or networks whose `X-Forwarded-For` is believed. @default none */
  readonly trustedProxies?: readonly string[];
  /** Requests per second of one client that is not this machine; 0 sets no limit. @default 0 */
  readonly ratePerSecond?: number;
  /** Requests per second with one key, from any address; 0 sets no limit. @default 0 */
  readonly keyRatePerSecond?: number;
  /** For tests. @default HEADERS_MS_MAX, REQUEST_MS_MAX, STALLED_MS_MAX and LATE_CHECK_MS */
  readonly timeouts?: HttpTimeouts;
  /** For tests. @default CONNECTIONS_COUNT_MAX */
  readonly connectionsMax?: number;
}

/** In milliseconds; each is the limit of that name. */
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
  readonly #streams: Streams;
  #closing: Promise<void> | undefined;

  private constructor(app: FastifyInstance, streams: Streams, host: string) {
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
    const streams: Streams = {
      streams: new EventStreams(STREAMS_COUNT_MAX),
      feedStreams: new EventStreams(FEED_STREAMS_COUNT_MAX),
    };
    const own = { scans: new Scans(), bouncers: new Bouncers() };
    const app = await buildApp({ ...ports, ...streams, ...own }, options);
    try {
      await app.listen({ host: options.host, port: options.port });
      signal?.throwIfAborted();
    } catch (error) {
      await app.close();
      throw listenFailure(error, options);
    }
    return new HttpApi(app, streams, options.host);
  }

  /** One of the streams has more to send. */
  wake(): void {
    this.#streams.streams.wake();
  }

  /** The feed of listings has changed. */
  wakeFeed(): void {
    this.#streams.feedStreams.wake();
  }

  /** Lets answers in progress end, within a deadline. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#streams.streams.close();
    this.#streams.feedStreams.close();
    const deadline = setTimeout(() => this.#app.server.closeAllConnections(), CLOSE_MS_MAX);
    try {
      await this.#app.close();
    } finally {
      clearTimeout(deadline);
    }
  }
}

/** Streams being sent to clients. */
type Streams = Pick<OperationPorts, 'streams' | 'feedStreams'>;

async function buildApp(
  ports: HttpApiPorts & Streams & { readonly scans: Scans; readonly bouncers: Bouncers },
  options: HttpApiOptions,
): Promise<FastifyInstance> {
  // Imported here, so that a node without the API does not pay for it.
  const { default: fastify } = await import('fastify');
  const headers = commonHeaders(options);
  const report = new FailureReport(ports.logger);
  const measures = new RequestMeasures();
  const clients = new WeakMap<IncomingMessage, Client>();
  const answers = openAnswers(measures, clients, ports.onAnswered);
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
  // Not at the start of the request: look-ups write their own.
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.headers(headers);
    done(null, payload);
  });
  const access = openAccess(ports, options);
  addAdmission(app, access, {
    allowsScripts: options.corsOrigin !== undefined,
    hosts: new ServedHosts([options.host, ...(options.hostNames ?? [])]),
    onStrangeHost: (host) => report.strangeHost(host),
    onCaller:
      ports.onAnswered &&
      ((request, caller) =>
        clients.set(request.raw, { address: clientAddress(request), role: caller?.role })),
  });
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (isLapi(request)) {
      if (status >= 500) report.add(error);
      return sendLapiError(reply, status, 'the request could not be answered');
    }
    if (status === 413) return sendJson(reply, 413, { error: 'The request is too large' });
    if (status === 415) return sendJson(reply, 415, { error: error.message });
    if (status >= 400 && status < 500) return sendInvalid(reply);
    report.add(error);
    return sendJson(reply, 500, { error: 'The request could not be answered' });
  });
  addAllRoutes(app, { ...ports, lists, headers, access, measures }, options);
  const room = options.connectionsMax ?? CONNECTIONS_COUNT_MAX;
  ConnectionRoom.keepIn(app.server, room, (source) => report.connectionsFull(source));
  app.server.maxHeadersCount = HEADERS_COUNT_MAX;
  app.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) =>
    answers.add(request, response),
  );
  app.server.on('connect', (_request: IncomingMessage, socket: Socket) =>
    refuseConnect(socket, ALLOWED_METHODS, headers),
  );
  return app;
}

function addAllRoutes(
  app: FastifyInstance,
  ports: HttpApiPorts &
    OperationPorts & {
      readonly headers: Readonly<Record<string, string>>;
      readonly access: Access;
      readonly measures: RequestMeasures;
      readonly bouncers: Bouncers;
    },
  { lookUpLevels, version }: HttpApiOptions,
): void {
  const { dashboard } = ports;
  if (dashboard !== undefined) addDashboardRoutes(app, dashboard);
  addOperationsRoutes(app, ports.operations, ports.measures);
  addRoutes(
    app,
    {
      ...ports,
      lookUpLevel: lookUpLevels['4.x'],
      ...(dashboard && { sendPage: (request, reply) => sendDashboard(dashboard, request, reply) }),
    },
    version,
  );
  addOperations(app, ports, version);
  addSessionRoutes(app, ports);
  addDecisionsRoute(app, ports);
  addLapiRoutes(app, ports);
  addCloudRoutes(app, { ...ports, lookUpLevels });
}

/** The client of a request, for the log of requests. */
interface Client {
  readonly address: string;
  readonly role: Caller['role'];
}

function openAccess({ clock, evidence }: HttpApiPorts, options: HttpApiOptions): Access {
  return new Access(
    { clock, apiKey: (key) => evidence.apiKey(key) },
    {
      keyRequired: options.keyRequired ?? false,
      ratePerSecond: options.ratePerSecond ?? 0,
      keyRatePerSecond: options.keyRatePerSecond ?? 0,
    },
  );
}

/** Counts and reports every answer. */
function openAnswers(
  measures: RequestMeasures,
  clients: WeakMap<IncomingMessage, Client>,
  onAnswered: HttpApiPorts['onAnswered'],
): Answers {
  return new Answers((request, status, ms) => {
    const { url: target = '', method = '' } = request;
    measures.add(target, status, ms);
    if (onAnswered === undefined) return;
    const { address, role } = clients.get(request) ?? {
      address: request.socket.remoteAddress ?? '',
      role: undefined,
    };
    onAnswered({ client: address, role, method, target, status, ms });
  });
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
      : {
          'Access-Control-Allow-Origin': options.corsOrigin,
          'Access-Control-Expose-Headers':
            'ETag, Retry-After, X-SentryPeer-As-Of, X-SentryPeer-Serial',
        }),
  };
}
