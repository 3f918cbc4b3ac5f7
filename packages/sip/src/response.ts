// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Octets, latin1Text } from '@sentrypeer/bytes';
import { unreachable } from '@sentrypeer/kernel';
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

/** How a product writes what every response repeats of its request. */
export interface ResponseShape {
  /** The repeated headers, with long names in this order; or in the order and with the names of the request. */
  readonly order: readonly RepeatedHeader[] | 'as-in-request';
  readonly via: ViaForm;
  /** `columns`: two blanks before a zero, other numbers in six columns, as PJSIP writes them. */
  readonly contentLength: 'plain' | 'columns';
}

export type RepeatedHeader = 'Via' | 'Record-Route' | 'From' | 'To' | 'Call-ID' | 'CSeq';

/**
 * Where `received` and `rport` are in the topmost Via. The first three write them as RFC 3261 §18.2.1 and RFC 3581 §4
 * say: each parameter in its place, `received` last.
 *
 * - `in-place`: both if `rport` is asked for, only `received` if the host differs
 * - `in-place-both`: the same, and `rport` even unasked if the host differs
 * - `in-place-other-host`: `received` only if the host differs, whatever is asked for
 * - `first`: always both, before all others, `rport` first
 * - `last`: always both, after all others, `rport` last
 */
export type ViaForm = 'in-place' | 'in-place-both' | 'in-place-other-host' | 'first' | 'last';

/** The shape of RFC 3261's own examples, which every tool reads. */
export const USUAL_SHAPE: ResponseShape = {
  order: ['Via', 'From', 'To', 'Call-ID', 'CSeq'],
  via: 'in-place',
  contentLength: 'plain',
};

export interface ResponseOptions {
  /** The request to answer: Via, From, To, Call-ID and CSeq are copied from it, as far as it has them. */
  readonly request: SipMessage;
  /** 100 to 699. */
  readonly status: number;
  /** Never empty: some tools cannot read a status line without it. */
  readonly reason: string;
  /** Added to To, unless it has one already. A 100 may lack it. */
  readonly toTag?: string;
  readonly source: ResponseSource;
  /** Names and values between CSeq and Content-Length, in this order. */
  readonly headers: readonly (readonly [string, string])[];
  /** Text is Latin-1, one octet per character. */
  readonly body?: Uint8Array | string;
  /** @default USUAL_SHAPE */
  readonly shape?: ResponseShape;
}

/**
 * A response to a request as RFC 3261 §8.2.6 and §18.2 require it, in the format that every tool reads unless another
 * one is wanted: CRLF, long header names, colon and one blank, an empty line, nothing after the body.
 */
export function formatResponse(options: ResponseOptions): Uint8Array {
  const { body = '' } = options;
  const bodyText = typeof body === 'string' ? body : latin1Text(body);
  let text = formatRepeatedText(options);
  for (const [name, value] of options.headers) text += `${name}: ${oneLine(value)}\r\n`;
  const { contentLength } = options.shape ?? USUAL_SHAPE;
  return latin1Octets(
    `${text}${formatContentLength(bodyText.length, contentLength)}\r\n${bodyText}`,
  );
}

/** The status line and the parts repeated from the request: everything before our own headers. */
export function formatRepeatedText(options: Omit<ResponseOptions, 'headers' | 'body'>): string {
  const { order } = options.shape ?? USUAL_SHAPE;
  const start = `SIP/2.0 ${options.status} ${oneLine(options.reason)}\r\n`;
  return (
    start + (order === 'as-in-request' ? repeatAsSent(options) : repeatInOrder(options, order))
  );
}

/** The Content-Length line. */
export function formatContentLength(
  octets: number,
  form: ResponseShape['contentLength'] = 'plain',
): string {
  if (form === 'plain') return `Content-Length: ${octets}\r\n`;
  const digits = String(octets);
  return `Content-Length: ${octets === 0 ? ' 0' : digits.padStart(5)}\r\n`;
}

type Repeated = Omit<ResponseOptions, 'headers' | 'body'>;

function repeatInOrder(options: Repeated, order: readonly RepeatedHeader[]): string {
  const { request, status } = options;
  let text = '';
  for (const name of order) {
    switch (name) {
      case 'Via':
        text += formatVias(options);
        break;
      case 'Record-Route':
        // §12.1.1: only in what creates a dialog; products that also copy it elsewhere leave it out of refusals too.
        if (status === 100 || status >= 300) break;
        for (const value of request.headerValues('record-route')) text += `${name}: ${value}\r\n`;
        break;
      case 'To':
        text += formatCopied(name, formatTo(options));
        break;
      case 'From':
        text += formatCopied(name, request.header('from'));
        break;
      case 'Call-ID':
        text += formatCopied(name, request.header('call-id'));
        break;
      case 'CSeq':
        text += formatCopied(name, request.header('cseq'));
        break;
      default:
        return unreachable(name);
    }
  }
  return text;
}

