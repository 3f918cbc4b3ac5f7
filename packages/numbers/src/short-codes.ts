// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { SHORT_DIGITS_MAX } from './limits.ts';
import type { NumberingPlans } from './numbering-plans.ts';
import { OUTSIDE_LINES } from './prefixes.ts';

/** What is not a number of E.164. */
export type ShortKind = 'emergency' | 'short-code' | 'extension';

/** Emergency numbers, ITU-T E.129 national numbering and E.161.1; anything of six digits or fewer is guarded anyway. */
const EMERGENCY = new Set(
  (
    '112 911 999 000 111 110 113 115 117 118 119 120 122 123 124 125 128 129 130 131 132 133 140 144 ' +
    '15 17 18 150 155 158 160 161 166 170 180 190 191 192 193 194 195 196 197 198 199 ' +
    '100 101 102 103 104 105 106 107 108 10111 10177 1122 901 902 903 990 991 992 993 994 995 997 998'
  ).split(' '),
);

/** Three-digit services of the North American plan, and the harmonised codes of Europe (decision 2007/116/EC). */
const SERVICES = new Set(['211', '311', '411', '511', '611', '711', '811', '988']);
const SERVICE_PREFIXES = ['116', '118'];

/** Emergency numbers that attackers and telephones put a country before. */
const INTERNATIONAL = ['', '00', '011', '0011', '900', '9011', '000'];

/** What digits without a plus stand for where they are none of E.164; `undefined` where they may be one. */
export function shortKind(digits: string): ShortKind | undefined {
  for (const line of OUTSIDE_LINES) {
    if (digits.startsWith(line) && EMERGENCY.has(digits.slice(line.length))) return 'emergency';
  }
  if (digits.length > SHORT_DIGITS_MAX) return undefined;
  const isService =
    SERVICES.has(digits) ||
    (digits.length >= 5 && SERVICE_PREFIXES.some((prefix) => digits.startsWith(prefix)));
  return isService ? 'short-code' : 'extension';
}

/** Whether the digits are a country's code, perhaps after an international prefix, and an emergency number. */
export function isForeignEmergency(plans: NumberingPlans, digits: string): boolean {
  return INTERNATIONAL.some((prefix) => {
    if (!digits.startsWith(prefix)) return false;
    const e164 = digits.slice(prefix.length);
    const code = plans.callingCodeOf(e164);
    if (code === undefined || !EMERGENCY.has(e164.slice(code.length))) return false;
    const planned = plans.read(e164);
    return planned === undefined || planned.type === 'unallocated';
  });
}
