// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { canonicalAddress } from '@sentrypeer/ip';
import type { SipMessage } from '@sentrypeer/sip';

const RECEIVED = 'received';

/**
 * The address from which the peer got this request, as it noted it: by RFC 3261 §18.2.1 a proxy notes the source of a
 * request in the Via below its own. Anybody may have written the Vias further below. Without such a Via it is the
 * peer's own address.
 *
 * The caller wrote the rest of that Via, and may have written a `received` of his own. Kamailio writes over the last
 * one, and takes each quote for the end of a string, so a backslash can hide it from readers who follow RFC 3261
 * §25.1. So there may be two: both are judged.
 *
 * @returns One or two addresses; none if the Via names none.
 */
export function callerAddresses(message: SipMessage, sourceIp: string): readonly string[] {
  const [, before] = message.vias;
  const noted =
    before === undefined
      ? [sourceIp]
      : [before.received ?? before.host, lastReceived(message.headerValues('via'))];
  const addresses = noted.map((text = '') => canonicalAddress(bare(text)));
  return [...new Set(addresses.filter((address) => address !== undefined))];
}

/**
 * The last `received` in the Via below the peer's own, as Kamailio reads it. Its value ends at a quote: Kamailio leaves
 * the one there that ended the value it wrote over.
 */
function lastReceived([first = '', second = '']: readonly string[]): string | undefined {
  const comma = first.indexOf(',');
  const text = comma === -1 ? second : first.slice(comma + 1);
  let found: string | undefined;
  let start = 0;
  for (let end = partEnd(text, 0); start < text.length; end = partEnd(text, start)) {
    found = receivedIn(text.slice(start, end)) ?? found;
    if (text.charAt(end) === ',') break;
    start = end + 1;
  }
  return found;
}

/** Index of the semicolon or comma outside quotes that ends the part beginning at `start`, or the end. */
function partEnd(text: string, start: number): number {
  let isQuoted = false;
  for (let index = start; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && (character === ';' || character === ',')) return index;
  }
  return text.length;
}

function receivedIn(part: string): string | undefined {
  const equals = part.indexOf('=');
  if (part.slice(0, Math.max(0, equals)).trim().toLowerCase() !== RECEIVED) return undefined;
  const [value = ''] = part.slice(equals + 1).split('"');
  return value.trim();
}

function bare(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
