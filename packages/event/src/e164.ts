// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/** Digits of a number including its country code, ITU-T E.164 §6; shorter ones are short codes and extensions. */
const DIGITS_MIN = 7;
const DIGITS_MAX = 15;

/** Country codes of two digits, and the first two digits of those of three: ITU-T E.164.D, as assigned. */
const CODES_OF_TWO = new Set(
  '20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98'.split(
    ' ',
  ),
);
const CODES_OF_THREE = new Set(
  '21 22 23 24 25 26 29 35 37 38 42 50 59 67 68 69 80 85 87 88 96 97 99'.split(' '),
);

/** Whether digits can be an E.164 number: 7 to 15 of them, beginning with a country code. */
function isE164(digits: string): boolean {
  if (digits.length < DIGITS_MIN || digits.length > DIGITS_MAX) return false;
  for (const digit of digits) if (digit < '0' || digit > '9') return false;
  const start = digits.slice(0, 2);
  const isOfOne = digits.startsWith('1') || digits.startsWith('7');
  return isOfOne || CODES_OF_TWO.has(start) || CODES_OF_THREE.has(start);
}

/** A judged number as people write it: an E.164 number with its plus, other digits such as `199` unchanged. */
export function formatJudgedNumber(digits: string): string {
  return isE164(digits) ? `+${digits}` : digits;
}
