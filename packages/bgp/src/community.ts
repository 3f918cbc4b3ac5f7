// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { hexText } from '@sentrypeer/bytes';
import { unreachable } from '@sentrypeer/kernel';

/** A tag on a route, by which routers decide what to do with it. */
export type Community =
  /** RFC 1997: 32 bits, written as `65535:666`. */
  | { readonly kind: 'standard'; readonly value: number }
  /** RFC 4360: two octets of type, six of value. */
  | { readonly kind: 'extended'; readonly octets: Uint8Array }
  /** RFC 8092: written as `64496:1:2`. */
  | { readonly kind: 'large'; readonly parts: readonly [number, number, number] };

/** The names of IANA's registry of well-known communities that make sense for what we announce. */
const WELL_KNOWN: ReadonlyMap<string, number> = new Map([
  ['blackhole', 0xffff029a], // RFC 7999 §5
  ['no-export', 0xffffff01], // RFC 1997
  ['no-advertise', 0xffffff02],
  ['no-export-subconfed', 0xffffff03],
  ['no-peer', 0xffffff04], // RFC 3765
]);

/** RFC 7999: "discard traffic to this". */
export const BLACKHOLE: Community = { kind: 'standard', value: 0xffff029a };
/** RFC 1997: not beyond the neighbour's AS. */
export const NO_EXPORT: Community = { kind: 'standard', value: 0xffffff01 };

const U16_MAX = 0xffff;
const U32_MAX = 0xffffffff;
/** The type octet tells how the value is laid out (RFC 4360 §3.1, RFC 5668). */
const TWO_OCTET_AS = 0x00;
const FOUR_OCTET_AS = 0x02;
const SUBTYPES: ReadonlyMap<string, number> = new Map([
  ['rt', 0x02], // Route target, RFC 4360 §4
  ['ro', 0x03], // Route origin, RFC 4360 §5
]);

/**
 * Reads `blackhole`, `no-export`, `no-advertise`, `no-export-subconfed` and `no-peer`, standard communities as
 * `65535:666`, large ones as `64496:1:2`, and extended ones as `rt:64496:100` or `ro:64496:100`.
 *
 * @returns `undefined` if the text is none of these.
 */
export function parseCommunity(text: string): Community | undefined {
  const wellKnown = WELL_KNOWN.get(text);
  if (wellKnown !== undefined) return { kind: 'standard', value: wellKnown };
  const [first = '', ...others] = text.split(':');
  const subtype = SUBTYPES.get(first);
  if (subtype !== undefined) return parseExtended(subtype, others);
  const numbers = [first, ...others].map((part) => parseNumber(part));
  const [a, b, c] = numbers;
  if (a === undefined || b === undefined || numbers.length > 3) return undefined;
  if (numbers.length === 3) {
    return c === undefined ? undefined : { kind: 'large', parts: [a, b, c] };
  }
  if (a > U16_MAX || b > U16_MAX) return undefined;
  return { kind: 'standard', value: a * 0x10000 + b };
}

/** As `parseCommunity()` reads it; extended ones of other types as `ext:` and their octets in hexadecimal. */
export function formatCommunity(community: Community): string {
  switch (community.kind) {
    case 'standard': {
      for (const [name, value] of WELL_KNOWN) if (value === community.value) return name;
      return `${community.value >>> 16}:${community.value & U16_MAX}`;
    }
    case 'large':
      return community.parts.join(':');
    case 'extended':
      return formatExtended(community.octets);
    default:
      return unreachable(community);
  }
}

function parseExtended(subtype: number, parts: readonly string[]): Community | undefined {
  const [administrator, value] = parts.map((part) => parseNumber(part));
  if (administrator === undefined || value === undefined || parts.length !== 2) return undefined;
  const octets = new Uint8Array(8);
  const view = new DataView(octets.buffer);
  octets[1] = subtype;
  if (administrator <= U16_MAX) {
    octets[0] = TWO_OCTET_AS;
    view.setUint16(2, administrator);
    view.setUint32(4, value);
  } else {
    if (value > U16_MAX) return undefined;
    octets[0] = FOUR_OCTET_AS;
    view.setUint32(2, administrator);
    view.setUint16(6, value);
  }
  return { kind: 'extended', octets };
}

function formatExtended(octets: Uint8Array): string {
  const view = new DataView(octets.buffer, octets.byteOffset);
  for (const [name, subtype] of SUBTYPES) {
    if (octets[1] !== subtype) continue;
    if (octets[0] === TWO_OCTET_AS) return `${name}:${view.getUint16(2)}:${view.getUint32(4)}`;
    if (octets[0] === FOUR_OCTET_AS) return `${name}:${view.getUint32(2)}:${view.getUint16(6)}`;
  }
  return `ext:${hexText(octets)}`;
}

/** A decimal number of 32 bits, without leading zeros. */
function parseNumber(text: string): number | undefined {
  if (text === '' || text.length > 10 || (text.length > 1 && text.startsWith('0')))
    return undefined;
  for (const character of text) if (character < '0' || character > '9') return undefined;
  const value = Number(text);
  return value <= U32_MAX ? value : undefined;
}
