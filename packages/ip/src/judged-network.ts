// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isIpv4, parseDecimal, parseIp, type Ip } from './ip.ts';

/**
 * Networks by which IPv6 is judged, from narrow to wide: one subscriber holds a /64 and can use any address in it (RFC
 * 4291 §2.5.1); a site is given a /56 or a /48 (RFC 6177, RIPE-690).
 */
export const NETWORK_LENGTHS = [64, 56, 48] as const;
export type NetworkLength = (typeof NETWORK_LENGTHS)[number];

export interface JudgedNetwork {
  readonly length: NetworkLength;
  /** Its first 64 bits as a signed number, which is what a column of SQLite holds. */
  readonly bits: bigint;
  /** Such as `2a01:4f8:1:200::/56`. */
  readonly text: string;
}

/**
 * The networks by which an IPv6 address or network is judged, from narrow to wide: those that contain it.
 *
 * @returns `undefined` for IPv4, for networks wider than a /48, and for text that is not an address.
 */
export function networksOf(text: string): readonly JudgedNetwork[] | undefined {
  if (!text.includes(':')) return undefined;
  const slash = text.indexOf('/');
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (ip === undefined || isIpv4(ip)) return undefined;
  const own = slash < 0 ? 128 : parseDecimal(text.slice(slash + 1), 128);
  if (own === undefined || own < 48) return undefined;
  return NETWORK_LENGTHS.filter((length) => length <= own).map((length) => networkOf(ip, length));
}

/**
 * The subject as which an address is judged: IPv4 as itself, IPv6 as its /64. Networks and other text are unchanged.
 */
export function judgedAs(text: string): string {
  if (!text.includes(':') || text.includes('/')) return text;
  return networksOf(text)?.[0]?.text ?? text;
}

/** The network that the text names, if it is one that is judged. */
export function judgedNetwork(text: string): JudgedNetwork | undefined {
  if (!text.includes('/')) return undefined;
  const [network] = networksOf(text) ?? [];
  return network?.text === text ? network : undefined;
}

/** The first 64 bits of an address or a network of IPv6, as a signed number; `undefined` for other text. */
export function firstBits(text: string): bigint | undefined {
  const slash = text.indexOf('/');
  const ip = text.includes(':') ? parseIp(slash < 0 ? text : text.slice(0, slash)) : undefined;
  return ip === undefined || isIpv4(ip) ? undefined : networkBits(ip, 64);
}

/**
 * The first and the last `firstBits()` within a network of IPv6 or within the /64 of an address; `undefined` for other
 * text.
 */
export function networkRange(
  text: string,
): { readonly first: bigint; readonly last: bigint } | undefined {
  const bits = firstBits(text);
  const slash = text.indexOf('/');
  const length = slash < 0 ? 128 : parseDecimal(text.slice(slash + 1), 128);
  if (bits === undefined || length === undefined) return undefined;
  return bitsWithin(bits, Math.min(length, 64));
}

/** The lowest and highest value of `bits` among the networks inside this one, itself included. */
export function bitsWithin(
  bits: bigint,
  length: number,
): { readonly first: bigint; readonly last: bigint } {
  if (length === 0) return { first: -(2n ** 63n), last: 2n ** 63n - 1n }; // They are signed.
  const rest = BigInt(64 - length);
  const first = (bits >> rest) << rest;
  return { first, last: first + (1n << rest) - 1n };
}

/** The first `length` bits of an address and 0 after them, as in `JudgedNetwork.bits`. @param length 0 to 64. */
export function networkBits(ip: Ip, length: number): bigint {
  const bits = new DataView(ip.buffer, ip.byteOffset).getBigInt64(0);
  return bitsWithin(bits, length).first;
}

function networkOf(ip: Ip, length: NetworkLength): JudgedNetwork {
  return { length, bits: networkBits(ip, length), text: `${formatBase(ip, length)}/${length}` };
}

/**
 * The same text as `formatIp()` of the network's first address, in a tenth of the time: its last four groups are zeros,
 * so no run of zeros is longer than the one at its end.
 */
function formatBase(ip: Ip, length: NetworkLength): string {
  let text = '';
  let zeros = '';
  for (let at = 0; at < length >> 3; at += 2) {
    const low = at + 1 < length >> 3 ? (ip[at + 1] ?? 0) : 0;
    const group = (ip[at] ?? 0) * 256 + low;
    if (group === 0) {
      zeros += text === '' && zeros === '' ? '0' : ':0';
    } else {
      text += `${zeros}${text === '' && zeros === '' ? '' : ':'}${group.toString(16)}`;
      zeros = '';
    }
  }
  return `${text}::`;
}
