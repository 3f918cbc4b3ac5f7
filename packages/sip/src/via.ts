// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ignoreAnomaly, type NoteAnomaly } from './anomaly.ts';
import { isBlank, skipBlanks, sliceTrimmed, trimEnd } from './characters.ts';
import { parseHostPort } from './host-port.ts';
import { parameterEnd, parameterValue } from './parameters.ts';

/** One hop, RFC 3261 §20.42. Texts are as written. */
export interface Via {
  /** `SIP` in all honest messages. */
  readonly protocol: string;
  readonly version: string;
  readonly transport: string;
  /** Host and port. */
  readonly sentBy: string;
  /** An IPv6 reference with its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  /** From the first semicolon on, or empty. Read them with `parameterValue`. */
  readonly parameters: string;
  readonly branch: string | undefined;
  readonly received: string | undefined;
  /** Empty where the parameter has no value, RFC 3581 §3. */
  readonly rport: string | undefined;
}

/** One value of Via: `SIP / 2.0 / UDP first.example.com:4000;branch=z9hG4bK77ef`. */
export function parseVia(text: string, note: NoteAnomaly = ignoreAnomaly): Via | undefined {
  const end = parameterEnd(text, 0);
  const versionStart = text.indexOf('/') + 1;
  const transportSlash = versionStart === 0 ? -1 : text.indexOf('/', versionStart);
  const transportStart = skipBlanks(text, transportSlash + 1, end);
  const transportEnd = wordEnd(text, transportStart, end);
  const sentByStart = skipBlanks(text, transportEnd, end);
  if (transportSlash === -1 || transportSlash >= end || sentByStart === end) {
    note('via_syntax', 0);
    return undefined;
  }
  const sentByEnd = trimEnd(text, sentByStart, end);
  const { host, port } = parseHostPort(text, sentByStart, sentByEnd, note);
  const parameters = text.slice(end);
  return {
    protocol: sliceTrimmed(text, 0, versionStart - 1),
    version: sliceTrimmed(text, versionStart, transportSlash),
    transport: text.slice(transportStart, transportEnd),
    sentBy: text.slice(sentByStart, sentByEnd),
    host,
    port,
    parameters,
    branch: parameterValue(parameters, 'branch'),
    received: parameterValue(parameters, 'received'),
    rport: parameterValue(parameters, 'rport'),
  };
}

function wordEnd(text: string, start: number, end: number): number {
  let index = start;
  while (index < end && !isBlank(text.charCodeAt(index))) index += 1;
  return index;
}
