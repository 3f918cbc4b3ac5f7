// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { MSGPACK_DEPTH_MAX } from '../limits.ts';
import type { Item, UnpackCode, Unpacked } from './item.ts';

const SAFE_HIGH = 0x1f_ffff; // The high 32 bits of 2^53 - 1.
const TEXT_FAST_OCTETS_MAX = 24;
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Stands for the end of reading; the reader holds the reason. */
const FAILED = Symbol('failed');

/**
 * Reads the first MessagePack object; octets after it are ignored, as real nodes do. Never throws. Binary is a view on
 * `octets`, borrowed like them. Invalid UTF-8 in text becomes U+FFFD.
 *
 * A count is checked against the octets that are left before anything is allocated, so nothing read is larger than a
 * small multiple of the datagram.
 */
export function unpack(octets: Uint8Array): Unpacked {
  const reader = new Reader(octets);
  const item = reader.item(0);
  return item === FAILED
    ? { ok: false, code: reader.code, offset: reader.offset }
    : { ok: true, item, size: reader.offset };
}

class Reader {
  readonly #octets: Uint8Array;
  offset = 0;
  code: UnpackCode = 'msgpack_short';

  constructor(octets: Uint8Array) {
    this.#octets = octets;
  }

  item(depth: number): Item | typeof FAILED {
    const head = this.#octets[this.offset];
    if (head === undefined) return this.#fail('msgpack_short');
    this.offset += 1;
    if (head < 0x80) return head;
    if (head < 0x90) return this.#map(head & 0x0f, depth);
    if (head < 0xa0) return this.#array(head & 0x0f, depth);
    if (head < 0xc0) return this.#text(head & 0x1f);
    if (head >= 0xe0) return head - 0x100;
    return this.#long(head, depth);
  }

  #long(head: number, depth: number): Item | typeof FAILED {
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#sized(1 << (head - 0xc4), (size) => this.#binary(size));
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#sized(1 << (head - 0xc7), (size) => this.#skip(size + 1));
      case 0xca:
      case 0xcb:
        return this.#skip(head === 0xca ? 4 : 8);
      case 0xcc:
      case 0xcd:
      case 0xce:
      case 0xcf:
        return this.#uint(1 << (head - 0xcc));
      case 0xd0:
      case 0xd1:
      case 0xd2:
      case 0xd3:
        return this.#int(1 << (head - 0xd0));
      case 0xd4:
      case 0xd5:
      case 0xd6:
      case 0xd7:
      case 0xd8:
        return this.#skip(1 + (1 << (head - 0xd4)));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#sized(1 << (head - 0xd9), (size) => this.#text(size));
      case 0xdc:
      case 0xdd:
        return this.#sized(head === 0xdc ? 2 : 4, (count) => this.#array(count, depth));
      case 0xde:
      case 0xdf:
        return this.#sized(head === 0xde ? 2 : 4, (count) => this.#map(count, depth));
      default:
        return this.#fail('msgpack_invalid'); // 0xc1 is the one octet that is never used.
    }
  }

  #fail(code: UnpackCode): typeof FAILED {
    this.code = code;
    return FAILED;
  }

  #sized(sizeOctets: number, read: (size: number) => Item | typeof FAILED): Item | typeof FAILED {
    const size = this.#uint(sizeOctets);
    return typeof size === 'number' ? read(size) : FAILED;
  }

  #take(size: number): number | undefined {
    if (size > this.#octets.length - this.offset) return undefined;
    const start = this.offset;
    this.offset += size;
    return start;
  }

  #skip(size: number): null | typeof FAILED {
    return this.#take(size) === undefined ? this.#fail('msgpack_short') : null;
  }

  #binary(size: number): Uint8Array | typeof FAILED {
    const start = this.#take(size);
    return start === undefined
      ? this.#fail('msgpack_short')
      : this.#octets.subarray(start, start + size);
  }

  #text(size: number): string | typeof FAILED {
    const start = this.#take(size);
    if (start === undefined) return this.#fail('msgpack_short');
    const octets = this.#octets;
    if (size > TEXT_FAST_OCTETS_MAX) return utf8.decode(octets.subarray(start, start + size));
    let text = '';
    for (let index = start; index < start + size; index += 1) {
      const octet = octets[index] ?? 0;
      if (octet > 0x7f) return utf8.decode(octets.subarray(start, start + size));
      text += String.fromCharCode(octet);
    }
    return text;
  }

  #uint(sizeOctets: number): number | bigint | typeof FAILED {
    const start = this.#take(sizeOctets);
    if (start === undefined) return this.#fail('msgpack_short');
    if (sizeOctets < 8) return this.#bigEndian(start, sizeOctets);
    const high = this.#bigEndian(start, 4);
    const low = this.#bigEndian(start + 4, 4);
    return high <= SAFE_HIGH ? high * 0x1_0000_0000 + low : (BigInt(high) << 32n) | BigInt(low);
  }

  #int(sizeOctets: number): number | bigint | typeof FAILED {
    const value = this.#uint(sizeOctets);
    if (value === FAILED) return FAILED;
    if (typeof value === 'bigint') return BigInt.asIntN(64, value);
    const sign = 2 ** (sizeOctets * 8 - 1);
    return value < sign ? value : value - 2 * sign;
  }

  #bigEndian(start: number, sizeOctets: number): number {
    let value = 0;
    for (let index = start; index < start + sizeOctets; index += 1)
      value = value * 256 + (this.#octets[index] ?? 0);
    return value;
  }

  #array(count: number, depth: number): readonly Item[] | typeof FAILED {
    if (depth >= MSGPACK_DEPTH_MAX) return this.#fail('msgpack_depth');
    // Each element takes at least one octet.
    if (count > this.#octets.length - this.offset) return this.#fail('msgpack_count');
    const items: Item[] = [];
    for (let index = 0; index < count; index += 1) {
      const item = this.item(depth + 1);
      if (item === FAILED) return FAILED;
      items.push(item);
    }
    return items;
  }

  #map(count: number, depth: number): ReadonlyMap<string | number, Item> | typeof FAILED {
    if (depth >= MSGPACK_DEPTH_MAX) return this.#fail('msgpack_depth');
    if (count * 2 > this.#octets.length - this.offset) return this.#fail('msgpack_count');
    const map = new Map<string | number, Item>();
    for (let index = 0; index < count; index += 1) {
      const key = this.item(depth + 1);
      if (key === FAILED) return FAILED;
      const item = this.item(depth + 1);
      if (item === FAILED) return FAILED;
      if (typeof key === 'string' || typeof key === 'number') map.set(key, item);
    }
    return map;
  }
}
