// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { NoteAnomaly } from './anomaly.ts';
import { isDigit, LEFT_BRACKET, sliceTrimmed } from './characters.ts';

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
  const bracket = isReference ? text.slice(start, end).indexOf(']') : -1;
  const searchStart = bracket === -1 ? start : start + bracket;
  const written = text.slice(searchStart, end);
  const colon = written.indexOf(':');
  if (colon === -1) return { host: sliceTrimmed(text, start, end), port: undefined };
  if (bracket === -1 && written.includes(':', colon + 1)) {
    note('ipv6_without_brackets', start);
    return { host: sliceTrimmed(text, start, end), port: undefined };
  }
  const port = portOf(written.slice(colon + 1).trim());
  if (port === undefined) note('port_syntax', searchStart + colon + 1);
  return { host: sliceTrimmed(text, start, searchStart + colon), port };
}

/** `1*DIGIT`: zeros before the number change nothing. */
function portOf(digits: string): number | undefined {
  if (digits === '') return undefined;
  for (let index = 0; index < digits.length; index += 1) {
    if (!isDigit(digits.charCodeAt(index))) return undefined;
  }
  const port = Number(digits);
  return port <= PORT_MAX ? port : undefined;
}
