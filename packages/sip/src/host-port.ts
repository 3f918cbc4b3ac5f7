// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { NoteAnomaly } from './anomaly.ts';
import { COLON, isDigit, LEFT_BRACKET, RIGHT_BRACKET, sliceTrimmed } from './characters.ts';

const PORT_MAX = 65_535;

export interface HostPort {
  /** As written; an IPv6 reference with its brackets. */
  readonly host: string;
  readonly port: number | undefined;
}

/** `hostport`, RFC 3261 §25.1, from `start` to `end`. `[2001:db8::10:5070]` has no port (RFC 5118 §4.2). */
export function parseHostPort(
  text: string,
  start: number,
  end: number,
  note: NoteAnomaly,
): HostPort {
  const isReference = text.charCodeAt(start) === LEFT_BRACKET;
  const bracket = isReference ? indexBefore(text, RIGHT_BRACKET, start, end) : end;
  const colon = indexBefore(text, COLON, bracket === end ? start : bracket, end);
  if (colon === end) return { host: sliceTrimmed(text, start, end), port: undefined };
  if (bracket === end && indexBefore(text, COLON, colon + 1, end) !== end) {
    note('ipv6_without_brackets', start);
    return { host: sliceTrimmed(text, start, end), port: undefined };
  }
  const port = portOf(sliceTrimmed(text, colon + 1, end));
  if (port === undefined) note('port_syntax', colon + 1);
  return { host: sliceTrimmed(text, start, colon), port };
}

/** Index of the first such character from `start`, or `end`. */
function indexBefore(text: string, code: number, start: number, end: number): number {
  let index = start;
  while (index < end && text.charCodeAt(index) !== code) index += 1;
  return index;
}

function portOf(digits: string): number | undefined {
  if (digits.length === 0 || digits.length > 5) return undefined;
  for (let index = 0; index < digits.length; index += 1) {
    if (!isDigit(digits.charCodeAt(index))) return undefined;
  }
  const port = Number(digits);
  return port <= PORT_MAX ? port : undefined;
}
