// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';
import { formatIp, IPV4_OFFSET_BITS, isIpv4, parseDecimal, parseIp, type Ip } from './ip.ts';

/** A network: all addresses that begin with the same bits. */
export interface Prefix {
  /** Its first address: the bits after `length` are 0. */
  readonly base: Ip;
  /** Number of bits that count, 0 to 128. For IPv4 this is 96 more than in the text. */
  readonly length: number;
}

const BITS = 128;

/**
 * Reads `address` or `address/length`; a bare address is a network of one.
 *
 * @param options.cut Sets bits after the length to 0; otherwise such text is refused, because it is usually a mistake.
 * @returns `undefined` if the text is not a network.
 */
export function parsePrefix(
  text: string,
  options: { readonly cut?: boolean } = {},
): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = slash < 0 ? text : text.slice(0, slash);
  const ip = parseIp(address);
  if (ip === undefined) return undefined;
  if (slash < 0) return { base: ip, length: BITS };
  const offset = address.includes(':') ? 0 : IPV4_OFFSET_BITS;
  const bits = parseDecimal(text.slice(slash + 1), BITS - offset);
  if (bits === undefined) return undefined;
  const prefix = widen(ip, bits + offset);
  return options.cut === true || isSame(prefix.base, ip) ? prefix : undefined;
}

/** A network written in our sources. */
export function prefix(text: string): Prefix {
  const parsed = parsePrefix(text);
  assert(parsed !== undefined, 'prefix_in_sources');
  return parsed;
}

/** As `parsePrefix()` reads it; a network of one is written as its address. */
export function formatPrefix({ base, length }: Prefix): string {
  const text = formatIp(base);
  if (length === BITS) return text;
  return length >= IPV4_OFFSET_BITS && isIpv4(base)
    ? `${text}/${length - IPV4_OFFSET_BITS}`
    : `${text}/${length}`;
}

/** Whether the address lies in the network. */
export function contains({ base, length }: Prefix, ip: Ip): boolean {
  const whole = length >> 3;
  for (let index = 0; index < whole; index += 1) if (base[index] !== ip[index]) return false;
  const mask = maskOf(length);
  return mask === 0 || (base[whole] ?? 0) === ((ip[whole] ?? 0) & mask);
}

/** Whether all of the second network lies in the first. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && contains(outer, inner.base);
}

/** The network of the address. @param length Bits that count, 0 to 128, as `Prefix` counts them. */
export function widen(ip: Ip, length: number): Prefix {
  const base = new Uint8Array(ip.length);
  const whole = length >> 3;
  base.set(ip.subarray(0, whole));
  const mask = maskOf(length);
  if (mask !== 0) base[whole] = (ip[whole] ?? 0) & mask;
  return { base, length };
}

/**
 * The network of an address with the length for its family, such as its /24 or its /48, as text.
 *
 * @returns `undefined` if the text is not an address.
 */
export function networkText(
  address: string,
  lengths: { readonly ipv4: number; readonly ipv6: number },
): string | undefined {
  const ip = parseIp(address);
  if (ip === undefined) return undefined;
  const length = isIpv4(ip) ? lengths.ipv4 + IPV4_OFFSET_BITS : lengths.ipv6;
  return formatPrefix(widen(ip, length));
}

/**
 * One hosting provider has only a few networks of this size, while an attacker may well control all of one. One
 * provider has up to eight IPv6 /32.
 */
const INDEPENDENT = { ipv4: 16, ipv6: 28 } as const;

/**
 * The network outside of which addresses are assumed to belong to other people: the IPv4 /16, the IPv6 /28.
 *
 * @returns `undefined` if the text is not an address.
 */
export function independentNetwork(address: string): string | undefined {
  return networkText(address, INDEPENDENT);
}

/** The bits that count in the octet in which the length ends; 0 if it ends between two octets. */
function maskOf(length: number): number {
  return (0xff00 >> (length & 7)) & 0xff;
}

function isSame(a: Ip, b: Ip): boolean {
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
