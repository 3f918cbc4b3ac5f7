// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { hexOctets, utf8FromLatin1 } from '@sentrypeer/bytes';
import { BLANK, DELETE, hexOctet, isDigit } from './characters.ts';

/** The data that a SIPVicious tool hides in its From tag. */
export type SipviciousTag =
  /** svmap: the address that it believes it is scanning, useful behind NAT. */
  | { readonly kind: 'target'; readonly address: string; readonly port: number }
  /** svwar: the account under test. */
  | { readonly kind: 'account'; readonly account: string }
  /** svcrack: the guess in clear text. */
  | { readonly kind: 'guess'; readonly user: string; readonly password: string };

const SEPARATOR = 0x01;
const ADDRESS_DIGITS = 8;
const TARGET_DIGITS = 12;

/**
 * The payload of a SIPVicious From tag, or `undefined` if the tag is not one of theirs. The tag is
 * hexadecimal text of `payload 0x01 decimal-digits`.
 */
export function decodeSipviciousTag(tag: string): string | undefined {
  let payload = '';
  let index = 0;
  // Octet by octet: nearly every other tag fails at its first ones.
  for (let octet = hexOctet(tag, index); octet !== SEPARATOR; octet = hexOctet(tag, index)) {
    if (octet === undefined || octet < BLANK || octet === DELETE) return undefined;
    payload += String.fromCharCode(octet);
    index += 2;
  }
  return payload !== '' && isDecimal(tag, index + 2) ? utf8FromLatin1(payload) : undefined;
}

/**
 * Parses the payload.
 *
 * @param fromUser The user part of From: svwar tries the account given there, and an account of twelve digits would
 * otherwise read as an address.
 */
export function parseSipviciousTag(tag: string, fromUser?: string): SipviciousTag | undefined {
  const payload = decodeSipviciousTag(tag);
  if (payload === undefined) return undefined;
  if (payload === fromUser) return { kind: 'account', account: payload };
  const colon = payload.indexOf(':');
  if (colon !== -1) {
    return { kind: 'guess', user: payload.slice(0, colon), password: payload.slice(colon + 1) };
  }
  const octets = payload.length === TARGET_DIGITS ? hexOctets(payload) : undefined;
  if (octets === undefined) return { kind: 'account', account: payload };
  return {
    kind: 'target',
    address: octets.subarray(0, ADDRESS_DIGITS / 2).join('.'),
    port: Number.parseInt(payload.slice(ADDRESS_DIGITS), 16),
  };
}

/** From `start` on there are octets, two digits each, and all of them are decimal digits. */
function isDecimal(tag: string, start: number): boolean {
  for (let index = start; index < tag.length; index += 2) {
    const octet = hexOctet(tag, index);
    if (octet === undefined || !isDigit(octet)) return false;
  }
  return tag.length > start;
}
