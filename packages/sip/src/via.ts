// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ignoreAnomaly, type NoteAnomaly } from './anomaly.ts';
import { isBlank, skipBlanks, sliceTrimmed, trimEnd } from './characters.ts';
import { parseHostPort, type HostPort } from './host-port.ts';
import { parameterEnd, parameterValue } from './parameters.ts';

/** One hop, RFC 3261 §20.42. Texts are as written, and cut out when they are needed. */
export class Via {
  /** An IPv6 reference with its brackets. */
  readonly host: string;
  readonly port: number | undefined;
  readonly #text: string;
  readonly #places: Places;

  /** Only for `parseVia()`. */
  constructor(text: string, places: Places, { host, port }: HostPort) {
    this.host = host;
    this.port = port;
    this.#text = text;
    this.#places = places;
  }

  /** `SIP` in all honest messages. */
  get protocol(): string {
    return sliceTrimmed(this.#text, 0, this.#places.versionStart - 1);
  }

  get version(): string {
    return sliceTrimmed(this.#text, this.#places.versionStart, this.#places.transportSlash);
  }

  get transport(): string {
    return this.#text.slice(this.#places.transportStart, this.#places.transportEnd);
  }

  /** Host and port. */
  get sentBy(): string {
    return this.#text.slice(this.#places.sentByStart, this.#places.sentByEnd);
  }

  /** From the first semicolon on, or empty. Read them with `parameterValue`. */
  get parameters(): string {
    return this.#text.slice(this.#places.parametersStart);
  }

  get branch(): string | undefined {
    return parameterValue(this.parameters, 'branch');
  }

  get received(): string | undefined {
    return parameterValue(this.parameters, 'received');
  }

  /** Empty if the parameter has no value, RFC 3581 §3. */
  get rport(): string | undefined {
    return parameterValue(this.parameters, 'rport');
  }
}

/** Positions of the parts of a Via value in its text. */
interface Places {
  readonly versionStart: number;
  readonly transportSlash: number;
  readonly transportStart: number;
  readonly transportEnd: number;
  readonly sentByStart: number;
  readonly sentByEnd: number;
  readonly parametersStart: number;
}

/** One value of Via: `SIP / 2.0 / UDP first.example.com:4000;branch=z9hG4bK77ef`. */
export function parseVia(text: string, note: NoteAnomaly = ignoreAnomaly): Via | undefined {
  const end = parameterEnd(text, 0);
  const versionStart = text.indexOf('/') + 1;
  const transportSlash = text.indexOf('/', versionStart);
  const transportStart = skipBlanks(text, transportSlash + 1, end);
  const transportEnd = wordEnd(text, transportStart, end);
  const sentByStart = skipBlanks(text, transportEnd, end);
  if (transportSlash === -1 || transportSlash >= end || sentByStart === end) {
    note('via_syntax', 0);
    return undefined;
  }
  const sentByEnd = trimEnd(text, sentByStart, end);
  const places = {
    versionStart,
    transportSlash,
    transportStart,
    transportEnd,
    sentByStart,
    sentByEnd,
    parametersStart: end,
  };
  return new Via(text, places, parseHostPort(text, sentByStart, sentByEnd, note));
}

function wordEnd(text: string, start: number, end: number): number {
  let index = start;
  while (index < end && !isBlank(text.charCodeAt(index))) index += 1;
  return index;
}
