// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { once } from './once.ts';

/** The parts of a number as it was dialled. */
export interface ReadNumber {
  /** What was dialled before the number: to leave a PBX, to select a carrier, or to call abroad. */
  readonly prefix: string;
  /** In E.164 with its plus; or as dialled, if it is not such a number. */
  readonly number: string;
}

/**
 * Splits what was dialled into prefix and number.
 *
 * @param e164 With its plus; `undefined` if the digits are not a number.
 */
export function readNumber(dialled: string, e164: string | undefined): ReadNumber {
  if (e164 === undefined) return { prefix: '', number: dialled };
  const digits = e164.slice(1);
  // A number dialled at home lacks its country code, so the longest match is taken.
  for (let from = 0; digits.length - from >= 5; from += 1) {
    const part = digits.slice(from);
    if (!dialled.endsWith(part)) continue;
    return {
      prefix: dialled.slice(0, dialled.length - part.length).replace(/^\+$/, ''),
      number: e164,
    };
  }
  return { prefix: '', number: e164 };
}

const counts = once(() => new Intl.NumberFormat('en'));

/** A count with separated thousands. */
export function counted(count: number): string {
  return counts().format(count);
}

/** A count and its noun. */
export function amount(count: number, noun: string): string {
  return `${counted(count)} ${noun}${count === 1 ? '' : 's'}`;
}
