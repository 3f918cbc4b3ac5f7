// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * An address as 16 octets in network order. An IPv4 address stands after ::ffff:0:0/96 (RFC 4291 §2.5.5.2), so that one
 * comparison serves both families and an IPv4-mapped address is the IPv4 address it means.
 */
export type Ip = Uint8Array;

export const IPV4_OCTETS = 4;
export const IPV6_OCTETS = 16;
/** Bits before the IPv4 address in an `Ip`. */
export const IPV4_OFFSET_BITS = 96;

/** The longest text of an address: eight groups, the last two as IPv4 (RFC 4291 §2.2). */
const TEXT_CHARACTERS_MAX = 45;
const IPV4_AT = 12;
const GROUPS = 8;
const COLON = 0x3a;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** Reads an address in any form that RFC 4291 §2.2 allows; `undefined` for other text and for addresses with a zone. */
export function parseIp(text: string): Ip | undefined {
  if (text.length > TEXT_CHARACTERS_MAX) return undefined;
  const octets = new Uint8Array(IPV6_OCTETS);
  if (!text.includes(':')) {
    octets[10] = 0xff;
    octets[11] = 0xff;
    return readIpv4(text, octets, IPV4_AT) ? octets : undefined;
  }
  return readIpv6(text, octets) ? octets : undefined;
}

/** Whether it is an IPv4 address. */
export function isIpv4(ip: Ip): boolean {
  for (let index = 0; index < 10; index += 1) if (ip[index] !== 0) return false;
  return ip[10] === 0xff && ip[11] === 0xff;
}

/** The 4 or 16 octets that the address has on the wire; a view. */
export function wireOctets(ip: Ip): Uint8Array {
  return isIpv4(ip) ? ip.subarray(IPV4_AT) : ip;
}

/** An address from its 4 or 16 octets on the wire, copied; `undefined` for another number of octets. */
export function ipOfOctets(octets: Uint8Array): Ip | undefined {
  if (octets.length === IPV6_OCTETS) return new Uint8Array(octets);
  if (octets.length !== IPV4_OCTETS) return undefined;
  const ip = new Uint8Array(IPV6_OCTETS);
  ip[10] = 0xff;
  ip[11] = 0xff;
  ip.set(octets, IPV4_AT);
  return ip;
}

/**
 * The address as the operating system writes it, so that texts can be compared: IPv6 in its shortest form (RFC 5952),
 * with a dotted end after 96 zero bits; IPv4-mapped as IPv4.
 */
export function formatIp(ip: Ip): string {
  if (isIpv4(ip)) return ip.subarray(IPV4_AT).join('.');
  const { start, count } = longestZeros(ip);
  if (start === 0 && count === GROUPS - 2) return `::${ip.subarray(IPV4_AT).join('.')}`;
  // "The symbol '::' MUST NOT be used to shorten just one 16-bit 0 field" (RFC 5952 §4.2.2).
  if (count < 2) return formatGroups(ip, 0, GROUPS);
  return `${formatGroups(ip, 0, start)}::${formatGroups(ip, start + count, GROUPS)}`;
}

/** One text for each address, as `formatIp()` writes it; `undefined` if the text is not an address, or has a zone. */
export function canonicalAddress(text: string): string | undefined {
  const ip = parseIp(text);
  if (ip === undefined) return undefined;
  return text.includes(':') ? formatIp(ip) : text; // IPv4 has one form.
}

/** The groups from `start` up to but not including `end`, joined by colons. */
function formatGroups(ip: Ip, start: number, end: number): string {
  let text = '';
  for (let index = start; index < end; index += 1) {
    text +=
      index === start ? groupAt(ip, index).toString(16) : `:${groupAt(ip, index).toString(16)}`;
  }
  return text;
}

/** @param index 0 to 7. */
function groupAt(ip: Ip, index: number): number {
  return (ip[index * 2] ?? 0) * 256 + (ip[index * 2 + 1] ?? 0);
}

