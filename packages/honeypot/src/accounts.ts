// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { KeyedHash } from '@sentrypeer/bytes';

/** Names that attackers try and that a PBX may have. */
const NAMES: ReadonlySet<string> = new Set([
  'admin',
  'fax',
  'operator',
  'reception',
  'sales',
  'service',
  'test',
  'trunk',
  'user',
  'voip',
  'voicemail',
]);

const NAME_CHARACTERS_MAX = 9;

/** One account in this many exists, by number of digits: an office of some dozens of extensions. */
const RARITY_BY_DIGITS: readonly (number | undefined)[] = [undefined, undefined, 8, 4, 8, 64];
const RARITY_OF_NAMES = 2;

/** The fewest guesses a source makes before the right one is accepted, and the spread above that. */
const GUESSES_MIN = 12;
const GUESSES_SPREAD = 64;

/**
 * Which accounts the honeypot claims to have and how they are won. All by keyed hash: the answer is the same every day,
 * on every transport and in every thread, and different on every node.
 */
export class Accounts {
  readonly #hash: KeyedHash;

  constructor(hash: KeyedHash) {
    this.#hash = hash;
  }

  /**
   * Long random numbers and unlikely names never exist: tools ask for one first, and give up if it is not refused
   * differently from the others.
   */
  exists(account: string): boolean {
    const rarity = rarityOf(account);
    return rarity !== undefined && this.#hash.number(`account ${account}`) % rarity === 0;
  }

  /** The one password of an account: half of them have their own number, the others a common one. */
  passwordOf(account: string): string {
    return this.#hash.pick(`password ${account}`, [
      account,
      account,
      account,
      account,
      account,
      `${account}${account}`,
      '1234',
      '12345',
      '123456',
      'password',
    ]);
  }

  /** The right guess is accepted only after this many from that source; until then tools go on guessing. */
  guessesNeeded(account: string, sourceIp: string): number {
    return GUESSES_MIN + (this.#hash.number(`guesses ${account} ${sourceIp}`) % GUESSES_SPREAD);
  }
}

function rarityOf(account: string): number | undefined {
  if (account.length > NAME_CHARACTERS_MAX) return undefined;
  if (isDigits(account)) return RARITY_BY_DIGITS[account.length];
  return NAMES.has(account) ? RARITY_OF_NAMES : undefined;
}

function isDigits(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}
