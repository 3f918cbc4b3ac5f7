// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  AREA_DIGITS_MAX,
  DIALLED_CHARACTERS_MAX,
  DIALLED_DIGITS_MAX,
  SHORT_DIGITS_MAX,
} from './limits.ts';

/** What was dialled, in one canonical notation. */
export interface Dialled {
  /** Digits after the last `*`, `#` or `+`. */
  readonly digits: string;
  /** A `+` directly before the digits, or an equivalent RFC 3966 `phone-context`. */
  readonly isGlobal: boolean;
  /** What precedes them, with its marks, such as `9#`. */
  readonly before: string;
  /** The digits without the `phone-context` of a country or an area; empty if there is none. */
  readonly local: string;
}

const SCHEMES = ['tel:', 'sips:', 'sip:'];
/** A pause, or waiting for a tone or for the caller (RFC 2806 §2.2, `pause-character`). */
const PAUSES = 'pwPW,';
/** Visual separators (RFC 3966 §3), blanks, and pauses. */
const SEPARATORS = `-.() \t${PAUSES}`;
/** What may follow a pause (RFC 2806 §2.2, `post-dial`), or the number itself after a prefix and a pause. */
const AFTER_PAUSE = `${SEPARATORS}0123456789+*#ABCDabcd`;
/** What it begins with where a semicolon means waiting. */
const AFTER_SEMICOLON = '0123456789+*#';
const CONTEXT = 'phone-context=';
/** The emergency service itself: RFC 5031 §4.1, and between the networks of emergency centres NENA-STA-010 (i3). */
const EMERGENCY_URNS = ['urn:service:sos', 'urn:nena:service:sos', 'urn:emergency:service:sos'];
/** The same as the user of a SIP URI, used by telephones older than the URN (draft-ietf-sipping-sos). */
const EMERGENCY_USER = 'sos';
/** What may follow them: nothing, a kind of help, the host of a SIP URI, or the end of a URI. */
const AFTER_NAME = '.;?#@';

/**
 * Reads a called number, the user part of a Request-URI or To, or a whole `tel:` or `sip:` URI: escapes are decoded,
 * visual separators (RFC 3966 §3) and pauses dropped, a global `phone-context` put before (§5.1.4).
 *
 * @returns `undefined` if the text is not a number.
 */
export function readDialled(text: string): Dialled | undefined {
  if (text.length > DIALLED_CHARACTERS_MAX) return undefined;
  return readParts(splitUri(text));
}

/**
 * What is dialled before each pause in the text, shortest first, as telephones keep it with a contact: `112p1`,
 * `+46850780290,,1234#`, `tel:112;1`. Digits after a pause are sent when the call is answered (RFC 2806 §2.2,
 * `post-dial`). But a pause may also follow a prefix, as in `9,112`, so the caller has to choose.
 *
 * @returns Nothing if the text has no pause, or if something other than a dial string follows it.
 */
export function readBeforePauses(text: string): readonly Dialled[] {
  if (text.length > DIALLED_CHARACTERS_MAX) return [];
  const { user, context } = splitUri(text);
  const found: Dialled[] = [];
  for (let end = pauseFrom(user, 0); end < user.length; end = pauseFrom(user, end + 1)) {
    const isAfterPause = PAUSES.includes(user.charAt(end - 1));
    if (isAfterPause || !isDialString(user.slice(end))) continue;
    const dialled = readParts({ user: user.slice(0, end), context });
    if (dialled !== undefined) found.push(dialled);
  }
  return found;
}

/** Whether the text has more characters or digits than are read: nobody can say whether it is a number. */
export function isTooLong(text: string): boolean {
  if (text.length > DIALLED_CHARACTERS_MAX) return true;
  return countDigits(splitUri(text).user) > DIALLED_DIGITS_MAX;
}

interface UriParts {
  /** Decoded. */
  readonly user: string;
  /** The digits of a `phone-context` that is a global number; empty for any other. */
  readonly context: string;
}

function readParts({ user, context }: UriParts): Dialled | undefined {
  let before = '';
  let digits = '';
  let isGlobal = false;
  for (let index = 0; index < user.length; index += 1) {
    const character = user.charAt(index);
    if (isDigit(character)) {
      digits += character;
    } else if (character === '+' && isZeroNext(user, index)) {
      // No country code begins with a zero (ITU-T E.164 §6), so this plus means nothing, nor does one right before it.
      if (digits === '') isGlobal = false;
    } else if (character === '+' || character === '*' || character === '#') {
      if (character === '#' && endsDialling(user, index, digits)) break;
      before += digits + (character === '+' ? '' : character);
      digits = '';
      isGlobal = character === '+';
    } else if (!SEPARATORS.includes(character)) {
      return undefined;
    }
  }
  if (digits === '' || digits.length + before.length > DIALLED_DIGITS_MAX) return undefined;
  const isWhole = isGlobal || before !== '' || context === '';
  if (isWhole) return { digits, isGlobal, before, local: '' };
  const local = context.length <= AREA_DIGITS_MAX ? digits : '';
  return { digits: context + digits, isGlobal: true, before, local };
}

