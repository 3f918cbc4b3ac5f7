// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { parameterValue, parseNameAddr, splitCommaList } from '@sentrypeer/sip';
import type { Accounts } from './accounts.ts';
import type { Authenticator } from './authenticator.ts';
import { CONTACTS_MAX, EXPIRES_S_MAX, EXPIRES_S_MIN } from './limits.ts';
import { type Answer, dateOf, type Header, plainAnswer, type Request } from './request.ts';
import type { WornPersona } from './worn-persona.ts';

/** The longest text of a delta-seconds value, 2^32 - 1 (RFC 3261 §20.19). */
const SECONDS_DIGITS_MAX = 10;

/** Answers REGISTER, RFC 3261 §10.3. Bindings are evidence and never used to reach anybody, so none are stored. */
export class Registrar {
  readonly #accounts: Accounts;
  readonly #authenticator: Authenticator;
  readonly #worn: WornPersona;

  constructor(accounts: Accounts, authenticator: Authenticator, worn: WornPersona) {
    this.#worn = worn;
    this.#accounts = accounts;
    this.#authenticator = authenticator;
  }

  answer(request: Request<unknown>, account: string | undefined): Answer {
    if (account === undefined || !this.#accounts.exists(account)) return plainAnswer(404);
    const authentication = this.#authenticator.authenticate(request, account, 401);
    if (authentication.kind === 'challenge') {
      return { alternatives: authentication.alternatives, kept: true };
    }
    return { ...bindingsAnswer(request, this.#worn), kept: true, registered: true };
  }
}

function bindingsAnswer(request: Request<unknown>, worn: WornPersona): Answer {
  const { registered, registeredSecondsGone } = worn.persona;
  const { message } = request;
  const contacts = message
    .headerValues('contact')
    .flatMap((line) => splitCommaList(line, CONTACTS_MAX))
    .slice(0, CONTACTS_MAX);
  const expires = secondsOf(message.header('expires'));
  if (contacts.includes('*')) {
    // RFC 3261 §10.3: a "*" with other contacts or an expiration other than zero is invalid.
    if (contacts.length > 1 || expires !== 0) return plainAnswer(400);
    return plainAnswer(200, registered.includes('Date') ? [dateOf(request.epochMs)] : []);
  }
  const bindings = contacts.flatMap((contact) =>
    bindingOf(contact, expires, registeredSecondsGone),
  );
  const said = { Contact: bindings, Date: [dateOf(request.epochMs)], Expires: expiresOf(expires) };
  return plainAnswer(
    200,
    registered.flatMap((name) => said[name]),
  );
}

/** `Contact: <uri as sent>;expires=N`; none if the contact is not a URI or is removed. */
function bindingOf(
  contact: string,
  expires: number | undefined,
  secondsGone: number,
): readonly Header[] {
  const address = parseNameAddr(contact);
  if (address === undefined || address.uri.scheme === '') return [];
  const wanted = secondsOf(parameterValue(address.parameters, 'expires')) ?? expires;
  if (wanted === 0) return [];
  return [['Contact', `<${address.uri.text}>;expires=${grantedOf(wanted) - secondsGone}`]];
}

function expiresOf(expires: number | undefined): readonly Header[] {
  return expires === undefined || expires === 0 ? [] : [['Expires', String(grantedOf(expires))]];
}

function grantedOf(wanted: number | undefined): number {
  return Math.min(Math.max(wanted ?? EXPIRES_S_MAX, EXPIRES_S_MIN), EXPIRES_S_MAX);
}

/** RFC 3261 §20.19: malformed values are ignored. */
function secondsOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text.length > SECONDS_DIGITS_MAX) return undefined;
  const seconds = Number(text);
  return Number.isInteger(seconds) && seconds >= 0 ? seconds : undefined;
}
