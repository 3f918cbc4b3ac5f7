// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { addressOctets, addressText } from '@sentrypeer/dht';

const ADDRESS_CHARACTERS_MAX = 45;
const IPV4_SIZE = 4;

/** First octets and number of bits of networks where no attacker on the Internet is. */
type Network = readonly [octets: readonly number[], bits: number];

/** IANA's registry of special-purpose IPv4 addresses (RFC 6890), with multicast and what is reserved. */
const SPECIAL_IPV4: readonly Network[] = [
  [[0], 8],
  [[10], 8],
  [[100, 64], 10],
  [[127], 8],
  [[169, 254], 16],
  [[172, 16], 12],
  [[192, 0, 0], 24],
  [[192, 0, 2], 24],
  [[192, 31, 196], 24],
  [[192, 52, 193], 24],
  [[192, 88, 99], 24],
  [[192, 168], 16],
  [[192, 175, 48], 24],
  [[198, 18], 15],
  [[198, 51, 100], 24],
  [[203, 0, 113], 24],
  [[224], 4],
  [[240], 4],
];

/** What IANA gives out of IPv6 today (RFC 4291 §2.4), and what is special within. */
const GLOBAL_IPV6: Network = [[0x20], 3];
const SPECIAL_IPV6: readonly Network[] = [
  [[0x20, 0x01, 0x00], 23],
  [[0x20, 0x01, 0x0d, 0xb8], 32],
  [[0x20, 0x02], 16],
  [[0x26, 0x20, 0x00, 0x4f, 0x80, 0x00], 48],
  [[0x3f, 0xff], 20],
];

/**
 * The address in the form in which the log has it: bare, IPv6 as RFC 5952 writes it, IPv4 in disguise as IPv4.
 * A port behind it, as the Rust build of SentryPeer 4.x writes, is left out. `undefined`: the text is no address.
 */
export function parseClaimedAddress(text: string): string | undefined {
  const bare = withoutPort(text);
  if (bare === '' || bare.length > ADDRESS_CHARACTERS_MAX || !isAddressText(bare)) return undefined;
  const octets = addressOctets(bare);
  return octets === undefined ? undefined : addressText(octets);
}

/** Whether a host of the Internet can have the address: neither private nor for a special purpose. */
export function isPublicAddress(address: string): boolean {
  const octets = addressOctets(address);
  if (octets === undefined) return false;
  if (octets.length === IPV4_SIZE)
    return !SPECIAL_IPV4.some((network) => isWithin(octets, network));
  return (
    isWithin(octets, GLOBAL_IPV6) && !SPECIAL_IPV6.some((network) => isWithin(octets, network))
  );
}

function withoutPort(text: string): string {
  if (text.startsWith('[')) {
    const end = text.indexOf(']');
    return end < 0 || !isPort(text.slice(end + 1)) ? text : text.slice(1, end);
  }
  const colon = text.indexOf(':');
  const isOne = colon > 0 && colon === text.lastIndexOf(':');
  return isOne && text.includes('.') && isPort(text.slice(colon)) ? text.slice(0, colon) : text;
}

/** Nothing, or a colon and one to five digits. */
function isPort(text: string): boolean {
  if (text === '') return true;
  const digits = text.slice(1);
  if (!text.startsWith(':') || digits === '' || digits.length > 5) return false;
  return Array.from(digits).every((digit) => digit >= '0' && digit <= '9');
}

/** Digits, dots, and what IPv6 has besides: no sign, blank or exponent that a number could be written with. */
function isAddressText(text: string): boolean {
  const allowed = text.includes(':') ? '0123456789abcdefABCDEF:.' : '0123456789.';
  return Array.from(text).every((character) => allowed.includes(character));
}

function isWithin(octets: Uint8Array, [prefix, bits]: Network): boolean {
  for (let index = 0; index * 8 < bits; index += 1) {
    const mask = (0xff << Math.max(0, 8 - (bits - index * 8))) & 0xff;
    if (((octets[index] ?? 0) & mask) !== ((prefix[index] ?? 0) & mask)) return false;
  }
  return true;
}
