// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* An endpoint that behaves as a test tells it to, well or badly. */

import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

/** What the endpoint does with a request. */
export type Behaviour =
  /** Answers with this status. */
  | number
  | {
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** Takes the request and never answers. */
  | 'hang'
  /** Closes the connection without an answer. */
  | 'reset'
  /** Closes the connection within the body of a 201. */
  | 'reset-amid-body'
  /** Answers 201 and sends a body without end. */
  | 'endless-body'
  | 'no-http';

export interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Unpacked. */
  readonly body: string;
  /** Number of the connection it came on. */
  readonly connection: number;
  readonly atMs: number;
}

interface Options {
  /** Answers request by request; the last one holds for all that follow. */
  readonly script?: readonly Behaviour[];
  readonly behave?: (request: ReceivedRequest) => Behaviour;
  readonly onRequest?: () => void;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export class WebhookReceiver implements AsyncDisposable {
  readonly requests: ReceivedRequest[] = [];
  connections = 0;
  /** Requests under way at a time, at most. */
  parallelMax = 0;
  readonly #server: Server;
  readonly #behave: (request: ReceivedRequest) => Behaviour;
  readonly #onRequest: () => void;
  readonly #isSecure: boolean;
  #underWay = 0;

  private constructor({ script, behave, onRequest, tls }: Options) {
    this.#behave =
      behave ??
      (() => script?.[Math.min(this.requests.length, script.length) - 1] ?? script?.at(-1) ?? 201);
    this.#onRequest = onRequest ?? (() => undefined);
    this.#isSecure = tls !== undefined;
    const numbers = new WeakMap<object, number>();
    const onMessage = (request: IncomingMessage, response: ServerResponse): void => {
      this.#underWay += 1;
      this.parallelMax = Math.max(this.parallelMax, this.#underWay);
      response.on('close', () => (this.#underWay -= 1));
      void this.#take(request, response, numbers.get(request.socket) ?? 0);
    };
    this.#server = tls ? createSecureServer(tls, onMessage) : createServer(onMessage);
    this.#server.on(tls ? 'secureConnection' : 'connection', (socket: object) => {
      this.connections += 1;
      numbers.set(socket, this.connections);
    });
  }

  static async open(options: Options = {}, port = 0): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(options);
    receiver.#server.listen(port, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): URL {
    return new URL(`${this.#isSecure ? 'https' : 'http'}://127.0.0.1:${this.port}/events`);
  }

  /** Closes idle connections, as servers do after a while. */
  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  /** UUIDs of all events of requests that were answered well, in the order of arrival. */
  uuids(): readonly string[] {
    return this.requests.flatMap(({ body }) => {
      const value = JSON.parse(body) as unknown;
      const events = (Array.isArray(value) ? value : [value]) as readonly { event_uuid: string }[];
      return events.map(({ event_uuid: uuid }) => uuid);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(
    request: IncomingMessage,
    response: ServerResponse,
    connection: number,
  ): Promise<void> {
    const chunks: Uint8Array[] = [];
    request.on('error', () => undefined); // The sender went away in the middle of its request.
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    await once(request, 'end').catch(() => undefined);
    const octets = Buffer.concat(chunks);
    const isPacked = request.headers['content-encoding'] === 'gzip';
    const received = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body: (isPacked ? gunzipSync(octets) : octets).toString(),
      connection,
      atMs: performance.now(),
    };
    this.requests.push(received);
    this.#answer(response, this.#behave(received));
    this.#onRequest();
  }

  #answer(response: ServerResponse, behaviour: Behaviour): void {
    if (behaviour === 'hang') return;
    if (typeof behaviour === 'number') {
      response.writeHead(behaviour).end('{}');
    } else if (typeof behaviour === 'object') {
      response.writeHead(behaviour.status, behaviour.headers).end(behaviour.body ?? '{}');
    } else if (behaviour === 'endless-body') {
      response.writeHead(201);
      const more = (): unknown =>
        response.destroyed || response.write('x'.repeat(65_536), () => setImmediate(more));
      more();
    } else if (behaviour === 'reset-amid-body') {
      response.writeHead(201, { 'Content-Length': '100' });
      response.write('x', () => response.socket?.resetAndDestroy());
    } else if (behaviour === 'no-http') {
      response.socket?.end('SSH-2.0-OpenSSH_9.9\r\n');
    } else {
      response.socket?.resetAndDestroy();
    }
  }
}
