// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Random } from '@sentrypeer/kernel';
import { INFO_HASH_OCTETS, infoHashOfOctets, type InfoHash } from '../info-hash.ts';

const POOL_OCTETS = 512;

/** Random numbers in the forms that the protocol needs, from octets fetched in blocks. */
export class Chance {
  readonly #random: Random;
  readonly #pool = new Uint8Array(POOL_OCTETS);
  #used = POOL_OCTETS;

  constructor(random: Random) {
    this.#random = random;
  }

  octets(count: number): Uint8Array {
    const octets = new Uint8Array(count);
    for (let index = 0; index < count; index += 1) octets[index] = this.#u8();
    return octets;
  }

  /** 0 to 2^32 - 1. */
  u32(): number {
    return ((this.#u8() << 24) | (this.#u8() << 16) | (this.#u8() << 8) | this.#u8()) >>> 0;
  }

  /** 1 to 2^64 - 1. */
  valueId(): bigint {
    const id = (BigInt(this.u32()) << 32n) | BigInt(this.u32());
    return id === 0n ? this.valueId() : id;
  }

  infoHash(): InfoHash {
    return infoHashOfOctets(this.octets(INFO_HASH_OCTETS)) ?? this.infoHash();
  }

  /** 0 to `count - 1`. */
  below(count: number): number {
    return Math.floor((this.u32() / 0x1_0000_0000) * count);
  }

  between([from, to]: readonly [number, number]): number {
    return from + this.below(to - from + 1);
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)];
  }

  #u8(): number {
    if (this.#used === POOL_OCTETS) {
      this.#random.fill(this.#pool);
      this.#used = 0;
    }
    const octet = this.#pool[this.#used] ?? 0;
    this.#used += 1;
    return octet;
  }
}
