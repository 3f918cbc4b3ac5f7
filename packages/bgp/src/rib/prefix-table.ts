// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import {
  IPV4_OFFSET_BITS,
  IPV4_OCTETS,
  IPV6_OCTETS,
  isIpv4,
  type Family,
  type Prefix,
} from '@sentrypeer/ip';
import { assert } from '@sentrypeer/kernel';
import { BitSet, lowestOne } from './bit-set.ts';

/** Somebody who may still need the prefix of a slot when it is no longer announced. */
export interface SlotHolder {
  holds(slot: number): boolean;
}

const NO_SLOT = -1;
const SLOTS_MIN = 1024;

/** The family of a prefix: IPv4 prefixes are inside ::ffff:0:0/96. */
export function familyOfPrefix(prefix: Prefix): Family {
  return prefix.length >= IPV4_OFFSET_BITS && isIpv4(prefix.base) ? 4 : 6;
}

/**
 * The prefixes of one family that the speaker announces. Each has a slot, a small number that stands for it in bit
 * sets. A removed prefix keeps its slot until no neighbour has it any more, so what a neighbour must be sent is always
 * the difference of two bit sets, and nothing queues up for a neighbour that reads slowly.
 *
 * The octets of a slot are its length in bits, then its address. Slots are found by open addressing with a secret hash,
 * because attackers choose the addresses that are listed.
 */
export class PrefixTable {
  readonly family: Family;
  /** Slots that are announced. */
  readonly present = new BitSet();
  readonly #prefixesMax: number;
  readonly #size: number;
  readonly #key: number;
  readonly #holders = new Set<SlotHolder>();
  #octets: Uint8Array;
  /** Slot by hash; `NO_SLOT` if there is none. Twice as long as there are slots. */
  #index: Int32Array;
  #free: number[] = [];
  #slotsCount = 0;
  #count = 0;

  /** @param key Secret, 32 bits. */
  constructor(family: Family, key: number, prefixesMax: number) {
    this.family = family;
    this.#prefixesMax = prefixesMax;
    this.#size = 1 + (family === 4 ? IPV4_OCTETS : IPV6_OCTETS);
    this.#octets = new Uint8Array(SLOTS_MIN * this.#size);
    this.#index = new Int32Array(2 * SLOTS_MIN).fill(NO_SLOT);
    this.#key = key;
  }

  /** Prefixes that are announced. */
  get count(): number {
    return this.#count;
  }

  /** Slots in use, including those of removed prefixes that a neighbour still has. */
  get slotsInUse(): number {
    return this.#slotsCount - this.#free.length;
  }

  addHolder(holder: SlotHolder): void {
    this.#holders.add(holder);
  }

  /** Announces a prefix. @returns Its slot; `undefined` if the table is full. */
  add(prefix: Prefix): number | undefined {
    const found = this.#find(prefix);
    const slot = found < 0 ? this.#insert(prefix) : found;
    if (slot === undefined) return undefined;
    if (!this.present.has(slot)) {
      if (this.#count >= this.#prefixesMax) {
        this.release(slot);
        return undefined;
      }
      this.present.add(slot);
      this.#count += 1;
    }
    return slot;
  }

  remove(prefix: Prefix): void {
    const slot = this.#find(prefix);
    if (slot >= 0 && this.present.has(slot)) this.#removeSlot(slot);
  }

  /** The slot of a prefix that is announced. */
  slotOf(prefix: Prefix): number | undefined {
    const slot = this.#find(prefix);
    return slot >= 0 && this.present.has(slot) ? slot : undefined;
  }

  /** Removes all prefixes except those of these slots. */
  keepOnly(slots: BitSet): void {
    for (let index = 0; index < this.present.wordsCount; index += 1) {
      let word = this.present.word(index) & ~slots.word(index);
      for (; word !== 0; word &= word - 1) this.#removeSlot(32 * index + lowestOne(word));
    }
  }

  /** Frees the slot, unless its prefix is announced or a neighbour still has it. */
  release(slot: number): void {
    if (this.present.has(slot)) return;
    for (const holder of this.#holders) if (holder.holds(slot)) return;
    this.#takeOutOfIndex(slot);
    this.#free.push(slot);
  }

  /** The length in bits, counted within the prefix's own family. */
  bits(slot: number): number {
    return this.#octets[slot * this.#size] ?? 0;
  }

  /**
   * Writes the length, then the octets of the prefix that the length requires (RFC 4271 §4.3), from `at` on. @returns
   * The octet after them.
   */
  writeNlri(slot: number, target: Uint8Array, at: number): number {
    const start = slot * this.#size;
    const end = at + 1 + ((this.bits(slot) + 7) >> 3);
    for (let from = start; at < end; at += 1, from += 1) target[at] = this.#octets[from] ?? 0;
    return at;
  }

  #removeSlot(slot: number): void {
    this.present.remove(slot);
    this.#count -= 1;
    this.release(slot);
  }

