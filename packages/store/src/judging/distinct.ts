// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Bits of one word: as many as SQLite and JavaScript handle directly. */
const WORD_BITS = 32;
const WORD = 2 ** WORD_BITS;
/** Up to this part of the bits, each bit counts as one text. */
const EXACT_PART = 4;

/** The bit that stands for a text in a counter of distinct ones. */
export function distinctBit(text: string): number {
  return (1 << (hash(text) & (WORD_BITS - 1))) >>> 0;
}

/**
 * How many distinct texts have set the bits: linear counting (Whang, Vander-Zanden, Taylor 1990). Exact for a few; some
 * tens are accurate to about a quarter, and 111 is the maximum.
 */
export function distinctCount(bits: number): number {
  return estimate(WORD_BITS - onesOf(bits), WORD_BITS);
}

/** The same with 64 bits: exact for a few, some tens to about a tenth; above 100 only a lower bound. */
export class DistinctSet {
  #low = 0;
  #high = 0;

  add(text: string): void {
    const place = hash(text);
    const bit = (1 << (place & (WORD_BITS - 1))) >>> 0;
    if ((place & WORD_BITS) === 0) this.#low = (this.#low | bit) >>> 0;
    else this.#high = (this.#high | bit) >>> 0;
  }

  /** In the form of a column, so that SQLite joins sets by `|`. */
  toColumn(): bigint {
    return BigInt.asIntN(
      2 * WORD_BITS,
      (BigInt(this.#high) << BigInt(WORD_BITS)) | BigInt(this.#low),
    );
  }
}

/**
 * A `DistinctSet` column as two words, because JavaScript's numbers would cut it: named `${column}_low` and `_high`.
 */
export function wordsOf(column: string): string {
  return `${column} & ${WORD - 1} AS ${column}_low, (${column} >> ${WORD_BITS}) & ${WORD - 1} AS ${column}_high`;
}

/** The number of distinct texts in a column that was read with `wordsOf()`. */
export function setCount(row: Readonly<Record<string, unknown>>, column: string): number {
  const ones = onesOf(Number(row[`${column}_low`])) + onesOf(Number(row[`${column}_high`]));
  return estimate(2 * WORD_BITS - ones, 2 * WORD_BITS);
}

function hash(text: string): number {
  // FNV-1a: without a secret, because guessing it gains nothing that more sources would not.
  let value = 0x81_1c_9d_c5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01_00_01_93);
  }
  return value ^ (value >>> 15);
}

function onesOf(bits: number): number {
  let ones = 0;
  for (let rest = bits >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) ones += 1;
  return ones;
}

/**
 * The texts that have set the bits. Up to a quarter of the bits it is never more than there were, so that nothing is
 * listed too early, and rarely fewer: the policy asks for few.
 */
function estimate(zeros: number, bits: number): number {
  const ones = bits - zeros;
  if (ones <= bits / EXACT_PART) return ones;
  return Math.round(bits * Math.log(bits / Math.max(zeros, 1)));
}
