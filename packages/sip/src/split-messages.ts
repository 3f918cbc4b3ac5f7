// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { latin1Text } from '@sentrypeer/bytes';
import { parseMessage } from './message.ts';
import { parseFirstLine, startOfMessage } from './start-line.ts';

/**
 * Cuts one WebSocket message into the SIP messages in it. RFC 7118 §5 allows one, but PJSIP, and so Asterisk, reads on
 * after a body whose length is given, and would place the call that is hidden there. What does not begin a message
 * stays with the message before it; line ends and NUL octets before a message stay with that message.
 *
 * @param octets Borrowed, as are the parts.
 */
export function splitMessages(octets: Uint8Array): readonly Uint8Array[] {
  const text = latin1Text(octets);
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let end = endOfMessage(text, octets, start); end !== -1;) {
    parts.push(octets.subarray(start, end));
    start = end;
    end = endOfMessage(text, octets, start);
  }
  parts.push(octets.subarray(start));
  return parts;
}

/** Where the message at `start` ends, if another one begins there, or -1. */
function endOfMessage(text: string, octets: Uint8Array, start: number): number {
  const headEnd = endOfHead(text, start + startOfMessage(text.slice(start)));
  if (headEnd === -1) return -1;
  const { contentLength } = parseMessage(octets.subarray(start, headEnd));
  const end = contentLength === undefined ? Infinity : headEnd + contentLength;
  return parseFirstLine(text.slice(end)).sipVersion === undefined ? -1 : end;
}

/** Index after the empty line, or -1. */
function endOfHead(text: string, start: number): number {
  for (let feed = text.indexOf('\n', start); feed !== -1; feed = text.indexOf('\n', feed + 1)) {
    if (text.startsWith('\n', feed + 1)) return feed + 2;
    if (text.startsWith('\r\n', feed + 1)) return feed + 3;
  }
  return -1;
}
