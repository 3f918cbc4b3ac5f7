// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type {
  Address,
  Allowlist,
  Analytics,
  Blocklist,
  Check,
  Countries,
  Country,
  Event,
  Explanation,
  Listing,
  ListingChange,
  Methods,
  Network,
  Number as CalledNumber,
  Peer,
  Readings,
  Series,
  Summary,
  Trends,
  UserAgent,
  Fleet,
  Followers,
  Webhooks,
} from './api-types.ts';
import { ApiError } from './api-error.ts';
import { streamMessages } from './event-stream.ts';
import { RETRIES_DEFAULT, TIMEOUT_MS_DEFAULT } from './limits.ts';
import { apiError, backOffMs, Requests, wait, type Query } from './requests.ts';

export interface ClientOptions {
  /** Where the node's API is, such as `http://127.0.0.1:8082`, or `https://pbx.example/sentrypeer` behind a proxy. */
  readonly baseUrl: string;
  /** Required if the node asks for one. */
  readonly key?: string;
  /** Milliseconds for one attempt, 1 and above. @default 2000 */
  readonly timeoutMs?: number;
  /**
   * Attempts after the first, for temporary failures: no connection, no answer in time, 429, 502, 503, 504. @default 2
   */
  readonly retries?: number;
  /** @default the global one */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Times are RFC 3339. */
export interface TotalsQuery extends CallOptions {
  readonly since?: string;
  /** Messages, at least this many. */
  readonly minCount?: number;
}

export interface AddressQuery extends TotalsQuery {
  /** The weakest grade wanted. */
  readonly grade?: Address['grade'];
  /** Last seen within this time, such as `24h`. */
  readonly maxAge?: string;
  readonly family?: 4 | 6;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
  /** As in an answer, such as `AS64500`. */
  readonly network?: string;
}

export interface SpanQuery extends CallOptions {
  readonly since?: string;
  readonly until?: string;
}

export interface EventQuery extends SpanQuery {
  readonly sourceIp?: string;
  readonly calledNumber?: string;
  /** In whatever form it was dialled; or a range of numbers such as `+46850780xx`. */
  readonly number?: string;
  /** ISO 3166-1 alpha-2; `-` where it is not known. */
  readonly country?: string;
  /** As in an answer, such as `AS64500`; or a prefix such as `203.0.113.0/24`. */
  readonly network?: string;
  readonly method?: string;
  readonly userAgent?: string;
  readonly transport?: Event['transport'];
  readonly grade?: Address['grade'];
  /** Adds the raw message and credentials; needs a key that may read. */
  readonly include?: 'message';
}

export interface EventStreamQuery extends EventQuery {
  /** Starts after this event; by default with the next event. */
  readonly after?: number;
}

const PAGE_ENTRIES = 500;

/**
 * Asks one node. Every call throws `ApiError` if the node refuses, and what `fetch` throws if the node cannot be
 * reached.
 */
export class SentryPeerClient {
  readonly #requests: Requests;

