// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Bits of one counter: as many as SQLite and JavaScript keep without a detour. */
const BITS = 32;

/** The bit that stands for a text in a counter of distinct ones. */
export function distinctBit(text: string): number {
  // FNV-1a: no secret, as nothing is gained by guessing it that more sources would not give.
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93);
  }
  return (1 << ((hash ^ (hash >>> 15)) & (BITS - 1))) >>> 0;
}

/**
 * How many distinct texts have set the bits: linear counting (Whang, Vander-Zanden, Taylor 1990). Right for a few;
 * some tens are told to about a quarter, and 111 is the most it says.
 */
export function distinctCount(bits: number): number {
  let zeros = BITS;
  for (let rest = bits >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) zeros -= 1;
  return Math.round(BITS * Math.log(BITS / Math.max(zeros, 1)));
}
