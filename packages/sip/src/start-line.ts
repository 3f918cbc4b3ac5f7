// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { AnomalyList, type RefusalCode } from './anomaly.ts';
import {
  BLANK,
  CARRIAGE_RETURN,
  DELETE,
  DOT,
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
  trimReturns,
} from './characters.ts';

/** The contents of a first line. Texts are Latin-1 as written. */
export interface StartLine {
  readonly kind: 'request' | 'response' | 'not-sip';
  readonly method: string | undefined;
  /** Without surrounding angle brackets. */
  readonly requestUri: string | undefined;
  /** Octets from the beginning of the message to the Request-URI. */
  readonly requestUriOffset: number;
  readonly sipVersion: string | undefined;
  readonly statusCode: number | undefined;
  readonly reasonPhrase: string | undefined;
  /** Why it is not SIP; `undefined` if it is. */
  readonly refusal: RefusalCode | undefined;
}

const SIP_VERSION = 'SIP/2.0';
/** UTF-8 of U+FEFF as Latin-1 text. */
const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
const URI_BEGINNINGS: readonly string[] = [' sip:', ' sips:', ' tel:', ' <sip:'];
/** RFC 3261 and its updates; of two methods with the same ending the longer comes first. */
const METHODS: readonly string[] = [
  'SUBSCRIBE',
  'REGISTER',
  'MESSAGE',
  'OPTIONS',
  'PUBLISH',
  'CANCEL',
  'INVITE',
  'NOTIFY',
  'UPDATE',
  'PRACK',
  'REFER',
  'INFO',
  'ACK',
  'BYE',
];
const TLS_HANDSHAKE = 0x16;
/** Characters of a method that are checked for control characters; the longest method has nine. */
const METHOD_CHARACTERS_LOOKED_AT = 64;
/** `A sip:a SIP/2.0` and shorter lines, also with an empty URI. */
const START_LINE_CHARACTERS_MIN = 10;
const STATUS_CODE_DIGITS = 3;
/** More digits than a number can hold exactly. */
const STATUS_CODE_DIGITS_MAX = 15;

/**
 * Reads the line from `start` to `end` (RFC 3261 §7.1, §7.2) and tolerates what attackers' tools and RFC 4475 get
 * wrong: several blanks or tabs, blanks at the end, `<>` around the URI, blanks inside it, no version.
 */
