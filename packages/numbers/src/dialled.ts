// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { DIALLED_CHARACTERS_MAX, DIALLED_DIGITS_MAX } from './limits.ts';

/** What was dialled, in one canonical notation. */
export interface Dialled {
  /** Digits after the last `*`, `#` or `+`. */
  readonly digits: string;
  /** A `+` directly before the digits, or an equivalent RFC 3966 `phone-context`. */
  readonly isGlobal: boolean;
  /** What precedes them, with its marks, such as `9#`. */
  readonly before: string;
}

const SCHEMES = ['tel:', 'sips:', 'sip:'];
/** Visual separators (RFC 3966 §3), blanks, and the comma that means a pause. */
const SEPARATORS = '-.() \t,';
/** Letters for a pause and for waiting, and what may stand between them. */
const PAUSES = `pwPW${SEPARATORS}`;
const CONTEXT = ';phone-context=';
/** The emergency service itself: RFC 5031 §4.1, and between the networks of emergency centres NENA-STA-010 (i3). */
const EMERGENCY_URNS = ['urn:service:sos', 'urn:nena:service:sos', 'urn:emergency:service:sos'];
/** The same as the user of a SIP URI, used by telephones older than the URN (draft-ietf-sipping-sos). */
const EMERGENCY_USER = 'sos';
/** What may follow them: nothing, a kind of help, the host of a SIP URI, or the end of a URI. */
const AFTER_NAME = '.;?#@';

/**
 * Reads a called number, the user part of a Request-URI or To, or a whole `tel:` or `sip:` URI: escapes are decoded,
 * visual separators dropped (RFC 3966 §3), a global `phone-context` put before (§5.1.4).
 *
 * @returns `undefined` if the text is not a number.
 */
export function readDialled(text: string): Dialled | undefined {
  if (text.length > DIALLED_CHARACTERS_MAX) return undefined;
  const { user, context } = splitUri(text);
  let before = '';
  let digits = '';
  let isGlobal = false;
  for (let index = 0; index < user.length; index += 1) {
    const character = user.charAt(index);
    if (character >= '0' && character <= '9') {
      digits += character;
    } else if (character === '+' && isZeroNext(user, index)) {
      // No country code begins with a zero (ITU-T E.164 §6), so this plus means nothing, nor does one right before it.
      if (digits === '') isGlobal = false;
    } else if (character === '+' || character === '*' || character === '#') {
      // On many telephones a final `#` ends the dialling.
      if (character === '#' && index === user.length - 1 && digits !== '') break;
      before += digits + (character === '+' ? '' : character);
      digits = '';
      isGlobal = character === '+';
    } else if (!SEPARATORS.includes(character)) {
      return undefined;
    }
  }
  if (digits === '' || digits.length + before.length > DIALLED_DIGITS_MAX) return undefined;
  if (isGlobal || before !== '' || context === '') return { digits, isGlobal, before };
  return { digits: context + digits, isGlobal: true, before };
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

/**
 * The user part of a URI, or a number, without the pauses at its end (`112p`, `tel:112w`; RFC 2806 §2.2), which telephones
 * keep with a contact; `undefined` if it ends in none.
 */
export function withoutPauses(text: string): string | undefined {
  if (text.length > DIALLED_CHARACTERS_MAX) return undefined;
  const { user } = splitUri(text);
  let end = user.length;
  while (end > 0 && PAUSES.includes(user.charAt(end - 1))) end -= 1;
  // It is read again, and escapes are decoded only once.
  return end === user.length || user.includes('%') ? undefined : user.slice(0, end);
}

function isZeroNext(text: string, index: number): boolean {
  let next = index + 1;
  while (next < text.length && SEPARATORS.includes(text.charAt(next))) next += 1;
  return text.charAt(next) === '0';
}

/** The user part, decoded once, and the digits of a `phone-context` that is a global number. */
function splitUri(text: string): { readonly user: string; readonly context: string } {
  const uri = withoutName(text);
  const lower = uri.slice(0, 5).toLowerCase();
  const scheme = SCHEMES.find((one) => lower.startsWith(one)) ?? '';
  let user = uri.slice(scheme.length);
  const host = user.indexOf('@');
  if (host >= 0 && scheme !== 'tel:') user = user.slice(0, host).split(':')[0] ?? '';
  const semicolon = user.indexOf(';');
  const number = semicolon < 0 ? user : user.slice(0, semicolon);
  return { user: decode(number), context: semicolon < 0 ? '' : contextOf(user.slice(semicolon)) };
}

/** The text between angle brackets, as in a name-addr (RFC 3261 §25.1); the whole text if it has none. */
function withoutName(text: string): string {
  const open = text.indexOf('<');
  const close = text.indexOf('>', open);
  return (open >= 0 && close >= 0 ? text.slice(open + 1, close) : text).trim();
}

function contextOf(parameters: string): string {
  const at = parameters.toLowerCase().indexOf(CONTEXT);
  if (at < 0) return '';
  const rest = parameters.slice(at + CONTEXT.length);
  const end = rest.indexOf(';');
  const value = decode(end < 0 ? rest : rest.slice(0, end));
  const digits = readPlainDigits(value.slice(1));
  return value.startsWith('+') ? digits : '';
}

/** The digits of a text of digits and separators; empty for anything else. */
function readPlainDigits(text: string): string {
  let digits = '';
  for (const character of text) {
    if (character >= '0' && character <= '9') digits += character;
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
