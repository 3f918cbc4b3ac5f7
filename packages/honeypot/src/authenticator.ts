// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatChallenge, verifyDigest, type Challenge } from '@sentrypeer/sip';
import type { Accounts } from './accounts.ts';
import { BoundedTable } from './bounded-table.ts';
import { SOURCE_LIFETIME_MS, WON_ACCOUNTS_MAX } from './limits.ts';
import type { Nonces } from './nonces.ts';
import type { Alternatives, Draft, Request } from './request.ts';
import type { Sources } from './sources.ts';
import type { WornPersona } from './worn-persona.ts';

/** Longest realm chosen by a caller that we repeat; longer ones are of no use. */
const REALM_CHARACTERS_MAX = 64;

/** Whether credentials are accepted, or how they are answered. */
export type Authentication =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'challenge'; readonly alternatives: Alternatives };

export interface AuthenticatorParts {
  readonly accounts: Accounts;
  readonly nonces: Nonces;
  readonly sources: Sources;
  readonly worn: WornPersona;
  /** The password of this account was found here. */
  readonly onWon: (account: string) => void;
}

/** Challenges requests for accounts and lets some password succeed, late. */
export class Authenticator {
  readonly #parts: AuthenticatorParts;
  /** Accounts whose password was found: anybody who has it gets in, from any address. */
  readonly #won = new BoundedTable<true>({
    entriesMax: WON_ACCOUNTS_MAX,
    lifetimeMs: SOURCE_LIFETIME_MS,
  });

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts;
  }

  /** @param account The account that the request is about. */
  authenticate(request: Request<unknown>, account: string, status: 401 | 407): Authentication {
    if (request.nonce === 'fresh' && this.#accepts(request, account)) return { kind: 'accepted' };
    return { kind: 'challenge', alternatives: this.#challenges(request, status) };
  }

  /** With qop, if the persona offers it and there is room; otherwise without; and last the shortest form. */
  #challenges(request: Request<unknown>, status: 401 | 407): Alternatives {
    const { nonces, worn } = this.#parts;
    const { staleForForeign, form, qop, opaque } = worn.persona.challenge;
    const realm = realmFor(request, worn);
    const name = status === 401 ? 'WWW-Authenticate' : 'Proxy-Authenticate';
    const challenge = {
      realm,
      nonce: nonces.issue({ ...request, realm: worn.realm }, request.giving, request.epochMs),
      form,
      // RFC 7616 §3.3: the nonce was ours and is too old; the client may try again with the next one.
      stale: request.nonce === 'stale' || (staleForForeign && request.nonce === 'foreign'),
    };
    const draft = (more: Partial<Challenge>): readonly Draft[] => [
      { status, headers: [[name, formatChallenge({ ...challenge, ...more })]] },
    ];
    const withoutQop = [draft({}), draft({ isShort: true })];
    if (!qop) return withoutQop;
    const withQop = [draft({ qop: 'auth' }), ...withoutQop];
    if (!opaque) return withQop;
    return [draft({ qop: 'auth', opaque: nonces.opaque(request.epochMs) }), ...withQop];
  }

  #accepts(request: Request<unknown>, account: string): boolean {
    const { accounts, sources } = this.#parts;
    const { credentials, message, nowMs, sourceIp } = request;
    if (credentials?.username === undefined) return false;
    const source = sources.of(sourceIp, nowMs);
    source.guessesCount += 1;
    if (accountOf(credentials.username) !== account || !accounts.exists(account)) return false;
    const password = accounts.passwordOf(account);
    const { method = '', body } = message;
    if (verifyDigest(credentials, method, password, body) === undefined) return false;
    if (this.#won.get(account, nowMs) === undefined) {
      if (source.guessesCount <= accounts.guessesNeeded(account, sourceIp)) return false;
      this.win(account, nowMs);
      this.#parts.onWon(account);
    }
    return true;
  }

  /** From now on the right password of this account is accepted at once. */
  win(account: string, nowMs: number): void {
    this.#won.set(account, true, true, nowMs);
  }
}

/** Kamailio's realm is the host that the caller names; tools only read letters, digits, dots and underscores. */
function realmFor(request: Request<unknown>, worn: WornPersona): string {
  if (!worn.persona.challenge.realmOfCaller) return worn.realm;
  const host = request.message.from?.uri.host ?? '';
  return host.length <= REALM_CHARACTERS_MAX && isReadable(host) ? host : worn.realm;
}

function isReadable(host: string): boolean {
  for (let index = 0; index < host.length; index += 1) {
    const code = host.charCodeAt(index);
    const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
    if (!isLetter && !(code >= 0x30 && code <= 0x39) && code !== 0x2e && code !== 0x5f)
      return false;
  }
  return host !== '';
}

/** sipsak names the account `100@`, others `100@host`: only the part before it is the account. */
export function accountOf(username: string): string {
  const at = username.indexOf('@');
  return at === -1 ? username : username.slice(0, at);
}
