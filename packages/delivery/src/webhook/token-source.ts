// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { OperatingError, type Clock } from '@sentrypeer/kernel';
import {
  TOKEN_CHARACTERS_MAX,
  TOKEN_LIFE_MS_DEFAULT,
  TOKEN_LIFE_MS_MAX,
  TOKEN_MARGIN_MS_MAX,
  TOKEN_RENEW_MS_MIN,
} from '../limits.ts';
import type { HttpPoster, Posted } from './http-poster.ts';

/** Client credentials, RFC 6749 §4.4. */
export interface TokenOptions {
  readonly tokenUrl: URL;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Left out where it is empty. */
  readonly audience: string;
  /** Left out where it is empty. */
  readonly scope: string;
  /** JSON as SentryPeer 4.x sends it, or the form encoding of RFC 6749. */
  readonly body: 'json' | 'form';
}

interface Token {
  readonly text: string;
  readonly fetchedAtMs: number;
  readonly renewAtMs: number;
}

/**
 * One token for all endpoints with the same credentials. It is renewed before it expires, by at most one request at a
 * time.
 */
export class TokenSource {
  readonly #clock: Clock;
  readonly #poster: Pick<HttpPoster, 'post' | 'close'>;
  readonly #options: TokenOptions;
  #token: Token | undefined;
  /** An endpoint accepted it, so it is valid somewhere. */
  #isProved = false;
  #fetching: Promise<Token> | undefined;

  constructor(
    ports: { readonly clock: Clock; readonly poster: Pick<HttpPoster, 'post' | 'close'> },
    options: TokenOptions,
  ) {
    this.#clock = ports.clock;
    this.#poster = ports.poster;
    this.#options = options;
  }

  /** Throws `OperatingError` if none can be obtained. */
  async token(): Promise<string> {
    const token = this.#token;
    if (token !== undefined && this.#clock.nowMs() < token.renewAtMs) return token.text;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    const fetched = await this.#fetching;
    if (fetched !== this.#token) this.#isProved = false;
    this.#token = fetched;
    return fetched.text;
  }

  /** An endpoint took the token. */
  prove(text: string): void {
    if (this.#token?.text === text) this.#isProved = true;
  }

  /**
   * An endpoint refused the token.
   *
   * @returns Whether to try another one: not if this one is new and no endpoint has accepted it, so that an endpoint
   * that refuses all tokens causes no loop.
   */
  refuse(text: string): boolean {
    const token = this.#token;
    if (token?.text !== text) return true; // It was renewed meanwhile, or is being renewed.
    const isNew = this.#clock.nowMs() - token.fetchedAtMs < TOKEN_RENEW_MS_MIN;
    if (isNew && !this.#isProved) return false;
    this.#token = undefined;
    return true;
  }

  /** Texts that must not be shown. */
  secrets(): readonly string[] {
    const { clientSecret } = this.#options;
    return this.#token === undefined ? [clientSecret] : [clientSecret, this.#token.text];
  }

  close(): void {
    this.#poster.close();
  }

  async #fetch(): Promise<Token> {
    const { tokenUrl, body } = this.#options;
    const text = body === 'json' ? JSON.stringify(this.#fields()) : formText(this.#fields());
    const type = body === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
    const headers = { 'Content-Type': type, Accept: 'application/json' };
    const posted = await this.#poster.post(tokenUrl, headers, new TextEncoder().encode(text));
    const nowMs = this.#clock.nowMs();
    const answer = readAnswer(posted);
    const lifeMs = Math.min(answer.lifeMs ?? TOKEN_LIFE_MS_DEFAULT, TOKEN_LIFE_MS_MAX);
    const marginMs = Math.min(lifeMs / 10, TOKEN_MARGIN_MS_MAX);
    return { text: answer.text, fetchedAtMs: nowMs, renewAtMs: nowMs + lifeMs - marginMs };
  }

  /** In the order of SentryPeer 4.x. */
  #fields(): Readonly<Record<string, string>> {
    const { clientId, clientSecret, audience, scope } = this.#options;
    return {
      client_id: clientId,
      client_secret: clientSecret,
      ...(audience !== '' && { audience }),
      grant_type: 'client_credentials',
      ...(scope !== '' && { scope }),
    };
  }
}

function formText(fields: Readonly<Record<string, string>>): string {
  return new URLSearchParams(fields).toString();
}

/**
 * `access_token` and `expires_in`, RFC 6749 §5.1. The rest of the answer may contain the secret and is not repeated.
 */
function readAnswer(posted: Posted): {
  readonly text: string;
  readonly lifeMs: number | undefined;
} {
  if (posted.kind === 'failed') {
    throw tokenError(`the token address cannot be reached (${posted.code})`);
  }
  const { status } = posted;
  if (status < 200 || status > 299) {
    const hint = status === 400 || status === 401 ? ': check client id and secret' : '';
    throw tokenError(`the token address answered ${status}${hint}`);
  }
  const members = parseObject(posted.text);
  const token = members?.['access_token'];
  const seconds = members?.['expires_in'];
  const isToken =
    typeof token === 'string' &&
    token.length <= TOKEN_CHARACTERS_MAX &&
    /^[\x21-\x7e]+$/.test(token);
  if (!isToken) throw tokenError(`the token address answered ${status} without a token`);
  const isTime = typeof seconds === 'number' && seconds > 0;
  return { text: token, lifeMs: isTime ? seconds * 1000 : undefined };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined; // The caller reports that there is no token.
  }
}

function tokenError(message: string): OperatingError {
  return new OperatingError('webhook_token', message);
}
