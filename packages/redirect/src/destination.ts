// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1FromUtf8 } from '@sentrypeer/bytes';
import { canonicalAddress, isNearlyIpv4 } from '@sentrypeer/ip';
import { parseSipUri } from '@sentrypeer/sip';
import { TEMPLATE_CHARACTERS_MAX } from './limits.ts';

/** What replaces the number: as dialled, or in E.164 with its plus if it was understood. */
const PLACES = ['{number}', '{e164}'] as const;
/** Characters that must not be in a URI between angle brackets, and those that RFC 3986 does not allow. */
const FORBIDDEN = '<>"\\^`|';
/** RFC 3261 §25.1: `unreserved`, and the part of `user-unreserved` that people dial. */
const UNESCAPED = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.!~*'()+";

/** The destination of calls that are not refused. */
export interface Destination {
  /** As the operator wrote it. */
  readonly template: string;
  /** The URI for a call. No number can change the rest of the URI. */
  call(number: string, e164: string | undefined): string;
  /** The URI for a registration: without a user (RFC 3261 §10.2). */
  readonly registrar: string;
}

/**
 * Reads a template such as `sip:{number}@192.0.2.10:5060;transport=tcp`. `{number}` or `{e164}` must be in the user
 * part, exactly once.
 *
 * @returns `undefined` if the text is not such a template.
 */
export function parseDestination(template: string): Destination | undefined {
  if (template.length > TEMPLATE_CHARACTERS_MAX || !isUriText(template)) return undefined;
  const place = PLACES.find((each) => template.includes(each));
  if (place === undefined) return undefined;
  const [before = '', after = '', ...more] = template.split(place);
  if (more.length > 0 || before.includes('{') || after.includes('{')) return undefined;
  let isRight = true;
  const uri = parseSipUri(`${before}1${after}`, () => void (isRight = false));
  const { scheme, host, port, password } = uri;
  if ((scheme !== 'sip' && scheme !== 'sips') || host === '' || password !== undefined) {
    return undefined;
  }
  // Such a port or host would be copied into every answer.
  if (!isRight || port === 0 || (isNearlyIpv4(host) && canonicalAddress(host) === undefined))
    return undefined;
  const at = after.indexOf('@');
  if (at < 0) return undefined;
  return {
    template,
    call: (number, e164) =>
      before + escapeUser(place === '{e164}' && e164 !== undefined ? `+${e164}` : number) + after,
    registrar: `${scheme}:${after.slice(at + 1)}`,
  };
}

/** Printable ASCII that needs no quoting in a Contact header. */
function isUriText(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code <= 0x20 || code >= 0x7f || FORBIDDEN.includes(text.charAt(index))) return false;
  }
  return true;
}

/** RFC 3261 §19.1.2: characters not allowed in the user part are escaped. */
function escapeUser(text: string): string {
  let escaped = '';
  for (const octet of latin1FromUtf8(text)) {
    escaped += UNESCAPED.includes(octet)
      ? octet
      : `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return escaped;
}
