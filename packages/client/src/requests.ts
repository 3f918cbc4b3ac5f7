// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ApiError } from './api-error.ts';
import { RETRY_MS_MAX, RETRY_MS_MIN } from './limits.ts';

export interface RequestsOptions {
  readonly baseUrl: string;
  readonly key: string | undefined;
  /** Milliseconds for one attempt. */
  readonly timeoutMs: number;
  /** Attempts after the first one. */
  readonly retries: number;
  readonly fetch: typeof fetch;
}

/** Values of a query; `undefined` values are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** Statuses that may be different at the next attempt. */
const PASSING = new Set([429, 502, 503, 504]);

/** Sends requests, and repeats them if that may help. */
export class Requests {
  readonly #options: RequestsOptions;

  constructor(options: RequestsOptions) {
    this.#options = options;
  }

  /** The JSON of an answer. Throws {@link ApiError}. */
  async json(path: string, query: Query, signal: AbortSignal | undefined): Promise<unknown> {
    const outcome = await this.#repeat(path, query, signal);
    if ('value' in outcome) return outcome.value;
    throw outcome.error;
  }

  /**
   * As {@link json}, but `undefined` if the node itself says that there is no such thing. A 404 of anything else, as of
   * a server at a wrong address, says nothing about it.
   */
  async find(path: string, query: Query, signal: AbortSignal | undefined): Promise<unknown> {
    const outcome = await this.#repeat(path, query, signal);
    if ('value' in outcome) return outcome.value;
    if (outcome.isAbsent) return undefined;
    throw outcome.error;
  }

  /** An answer whose body is read as it arrives; only the signal limits its time. */
  async open(
    path: string,
    query: Query,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    return this.#send(path, query, headers, signal);
  }

  async #repeat(path: string, query: Query, signal: AbortSignal | undefined): Promise<Outcome> {
    for (let attempt = 0; ; attempt += 1) {
      const isLast = attempt >= this.#options.retries;
      const outcome = await this.#attempt(path, query, signal);
      if ('value' in outcome || isLast || !outcome.isPassing) return outcome;
      await wait(outcome.afterMs ?? backOffMs(attempt), signal);
    }
  }

  async #attempt(path: string, query: Query, signal: AbortSignal | undefined): Promise<Outcome> {
    const timeout = AbortSignal.timeout(this.#options.timeoutMs);
    const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    try {
      const response = await this.#send(path, query, {}, either);
      if (response.ok) return { value: await response.json() };
      return {
        error: await apiError(response),
        isAbsent: response.status === 404 && isProblem(response),
        isPassing: PASSING.has(response.status),
        afterMs: retryAfterMs(response),
      };
    } catch (error) {
      if (signal?.aborted === true) throw error;
      return { error, isAbsent: false, isPassing: true, afterMs: undefined };
    }
  }

  #send(
    path: string,
    query: Query,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const { baseUrl, key, fetch: send } = this.#options;
    const url = new URL(baseUrl.replace(/\/+$/u, '') + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const all = new Headers(headers);
    if (key !== undefined) all.set('Authorization', `Bearer ${key}`);
    return send(url, { headers: all, ...(signal && { signal }) });
  }
}

type Outcome =
  | { readonly value: unknown }
  | {
      readonly error: unknown;
      /** The node says that there is no such thing. */
      readonly isAbsent: boolean;
      readonly isPassing: boolean;
      readonly afterMs: number | undefined;
    };

/** Reads the problem details of a refusal. */
export async function apiError(response: Response): Promise<ApiError> {
  let detail = response.statusText;
  try {
    const body = (await response.json()) as { readonly detail?: unknown; readonly error?: unknown };
    const said = body.detail ?? body.error;
    if (typeof said === 'string') detail = said;
  } catch {
    // Something between us and the node answered; its status says enough.
  }
  return new ApiError(response.status, detail);
}

/** Half of it is random, so that clients that failed together do not come back together. */
export function backOffMs(attempt: number): number {
  const ms = Math.min(RETRY_MS_MIN * 2 ** attempt, RETRY_MS_MAX);
  return ms / 2 + (Math.random() * ms) / 2;
}

/** Rejects when the signal is aborted. */
export async function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  let end = (): void => undefined;
  try {
    // Not Promise.withResolvers(): Node.js 20 lacks it.
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms);
      const onAbort = (): void => reject(signal?.reason);
      signal?.addEventListener('abort', onAbort, { once: true });
      end = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
    });
  } finally {
    end();
  }
}

/** Problem details as the node sends them, RFC 9457. */
function isProblem({ headers }: Response): boolean {
  return headers.get('Content-Type')?.startsWith('application/problem+json') === true;
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('Retry-After') ?? Number.NaN);
  return Number.isNaN(seconds) ? undefined : Math.min(seconds * 1000, RETRY_MS_MAX);
}
