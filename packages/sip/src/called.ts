// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  AT,
  BLANK,
  DELETE,
  GREATER_THAN,
  hexOctet,
  LESS_THAN,
  PERCENT,
  QUOTE,
} from './characters.ts';
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
  /** The user part as written, if `number` is only a part of it because the rest cannot be dialled. */
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
  if (written === undefined) return undefined;
  const user = dialled(trimmed(written));
  const semicolon = parametersFrom(user);
  let number = decodeUserPart(semicolon === -1 ? user : user.slice(0, semicolon));
  let phoneContext: string | undefined;
  if (semicolon !== -1) {
    if (looksLikeNumber(number.replaceAll(';', '')))
      phoneContext = parameterValue(user, PHONE_CONTEXT);
    else number = decodeUserPart(user);
  }
  number = trimmed(number);
  if (number === '') return undefined;
  return {
    number,
    source,
    phoneContext: phoneContext ?? parameterValue(parameters, PHONE_CONTEXT),
    password: password === undefined ? undefined : decodeUserPart(password),
    uncut: user === trimmed(written) ? undefined : written,
  };
}

/**
 * The dialable part of a user part: what follows marks that nobody dials and `//`, up to the next such mark. A blank ends
 * it, too, unless all of it looks like a number with blanks in it. A number is also ended by an escaped control
 * character, at which PBXs end a text, and by an escaped `@`.
 */
function dialled(user: string): string {
  const start = dialledStart(user);
  // Each is looked at once, so that time is in proportion to the length.
  let hasBlank = false;
  let hasEndOfNumber = false;
  for (let index = start; index < user.length; index += 1) {
    const code = user.charCodeAt(index);
    if (isUndiallable(code)) return user.slice(start, index);
    if (code === BLANK && !hasBlank) {
      hasBlank = true;
      if (!looksLikeNumber(decodeUserPart(user.slice(start)))) return user.slice(start, index);
    } else if (code === PERCENT && !hasEndOfNumber && endsNumber(user, index)) {
      hasEndOfNumber = true;
      const before = user.slice(start, index);
      if (looksLikeNumber(decodeUserPart(before))) return before;
    }
  }
  return user.slice(start);
}

function dialledStart(user: string): number {
  let start = user.startsWith('//') ? 2 : 0;
  while (isUndiallable(user.charCodeAt(start))) start += 1;
  return start;
}

/** An `@` is still there in a `tel` URI, which has no host. */
function isUndiallable(code: number): boolean {
  const isMark = code === LESS_THAN || code === GREATER_THAN || code === QUOTE || code === AT;
  return code < BLANK || code === DELETE || isMark;
}

/** Whether the escape at `index` stands for what ends a number. */
function endsNumber(user: string, index: number): boolean {
  return isUndiallable(hexOctet(user, index + 1) ?? BLANK);
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
  while (user.charCodeAt(start) === BLANK) start += 1;
  while (user.charCodeAt(end - 1) === BLANK) end -= 1;
  return user.slice(start, end);
}

const PHONE_CONTEXT = 'phone-context';
