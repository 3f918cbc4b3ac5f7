// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { createHash } from 'node:crypto';
import { hexOctets, hexText } from '@sentrypeer/bytes';
import { assert } from '@sentrypeer/kernel';

declare const infoHashBrand: unique symbol;

/**
 * A key or a node id: 160 bits as 40 lower-case hexadecimal digits, never all zero. A string, so that it can be
 * compared, printed and kept as a key as it is.
 */
export type InfoHash = string & { readonly [infoHashBrand]: true };

export const INFO_HASH_OCTETS = 20;
const DIGITS = INFO_HASH_OCTETS * 2;
const ZERO = '0'.repeat(DIGITS);

/** SHA-1 over the text's UTF-8 octets without prefix or terminator (PROTOCOL 2.1), or over octets. */
export function infoHash(content: string | Uint8Array): InfoHash {
  return createHash('sha1').update(content).digest('hex') as InfoHash;
}

/** 40 hexadecimal digits in upper or lower case; `undefined` for anything else and for zero, which means "none". */
export function parseInfoHash(text: string): InfoHash | undefined {
  if (text.length !== DIGITS) return undefined;
  const octets = hexOctets(text);
  return octets === undefined ? undefined : infoHashOfOctets(octets);
}

/** `undefined` unless there are 20 octets that are not all zero. */
export function infoHashOfOctets(octets: Uint8Array): InfoHash | undefined {
  if (octets.length !== INFO_HASH_OCTETS) return undefined;
  const text = hexText(octets);
  return text === ZERO ? undefined : (text as InfoHash);
}

export function infoHashOctets(hash: InfoHash): Uint8Array {
  const octets = hexOctets(hash);
  assert(octets !== undefined, 'info_hash_digits');
  return octets;
}

/** Value of a lower-case hexadecimal digit by its character code. */
function digit(code: number): number {
  return (code & 0x0f) + (code >> 6) * 9;
}

/** Below 0 if `a` is closer to `target` than `b` by XOR distance, above 0 if it is farther, 0 if they are equal. */
export function compareDistance(target: InfoHash, a: InfoHash, b: InfoHash): number {
  for (let index = 0; index < DIGITS; index += 1) {
    const codeA = a.charCodeAt(index);
    const codeB = b.charCodeAt(index);
    if (codeA === codeB) continue;
    const wanted = digit(target.charCodeAt(index));
    return (digit(codeA) ^ wanted) - (digit(codeB) ^ wanted);
  }
  return 0;
}

/** Leading bits that both have in common, 0 to 160. */
export function commonBits(a: InfoHash, b: InfoHash): number {
  for (let index = 0; index < DIGITS; index += 1) {
    const difference = digit(a.charCodeAt(index)) ^ digit(b.charCodeAt(index));
    if (difference !== 0) return index * 4 + Math.clz32(difference) - 28;
  }
  return DIGITS * 4;
}

/**
 * The first `bitsCount` bits of `prefix`, then the opposite of its next bit, then the bits of `rest`: an id in the
 * range of ids that have exactly `bitsCount` leading bits in common with `prefix`.
 */
export function divergingAt(prefix: InfoHash, bitsCount: number, rest: Uint8Array): InfoHash {
  assert(bitsCount >= 0 && bitsCount < DIGITS * 4, 'info_hash_bits');
  const octets = new Uint8Array(infoHashOctets(prefix));
  const index = bitsCount >> 3;
  const bit = 0x80 >> (bitsCount & 7);
  const kept = (octets[index] ?? 0) & ~(bit * 2 - 1);
  const flipped = ((octets[index] ?? 0) ^ bit) & bit;
  octets[index] = kept | flipped | ((rest[index] ?? 0) & (bit - 1));
  for (let after = index + 1; after < INFO_HASH_OCTETS; after += 1)
    octets[after] = rest[after] ?? 0;
  return infoHashOfOctets(octets) ?? prefix;
}
