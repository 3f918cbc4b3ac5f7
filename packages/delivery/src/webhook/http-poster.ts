// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

// Default imports: the bundle then loads node:https only when it is used; named imports would load it at once.
import http from 'node:http';
import https from 'node:https';
import { getCACertificates } from 'node:tls';
import { errorCode } from '@sentrypeer/kernel';
import { ANSWER_OCTETS_MAX, CONNECTION_IDLE_MS_MAX } from '../limits.ts';

/** Environment variables that name proxies, by their usual names, in upper or lower case. */
export type ProxyVariables = Readonly<Record<string, string | undefined>>;

export interface HttpPosterOptions {
  /** Connections at a time, 1 and above. */
  readonly connectionsMax: number;
  /** Milliseconds for a request and its answer, 1 and above. */
  readonly timeoutMs: number;
  /** Certificates trusted in addition to the system's, PEM. */
  readonly authorities: string | undefined;
  readonly proxies: ProxyVariables;
}

/** The outcome of a request. */
export type Posted =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly retryAfter: string | undefined;
      /** The beginning of the body, at most ANSWER_OCTETS_MAX octets. */
      readonly text: string;
    }
  | {
      readonly kind: 'failed';
      /** Node's or OpenSSL's code, or `timeout`: fit for a log, unlike their messages. */
      readonly code: string;
    };

interface Attempt {
  readonly posted: Posted;
  /** It failed on a connection that had been idle, before any answer. */
  readonly isStale: boolean;
}

const CLOSED: Attempt = { posted: { kind: 'failed', code: 'closed' }, isStale: false };

/** Posts over HTTP/1.1 on persistent connections. Certificates are checked, redirects are not followed. */
export class HttpPoster {
  readonly #options: HttpPosterOptions;
  readonly #plain: http.Agent;
  readonly #secure: https.Agent;
  readonly #underWay = new Set<http.ClientRequest>();
  #isClosed = false;

  /** Throws `OperatingError` if a proxy variable is not a URL. */
  constructor(options: HttpPosterOptions) {
    this.#options = options;
    const connections = {
      keepAlive: true,
      maxSockets: options.connectionsMax,
      maxFreeSockets: options.connectionsMax,
      timeout: CONNECTION_IDLE_MS_MAX,
      proxyEnv: { ...options.proxies },
    };
    this.#plain = new http.Agent(connections);
    this.#secure = new https.Agent({
      ...connections,
      rejectUnauthorized: true,
      ...(options.authorities !== undefined && {
        ca: [...getCACertificates('default'), options.authorities],
      }),
    });
  }

  /** Never rejects. */
  async post(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<Posted> {
    const first = await this.#attempt(url, headers, body);
    // The server closed an idle connection while we wrote to it (RFC 9112 §9.3.1): not a failure.
    if (!first.isStale || this.#isClosed) return first.posted;
    return (await this.#attempt(url, headers, body)).posted;
  }

  /** Ends requests in flight. */
  close(): void {
    this.#isClosed = true;
    for (const outgoing of this.#underWay) outgoing.destroy();
    this.#plain.destroy();
    this.#secure.destroy();
  }

  #attempt(url: URL, headers: Readonly<Record<string, string>>, body: Uint8Array) {
    if (this.#isClosed) return CLOSED;
    const { promise, resolve } = Promise.withResolvers<Attempt>();
    const { request, agent } =
      url.protocol === 'https:'
        ? { request: https.request, agent: this.#secure }
        : { request: http.request, agent: this.#plain };
    const outgoing = request(url, {
      method: 'POST',
      agent,
      headers: { ...headers, 'Content-Length': String(body.length) },
    });
    this.#underWay.add(outgoing);
    let isAnswering = false;
    const finish = (posted: Posted, isStale = false): void => {
      clearTimeout(timer);
      this.#underWay.delete(outgoing);
      resolve({ posted, isStale });
    };
    const timer = setTimeout(() => {
      finish({ kind: 'failed', code: 'timeout' });
      outgoing.destroy();
    }, this.#options.timeoutMs);
    outgoing.on('error', (error) => {
      const code = errorCode(error) ?? 'unknown';
      const isReset = code === 'ECONNRESET' || code === 'EPIPE';
      const isStale = isReset && outgoing.reusedSocket && !isAnswering;
      finish({ kind: 'failed', code }, isStale);
    });
    outgoing.on('response', (incoming) => {
      isAnswering = true;
      const status = incoming.statusCode ?? 0;
      const retryAfter = incoming.headers['retry-after'];
      const decoder = new TextDecoder();
      let text = '';
      let octets = 0;
      const answered = (): void => finish({ kind: 'answered', status, retryAfter, text });
      incoming.on('data', (chunk: Uint8Array) => {
        octets += chunk.length;
        if (octets <= ANSWER_OCTETS_MAX) {
          text += decoder.decode(chunk, { stream: true });
          return;
        }
        answered(); // Long enough for a person; the status says the rest.
        outgoing.destroy();
      });
      incoming.on('end', () => {
        // An answer that was cut short proves nothing: the request is made again.
        if (incoming.complete) answered();
        else finish({ kind: 'failed', code: 'ECONNRESET' });
      });
      incoming.on('error', (error) =>
        finish({ kind: 'failed', code: errorCode(error) ?? 'unknown' }),
      );
    });
    outgoing.end(body);
    return promise;
  }
}
