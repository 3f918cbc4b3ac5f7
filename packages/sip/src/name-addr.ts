// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ignoreAnomaly, type NoteAnomaly } from './anomaly.ts';
import { closingQuote, QUOTE, skipBlanks, sliceTrimmed } from './characters.ts';
import { isParameter, parameterEnd, unescapeQuoted, valueOfParameter } from './parameters.ts';
import { parseSipUri, type SipUri } from './sip-uri.ts';

/** The value of From, To, Contact and their like, RFC 3261 §20.10. Texts are Latin-1 as written. */
export interface NameAddr {
  /** Without its quotes; `undefined` if there is none. */
  readonly displayName: string | undefined;
  readonly uri: SipUri;
  /** Parameters of the header, from the first semicolon on, or empty. Read them with `parameterValue`. */
  readonly parameters: string;
  /** Of several `tag` parameters, the first. */
  readonly tag: string | undefined;
}

/** `undefined` if there is no address at all. */
export function parseNameAddr(
  text: string,
  note: NoteAnomaly = ignoreAnomaly,
): NameAddr | undefined {
  const start = skipBlanks(text, 0, text.length);
  const quoteEnd = text.charCodeAt(start) === QUOTE ? closingQuote(text, start + 1) : start - 1;
  const isUnbalanced = quoteEnd === -1 && text.charCodeAt(start) === QUOTE;
  if (isUnbalanced) note('display_name_quote', start);
  const nameEnd = isUnbalanced ? start : quoteEnd + 1;
  const open = text.indexOf('<', nameEnd);
  if (open === -1) return parseAddrSpec(text, nameEnd, note);
  const displayName = displayNameOf(text, start, quoteEnd, open);
  const close = text.indexOf('>', open);
  if (close !== -1) return nameAddr(displayName, text, open + 1, close, close + 1, note);
  note('angle_bracket', open);
  const tag = text.indexOf(';tag=', open);
  const end = tag === -1 ? text.length : tag;
  return nameAddr(displayName, text, open + 1, end, end, note);
}

/**
 * Without angle brackets. RFC 3261 §20.10: "If the URI is not enclosed in angle brackets, any
 * semicolon-delimited parameters are header-parameters, not URI parameters."
 */
function parseAddrSpec(text: string, start: number, note: NoteAnomaly): NameAddr | undefined {
  const end = parameterEnd(text, start);
  if (sliceTrimmed(text, start, end) === '') {
    note('address_empty', start);
    return undefined;
  }
  return nameAddr(undefined, text, start, end, end, note);
}

function nameAddr(
  displayName: string | undefined,
  text: string,
  uriStart: number,
  uriEnd: number,
  parametersStart: number,
  note: NoteAnomaly,
): NameAddr {
  const uriFrom = skipBlanks(text, uriStart, uriEnd);
  const uriText = sliceTrimmed(text, uriFrom, uriEnd);
  const uri =
    note === ignoreAnomaly
      ? parseSipUri(uriText)
      : parseSipUri(uriText, (code, index) => note(code, uriFrom + index));
  const parameters = text.slice(parametersStart);
  const tag = firstTag(parameters, parametersStart, note);
  return { displayName, uri, parameters, tag };
}

function firstTag(parameters: string, offset: number, note: NoteAnomaly): string | undefined {
  let tag: string | undefined;
  let start = 0;
  while (start < parameters.length) {
    const end = parameterEnd(parameters, start);
    if (isParameter(parameters, start, end, 'tag')) {
      if (tag !== undefined) {
        note('repeated_tag', offset + start);
        return tag;
      }
      tag = valueOfParameter(parameters, start, end);
    }
    start = end + 1;
  }
  return tag;
}

function displayNameOf(
  text: string,
  start: number,
  quoteEnd: number,
  open: number,
): string | undefined {
  if (quoteEnd > start) return unescapeQuoted(text.slice(start + 1, quoteEnd));
  const name = sliceTrimmed(text, start, open);
  return name === '' ? undefined : name;
}
