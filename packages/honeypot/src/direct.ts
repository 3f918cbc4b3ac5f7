// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { SipMessage } from '@sentrypeer/sip';

/** RFC 3261 §8.1.1.7: the start of every branch that identifies its transaction by itself. */
const MAGIC_COOKIE = 'z9hG4bK';
/** Digits of the middle part of a branch of Kamailio (32), OpenSIPS (8) and their common ancestor SER (32). */
const PROXY_BRANCH_MIDDLE_DIGITS_MIN = 8;

/**
 * Whether the answer to this request stays with the element that it is sent to, so that a tag or nonce in it proves
 * something when it comes back. Everything that would let a conforming element pass the answer on rules this out
 * (docs/threat-model.md):
 *
 * - More than one Via, also after a comma. RFC 3261 §16.11: a stateless proxy removes the topmost and sends the
 *   answer where the next one says. Any comma counts, because parsers differ on which are quoted.
 * - A control character in what is repeated: a lone carriage return ends a line for some parsers, and the text
 *   after it is another Via to them.
 * - Record-Route, which makes the receiver of a 2xx send our tag along a route that the request named.
 * - A branch of a proxy of the SER family, which passes an answer to one of its own transactions on even if no Via
 *   remains in it (RFC 3261 §16.7 item 3 forbids that).
 */
export function isDirect(message: SipMessage): boolean {
  return (
    message.isSingleHop &&
    message.header('record-route') === undefined &&
    !isProxyBranch(message.vias[0]?.branch ?? '')
  );
}

/** `z9hG4bK0964.72a6821d3fb0b04fa3296d1654f27874.0`: the cookie and three hexadecimal numbers. */
function isProxyBranch(branch: string): boolean {
  if (!branch.startsWith(MAGIC_COOKIE)) return false;
  const firstEnd = hexEnd(branch, MAGIC_COOKIE.length);
  const middleEnd = hexEnd(branch, firstEnd + 1);
  return (
    branch.charAt(firstEnd) === '.' &&
    branch.charAt(middleEnd) === '.' &&
    middleEnd - firstEnd > PROXY_BRANCH_MIDDLE_DIGITS_MIN &&
    hexEnd(branch, middleEnd + 1) > middleEnd + 1
  );
}

/** Index of the first character from `start` that is not a hexadecimal digit. */
function hexEnd(text: string, start: number): number {
  let index = start;
  while (index < text.length && '0123456789abcdefABCDEF'.includes(text.charAt(index))) index += 1;
  return index;
}
