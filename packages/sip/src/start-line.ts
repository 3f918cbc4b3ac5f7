// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { AnomalyList, RefusalCode } from './anomaly.ts';
import {
  BLANK,
  CARRIAGE_RETURN,
  DELETE,
  GREATER_THAN,
  isBlank,
  isDigit,
  isToken,
  LESS_THAN,
  LINE_FEED,
  matchesAt,
  skipBlanks,
  TAB,
  trimEnd,
} from './characters.ts';

/** What a first line says. Texts are Latin-1 as written. */
export interface StartLine {
  readonly kind: 'request' | 'response' | 'not-sip';
  readonly method: string | undefined;
  /** Without angle brackets round it. */
  readonly requestUri: string | undefined;
  /** Octets from the beginning of the message to the Request-URI. */
  readonly requestUriOffset: number;
  readonly sipVersion: string | undefined;
  readonly statusCode: number | undefined;
  readonly reasonPhrase: string | undefined;
  /** Why it is not SIP, else `undefined`. */
  readonly refusal: RefusalCode | undefined;
}

const SIP_VERSION = 'SIP/2.0';
const TLS_HANDSHAKE = 0x16;
const STATUS_CODE_DIGITS = 3;
/** More digits than a number holds exactly. */
const STATUS_CODE_DIGITS_MAX = 15;

/**
 * Reads the line from `start` to `end` (RFC 3261 §7.1, §7.2) and forgives what attackers' tools and RFC 4475
 * get wrong: several blanks or tabs, blanks at the end, `<>` round the URI, blanks inside it, no version.
 */
export function parseStartLine(
  text: string,
  start: number,
  end: number,
  anomalies: AnomalyList,
): StartLine {
  const from = skipBlanks(text, start, end);
  const to = trimEnd(text, from, end);
  // RFC 3261 §7.1: "The SIP-Version string is case-insensitive". Whatever begins so is never answered.
  if (matchesAt(text, from, 'sip/')) return parseStatusLine(text, from, to, anomalies);
  const methodEnd = wordEnd(text, from, to);
  if (methodEnd === to) return notSip(refusalOf(text, start));
  const lastWord = wordStart(text, methodEnd, to);
  if (matchesAt(text, lastWord, 'http/')) return notSip('http');
  if (matchesAt(text, lastWord, 'rtsp/')) return notSip('rtsp');
  const hasVersion = matchesAt(text, lastWord, 'sip/');
  const uriStart = skipBlanks(text, methodEnd, to);
  if (!hasVersion && !isSipUriAt(text, uriStart)) return notSip(refusalOf(text, start));
  const uriEnd = hasVersion ? trimEnd(text, uriStart, lastWord) : to;
  const sipVersion = hasVersion ? versionAt(text, lastWord, to, anomalies) : undefined;
  if (!hasVersion) anomalies.note('version_missing', to);
  const isSpaced =
    from > start || to < end || uriStart - methodEnd > 1 || (hasVersion && lastWord - uriEnd > 1);
  if (isSpaced || text.charCodeAt(methodEnd) === TAB) anomalies.note('start_line_blanks', start);
  if (!isToken(text, from, methodEnd)) anomalies.note('method_not_token', from);
  const isBracketed = uriEnd > uriStart && text.charCodeAt(uriStart) === LESS_THAN;
  if (isBracketed) anomalies.note('request_uri_brackets', uriStart);
  const requestUriOffset = isBracketed ? uriStart + 1 : uriStart;
  return {
    kind: 'request',
    method: text.slice(from, methodEnd),
    requestUri: requestUriAt(text, requestUriOffset, uriEnd, isBracketed, anomalies),
    requestUriOffset,
    sipVersion,
    statusCode: undefined,
    reasonPhrase: undefined,
    refusal: undefined,
  };
}

/** Why the line at `start`, which is no start line of SIP, is none. */
function refusalOf(text: string, start: number): RefusalCode {
  if (text.length === 0) return 'empty';
  if (isKeepAlive(text)) return 'keep_alive';
  return binaryRefusal(text.charCodeAt(start)) ?? 'not_sip';
}

/** Whether a first octet tells that what follows is no text. */
export function binaryRefusal(octet: number): 'tls_hello' | 'binary' | undefined {
  if (octet === TLS_HANDSHAKE) return 'tls_hello';
  return isBlank(octet) || (octet > BLANK && octet < DELETE) ? undefined : 'binary';
}

function notSip(refusal: RefusalCode): StartLine {
  return {
    kind: 'not-sip',
    method: undefined,
    requestUri: undefined,
    requestUriOffset: 0,
    sipVersion: undefined,
    statusCode: undefined,
    reasonPhrase: undefined,
    refusal,
  };
}

function parseStatusLine(
  text: string,
  start: number,
  end: number,
  anomalies: AnomalyList,
): StartLine {
  const versionEnd = wordEnd(text, start, end);
  const codeStart = skipBlanks(text, versionEnd, end);
  const codeEnd = wordEnd(text, codeStart, end);
  const reasonStart = skipBlanks(text, codeEnd, end);
  if (codeEnd - codeStart !== STATUS_CODE_DIGITS) anomalies.note('status_code', codeStart);
  return {
    kind: 'response',
    method: undefined,
    requestUri: undefined,
    requestUriOffset: 0,
    sipVersion: versionAt(text, start, versionEnd, anomalies),
    statusCode: statusCodeOf(text.slice(codeStart, codeEnd)),
    reasonPhrase: text.slice(reasonStart, end),
    refusal: undefined,
  };
}

function versionAt(text: string, start: number, end: number, anomalies: AnomalyList): string {
  if (end - start === SIP_VERSION.length && text.startsWith(SIP_VERSION, start)) return SIP_VERSION;
  anomalies.note('version_unknown', start);
  return text.slice(start, end);
}

function statusCodeOf(digits: string): number | undefined {
  if (digits.length === 0 || digits.length > STATUS_CODE_DIGITS_MAX) return undefined;
  for (let index = 0; index < digits.length; index += 1) {
    if (!isDigit(digits.charCodeAt(index))) return undefined;
  }
  return Number(digits);
}

function requestUriAt(
  text: string,
  start: number,
  end: number,
  isBracketed: boolean,
  anomalies: AnomalyList,
): string | undefined {
  const hasClosing = isBracketed && end > start && text.charCodeAt(end - 1) === GREATER_THAN;
  const to = hasClosing ? end - 1 : end;
  if (to <= start) {
    anomalies.note('request_uri_missing', start);
    return undefined;
  }
  if (wordEnd(text, start, to) !== to) anomalies.note('request_uri_blanks', start);
  return text.slice(start, to);
}

function isSipUriAt(text: string, start: number): boolean {
  const from = text.charCodeAt(start) === LESS_THAN ? start + 1 : start;
  return (
    matchesAt(text, from, 'sip:') || matchesAt(text, from, 'sips:') || matchesAt(text, from, 'tel:')
  );
}

/** Whether the octets are what keeps a NAT binding open: line ends, blanks and NUL octets alone. */
function isKeepAlive(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code !== 0 && code !== CARRIAGE_RETURN && code !== LINE_FEED && !isBlank(code))
      return false;
  }
  return true;
}

function wordEnd(text: string, start: number, end: number): number {
  let index = start;
  while (index < end && !isBlank(text.charCodeAt(index))) index += 1;
  return index;
}

/** Where the last word before `end` begins, not before `start`. */
function wordStart(text: string, start: number, end: number): number {
  let index = end;
  while (index > start && !isBlank(text.charCodeAt(index - 1))) index -= 1;
  return index;
}