/** The start of the longest run of zero groups, the first of equal ones (RFC 5952 §4.2.3), and its length. */
function longestZeros(ip: Ip): { readonly start: number; readonly count: number } {
  let [bestStart, bestCount] = [0, 0];
  for (let start = 0; start < GROUPS; start += 1) {
    let count = 0;
    while (start + count < GROUPS && groupAt(ip, start + count) === 0) count += 1;
    if (count > bestCount) [bestStart, bestCount] = [start, count];
    start += count;
  }
  return { start: bestStart, count: bestCount };
}

/**
 * Writes the octets of an IPv6 address; `false` if the text is not one. In one pass, because the judge reads each
 * address several times.
 */
function readIpv6(text: string, octets: Uint8Array): boolean {
  let at = 0;
  /** Where the zeros of "::" belong; -1 without "::". */
  let gapAt = -1;
  let index = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    [gapAt, index] = [0, 2];
  }
  while (index < text.length) {
    if (at === IPV6_OCTETS) return false;
    const end = groupEnd(text, index);
    if (text.charCodeAt(end) === DOT) {
      // IPv4 is only allowed at the end.
      if (at > IPV4_AT || !readIpv4(text.slice(index), octets, at)) return false;
      at += IPV4_OCTETS;
      break;
    }
    const group = parseGroup(text, index, end);
    if (group === undefined) return false;
    octets[at] = group >> 8;
    octets[at + 1] = group & 0xff;
    at += 2;
    index = end + 1;
    if (index < text.length && text.charCodeAt(index) === COLON) {
      if (gapAt >= 0) return false;
      gapAt = at;
      index += 1;
    } else if (index === text.length) return false; // It ends with one colon.
  }
  if (gapAt < 0) return at === IPV6_OCTETS;
  // "::" stands for one group of zeros or more.
  if (at > IPV6_OCTETS - 2) return false;
  octets.copyWithin(IPV6_OCTETS - (at - gapAt), gapAt, at);
  octets.fill(0, gapAt, IPV6_OCTETS - (at - gapAt));
  return true;
}

/** The place after the group: that of a colon or of a dot, or the end. */
function groupEnd(text: string, start: number): number {
  let end = start;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    if (code === COLON || code === DOT) break;
    end += 1;
  }
  return end;
}

/**
 * Writes the octets of an IPv4 address from `at` on; `false` if the text is not one. Leading zeros are refused, because
 * some programs read them as octal.
 */
function readIpv4(text: string, octets: Uint8Array, at: number): boolean {
  let part = 0;
  let value = 0;
  let digits = 0;
  for (let index = 0; index <= text.length; index += 1) {
    const code = index === text.length ? DOT : text.charCodeAt(index);
    if (code === DOT) {
      if (digits === 0 || part === IPV4_OCTETS) return false;
      octets[at + part] = value;
      part += 1;
      value = 0;
      digits = 0;
      continue;
    }
    if (code < ZERO || code > NINE || (digits > 0 && value === 0)) return false;
    value = value * 10 + code - ZERO;
    digits += 1;
    if (value > 255) return false;
  }
  return part === IPV4_OCTETS;
}

/**
 * A decimal number from 0 to `max`, or `undefined`. Leading zeros are refused, because some programs read them as
 * octal.
 */
export function parseDecimal(text: string, max: number): number | undefined {
  if (text === '' || text.length > 3 || (text.length > 1 && text.startsWith('0'))) return undefined;
  for (const character of text) if (character < '0' || character > '9') return undefined;
  const value = Number(text);
  return value > max ? undefined : value;
}

/** One to four hexadecimal digits. */
function parseGroup(text: string, start: number, end: number): number | undefined {
  if (end === start || end - start > 4) return undefined;
  let value = 0;
  for (let index = start; index < end; index += 1) {
    const code = text.charCodeAt(index);
    const letter = code | 0x20;
    if (code >= ZERO && code <= NINE) value = value * 16 + code - ZERO;
    else if (letter >= 0x61 && letter <= 0x66) value = value * 16 + letter - 0x57;
    else return undefined;
  }
  return value;
}
