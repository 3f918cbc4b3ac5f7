// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The numbers for bench/numbers.ts: valid numbers of every country drawn with a seed, prefixes that attackers put
 * before them, and the forms in which a PBX dials the same numbers.
 */

import type { NumberingPlans, PlannedNumber } from '@sentrypeer/numbers';

/** 32-bit xorshift: the same numbers on every machine. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed === 0 ? 1 : seed;
  }

  below(limit: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state;
    return (state >>> 0) % limit;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }

  digits(count: number): string {
    return Array.from({ length: count }, () => String(this.below(10))).join('');
  }
}

/** Prefixes with a known meaning, which tools try first. */
export const KNOWN_PREFIXES: readonly string[] = (
  ' + 00 011 000 900 9011 90011 9900 99011 0011 010 810 8810 800 700 100 0000 9000 +00 +011 9+ ' +
  '9#00 0*00 *00 888800 12300 77011 9990000'
).split(' ');

/** Prefixes found by trying: all of some lengths in turn, and carrier codes of four to eight digits. */
export function triedPrefixes(random: SeededRandom, count: number): readonly string[] {
  const first = 100 + random.below(800);
  const inTurn = Array.from({ length: Math.ceil(count / 2) }, (_, index) => String(first + index));
  const carriers = Array.from({ length: count - inTurn.length }, () =>
    random.digits(4 + random.below(5)),
  );
  return [...inTurn, ...carriers];
}

/** A valid number of one of the countries; every type of number is equally likely. */
export function randomNumber(
  random: SeededRandom,
  plans: NumberingPlans,
  countries: readonly string[] = plans.countries(),
): PlannedNumber {
  for (;;) {
    const country = random.pick(countries);
    const code = plans.home(country)?.callingCode ?? '';
    for (let tries = 0; tries < 40; tries += 1) {
      const planned = plans.read(code + random.digits(6 + random.below(7)));
      if (planned !== undefined && planned.type !== 'unallocated' && planned.country === country) {
        return planned;
      }
    }
  }
}

/** The country of a PBX: how it dials abroad, and at home. */
export interface Home {
  readonly country: string;
  readonly callingCode: string;
  readonly international: string;
  readonly trunk: string;
}

export const HOMES: readonly Home[] = [
  { country: 'SE', callingCode: '46', international: '00', trunk: '0' },
  { country: 'GB', callingCode: '44', international: '00', trunk: '0' },
  { country: 'DE', callingCode: '49', international: '00', trunk: '0' },
  { country: 'FR', callingCode: '33', international: '00', trunk: '0' },
  { country: 'ES', callingCode: '34', international: '00', trunk: '' },
  { country: 'IT', callingCode: '39', international: '00', trunk: '' },
  { country: 'US', callingCode: '1', international: '011', trunk: '1' },
  { country: 'RU', callingCode: '7', international: '810', trunk: '8' },
  { country: 'AU', callingCode: '61', international: '0011', trunk: '0' },
  { country: 'JP', callingCode: '81', international: '010', trunk: '0' },
];

/** The forms in which a PBX there dials the number. */
export function pbxForms(e164: string, home: Home): readonly string[] {
  const abroad = [`+${e164}`, `${home.international}${e164}`, e164];
  const forms = [...abroad, `9${home.international}${e164}`, `0${home.international}${e164}`];
  if (!e164.startsWith(home.callingCode)) return forms;
  const national = home.trunk + e164.slice(home.callingCode.length);
  return [...forms, national, `9${national}`, `0${national}`];
}
