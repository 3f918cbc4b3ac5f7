// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { isCertainEmergency, isEmergency, isEmergencySomewhere } from './emergency.ts';
import { SHORT_DIGITS_MAX } from './limits.ts';
import type { HomePlan, NumberingPlans } from './numbering-plans.ts';
import { OUTSIDE_LINES } from './prefixes.ts';

/** What is not a number of E.164. */
export type ShortKind = 'emergency' | 'short-code' | 'extension';

/** Three-digit services of the North American plan, and the harmonised codes of Europe (decision 2007/116/EC). */
const SERVICES = new Set(['211', '311', '411', '511', '611', '711', '811', '988']);
const SERVICE_PREFIXES = ['116', '118'];

/** Prefixes that attackers and telephones put before emergency numbers. */
const INTERNATIONAL = ['', '00', '011', '0011', '900', '9011', '000'];

/**
 * What digits without a plus mean if they are not an E.164 number; `undefined` if they may be one.
 *
 * @param country ISO 3166-1 alpha-2 of the telephones; `undefined` if it is not known.
 */
export function shortKind(digits: string, country: string | undefined): ShortKind | undefined {
  for (const line of OUTSIDE_LINES) {
    if (!digits.startsWith(line)) continue;
    if (isEmergency(digits.slice(line.length), country)) return 'emergency';
  }
  if (digits.length > SHORT_DIGITS_MAX) return undefined;
  for (const prefix of INTERNATIONAL) {
    if (!digits.startsWith(prefix)) continue;
    if (isCertainEmergency(digits.slice(prefix.length), country)) return 'emergency';
  }
  const isService =
    SERVICES.has(digits) ||
    (digits.length >= 5 && SERVICE_PREFIXES.some((prefix) => digits.startsWith(prefix)));
  return isService ? 'short-code' : 'extension';
}

/**
 * Length of the codes with which telephones withhold or show their own number, without a mark after them (*67, *82).
 */
const CODE_DIGITS = 2;

/**
 * Whether short digits after a plus, or after the marks of a feature code, are a call for help: telephones put a plus
 * before every saved contact, and a code before it to withhold the caller's number (`*31#112`, `*67911`), before the
 * prefix of a PBX for an outside line, too (`*679911`).
 *
 * @param isGlobal A plus is directly before them: so few digits after it are no other number.
 */
export function isMarkedEmergency(
  digits: string,
  isGlobal: boolean,
  country: string | undefined,
): boolean {
  if (isGlobal) return digits.length <= SHORT_DIGITS_MAX && isEmergency(digits, country);
  return [digits, digits.slice(CODE_DIGITS)].some((dialled) =>
    OUTSIDE_LINES.some(
      (line) => dialled.startsWith(line) && isCertainEmergency(dialled.slice(line.length), country),
    ),
  );
}

/** Digits that withhold or show the caller's number in countries where no mark belongs to them. */
const CALLER_CODES: ReadonlyMap<string, readonly string[]> = new Map([
  ['AU', ['1831', '1832']],
  ['CA', ['1167', '1182']],
  ['GB', ['141', '1470']],
  ['HK', ['133', '1357']],
  ['IE', ['141', '142']],
  ['JP', ['184', '186']],
  ['NZ', ['0197', '0196']],
  ['US', ['1167', '1182']],
]);

/**
 * Whether a few digits are a country's code and an emergency number, as written by PBXs that remove the plus from
 * `+49112` or replace it: with a home country its own code and numbers, otherwise, and after an international prefix,
 * any code and what telephones everywhere dial. The home country's code to withhold a number may precede them as well.
 */
export function isBareEmergency(
  plans: NumberingPlans,
  digits: string,
  home: HomePlan | undefined,
): boolean {
  const country = home?.country;
  for (const line of OUTSIDE_LINES) {
    for (const code of CALLER_CODES.get(country ?? '') ?? []) {
      const before = line + code;
      const rest = digits.slice(before.length);
      if (digits.startsWith(before) && isCertainEmergency(rest, country)) return true;
    }
  }
  if (digits.length > SHORT_DIGITS_MAX) return false;
  return INTERNATIONAL.some((prefix) => {
    if (!digits.startsWith(prefix)) return false;
    const e164 = digits.slice(prefix.length);
    const isAbroad = prefix !== '';
    const code = isAbroad
      ? plans.callingCodeOf(e164)
      : (home?.callingCode ?? plans.callingCodeOf(e164));
    if (code === undefined || !e164.startsWith(code)) return false;
    return isCertainEmergency(
      e164.slice(code.length),
      code === home?.callingCode ? country : undefined,
    );
  });
}

/** Whether the digits are a country's code, perhaps after an international prefix, and an emergency number. */
export function isForeignEmergency(plans: NumberingPlans, digits: string): boolean {
  return INTERNATIONAL.some((prefix) => {
    if (!digits.startsWith(prefix)) return false;
    const e164 = digits.slice(prefix.length);
    const code = plans.callingCodeOf(e164);
    if (code === undefined || !isEmergencySomewhere(e164.slice(code.length))) return false;
    const planned = plans.read(e164);
    return planned === undefined || planned.type === 'unallocated';
  });
}