export function parseStartLine(
  text: string,
  start: number,
  end: number,
  anomalies: AnomalyList,
): StartLine {
  const from = skipBlanks(text, start, end);
  const to = trimEnd(text, from, end);
  // RFC 3261 §7.1: "The SIP-Version string is case-insensitive". A message that begins with it is never answered.
  if (matchesAt(text, from, 'sip/')) return parseStatusLine(text, from, to, anomalies);
  const methodEnd = wordEnd(text, from, to);
  if (hasControl(text, from, methodEnd)) return notSip(refusalOf(text, start));
  const lastWord = wordStart(text, methodEnd, to);
  if (matchesAt(text, lastWord, 'http/')) return notSip('http');
  if (matchesAt(text, lastWord, 'rtsp/')) return notSip('rtsp');
  const hasVersion = matchesAt(text, lastWord, 'sip/');
  const uriStart = skipBlanks(text, methodEnd, to);
  if (!hasVersion && !isSipUriAt(text, uriStart)) return notSip(refusalOf(text, start));
  const cut = versionInside(text, uriStart, to);
  if (cut !== -1) {
    anomalies.note('line_ends_lost', cut);
    return parseStartLine(text, start, cut, anomalies);
  }
  const uriEnd = hasVersion ? trimEnd(text, uriStart, lastWord) : to;
  const sipVersion = hasVersion ? versionAt(text, lastWord, to, anomalies) : undefined;
  if (!hasVersion) anomalies.note('version_missing', to);
  const isSpaced = from > start || to < end || uriStart - methodEnd > 1 || lastWord - uriEnd > 1;
  if (isSpaced || text.charCodeAt(methodEnd) === TAB) anomalies.note('start_line_blanks', start);
  if (!isToken(text, from, methodEnd)) anomalies.note('method_not_token', from);
  const isBracketed = text.charCodeAt(uriStart) === LESS_THAN;
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

/** Where the start line of a message begins: after line ends, NUL octets, lines of blanks and a byte order mark. */
export function startOfMessage(text: string): number {
  let index = 0;
  let end = skipBlanks(text, 0, text.length);
  while (isFiller(text.charCodeAt(end))) {
    while (isFiller(text.charCodeAt(end))) end += 1;
    index = end;
    end = skipBlanks(text, index, text.length);
  }
  return text.startsWith(BYTE_ORDER_MARK, index) ? index + BYTE_ORDER_MARK.length : index;
}

/** Parses the first line of a message; `text` may contain more. */
export function parseFirstLine(text: string): StartLine {
  const start = startOfMessage(text);
  const feed = text.indexOf('\n', start);
  const end = feed === -1 ? text.length : feed;
  return parseStartLine(text, start, trimReturns(text, start, end), new AnomalyList());
}

/**
 * Index at which a start line with version begins in a line of a stream, or -1. It is above 0 if other octets precede a
 * known method, such as the end of a body that is longer than announced.
 */
export function startLineIn(line: string): number {
  if (line.length < START_LINE_CHARACTERS_MIN || !line.includes('/')) return -1;
  const method = methodBefore(line, firstUri(line));
  const start = method <= startOfMessage(line) ? 0 : method;
  return parseFirstLine(line.slice(start)).sipVersion === undefined ? -1 : start;
}

/** Index at which a known method and the beginning of its Request-URI stand in a line that is cut off, or -1. */
export function cutStartLineIn(line: string): number {
  return methodBefore(line, firstUri(line));
}

/** Index of the blank before the Request-URI, or `Infinity`. */
function firstUri(line: string): number {
  const found = URI_BEGINNINGS.map((beginning) => line.indexOf(beginning)).filter(
    (index) => index !== -1,
  );
  return Math.min(...found);
}

/** Where a known method begins that ends at `end`, or -1, as at `Infinity`. */
function methodBefore(line: string, end: number): number {
  for (const method of METHODS) {
    if (line.startsWith(method, end - method.length)) return end - method.length;
  }
  return -1;
}

function isFiller(code: number): boolean {
  return code === CARRIAGE_RETURN || code === LINE_FEED || code === 0;
}

/** Why the line at `start` is not a SIP start line. */
function refusalOf(text: string, start: number): RefusalCode {
  if (text.length === 0) return 'empty';
  if (isKeepAlive(text)) return 'keep_alive';
  const isAscii = text.charCodeAt(start) <= DELETE;
  return isAscii ? (binaryRefusal(text) ?? 'not_sip') : 'binary';
}

/** A method that contains a control character is not a method. */
function hasControl(text: string, start: number, end: number): boolean {
  const last = Math.min(end, start + METHOD_CHARACTERS_LOOKED_AT);
  for (let index = start; index < last; index += 1) {
    const code = text.charCodeAt(index);
    if (code < BLANK || code === DELETE) return true;
  }
  return false;
}

/**
 * Whether the octets are not text, no matter what follows: there is a control character in place of a method. Looks
 * only at the first octets, so it can be called again as more arrive.
 */
export function binaryRefusal(text: string): 'tls_hello' | 'binary' | undefined {
  const start = startOfMessage(text);
  const end = Math.min(text.length, start + METHOD_CHARACTERS_LOOKED_AT);
  for (let index = skipBlanks(text, start, end); index < end; index += 1) {
    const code = text.charCodeAt(index);
    if (isBlank(code) || code === LINE_FEED || code === CARRIAGE_RETURN) return undefined;
    if (code < BLANK || code === DELETE) {
      return code === TLS_HANDSHAKE && index === start ? 'tls_hello' : 'binary';
    }
  }
  return undefined;
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

/**
 * Where the line should have ended: after a version that is followed by more text; -1 if there is none. `SIP/2.00` is
 * another version.
 */
function versionInside(text: string, start: number, end: number): number {
  const version = text.indexOf(` ${SIP_VERSION}`, start);
  const cut = version + SIP_VERSION.length + 1;
  if (version === -1 || cut >= end) return -1;
  const next = text.charCodeAt(cut);
  return isDigit(next) || next === DOT ? -1 : cut;
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
  const hasClosing = isBracketed && text.charCodeAt(end - 1) === GREATER_THAN;
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

/** Whether the octets are a keep-alive for a NAT binding: only line ends, blanks and NUL octets. */
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
