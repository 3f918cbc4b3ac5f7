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

/**
 * Dialled digits with the spaces of the grouped number, and what was dialled before it.
 *
 * @param e164 With its plus.
 * @param grouped The same as its country writes it.
 */
export function spaced(
  dialled: string,
  e164: string,
  grouped: string,
): { readonly prefix: string; readonly rest: string } {
  const digits = e164.slice(1);
  const plain = { prefix: '', rest: dialled };
  if (grouped.replaceAll(/[^0-9]/g, '') !== digits) return plain;
  for (let from = 0; digits.length - from >= 5; from += 1) {
    const part = digits.slice(from);
    if (!dialled.endsWith(part)) continue;
    const before = dialled.slice(0, dialled.length - part.length);
    // A plus or the zero of a number at home belongs to it.
    const prefix = before === '' || before === '+' || before === '0' ? before : `${before} `;
    return { prefix, rest: afterDigits(grouped, from) };
  }
  return plain;
}

/** What comes after some digits of a grouped number. */
function afterDigits(grouped: string, count: number): string {
  let passed = 0;
  for (let index = 0; index < grouped.length; index += 1) {
    const character = grouped.charAt(index);
    if (character < '0' || character > '9') continue;
    if (passed === count) return grouped.slice(index);
    passed += 1;
  }
  return '';
}

/** A range such as `+46850780xx` with the spaces of its first number, grouped as its country writes it. */
export function groupedRange(range: string, grouped: string): string {
  const digits = range.replaceAll(/[+ ]/g, '');
  if (grouped.replaceAll(/[^0-9]/g, '').length !== digits.length) return range;
  let at = 0;
  return grouped.replaceAll(/[0-9]/g, () => digits.charAt(at++));
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