  #insert(prefix: Prefix): number | undefined {
    const slot = this.#free.pop() ?? this.#slotsCount;
    // Removed prefixes that a slow neighbour still has count too, so that they cannot grow without limit.
    if (slot >= 2 * this.#prefixesMax) return undefined;
    if (slot === this.#slotsCount) this.#slotsCount += 1;
    if (this.#slotsCount * this.#size > this.#octets.length) this.#grow();
    const at = slot * this.#size;
    this.#octets[at] = this.#lengthOf(prefix);
    this.#octets.set(prefix.base.subarray(IPV6_OCTETS + 1 - this.#size), at + 1);
    this.#putIntoIndex(slot);
    return slot;
  }

  #lengthOf({ length }: Prefix): number {
    return this.family === 4 ? length - IPV4_OFFSET_BITS : length;
  }

  /** The slot of the prefix, or `NO_SLOT`. */
  #find(prefix: Prefix): number {
    const length = this.#lengthOf(prefix);
    const offset = IPV6_OCTETS + 1 - this.#size;
    const mask = this.#index.length - 1;
    let at = this.#hash(prefix.base, offset, length) & mask;
    for (;;) {
      const slot = this.#index[at] ?? NO_SLOT;
      if (slot === NO_SLOT || this.#isAt(slot, prefix.base, offset, length)) return slot;
      at = (at + 1) & mask;
    }
  }

  #isAt(slot: number, base: Uint8Array, offset: number, length: number): boolean {
    const at = slot * this.#size;
    if (this.#octets[at] !== length) return false;
    for (let index = 1; index < this.#size; index += 1)
      if (this.#octets[at + index] !== base[offset + index - 1]) return false;
    return true;
  }

  /** Hashes the `size - 1` octets from `offset` on and the length (the mixing of MurmurHash3, with a secret key). */
  #hash(octets: Uint8Array, offset: number, length: number): number {
    let hash = this.#key ^ length;
    for (let at = offset; at < offset + this.#size - 1; at += 4) {
      const word =
        ((octets[at] ?? 0) << 24) |
        ((octets[at + 1] ?? 0) << 16) |
        ((octets[at + 2] ?? 0) << 8) |
        (octets[at + 3] ?? 0);
      hash = Math.imul(hash ^ word, 0x85ebca6b);
      hash = Math.imul(hash ^ (hash >>> 13) ^ this.#key, 0xc2b2ae35);
      hash ^= hash >>> 16;
    }
    return hash >>> 0;
  }

  #home(slot: number): number {
    const at = slot * this.#size;
    const hash = this.#hash(this.#octets, at + 1, this.#octets[at] ?? 0);
    return hash & (this.#index.length - 1);
  }

  #putIntoIndex(slot: number): void {
    const mask = this.#index.length - 1;
    let at = this.#home(slot);
    while (this.#index[at] !== NO_SLOT) at = (at + 1) & mask;
    this.#index[at] = slot;
  }

  /**
   * Closes the gap, so that look-ups that had passed the slot still find what comes after it (Knuth 6.4, algorithm R).
   */
  #takeOutOfIndex(slot: number): void {
    const mask = this.#index.length - 1;
    let gap = this.#home(slot);
    while (this.#index[gap] !== slot) {
      assert(this.#index[gap] !== NO_SLOT, 'slot_indexed');
      gap = (gap + 1) & mask;
    }
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const other = this.#index[at] ?? NO_SLOT;
      if (other === NO_SLOT) break;
      if (((at - this.#home(other)) & mask) < ((at - gap) & mask)) continue;
      this.#index[gap] = other;
      gap = at;
    }
    this.#index[gap] = NO_SLOT;
  }

  #grow(): void {
    const octets = new Uint8Array(this.#octets.length * 2);
    octets.set(this.#octets);
    this.#octets = octets;
    const former = this.#index;
    this.#index = new Int32Array(former.length * 2).fill(NO_SLOT);
    for (const slot of former) if (slot !== NO_SLOT) this.#putIntoIndex(slot);
  }
}
