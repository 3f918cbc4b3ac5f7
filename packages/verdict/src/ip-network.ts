// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { assert } from '@sentrypeer/kernel';

/** A network of IPv6; one of IPv4 is the same behind ::ffff:0:0/96 (RFC 4291 §2.5.5.2). */
export interface IpNetwork {
  /** Eight groups of 16 bits. */
  readonly groups: readonly number[];
  /** Bits that count, 0 to 128. */
  readonly length: number;
}

const GROUPS = 8;
const MAPPED = 0xffff;
const IPV4_OFFSET = 96;

/** An address, as groups; `undefined` where the text is none. A zone is none. */
export function parseIp(text: string): readonly number[] | undefined {
  if (!text.includes(':')) {
    const ipv4 = parseIpv4(text);
    return ipv4 === undefined ? undefined : [0, 0, 0, 0, 0, MAPPED, ...ipv4];
  }
  const gap = text.indexOf('::');
  if (gap < 0) {
    const groups = parseGroups(text);
    return groups?.length === GROUPS ? groups : undefined;
  }
  if (text.includes('::', gap + 1)) return undefined;
  const head = parseGroups(text.slice(0, gap));
  const tail = parseGroups(text.slice(gap + 2));
  if (head === undefined || tail === undefined) return undefined;
  const missing = GROUPS - head.length - tail.length;
  if (missing < 1) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

/** `address` or `address/length`; bits behind the length must be 0, so that a slip of the pen shows. */
export function parseNetwork(text: string): IpNetwork | undefined {
  const [address = '', lengthText, ...more] = text.split('/');
  const groups = parseIp(address);
  if (groups === undefined || more.length > 0) return undefined;
  const offset = address.includes(':') ? 0 : IPV4_OFFSET;
  if (lengthText === undefined) return { groups, length: 128 };
  const bits = parseDecimal(lengthText, 128 - offset);
  if (bits === undefined) return undefined;
  const network = { groups, length: bits + offset };
  const isBase = groups.every((group, index) => (group & ~maskOf(network.length, index)) === 0);
  return isBase ? network : undefined;
}

/** The network of this length that an address stands in, as text; `undefined` where the two are none. */
export function networkAround(address: string, lengthText: string): string | undefined {
  const groups = parseIp(address);
  const isIpv6 = address.includes(':');
  const bits = parseDecimal(lengthText, isIpv6 ? 128 : 32);
  if (groups === undefined || bits === undefined) return undefined;
  const length = bits + (isIpv6 ? 0 : IPV4_OFFSET);
  const base = groups.map((group, index) => group & maskOf(length, index));
  if (isIpv6) return `${base.map((group) => group.toString(16)).join(':')}/${bits}`;
  const octets = base.slice(6).flatMap((group) => [group >> 8, group & 0xff]);
  return `${octets.join('.')}/${bits}`;
}

/** A network that stands in our sources. */
export function network(text: string): IpNetwork {
  const parsed = parseNetwork(text);
  assert(parsed !== undefined, 'a network in our sources is one');
  return parsed;
}

export function isWithin(groups: readonly number[], { groups: base, length }: IpNetwork): boolean {
  for (let index = 0; index < GROUPS && index * 16 < length; index += 1) {
    const mask = maskOf(length, index);
    if (((groups[index] ?? 0) & mask) !== ((base[index] ?? 0) & mask)) return false;
  }
  return true;
}

/** Which bits of a group count. */
function maskOf(length: number, index: number): number {
  const bits = Math.min(16, Math.max(0, length - index * 16));
  return (0xffff << (16 - bits)) & 0xffff;
}

/** Two groups of 16 bits. */
function parseIpv4(text: string): readonly number[] | undefined {
  const octets = text.split('.').map((part) => parseDecimal(part, 255));
  const [a, b, c, d, ...more] = octets;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  return more.length > 0 ? undefined : [a * 256 + b, c * 256 + d];
}

function parseGroups(text: string): readonly number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const dotted = part.includes('.') && index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (dotted !== undefined) {
      groups.push(...dotted);
      continue;
    }
    const group = parseHex(part);
    if (group === undefined) return undefined;
    groups.push(group);
  }
  return groups.length > GROUPS ? undefined : groups;
}

/** Without leading zeros, which some readers take for octal. */
function parseDecimal(text: string, max: number): number | undefined {
  if (text === '' || text.length > 3 || (text.length > 1 && text.startsWith('0'))) return undefined;
  for (const character of text) if (character < '0' || character > '9') return undefined;
  const value = Number(text);
  return value > max ? undefined : value;
}

function parseHex(text: string): number | undefined {
  if (text === '' || text.length > 4) return undefined;
  let value = 0;
  for (const character of text.toLowerCase()) {
    const digit = '0123456789abcdef'.indexOf(character);
    if (digit < 0) return undefined;
    value = value * 16 + digit;
  }
  return value;
}
