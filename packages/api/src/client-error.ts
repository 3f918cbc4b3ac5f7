// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Socket } from 'node:net';
import { jsonText } from './json-text.ts';

const BAD_REQUEST = '400 Bad Request';

/** Status and text for errors of the HTTP parser or its timers, by error code. */
const REFUSALS: ReadonlyMap<string, readonly [status: string, text: string]> = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', ['408 Request Timeout', 'The request took too long']],
  ['HPE_HEADER_OVERFLOW', ['431 Request Header Fields Too Large', 'The headers are too large']],
  ['HPE_CHUNK_EXTENSIONS_OVERFLOW', ['413 Content Too Large', 'The request is too large']],
]);

/** Answers octets that are not an HTTP request and closes; no other answer may be on its way. */
export function refuseClient(
  code: string | undefined,
  socket: Socket,
  headers: Readonly<Record<string, string>>,
): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, text] = REFUSALS.get(code ?? '') ?? [BAD_REQUEST, 'The request data was invalid'];
  endWith(socket, status, jsonText({ error: text }), headers);
}

/** `CONNECT` would make a tunnel of the connection; there is no route for it. */
export function refuseConnect(
  socket: Socket,
  allow: string,
  headers: Readonly<Record<string, string>>,
): void {
  const body = jsonText({ error: 'The method is not allowed' });
  endWith(socket, '405 Method Not Allowed', body, { ...headers, Allow: allow });
}

/** @param body US-ASCII, so its length is its octets. */
function endWith(
  socket: Socket,
  status: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): void {
  const all = {
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    Connection: 'close',
    ...headers,
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`, () => socket.destroy());
}
