// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  BACKSLASH,
  closingQuote,
  EQUALS,
  matchesAt,
  QUOTE,
  SEMICOLON,
  skipBlanks,
  sliceTrimmed,
} from './characters.ts';

/** Index of the semicolon outside quotes that ends the parameter beginning at `start`, or the end. */
export function parameterEnd(text: string, start: number): number {
  const semicolon = text.indexOf(';', start);
  const end = semicolon === -1 ? text.length : semicolon;
  // Looking at each character costs 10 times as much and is only needed if there are quotes.
  return text.slice(start, end).includes('"') ? quotedParameterEnd(text, start) : end;
}

function quotedParameterEnd(text: string, start: number): number {
  let quoted = false;
  for (let index = start; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === SEMICOLON && !quoted) return index;
    if (code === QUOTE) quoted = !quoted;
    else if (code === BACKSLASH && quoted) index += 1;
  }
  return text.length;
}

/** Whether the parameter from `start` to `end` has the name `lower` (written in lower case). */
export function isParameter(text: string, start: number, end: number, lower: string): boolean {
  const nameStart = skipBlanks(text, start, end);
  const nameEnd = skipBlanks(text, nameStart + lower.length, end);
  if (!matchesAt(text, nameStart, lower)) return false;
  return nameEnd === end || text.charCodeAt(nameEnd) === EQUALS;
}

/**
 * The value of the parameter from `start` to `end`: without its quotes if it has some, empty if it has
 * no value.
 */
export function valueOfParameter(text: string, start: number, end: number): string {
  const equals = text.slice(start, end).indexOf('=');
  if (equals === -1) return '';
  const valueStart = skipBlanks(text, start + equals + 1, end);
  if (text.charCodeAt(valueStart) !== QUOTE) return sliceTrimmed(text, valueStart, end);
  const close = closingQuote(text, valueStart + 1);
  return unescapeQuoted(text.slice(valueStart + 1, close === -1 ? end : Math.min(close, end)));
}

/**
 * The value of a parameter (`;name=value;name`, RFC 3261 §25.1 `generic-param`); `undefined` if there is none of that
 * name. Of several, the first counts.
 *
 * @param lower The name in lower case.
 */
export function parameterValue(parameters: string, lower: string): string | undefined {
  let start = 0;
  while (start < parameters.length) {
    const end = parameterEnd(parameters, start);
    if (isParameter(parameters, start, end, lower)) return valueOfParameter(parameters, start, end);
    start = end + 1;
  }
  return undefined;
}

/** The content of a quoted string with its quoted pairs resolved, RFC 3261 §25.1 `quoted-pair`. */
export function unescapeQuoted(content: string): string {
  let escape = content.indexOf('\\');
  if (escape === -1) return content;
  const parts: string[] = [];
  let start = 0;
  while (escape !== -1) {
    parts.push(content.slice(start, escape));
    start = escape + 1;
    escape = content.indexOf('\\', start + 1);
  }
  parts.push(content.slice(start));
  return parts.join('');
}
