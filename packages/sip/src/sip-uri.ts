// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ignoreAnomaly, type NoteAnomaly } from './anomaly.ts';
import { isAlpha, isBlank, isDigit, LESS_THAN, matchesAt } from './characters.ts';
import { parseHostPort } from './host-port.ts';

/**
 * A URI of RFC 3261 §19.1 (`sip`, `sips`) or RFC 3966 (`tel`). For other schemes only the text is kept. All texts are
 * Latin-1 as written, including escapes.
 */
export interface SipUri {
  readonly text: string;
  /** Lower case; empty if none is written. */
  readonly scheme: string;
  /** Without the password; for a `tel` URI the number. `undefined` if it is absent or empty. */
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** An IPv6 reference with its brackets; empty in `tel` and unknown schemes. */
  readonly host: string;
  readonly port: number | undefined;
  /** From the first semicolon on, or empty. Read them with `parameterValue`. */
  readonly parameters: string;
  /** After the question mark, or empty. */
  readonly headers: string;
}

const SCHEMES: readonly string[] = ['sip:', 'sips:', 'tel:'];

/** Never fails: text that is not a URI becomes a URI without user. */
export function parseSipUri(text: string, note: NoteAnomaly = ignoreAnomaly): SipUri {
  if (matchesAt(text, 0, 'sip:')) return parseAddress(text, 'sip', 4, note);
  if (matchesAt(text, 0, 'sips:')) return parseAddress(text, 'sips', 5, note);
  if (matchesAt(text, 0, 'tel:')) return parseTelephone(text);
  const scheme = schemeOf(text);
  if (scheme === '') {
    const inner = innerUri(text);
    if (inner !== -1) {
      note('uri_prefixed', 0);
      const uri = text.slice(inner, closingBracket(text, inner));
      return parseSipUri(uri, (code, index) => note(code, inner + index));
    }
    note('uri_scheme_missing', 0);
    return parseAddress(text, '', 0, note);
  }
  return {
    text,
    scheme,
    user: undefined,
    password: undefined,
    host: '',
    port: undefined,
    parameters: '',
    headers: '',
  };
}

/**
 * Where a URI begins inside a text that does not begin with one, or -1: a name, a method or another bracket stands
 * before it. Asterisk's chan_sip also looks for it between the brackets.
 */
function innerUri(text: string): number {
  for (let index = 1; index < text.length; index += 1) {
    const before = text.charCodeAt(index - 1);
    if (!isBlank(before) && before !== LESS_THAN) continue;
    if (SCHEMES.some((scheme) => matchesAt(text, index, scheme))) return index;
  }
  return -1;
}

/** Index of the angle bracket that ends the URI at `start`, or the end of the text. */
function closingBracket(text: string, start: number): number {
  const close = text.charCodeAt(start - 1) === LESS_THAN ? text.indexOf('>', start) : -1;
  return close === -1 ? text.length : close;
}

function parseAddress(text: string, scheme: string, start: number, note: NoteAnomaly): SipUri {
  // A user may contain a question mark, so headers begin at the first one after an `@`.
  const at = text.indexOf('@', start);
  const question = text.indexOf('?', at);
  const end = question === -1 ? text.length : question;
  const hostStart = at === -1 ? start : at + 1;
  const semicolon = text.indexOf(';', hostStart);
  const hostEnd = semicolon === -1 || semicolon > end ? end : semicolon;
  // PBXs do not treat a second one as the end of the user: Asterisk, Kamailio and PJSIP use the first.
  if (text.lastIndexOf('@', end) > at) note('uri_second_at', at);
  const { host, port } = parseHostPort(text, hostStart, hostEnd, note);
  const userInfo = at === -1 ? '' : text.slice(start, at);
  const colon = userInfo.indexOf(':');
  const user = colon === -1 ? userInfo : userInfo.slice(0, colon);
  return {
    text,
    scheme,
    user: user === '' ? undefined : user,
    password: colon === -1 ? undefined : userInfo.slice(colon + 1),
    host,
    port,
    parameters: text.slice(hostEnd, end),
    headers: question === -1 ? '' : text.slice(question + 1),
  };
}

function parseTelephone(text: string): SipUri {
  const semicolon = text.indexOf(';');
  const end = semicolon === -1 ? text.length : semicolon;
  const number = text.slice('tel:'.length, end).trim();
  return {
    text,
    scheme: 'tel',
    user: number === '' ? undefined : number,
    password: undefined,
    host: '',
    port: undefined,
    parameters: text.slice(end),
    headers: '',
  };
}

/** RFC 3986 §3.1: a letter, then letters, digits, `+`, `-` and `.`, then a colon. Lower case. */
function schemeOf(text: string): string {
  if (!isAlpha(text.charCodeAt(0))) return '';
  for (let index = 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (text.charAt(index) === ':') return text.slice(0, index).toLowerCase();
    if (!isAlpha(code) && !isDigit(code) && !'+-.'.includes(text.charAt(index))) return '';
  }
  return '';
}
