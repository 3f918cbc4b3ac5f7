// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  formatIp,
  IPV4_OCTETS,
  ipOfOctets,
  isIpv4,
  isPublicAddress,
  judgedNetwork,
  parseIp,
  wireOctets,
} from '@sentrypeer/ip';

/** The subject of a claim, as lists name it: an IPv4 address, an IPv6 /64, an E.164 number without its plus. */
export interface PoolSubject {
  readonly kind: 'address' | 'number';
  readonly value: string;
}

/** Kinds on the wire. A page may contain others, whose subjects have {@link OTHER_SIZE} octets. */
export const SubjectKind = { ipv4: 1, ipv6: 2, number: 3 } as const;
export type SubjectKind = (typeof SubjectKind)[keyof typeof SubjectKind];

/** Octets of a subject of any kind except IPv4. */
const OTHER_SIZE = 8;
/** Kinds above this are refused, because the length of their subjects is unknown. */
export const KIND_MAX = 63;
/** Digits of a number: E.164 has 15 at most, and shorter ones than these are services of one network. */
const DIGITS_MIN = 5;
const DIGITS_MAX = 15;

/** Octets of a subject of this kind. */
export function subjectSize(kind: number): number {
  return kind === SubjectKind.ipv4 ? IPV4_OCTETS : OTHER_SIZE;
}

/**
 * Kind and octets of a subject; `undefined` for what no claim may be about: other networks and special-purpose ones,
 * digits that are not a number.
 */
export function encodeSubject({
  kind,
  value,
}: PoolSubject): { readonly kind: SubjectKind; readonly octets: Uint8Array } | undefined {
  if (kind === 'number') {
    const octets = encodeNumber(value);
    return octets && { kind: SubjectKind.number, octets };
  }
  const network = judgedNetwork(value);
  if (value.includes('/') && network?.length !== 64) return undefined;
  const address = network === undefined ? value : value.slice(0, value.indexOf('/'));
  const ip = isPublicAddress(address) ? parseIp(address) : undefined;
  if (ip === undefined) return undefined;
  if (isIpv4(ip)) {
    return network === undefined ? { kind: SubjectKind.ipv4, octets: wireOctets(ip) } : undefined;
  }
  return network && { kind: SubjectKind.ipv6, octets: ip.subarray(0, OTHER_SIZE) };
}

/** The inverse; `undefined` for unknown kinds, special-purpose networks and anything written in another form. */
export function decodeSubject(kind: number, octets: Uint8Array): PoolSubject | undefined {
  if (kind === SubjectKind.number) {
    const value = decodeNumber(octets);
    return value === undefined ? undefined : { kind: 'number', value };
  }
  if (kind === SubjectKind.ipv4) {
    const ip = ipOfOctets(octets);
    const value = ip === undefined ? '' : formatIp(ip);
    return isPublicAddress(value) ? { kind: 'address', value } : undefined;
  }
  if (kind !== SubjectKind.ipv6) return undefined;
  const whole = new Uint8Array(16);
  whole.set(octets);
  const ip = ipOfOctets(whole);
  const base = ip === undefined ? '' : formatIp(ip);
  const network = judgedNetwork(`${base}/64`);
  return network !== undefined && isPublicAddress(base)
    ? { kind: 'address', value: network.text }
    : undefined;
}

/** The number of digits in the first half octet, then the digits, then zeros. */
function encodeNumber(digits: string): Uint8Array | undefined {
  if (digits.length < DIGITS_MIN || digits.length > DIGITS_MAX || digits.startsWith('0')) {
    return undefined;
  }
  const octets = new Uint8Array(OTHER_SIZE);
  octets[0] = digits.length << 4;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = digits.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return undefined;
    const half = index + 1;
    octets[half >> 1] = (octets[half >> 1] ?? 0) | (half % 2 === 0 ? digit << 4 : digit);
  }
  return octets;
}

function decodeNumber(octets: Uint8Array): string | undefined {
  const hex = octets.toHex();
  const length = (octets[0] ?? 0) >> 4;
  const digits = hex.slice(1, 1 + length);
  const again = encodeNumber(digits);
  return again !== undefined && again.toHex() === hex ? digits : undefined;
}