  constructor(options: ClientOptions) {
    this.#requests = new Requests({
      baseUrl: options.baseUrl,
      key: options.key,
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS_DEFAULT,
      retries: options.retries ?? RETRIES_DEFAULT,
      fetch: options.fetch ?? ((...args) => fetch(...args)),
    });
  }

  /** Whether a number, an address, or a combination of both is known to be bad. */
  check(question: {
    readonly number?: string;
    readonly address?: string;
    readonly signal?: AbortSignal;
  }): Promise<Check> {
    const { number, address, signal } = question;
    return this.#get('/v1/check', { number, address }, signal);
  }

  /** Why, since when, until when, and what would change it. */
  explain(question: {
    readonly number?: string;
    readonly address?: string;
    readonly signal?: AbortSignal;
  }): Promise<Explanation> {
    const { number, address, signal } = question;
    return this.#get('/v1/explain', { number, address }, signal);
  }

  /** Everything that is listed, by id. */
  listings({ signal }: CallOptions = {}): AsyncGenerator<Listing> {
    return this.#pages('/v1/listings', {}, signal);
  }

  /** What was listed and unlisted after a given change, up to now, oldest first. */
  listingChanges({
    after,
    signal,
  }: CallOptions & { readonly after?: number } = {}): AsyncGenerator<ListingChange> {
    const first = after === undefined ? undefined : String(after);
    return this.#pages('/v1/listings/changes', {}, signal, first);
  }

  allowlist({ signal }: CallOptions = {}): Promise<Allowlist> {
    return this.#get('/v1/allowlist', {}, signal);
  }

  blocklist({ signal }: CallOptions = {}): Promise<Blocklist> {
    return this.#get('/v1/blocklist', {}, signal);
  }

  summary({ signal }: CallOptions = {}): Promise<Summary> {
    return this.#get('/v1/summary', {}, signal);
  }

  /** `undefined` if it was not seen. */
  address(address: string, { signal }: CallOptions = {}): Promise<Address | undefined> {
    return this.#find(`/v1/addresses/${encodeURIComponent(address)}`, {}, signal);
  }

  /** `undefined` if it was not called. */
  number(number: string, { signal }: CallOptions = {}): Promise<CalledNumber | undefined> {
    return this.#find(`/v1/numbers/${encodeURIComponent(number)}`, {}, signal);
  }

  /** `undefined` if there is no such event, or no longer. */
  event(
    eventUuid: string,
    { include, signal }: Pick<EventQuery, 'include' | 'signal'> = {},
  ): Promise<Event | undefined> {
    return this.#find(`/v1/events/${encodeURIComponent(eventUuid)}`, { include }, signal);
  }

  /** All addresses, the one seen last first, fetched as needed. */
  addresses(query: AddressQuery = {}): AsyncGenerator<Address> {
    const { grade, maxAge, family, country, network, signal } = query;
    const parameters = { ...totals(query), grade, max_age: maxAge, family, country, network };
    return this.#pages('/v1/addresses', parameters, signal);
  }

  numbers(query: TotalsQuery = {}): AsyncGenerator<CalledNumber> {
    return this.#pages('/v1/numbers', totals(query), query.signal);
  }

  userAgents(query: TotalsQuery = {}): AsyncGenerator<UserAgent> {
    return this.#pages('/v1/user-agents', totals(query), query.signal);
  }

  /** Countries of the addresses, the one with the most messages first. */
  async countries({ signal }: CallOptions = {}): Promise<readonly Country[]> {
    return (await this.#get<Countries>('/v1/countries', {}, signal)).items;
  }

  /** Messages over time, and who sent the most. @param period @default day */
  analytics({
    period,
    signal,
  }: CallOptions & { readonly period?: Analytics['period'] } = {}): Promise<Analytics> {
    return this.#get('/v1/analytics', { period }, signal);
  }

  /** Sources, numbers and methods with the most messages, compared with the time before. @param period @default day */
  trends({
    period,
    signal,
  }: CallOptions & { readonly period?: Trends['period'] } = {}): Promise<Trends> {
    return this.#get('/v1/trends', { period }, signal);
  }

  /** What dialled digits mean, for up to 64 numbers without commas, in their order. Throws `RangeError`. */
  async readings(
    numbers: readonly string[],
    { signal }: CallOptions = {},
  ): Promise<Readings['items']> {
    const odd = numbers.find((number) => number.includes(','));
    // The node would take it for two.
    if (odd !== undefined) throw new RangeError(`${odd} has a comma: ask for the digits before it`);
    return (await this.#get<Readings>('/v1/readings', { numbers: numbers.join(',') }, signal))
      .items;
  }

  /** Networks of the addresses, the one with the most messages first, fetched as needed. */
  networks({ signal }: CallOptions = {}): AsyncGenerator<Network> {
    return this.#pages('/v1/networks', {}, signal);
  }

  /** Other nodes that shared events, or that were trusted or distrusted; the one seen last first. */
  peers({ signal }: CallOptions = {}): AsyncGenerator<Peer> {
    return this.#pages('/v1/peers', {}, signal);
  }

  /** Matching events, newest first, fetched as needed. */
  events(query: EventQuery = {}): AsyncGenerator<Event> {
    return this.#pages('/v1/events', filter(query), query.signal);
  }

  /** Endpoints to which the node posts events, and how far each of them is. */
  async webhooks({ signal }: CallOptions = {}): Promise<Webhooks['items']> {
    return (await this.#get<Webhooks>('/v1/webhooks', {}, signal)).items;
  }

  /** How far the node has pushed its events to a fleet and taken those of other nodes. */
  fleet({ signal }: CallOptions = {}): Promise<Fleet> {
    return this.#get('/v1/fleet', {}, signal);
  }

  /** Programs on the node's machine that enforce its listings: whether they do, and what is wrong. */
  async followers({ signal }: CallOptions = {}): Promise<Followers['items']> {
    return (await this.#get<Followers>('/v1/followers', {}, signal)).items;
  }

  methods({ since, until, signal }: SpanQuery = {}): Promise<Methods> {
    return this.#get('/v1/methods', { since, until }, signal);
  }

  totals(query: SpanQuery & { readonly interval?: 'hour' | 'day' } = {}): Promise<Series> {
    const { interval, since, until, signal } = query;
    return this.#get('/v1/totals', { interval, since, until }, signal);
  }

  /**
   * Events as they are recorded. If the connection breaks, the stream continues after the last event, no matter how
   * long that takes; it ends when the signal is aborted or the loop is left.
   */
  async *stream(query: EventStreamQuery = {}): AsyncGenerator<Event> {
    const { signal } = query;
    let after = query.after ?? (await this.summary(query)).last_event_id;
    for (let failures = 0; ; failures += 1) {
      try {
        const response = await this.#requests.open(
          '/v1/events/stream',
          { ...filter(query), after },
          {},
          signal,
        );
        if (response.status >= 400 && response.status < 500 && response.status !== 429) {
          throw await apiError(response);
        }
        if (isAnotherAnswer(response)) {
          throw new ApiError(response.status, 'this is not a stream of events: is baseUrl right?');
        }
        if (response.ok && response.body !== null) {
          for await (const { id, data } of streamMessages(response.body)) {
            failures = 0;
            after = Number(id);
            yield JSON.parse(data) as Event;
          }
        }
      } catch (error) {
        if (signal?.aborted === true || isFinal(error)) throw error;
      }
      await wait(backOffMs(failures), signal);
    }
  }

  async *#pages<T>(
    path: string,
    query: Query,
    signal: AbortSignal | undefined,
    first?: string,
  ): AsyncGenerator<T> {
    let cursor = first;
    do {
      const parameters = { ...query, limit: PAGE_ENTRIES, cursor };
      const page = await this.#get<Page<T>>(path, parameters, signal);
      yield* page.items;
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }

  /** The OpenAPI document defines the answer; tests check the node against it. */
  async #get<T>(path: string, query: Query, signal: AbortSignal | undefined): Promise<T> {
    return (await this.#requests.json(path, query, signal)) as T;
  }

  async #find<T>(
    path: string,
    query: Query,
    signal: AbortSignal | undefined,
  ): Promise<T | undefined> {
    return (await this.#requests.find(path, query, signal)) as T | undefined;
  }
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** Of another server at this address, which would give no event however often it is asked. */
function isAnotherAnswer({ ok, headers }: Response): boolean {
  const type = headers.get('Content-Type');
  return ok && type !== null && !type.startsWith('text/event-stream');
}

function isFinal(error: unknown): boolean {
  return error instanceof Error && error.name === 'ApiError';
}

function totals({ since, minCount }: TotalsQuery): Query {
  return { since, min_count: minCount };
}

function filter(query: EventQuery): Query {
  return {
    source_ip: query.sourceIp,
    called_number: query.calledNumber,
    number: query.number,
    country: query.country,
    network: query.network,
    method: query.method,
    user_agent: query.userAgent,
    transport: query.transport,
    grade: query.grade,
    since: query.since,
    until: query.until,
    include: query.include,
  };
}
