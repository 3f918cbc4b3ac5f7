// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** A set of small whole numbers, one bit for each, that grows as numbers are added. */
export class BitSet {
  #words: Uint32Array = new Uint32Array(32);

  /** Words that may hold a number; all after them are 0. */
  get wordsCount(): number {
    return this.#words.length;
  }

  /** 32 numbers: the lowest bit is number `32 * index`. */
  word(index: number): number {
    return this.#words[index] ?? 0;
  }

  has(number: number): boolean {
    return (this.word(number >>> 5) & (1 << (number & 31))) !== 0;
  }

  add(number: number): void {
    const index = number >>> 5;
    if (index >= this.#words.length) this.#grow(index + 1);
    this.#words[index] = this.word(index) | (1 << (number & 31));
  }

  remove(number: number): void {
    const index = number >>> 5;
    if (index < this.#words.length) this.#words[index] = this.word(index) & ~(1 << (number & 31));
  }

  /** Numbers in the set. */
  count(): number {
    let sum = 0;
    for (const word of this.#words) sum += countOnes(word);
    return sum;
  }

  /** The same numbers in another set. */
  copy(): BitSet {
    const other = new BitSet();
    other.#words = new Uint32Array(this.#words);
    return other;
  }

  #grow(wordsCount: number): void {
    const words = new Uint32Array(Math.max(wordsCount, this.#words.length * 2));
    words.set(this.#words);
    this.#words = words;
  }
}

/** How many bits of the 32 are set. */
export function countOnes(word: number): number {
  let sum = word - ((word >>> 1) & 0x55555555);
  sum = (sum & 0x33333333) + ((sum >>> 2) & 0x33333333);
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** The number of the lowest bit that is set; there must be one. */
export function lowestOne(word: number): number {
  return 31 - Math.clz32(word & -word);
}
