// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ignoreAnomaly, type NoteAnomaly } from './anomaly.ts';
import { isBlank, isDigit, skipBlanks, sliceTrimmed } from './characters.ts';

/** RFC 3261 §8.1.1.5: the sequence number "MUST be less than 2**31". */
const NUMBER_MAX = '2147483647';

/** RFC 3261 §20.16. */
export interface CSeq {
  /** Decimal digits without leading zeros; may exceed what a JavaScript number holds. */
  readonly number: string;
  readonly method: string;
}

export function parseCSeq(text: string, note: NoteAnomaly = ignoreAnomaly): CSeq | undefined {
  const start = skipBlanks(text, 0, text.length);
  let end = start;
  while (isDigit(text.charCodeAt(end))) end += 1;
  const method = sliceTrimmed(text, end, text.length);
  if (method === '' || !isBlank(text.charCodeAt(end))) {
    note('cseq_syntax', start);
    return undefined;
  }
  let significant = start;
  while (significant < end - 1 && text.charAt(significant) === '0') significant += 1;
  const number = text.slice(significant, end);
  if (isTooLarge(number)) note('cseq_range', start);
  return { number, method };
}

/** @param number Decimal digits without leading zeros. */
function isTooLarge(number: string): boolean {
  if (number.length !== NUMBER_MAX.length) return number.length > NUMBER_MAX.length;
  return number > NUMBER_MAX;
}