/** Like Kamailio and its relatives: the lines of the request, with their names as written. */
function repeatAsSent(options: Repeated): string {
  const { source, shape = USUAL_SHAPE } = options;
  let text = '';
  const written = new Set<string>();
  for (const { name, id, value } of options.request.headers) {
    if (!REPEATED_IDS.has(id)) continue;
    const isFirst = !written.has(id);
    written.add(id);
    if (id === 'via') {
      const said = isFirst ? formatTopmostVia(value, source, shape.via) : value;
      text += `${oneLine(name)}: ${said}\r\n`;
    } else if (isFirst) {
      text += formatCopied(oneLine(name), id === 'to' ? formatTo(options) : value);
    }
  }
  return text;
}

const REPEATED_IDS: ReadonlySet<string> = new Set(['via', 'from', 'to', 'call-id', 'cseq']);

// RFC 3261 §8.2.6.2: "The Via header field values in the response MUST equal the Via header field values in the
// request and MUST maintain the same ordering."
function formatVias({ request, source, shape = USUAL_SHAPE }: Repeated): string {
  let text = '';
  let isTopmost = true;
  for (const value of request.headerValues('via')) {
    text += `Via: ${isTopmost ? formatTopmostVia(value, source, shape.via) : value}\r\n`;
    isTopmost = false;
  }
  return text;
}

function formatCopied(name: string, value: string | undefined): string {
  return value === undefined ? '' : `${name}: ${value}\r\n`;
}

function formatTo({ request, toTag }: Repeated): string | undefined {
  const value = request.header('to');
  const hasTag = request.toTag !== undefined;
  return value === undefined || toTag === undefined || hasTag ? value : `${value};tag=${toTag}`;
}

/**
 * RFC 3261 §18.2.1: if sent-by is a name or another address than the source, "the server MUST add a "received"
 * parameter"; RFC 3581 §4: an `rport` without value gets the source port, and then `received` is added in any case.
 * What the peer wrote as `received` is not true and is left out.
 */
function formatTopmostVia(value: string, source: ResponseSource, form: ViaForm): string {
  const end = listValueEnd(value, 0);
  const topmost = sliceTrimmed(value, 0, end);
  const via = parseVia(topmost);
  if (via === undefined) return value;
  const asksForPort = via.rport === '';
  const isOtherHost = bareHost(via) !== source.address.toLowerCase();
  const rest = value.slice(end);
  const parametersAt = parameterEnd(topmost, 0);
  const sentBy = topmost.slice(0, parametersAt);
  const received = `;received=${source.address}`;
  const rport = `;rport=${source.port}`;
  if (form === 'first') {
    return `${sentBy}${rport}${received}${otherParameters(topmost, parametersAt, '')}${rest}`;
  }
  if (form === 'last') {
    return `${sentBy}${otherParameters(topmost, parametersAt, '')}${received}${rport}${rest}`;
  }
  if (!asksForPort && !isOtherHost) return value;
  const others = otherParameters(topmost, parametersAt, rport);
  const unasked = form === 'in-place-both' && !asksForPort ? rport : '';
  const isReceivedSaid = isOtherHost || form !== 'in-place-other-host';
  return `${sentBy}${others}${unasked}${isReceivedSaid ? received : ''}${rest}`;
}

/** The parameters of a Via without `received`, and with `rport` in the place of an `rport` without value. */
function otherParameters(topmost: string, parametersAt: number, rport: string): string {
  let text = '';
  let start = parametersAt + 1;
  while (start < topmost.length) {
    const parameterAt = start;
    const stop = parameterEnd(topmost, parameterAt);
    if (isPortRequest(topmost, parameterAt, stop)) text += rport;
    else if (!isParameter(topmost, parameterAt, stop, 'received')) {
      text += `;${topmost.slice(parameterAt, stop)}`;
    }
    start = stop + 1;
  }
  return text;
}

function isPortRequest(text: string, start: number, end: number): boolean {
  return isParameter(text, start, end, 'rport') && valueOfParameter(text, start, end) === '';
}

/** The host of sent-by in lower case, an IPv6 reference without its brackets. */
function bareHost(via: Via): string {
  const isReference = via.host.charCodeAt(0) === LEFT_BRACKET;
  return (isReference ? via.host.slice(1, -1) : via.host).toLowerCase();
}

/** Text from a peer cannot begin another header. */
function oneLine(text: string): string {
  if (!text.includes('\r') && !text.includes('\n')) return text;
  return text.replaceAll('\r', ' ').replaceAll('\n', ' ');
}
