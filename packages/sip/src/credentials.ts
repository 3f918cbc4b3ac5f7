// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isBlank, matchesAt, QUOTE, skipBlanks } from './characters.ts';
import { listValueEnd } from './comma-list.ts';
import { CREDENTIAL_PARAMETERS_COUNT_MAX } from './limits.ts';
import { unescapeQuoted } from './parameters.ts';

/** The value of Authorization or Proxy-Authorization, RFC 3261 §20.7, RFC 7616 §3.4. Texts are Latin-1. */
export interface Credentials {
  /** As written. */
  readonly scheme: string;
  /** Whether the scheme is Digest, so that the fields below have a meaning. */
  readonly isDigest: boolean;
  /** All parameters as sent, without quotes; names in lower case; of repeated names, the first. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly username: string | undefined;
  readonly realm: string | undefined;
  readonly nonce: string | undefined;
  readonly uri: string | undefined;
  readonly response: string | undefined;
  readonly algorithm: string | undefined;
  readonly qop: string | undefined;
  readonly nc: string | undefined;
  readonly cnonce: string | undefined;
  readonly opaque: string | undefined;
}

/** `Digest username="100", realm="asterisk", …`; for other schemes whatever looks like parameters. */
export function parseDigestParams(text: string): Credentials {
  const schemeStart = skipBlanks(text, 0, text.length);
  let schemeEnd = schemeStart;
  while (schemeEnd < text.length && !isBlank(text.charCodeAt(schemeEnd))) schemeEnd += 1;
  const scheme = text.slice(schemeStart, schemeEnd);
  const parameters = parseParameters(text, schemeEnd);
  return {
    scheme,
    isDigest: scheme.length === DIGEST.length && matchesAt(scheme, 0, DIGEST),
    parameters,
    username: parameters.get('username'),
    realm: parameters.get('realm'),
    nonce: parameters.get('nonce'),
    uri: parameters.get('uri'),
    response: parameters.get('response'),
    algorithm: parameters.get('algorithm'),
    qop: parameters.get('qop'),
    nc: parameters.get('nc'),
    cnonce: parameters.get('cnonce'),
    opaque: parameters.get('opaque'),
  };
}

function parseParameters(text: string, offset: number): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  let start = offset;
  while (start < text.length && parameters.size < CREDENTIAL_PARAMETERS_COUNT_MAX) {
    const end = listValueEnd(text, start);
    const parameter = text.slice(start, end);
    const equals = parameter.indexOf('=');
    const name = parameter.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    if (equals !== -1 && !parameters.has(name)) {
      parameters.set(name, unquote(parameter.slice(equals + 1).trim()));
    }
    start = end + 1;
  }
  return parameters;
}

/** Without the surrounding quotes; an unclosed quote ends with the text. */
function unquote(value: string): string {
  if (value.charCodeAt(0) !== QUOTE) return value;
  const isClosed = value.charCodeAt(value.length - 1) === QUOTE; // Of a quote alone nothing remains either way.
  return unescapeQuoted(value.slice(1, isClosed ? -1 : undefined));
}

const DIGEST = 'digest';
