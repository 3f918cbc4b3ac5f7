// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { utf8FromLatin1 } from '@sentrypeer/bytes';
import { BLANK, DELETE, hexOctet, isDigit } from './characters.ts';

const NUMBER_MARKS = '*#';
const NUMBER_LETTERS_AND_SEPARATORS = '+ABCDabcd-.() ';

/**
 * The user part of a URI as text: percent escapes decoded once, except those of control characters, which stay as
 * written, so that `%00` neither ends a text nor vanishes from it; octets read as UTF-8.
 *
 * @param raw Latin-1 text, as in the message.
 */
export function decodeUserPart(raw: string): string {
  let escape = raw.indexOf('%');
  if (escape === -1) return utf8FromLatin1(raw);
  const parts: string[] = [];
  let start = 0;
  while (escape !== -1) {
    const octet = escapedOctet(raw, escape);
    if (octet !== undefined) {
      parts.push(raw.slice(start, escape), String.fromCharCode(octet));
      start = escape + 3;
    }
    escape = raw.indexOf('%', escape + 1);
  }
  parts.push(raw.slice(start));
  return utf8FromLatin1(parts.join(''));
}

/**
 * Whether the text can be what somebody dialled: digits, `+ * #`, the letters A to D of a telephone keypad and visual
 * separators (RFC 3966 §3), with at least one digit, `*` or `#`.
 */
export function looksLikeNumber(text: string): boolean {
  let hasDigit = false;
  for (let index = 0; index < text.length; index += 1) {
    if (isDigit(text.charCodeAt(index)) || NUMBER_MARKS.includes(text.charAt(index))) {
      hasDigit = true;
    } else if (!NUMBER_LETTERS_AND_SEPARATORS.includes(text.charAt(index))) {
      return false;
    }
  }
  return hasDigit;
}

/**
 * The search key of a called number: only its digits, without `+`, separators and anything after a semicolon. Empty if
 * the text is not a number, so that `baduser-8179` is not found under 8179.
 */
export function digitsOf(number: string): string {
  const semicolon = number.indexOf(';');
  const dialled = semicolon === -1 ? number : number.slice(0, semicolon);
  if (!looksLikeNumber(dialled)) return '';
  let digits = '';
  for (let index = 0; index < dialled.length; index += 1) {
    if (isDigit(dialled.charCodeAt(index))) digits += dialled.charAt(index);
  }
  return digits;
}

/** The octet that the escape at `index` stands for, unless it is damaged or a control character. */
function escapedOctet(raw: string, index: number): number | undefined {
  const octet = hexOctet(raw, index + 1);
  return octet === undefined || octet < BLANK || octet === DELETE ? undefined : octet;
}
