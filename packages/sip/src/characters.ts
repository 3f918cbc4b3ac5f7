// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

export const TAB = 0x09;
export const LINE_FEED = 0x0a;
export const CARRIAGE_RETURN = 0x0d;
export const BLANK = 0x20;
export const QUOTE = 0x22;
export const PERCENT = 0x25;
export const COMMA = 0x2c;
export const DOT = 0x2e;
export const SEMICOLON = 0x3b;
export const LESS_THAN = 0x3c;
export const EQUALS = 0x3d;
export const GREATER_THAN = 0x3e;
export const AT = 0x40;
export const LEFT_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const DELETE = 0x7f;

/** RFC 3261 §25.1, `token`. */
const TOKEN_MARKS = "-.!%*_+`'~";
const IS_TOKEN = new Uint8Array(256);
for (let code = 0; code < 128; code += 1) {
  const isToken = isDigit(code) || isAlpha(code) || TOKEN_MARKS.includes(String.fromCharCode(code));
  IS_TOKEN[code] = isToken ? 1 : 0;
}

const HEX_DIGITS = '0123456789abcdef';
const HEX_VALUES = new Int8Array(256).fill(-1);
for (let value = 0; value < HEX_DIGITS.length; value += 1) {
  HEX_VALUES[HEX_DIGITS.charCodeAt(value)] = value;
  HEX_VALUES[HEX_DIGITS.toUpperCase().charCodeAt(value)] = value;
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isAlpha(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** A blank or a tab. */
export function isBlank(code: number): boolean {
  return code === BLANK || code === TAB;
}

/** A code point with A to Z made lower case. */
export function lowerCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

/** The characters from `start` to `end` are one token, RFC 3261 §25.1. */
export function isToken(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    if (IS_TOKEN[text.charCodeAt(index)] !== 1) return false;
  }
  return end > start;
}

/** `text` has `lower` (written in lower case) at `start`, in any case. */
export function matchesAt(text: string, start: number, lower: string): boolean {
  for (let index = 0; index < lower.length; index += 1) {
    if (lowerCase(text.charCodeAt(start + index)) !== lower.charCodeAt(index)) return false;
  }
  return true;
}

/** Index of the first character from `start` that is not a blank, at most `end`. */
export function skipBlanks(text: string, start: number, end: number): number {
  let index = start;
  while (index < end && isBlank(text.charCodeAt(index))) index += 1;
  return index;
}

/** Index after the last character before `end` that is not a blank, at least `start`. */
export function trimEnd(text: string, start: number, end: number): number {
  let index = end;
  while (index > start && isBlank(text.charCodeAt(index - 1))) index -= 1;
  return index;
}

/** Index after the last character before `end` that is not a carriage return, at least `start`. */
export function trimReturns(text: string, start: number, end: number): number {
  let index = end;
  while (index > start && text.charCodeAt(index - 1) === CARRIAGE_RETURN) index -= 1;
  return index;
}

/** The characters from `start` to `end` without blanks at both ends. */
export function sliceTrimmed(text: string, start: number, end: number): string {
  const from = skipBlanks(text, start, end);
  return text.slice(from, trimEnd(text, from, end));
}

/** Index of the quote that ends the quoted string whose content begins at `start`, or -1. */
export function closingQuote(text: string, start: number): number {
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) return index;
    if (code === BACKSLASH) index += 1;
  }
  return -1;
}

/** The octet whose two hexadecimal digits begin at `start`, or `undefined` if there are none. */
export function hexOctet(text: string, start: number): number | undefined {
  const high = HEX_VALUES[text.charCodeAt(start)] ?? -1;
  const low = HEX_VALUES[text.charCodeAt(start + 1)] ?? -1;
  return high < 0 || low < 0 ? undefined : high * 16 + low;
}

/**
 * Characters that no honest header contains and that some parsers or text libraries take for the end of a line: control
 * characters except the tab, which is a blank (RFC 3261 §25.1, LWS), and octets 0x80 to 0x9f.
 */
const IS_LINE_BREAK = new Uint8Array(256);
for (let code = 0; code < 256; code += 1) {
  const isControl = code < BLANK || code === DELETE || (code >= 0x80 && code <= 0x9f);
  IS_LINE_BREAK[code] = isControl && code !== TAB ? 1 : 0;
}

/** Index of the first octet from `start` to `end` that may end a line for somebody, or -1. */
export function lineBreakIn(octets: Uint8Array, start: number, end: number): number {
  for (let index = start; index < end; index += 1) {
    if (IS_LINE_BREAK[octets[index] ?? 0] === 1) return index;
  }
  return -1;
}
