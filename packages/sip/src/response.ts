// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import { LEFT_BRACKET, sliceTrimmed } from './characters.ts';
import { listValueEnd } from './comma-list.ts';
import type { SipMessage } from './message.ts';
import { isParameter, parameterEnd, valueOfParameter } from './parameters.ts';
import { parseVia, type Via } from './via.ts';

/** Where a request came from, and where its answer goes. */
export interface ResponseSource {
  /** Bare address, IPv6 without brackets. */
  readonly address: string;
  readonly port: number;
}

export interface ResponseOptions {
  /** What is answered: Via, From, To, Call-ID and CSeq are copied from it, as far as it has them. */
  readonly request: SipMessage;
  /** 100 to 699. */
  readonly status: number;
  /** Never empty: some tools read no status line without. */
  readonly reason: string;
  /** Added to To, unless that has one already. A 100 may go without. */
  readonly toTag?: string;
  readonly source: ResponseSource;
  /** Names and values that stand between CSeq and Content-Length, in this order. */
  readonly headers: readonly (readonly [string, string])[];
  /** Text is Latin-1, one octet a character. */
  readonly body?: Uint8Array | string;
}

/**
 * A response to a request as RFC 3261 §8.2.6 and §18.2 demand it, in the shape that every tool reads: CRLF,
 * long header names, colon and one blank, an empty line, nothing after the body.
 */
export function formatResponse(options: ResponseOptions): Uint8Array {
  return latin1Octets(formatResponseText(options));
}

/** The same as Latin-1 text, for those who add to it before it becomes octets. */
export function formatResponseText(options: ResponseOptions): string {
  const { request, source, toTag, body = '' } = options;
  const bodyText = typeof body === 'string' ? body : latin1Text(body);
  let text = `SIP/2.0 ${options.status} ${oneLine(options.reason)}\r\n`;
  // §8.2.6.2: "The Via header field values in the response MUST equal the Via header field values in the
  // request and MUST maintain the same ordering."
  let isTopmost = true;
  for (const value of request.headerValues('via')) {
    text += `Via: ${isTopmost ? formatTopmostVia(value, source) : value}\r\n`;
    isTopmost = false;
  }
  text += formatCopied('From', request.header('from'));
  text += formatCopied('To', formatTo(request, toTag));
  text += formatCopied('Call-ID', request.header('call-id'));
  text += formatCopied('CSeq', request.header('cseq'));
  for (const [name, value] of options.headers) text += `${name}: ${oneLine(value)}\r\n`;
  return `${text}Content-Length: ${bodyText.length}\r\n\r\n${bodyText}`;
}

function formatCopied(name: string, value: string | undefined): string {
  return value === undefined ? '' : `${name}: ${value}\r\n`;
}

function formatTo(request: SipMessage, toTag: string | undefined): string | undefined {
  const value = request.header('to');
  const hasTag = request.to?.tag !== undefined;
  return value === undefined || toTag === undefined || hasTag ? value : `${value};tag=${toTag}`;
}

/**
 * RFC 3261 §18.2.1: where sent-by is a name or another address than the source, "the server MUST add a
 * "received" parameter"; RFC 3581 §4: an `rport` without value gets the source port, and then `received` is
 * added in any case. What the peer wrote as `received` is not true and is left out.
 */
function formatTopmostVia(value: string, source: ResponseSource): string {
  const end = listValueEnd(value, 0);
  const topmost = sliceTrimmed(value, 0, end);
  const via = parseVia(topmost);
  if (via === undefined) return value;
  const asksForPort = via.rport === '';
  if (!asksForPort && bareHost(via) === source.address.toLowerCase()) return value;
  const parametersAt = parameterEnd(topmost, 0);
  let text = topmost.slice(0, parametersAt);
  let start = parametersAt + 1;
  while (start < topmost.length) {
    const parameterAt = start;
    const stop = parameterEnd(topmost, parameterAt);
    if (isPortRequest(topmost, parameterAt, stop)) text += `;rport=${source.port}`;
    else if (!isParameter(topmost, parameterAt, stop, 'received')) {
      text += `;${topmost.slice(parameterAt, stop)}`;
    }
    start = stop + 1;
  }
  return `${text};received=${source.address}${value.slice(end)}`;
}

function isPortRequest(text: string, start: number, end: number): boolean {
  return isParameter(text, start, end, 'rport') && valueOfParameter(text, start, end) === '';
}

/** The host of sent-by in lower case, an IPv6 reference without its brackets. */
function bareHost(via: Via): string {
  const isReference = via.host.charCodeAt(0) === LEFT_BRACKET;
  return (isReference ? via.host.slice(1, -1) : via.host).toLowerCase();
}

/** A peer's text cannot begin a header of its own. */
function oneLine(text: string): string {
  if (!text.includes('\r') && !text.includes('\n')) return text;
  return text.replaceAll('\r', ' ').replaceAll('\n', ' ');
}