/**
 * On many telephones and gateways a `#` ends the dialling: at the end, and after a whole number, where a few digits
 * that follow are sent once the call is answered. Before a number it belongs to a prefix.
 */
function endsDialling(user: string, index: number, digits: string): boolean {
  if (index === user.length - 1) return digits !== '';
  if (digits.length <= SHORT_DIGITS_MAX) return false;
  const rest = user.slice(index + 1);
  return isDialString(rest) && countDigits(rest) <= SHORT_DIGITS_MAX;
}

export function countDigits(text: string): number {
  let count = 0;
  for (const character of text) if (isDigit(character)) count += 1;
  return count;
}

/** Where the next pause is; the length of the text if there is none. */
function pauseFrom(text: string, from: number): number {
  let index = from;
  while (index < text.length && !PAUSES.includes(text.charAt(index))) index += 1;
  return index;
}

function isDialString(text: string): boolean {
  for (const character of text) if (!AFTER_PAUSE.includes(character)) return false;
  return true;
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

/**
 * Whether the text names the emergency service itself, such as `urn:service:sos.ambulance`, also as the user of a SIP
 * URI, such as `sip:urn:service:sos@pbx.example` or `sip:sos@pbx.example`.
 */
export function isEmergencyName(text: string): boolean {
  const uri = withoutName(text).toLowerCase();
  const scheme = ['sip:', 'sips:'].find((one) => uri.startsWith(one)) ?? '';
  const name = decode(uri.slice(scheme.length));
  // A host may also be called sos.
  const hasUser = scheme === '' || uri.includes('@');
  const names = hasUser ? [...EMERGENCY_URNS, EMERGENCY_USER] : EMERGENCY_URNS;
  return names.some(
    (each) => name.startsWith(each) && AFTER_NAME.includes(name.charAt(each.length)),
  );
}

function isZeroNext(text: string, index: number): boolean {
  let next = index + 1;
  while (next < text.length && SEPARATORS.includes(text.charAt(next))) next += 1;
  return text.charAt(next) === '0';
}

/** The user part, decoded once, and the digits of a `phone-context` that is a global number. */
function splitUri(text: string): UriParts {
  const uri = withoutName(text);
  const lower = uri.slice(0, 5).toLowerCase();
  const scheme = SCHEMES.find((one) => lower.startsWith(one)) ?? '';
  let user = uri.slice(scheme.length);
  const host = user.indexOf('@');
  if (host >= 0 && scheme !== 'tel:') user = user.slice(0, host).split(':')[0] ?? '';
  const [first = '', ...parameters] = user.split(';');
  let number = decode(first);
  // Some telephones write a semicolon for waiting, so digits after one are no parameter.
  for (const each of parameters) {
    const waited = decode(each);
    if (waited === '' || !AFTER_SEMICOLON.includes(waited.charAt(0))) break;
    if (!isDialString(waited)) break;
    number += `,${waited}`;
  }
  return { user: number, context: contextOf(parameters) };
}

/** The text between angle brackets, as in a name-addr (RFC 3261 §25.1); the whole text if it has none. */
function withoutName(text: string): string {
  const open = text.indexOf('<');
  const close = text.indexOf('>', open);
  return (open >= 0 && close >= 0 ? text.slice(open + 1, close) : text).trim();
}

function contextOf(parameters: readonly string[]): string {
  const parameter = parameters.find((each) => each.toLowerCase().startsWith(CONTEXT));
  const value = decode(parameter?.slice(CONTEXT.length) ?? '');
  return value.startsWith('+') ? readPlainDigits(value.slice(1)) : '';
}

/** The digits of a text of digits and separators; empty for anything else. */
function readPlainDigits(text: string): string {
  let digits = '';
  for (const character of text) {
    if (isDigit(character)) digits += character;
    else if (!SEPARATORS.includes(character)) return '';
  }
  return digits;
}

/** Decodes percent escapes of printable ASCII; a broken one stays, so the text is not a number. */
function decode(text: string): string {
  if (!text.includes('%')) return text;
  let decoded = '';
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charAt(index) === '%' ? hexOctet(text, index + 1) : undefined;
    if (code === undefined) {
      decoded += text.charAt(index);
    } else {
      decoded += String.fromCharCode(code);
      index += 2;
    }
  }
  return decoded;
}

function hexOctet(text: string, index: number): number | undefined {
  const high = '0123456789abcdef'.indexOf(text.charAt(index).toLowerCase() || '?');
  const low = '0123456789abcdef'.indexOf(text.charAt(index + 1).toLowerCase() || '?');
  if (high < 0 || low < 0) return undefined;
  const octet = high * 16 + low;
  return octet >= 0x20 && octet < 0x7f ? octet : undefined;
}
