// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { canonicalAddress } from '@sentrypeer/ip';

/** RFC 6455 §1.3: what a server hashes with the client's key. */
const KEY_SUFFIX = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** RFC 6455 §4.1: 16 octets in base64. */
const KEY_CHARACTERS = 24;
const KEY_OCTETS = 16;

/**
 * The answer to a request that opens a WebSocket for SIP (RFC 6455 §4.2, RFC 7118 §4), or `undefined` if it does not
 * open one. No extension is agreed to, so nothing that a peer compressed is ever inflated.
 *
 * @param head The request up to and including its empty line, Latin-1.
 */
export function upgradeAnswer(head: string): string | undefined {
  const [requestLine = '', ...lines] = head.split('\r\n');
  if (!requestLine.startsWith('GET ') || !requestLine.endsWith(' HTTP/1.1')) return undefined;
  const headers = headersOf(lines);
  const lists = (name: string, token: string): boolean =>
    (headers.get(name) ?? '').split(',').some((each) => each.trim().toLowerCase() === token);
  const key = headers.get('sec-websocket-key') ?? '';
  const isUpgrade = lists('upgrade', 'websocket') && lists('connection', 'upgrade');
  const isKey = key.length === KEY_CHARACTERS && Buffer.from(key, 'base64').length === KEY_OCTETS;
  const isSip = lists('sec-websocket-protocol', 'sip');
  if (!isUpgrade || !isKey || !isSip || headers.get('sec-websocket-version') !== '13') {
    return undefined;
  }
  const accept = createHash('sha1').update(`${key}${KEY_SUFFIX}`).digest('base64');
  return [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`,
    'Sec-WebSocket-Protocol: sip',
    '',
    '',
  ].join('\r\n');
}

/**
 * Whether a web page may have had a browser send the request: browsers name the page's site in Origin (RFC 6455 §10.2),
 * which no script can change. A program that writes Origin itself names the address it connects to, and no stranger can
 * host a page there.
 *
 * @param head As above.
 */
export function isOfPage(head: string): boolean {
  const [, ...lines] = head.split('\r\n');
  const headers = headersOf(lines);
  const origin = headers.get('origin');
  if (origin === undefined) return false;
  const host = headers.get('host') ?? '';
  const isOurs = origin === `http://${host}` || origin === `https://${host}`;
  return !isOurs || addressOf(host) === undefined;
}

/** The address in a Host header; `undefined` for a name, which may belong to a page's server as well as to us. */
function addressOf(host: string): string | undefined {
  const end = host.startsWith('[') ? host.indexOf(']') : host.indexOf(':');
  const address = host.startsWith('[')
    ? host.slice(1, end)
    : host.slice(0, end < 0 ? undefined : end);
  return canonicalAddress(address);
}

function headersOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier},${value}`);
  }
  return headers;
}
