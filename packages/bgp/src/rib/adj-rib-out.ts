// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { BitSet, countOnes, lowestOne } from './bit-set.ts';
import type { PrefixTable, SlotHolder } from './prefix-table.ts';

/** Takes a slot. Returns `false` if there is no room for it; the slot is offered again later. */
export type TakeSlot = (slot: number) => boolean;

/** How many prefixes a neighbour may have, of all families together. */
export interface PrefixAllowance {
  readonly max: number;
  used: number;
}

/**
 * The prefixes of one family that one neighbour was sent, as a bit for each slot of the table. The difference is what
 * must be sent.
 */
export class AdjRibOut implements SlotHolder {
  readonly #table: PrefixTable;
  readonly #allowance: PrefixAllowance;
  #sent = new BitSet();
  /** Slots to be sent again although they were sent: the neighbour asked for a refresh. */
  #again: BitSet | undefined;
  #count = 0;

  constructor(table: PrefixTable, allowance: PrefixAllowance) {
    this.#table = table;
    this.#allowance = allowance;
    table.addHolder(this);
  }

  /** Prefixes that the neighbour has. */
  get count(): number {
    return this.#count;
  }

  holds(slot: number): boolean {
    return this.#sent.has(slot);
  }

  /** The session is gone, and all routes with it. */
  clear(): void {
    const former = this.#sent;
    this.#sent = new BitSet();
    this.#again = undefined;
    this.#allowance.used -= this.#count;
    this.#count = 0;
    for (let index = 0; index < former.wordsCount; index += 1) {
      let word = former.word(index) & ~this.#table.present.word(index);
      for (; word !== 0; word &= word - 1) this.#table.release(32 * index + lowestOne(word));
    }
  }

  /** Has everything sent once more (RFC 2918 §4). */
  refresh(): void {
    this.#again = this.#sent.copy();
  }

  /** Offers what must be withdrawn. @returns Whether nothing is left. */
  withdraw(take: TakeSlot): boolean {
    const { present } = this.#table;
    for (let index = 0; index < this.#sent.wordsCount; index += 1) {
      let word = this.#sent.word(index) & ~present.word(index);
      for (; word !== 0; word &= word - 1) {
        const slot = 32 * index + lowestOne(word);
        if (!take(slot)) return false;
        this.#sent.remove(slot);
        this.#again?.remove(slot);
        this.#count -= 1;
        this.#allowance.used -= 1;
        this.#table.release(slot);
      }
    }
    return true;
  }

  /**
   * Offers everything that the neighbour has, as if nothing were announced any more. @returns Whether nothing is left.
   */
  withdrawAll(take: TakeSlot): boolean {
    for (let index = 0; index < this.#sent.wordsCount; index += 1) {
      for (let word = this.#sent.word(index); word !== 0; word &= word - 1) {
        const slot = 32 * index + lowestOne(word);
        if (!take(slot)) return false;
        this.#sent.remove(slot);
        this.#count -= 1;
        this.#allowance.used -= 1;
        this.#table.release(slot);
      }
    }
    return true;
  }

  /**
   * Offers what must be announced, as far as the neighbour's limit allows. @returns Whether nothing is left except what
   * is held back.
   */
  announce(take: TakeSlot): boolean {
    const { present } = this.#table;
    for (let index = 0; index < present.wordsCount; index += 1) {
      const sent = this.#sent.word(index);
      let word = present.word(index) & (~sent | (this.#again?.word(index) ?? 0));
      for (; word !== 0; word &= word - 1) {
        const number = lowestOne(word);
        const isNew = (sent & (1 << number)) === 0;
        if (isNew && this.#allowance.used >= this.#allowance.max) continue;
        const slot = 32 * index + number;
        if (!take(slot)) return false;
        this.#again?.remove(slot);
        if (!isNew) continue;
        this.#sent.add(slot);
        this.#count += 1;
        this.#allowance.used += 1;
      }
    }
    this.#again = undefined;
    return true;
  }

  /** Announcements and withdrawals that have not been sent yet, including those held back. */
  pending(): { readonly announcements: number; readonly withdrawals: number } {
    const { present } = this.#table;
    let [announcements, withdrawals] = [0, 0];
    const end = Math.max(present.wordsCount, this.#sent.wordsCount);
    for (let index = 0; index < end; index += 1) {
      const [wanted, sent] = [present.word(index), this.#sent.word(index)];
      announcements += countOnes(wanted & (~sent | (this.#again?.word(index) ?? 0)));
      withdrawals += countOnes(sent & ~wanted);
    }
    return { announcements, withdrawals };
  }
}
