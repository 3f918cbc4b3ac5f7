// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { BLANK, DELETE, GREATER_THAN, LESS_THAN, QUOTE } from './characters.ts';
import { parameterValue } from './parameters.ts';
import type { SipUri } from './sip-uri.ts';
import { decodeUserPart, looksLikeNumber } from './user-part.ts';

/** Who was called, and which part of the message says so. */
export interface Called {
  /** Decoded, prefixes and separators kept; `undefined` if the message names nobody. */
  readonly number: string | undefined;
  readonly source: 'request-uri' | 'to' | 'none';
  /** RFC 3966 §5.1.5: the numbering plan in which a local number is to be read. As written. */
  readonly phoneContext: string | undefined;
  /** The text after the colon of `sip:user:password@host`, decoded. */
  readonly password: string | undefined;
  /** The user part as written, if `number` is only its beginning because the rest cannot be dialled. */
  readonly uncut: string | undefined;
}

export const CALLED_NOBODY: Called = {
  number: undefined,
  source: 'none',
  phoneContext: undefined,
  password: undefined,
  uncut: undefined,
};

/**
 * What the user part of a URI calls. Parameters inside the user part (RFC 3261 §19.1.6) are cut off if a number
 * precedes them; a name with a semicolon is a name. Digits after a semicolon, where a telephone waits before it sends
 * them (`112;1`), are no parameter.
 */
export function calledBy(uri: SipUri, source: 'request-uri' | 'to'): Called | undefined {
  const { password, parameters } = uri;
  const written = writtenUser(uri);
  const user = written === undefined ? undefined : dialled(trimmed(written));
  if (user === undefined || user === '') return undefined;
  const semicolon = parametersFrom(user);
  let number = decodeUserPart(semicolon === -1 ? user : user.slice(0, semicolon));
  let phoneContext: string | undefined;
  if (semicolon !== -1) {
    if (looksLikeNumber(number.replaceAll(';', '')))
      phoneContext = parameterValue(user.slice(semicolon), PHONE_CONTEXT);
    else number = decodeUserPart(user);
  }
  number = trimmed(number);
  if (number === '') return undefined;
  return {
    number,
    source,
    phoneContext: phoneContext ?? parameterValue(parameters, PHONE_CONTEXT),
    password: password === undefined ? undefined : decodeUserPart(password),
    uncut: written === undefined || user === trimmed(written) ? undefined : written,
  };
}

/**
 * The dialable beginning of a user part. It is ended by control characters, angle brackets, quotes, and a blank, unless
 * all of it looks like a number with blanks in it.
 */
function dialled(user: string): string {
  for (let index = 0; index < user.length; index += 1) {
    const code = user.charCodeAt(index);
    const isMark = code === LESS_THAN || code === GREATER_THAN || code === QUOTE;
    const isEnd = code < BLANK || code === DELETE || isMark;
    if (isEnd || (code === BLANK && !looksLikeNumber(decodeUserPart(user))))
      return user.slice(0, index);
  }
  return user;
}

/** With the digits that follow the number of a `tel` URI after a semicolon. */
function writtenUser({ scheme, user, parameters }: SipUri): string | undefined {
  if (scheme !== 'tel' || user === undefined) return user;
  const end = parametersFrom(parameters);
  return user + (end === -1 ? parameters : parameters.slice(0, end));
}

/** Index of the semicolon with which the parameters begin; -1 if there are none. */
function parametersFrom(user: string): number {
  let semicolon = user.indexOf(';');
  while (semicolon !== -1) {
    const next = user.indexOf(';', semicolon + 1);
    const end = next === -1 ? user.length : next;
    if (!looksLikeNumber(decodeUserPart(user.slice(semicolon + 1, end)))) break;
    semicolon = next;
  }
  return semicolon;
}

/** Without the surrounding blanks, which nobody dials. */
function trimmed(user: string): string {
  let start = 0;
  let end = user.length;
  while (start < end && user.charCodeAt(start) === BLANK) start += 1;
  while (end > start && user.charCodeAt(end - 1) === BLANK) end -= 1;
  return user.slice(start, end);
}

const PHONE_CONTEXT = 'phone-context';
