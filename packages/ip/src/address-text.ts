// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Questions about an address as the operating system writes it, bare and in its shortest form. They run for each
 * packet, so they look at the text and make no octets. Pass text from a person or a peer through `canonicalAddress()`
 * first.
 */

/** The two address families. */
export type Family = 4 | 6;

/** IPv6 addresses have a colon, IPv4 addresses have none. */
export function isIpv6(address: string): boolean {
  return address.includes(':');
}

export function familyOf(address: string): Family {
  return isIpv6(address) ? 6 : 4;
}

/**
 * The network that one subscriber holds or shares with few others: the /24 of an IPv4 address, the /64 of an IPv6
 * address, as text that serves as a key.
 */
export function networkKey(address: string): string {
  if (isIpv6(address)) {
    const mapped = mappedIpv4(address);
    if (mapped !== undefined) return networkKey(mapped);
    const [a = 0, b = 0, c = 0, d = 0] = ipv6Groups(address);
    return `${a.toString(16)}:${b.toString(16)}:${c.toString(16)}:${d.toString(16)}::/64`;
  }
  return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
}

/** What counts as one source: an IPv4 address, or an IPv6 /64, within which a peer can change its address at will. */
export function sourceKey(address: string): string {
  return isIpv6(address) ? networkKey(address) : address;
}

/** 127.0.0.0/8 and ::1 (RFC 6890). */
export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

/**
 * Whether a single host can have the address: not 0.0.0.0/8, multicast, 240.0.0.0/4 with the limited broadcast address
 * (RFC 6890), nor `::`, ff00::/8, or IPv4-mapped addresses, which our IPv6 sockets never see.
 */
export function isUnicast(address: string): boolean {
  if (!isIpv6(address)) {
    const first = Number.parseInt(address, 10);
    return first > 0 && first < 224;
  }
  if (address === '::1') return true;
  const [a = 0, b = 0, c = 0, d = 0] = ipv6Groups(address);
  if ((a | b | c | d) === 0) return false; // ::/64 holds `::`, IPv4-compatible and IPv4-mapped addresses.
  return (a & 0xff00) !== 0xff00;
}

/**
 * The broadcast address of an IPv4 network, its last one; `undefined` for networks of one or two addresses (RFC 3021).
 */
export function broadcastOf(address: string, netmask: string): string | undefined {
  const mask = netmask.split('.').map(Number);
  if ((mask[3] ?? 255) >= 254) return undefined;
  return address
    .split('.')
    .map((octet, index) => Number(octet) | (~(mask[index] ?? 255) & 255))
    .join('.');
}

/** The IPv4 address of an IPv4-mapped one (RFC 4291 §2.5.5.2), as the system writes it. */
export function mappedIpv4(address: string): string | undefined {
  return address.startsWith('::ffff:') && address.includes('.')
    ? address.slice(address.lastIndexOf(':') + 1)
    : undefined;
}

/**
 * Whether text that is not an address was probably meant as one, or as several: `192.0.2.256`, `192.0.2`, `192.0.2 .1`,
 * `192.0.2.1-192.0.2.9`, `0177.0.0.1` (octal, as inet_aton(3) reads it). Read as a number, it would mean something else
 * entirely.
 */
export function isNearlyIpv4(text: string): boolean {
  const written = Array.from(text).filter((character) => character.trim() !== '');
  return written
    .join('')
    .split('-')
    .some((part) => {
      const groups = part.split('.').filter((group) => group !== '');
      if (groups.length < 3 || groups.length > 4 || !groups.every(isShortGroup)) return false;
      return groups.length === 4 || groups.every((group) => Number(group) <= 255);
    });
}

/** Up to three digits, or four in octal notation. */
function isShortGroup(group: string): boolean {
  const isOctal = group.length === 4 && group.startsWith('0');
  if (group.length > 3 && !isOctal) return false;
  return Array.from(group).every((digit) => digit >= '0' && digit <= (isOctal ? '7' : '9'));
}

/** The eight groups of an IPv6 address. */
function ipv6Groups(address: string): readonly number[] {
  const gap = address.indexOf('::');
  if (gap === -1) return groups(address);
  const head = groups(address.slice(0, gap));
  const tail = groups(address.slice(gap + 2));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => 0);
  return [...head, ...zeros, ...tail];
}

function groups(text: string): readonly number[] {
  if (text === '') return [];
  return text
    .split(':')
    .flatMap((group) => (group.includes('.') ? dotted(group) : [Number.parseInt(group, 16)]));
}

/** The last two groups of an IPv6 address, written as an IPv4 address. */
function dotted(text: string): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}
