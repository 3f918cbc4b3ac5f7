// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { OperatingError, unreachable, type Clock } from '@sentrypeer/kernel';
import type { HttpPoster } from './http-poster.ts';
import { meaningOf, type AnswerMeaning } from './answer-meaning.ts';
import { requestId, signature } from './signature.ts';
import type { ChangeEndpoint, StatusKeeper } from './status.ts';
import type { TokenSource } from './token-source.ts';

const compress = promisify(gzip);

/**
 * Configured texts of at least this many characters are masked as secrets if they appear in an answer. Chosen: shorter
 * ones are ordinary words.
 */
const SECRET_CHARACTERS_MIN = 8;

/** An event, ready to be posted. */
export interface Parcel {
  readonly eventUuid: string;
  /** Its JSON. */
  readonly body: string;
}

export interface DelivererPorts {
  readonly clock: Clock;
  readonly poster: Pick<HttpPoster, 'post'>;
  /** Set if requests carry an OAuth2 token. */
  readonly tokens: TokenSource | undefined;
  readonly status: StatusKeeper;
  readonly changeEndpoint: ChangeEndpoint;
  readonly onFailure: (failure: DeliveryFailure) => void;
}

export interface DelivererOptions {
  readonly name: string;
  readonly url: URL;
  /** Added to each request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly userAgent: string;
  /** Requests carry an array of events, even a single one. */
  readonly isBatched: boolean;
  readonly gzip: boolean;
  /** See `signature()`. */
  readonly signingSecret: string | undefined;
}

/** A failed attempt, and when the endpoint wants the next one. */
export class DeliveryFailure extends OperatingError {
  readonly retryAfterMs: number | undefined;

  constructor(error: OperatingError, name: string, retryAfterMs?: number) {
    super(error.code, `webhook ${name}: ${error.message}`, { cause: error });
    this.retryAfterMs = retryAfterMs;
  }
}

/** Posts events until each is accepted or refused for good; throws if the endpoint cannot take them now. */
export class Deliverer {
  readonly #ports: DelivererPorts;
  readonly #options: DelivererOptions;

  constructor(ports: DelivererPorts, options: DelivererOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  /**
   * Throws {@link DeliveryFailure}; then any of them may have arrived.
   *
   * @returns Whether all were taken; those that were not are now dead letters.
   */
  async deliver(parcels: readonly Parcel[]): Promise<boolean> {
    const judgement = await this.#post(parcels);
    switch (judgement.kind) {
      case 'accepted':
        this.#ports.status.add('accepted', parcels.length);
        return true;
      case 'refused':
        if (judgement.isAboutContents && parcels.length > 1) {
          const half = Math.ceil(parcels.length / 2);
          const isFirstTaken = await this.deliver(parcels.slice(0, half));
          return (await this.deliver(parcels.slice(half))) && isFirstTaken;
        }
        await this.bury(parcels, this.#withoutSecrets(judgement.reason));
        return false;
      case 'unauthorized':
        throw this.#failure(judgement.error);
      case 'failed':
        throw this.#failure(judgement.error, judgement.retryAfterMs);
      default:
        return unreachable(judgement);
    }
  }

  /** Tries once more with a new token if the current one was refused. */
  async #post(parcels: readonly Parcel[]): Promise<AnswerMeaning> {
    const { tokens } = this.#ports;
    if (tokens === undefined) return this.#attempt(parcels, undefined);
    const token = await this.#token(tokens);
    const judgement = await this.#attempt(parcels, token);
    if (judgement.kind === 'accepted') tokens.prove(token);
    if (judgement.kind !== 'unauthorized' || !tokens.refuse(token)) return judgement;
    const renewed = await this.#token(tokens);
    const second = await this.#attempt(parcels, renewed);
    if (second.kind === 'accepted') tokens.prove(renewed);
    if (second.kind === 'unauthorized') tokens.refuse(renewed);
    return second;
  }

  async #token(tokens: TokenSource): Promise<string> {
    try {
      return await tokens.token();
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      throw this.#failure(error);
    }
  }

  async #attempt(parcels: readonly Parcel[], token: string | undefined): Promise<AnswerMeaning> {
    const { clock, poster, status } = this.#ports;
    const { url, isBatched, gzip: isCompressed } = this.#options;
    const bodies = parcels.map(({ body }) => body);
    const text = isBatched ? `[${bodies.join(',')}]` : bodies.join('');
    const octets = new TextEncoder().encode(text);
    const headers = this.#headers(parcels, text, token);
    status.add('requests');
    const posted = await poster.post(url, headers, isCompressed ? await compress(octets) : octets);
    return meaningOf(posted, clock.epochUs() / 1000);
  }

  #headers(
    parcels: readonly Parcel[],
    text: string,
    token: string | undefined,
  ): Readonly<Record<string, string>> {
    const { clock } = this.#ports;
    const { userAgent, gzip: isCompressed, signingSecret, headers } = this.#options;
    const id = requestId(parcels.map(({ eventUuid }) => eventUuid));
    const seconds = Math.floor(clock.epochUs() / 1e6);
    return {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      'User-Agent': userAgent,
      'Idempotency-Key': id,
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      ...(signingSecret !== undefined && {
        'webhook-signature': signature(signingSecret, id, seconds, text),
      }),
      ...(isCompressed && { 'Content-Encoding': 'gzip' }),
      ...headers,
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    };
  }

  /** Turns events into dead letters. Throws {@link DeliveryFailure}. */
  async bury(parcels: readonly Pick<Parcel, 'eventUuid'>[], reason: string): Promise<void> {
    const { changeEndpoint, clock, status } = this.#ports;
    const { name } = this.#options;
    try {
      await changeEndpoint({
        kind: 'refused',
        endpoint: name,
        letters: parcels.map(({ eventUuid }) => ({ eventUuid, reason })),
        epochUs: clock.epochUs(),
      });
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      throw this.#failure(error);
    }
    status.refused(parcels.length, reason);
  }

  /** An endpoint may repeat what we sent to it. */
  #withoutSecrets(text: string): string {
    const { headers, signingSecret = '', url } = this.#options;
    const perhaps = [
      ...Object.values(headers).flatMap((value) => [value, ...value.split(' ')]),
      signingSecret,
      url.password,
      ...url.pathname.split('/'),
      ...url.searchParams.values(),
    ];
    const secrets = perhaps.filter((word) => word.length >= SECRET_CHARACTERS_MIN);
    return [...(this.#ports.tokens?.secrets() ?? []), ...secrets].reduce(
      (shown, secret) => shown.replaceAll(secret, '***'),
      text,
    );
  }

  #failure(error: OperatingError, retryAfterMs?: number): DeliveryFailure {
    const failure = new DeliveryFailure(error, this.#options.name, retryAfterMs);
    this.#ports.status.failed(failure);
    this.#ports.onFailure(failure);
    return failure;
  }
}
