// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { KeyedHash } from '@sentrypeer/bytes';
import { KEY_PART_CHARACTERS_MAX, REFUSED_NUMBERS_MAX } from './limits.ts';
import type { Source } from './sources.ts';

/** The fewest distinct numbers that are refused before one is accepted, and the spread above that. */
const REFUSALS_MIN = 3;
const REFUSALS_SPREAD = 6;
/** The fewest calls to numbers refused before, after which the next call is accepted, and the spread. */
const INSISTED_MIN = 2;
const INSISTED_SPREAD = 2;

/** Digits at the end that two numbers share when only their prefix differs. */
const SHARED_END_MIN = 7;
/** Characters of an accepted number that count as its prefix if there is nothing better. */
const PREFIX_CHARACTERS = 4;

/**
 * Which calls to outside numbers are accepted. Tools dial one number with many prefixes: refusals make them show the
 * whole list, and the accepted one makes them come back with the number they really want. How many are refused first is
 * chosen by keyed hash of the source. From then on numbers with the accepted prefix are accepted, and others refused.
 */
export class CallPolicy {
  readonly #hash: KeyedHash;

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  accepts(dialled: string, source: Source, sourceIp: string): boolean {
    const number = dialled.slice(0, KEY_PART_CHARACTERS_MAX);
    if (source.acceptedPrefix !== undefined) return number.startsWith(source.acceptedPrefix);
    if (source.refusedNumbers.includes(number)) source.insistedCount += 1;
    else if (!this.#enoughRefused(source, sourceIp)) {
      if (source.refusedNumbers.length < REFUSED_NUMBERS_MAX) source.refusedNumbers.push(number);
      return false;
    }
    if (!this.#enoughRefused(source, sourceIp) && !this.#enoughInsisted(source, sourceIp)) {
      return false;
    }
    source.acceptedPrefix = prefixOf(number, source.refusedNumbers);
    return true;
  }

  #enoughRefused(source: Source, sourceIp: string): boolean {
    const needed = REFUSALS_MIN + (this.#hash.number(`refusals ${sourceIp}`) % REFUSALS_SPREAD);
    return source.refusedNumbers.length >= needed;
  }

  #enoughInsisted(source: Source, sourceIp: string): boolean {
    const needed = INSISTED_MIN + (this.#hash.number(`insisted ${sourceIp}`) % INSISTED_SPREAD);
    return source.insistedCount >= needed;
  }
}

/** The part before the number proper, which the accepted number has in common with those refused before. */
function prefixOf(number: string, refusedNumbers: readonly string[]): string {
  let prefix = '';
  for (const refused of refusedNumbers) {
    const shared = sharedEnd(number, refused);
    if (shared < SHARED_END_MIN || number.length - shared <= prefix.length) continue;
    prefix = number.slice(0, number.length - shared);
  }
  return prefix === '' ? number.slice(0, PREFIX_CHARACTERS) : prefix;
}

function sharedEnd(one: string, other: string): number {
  const countMax = Math.min(one.length, other.length);
  let count = 0;
  while (count < countMax && one.at(-1 - count) === other.at(-1 - count)) count += 1;
  return count;
}
