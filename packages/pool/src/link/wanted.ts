// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ANSWER_MS_MAX, WANTED_MAX, WANT_WAIT_MS } from '../limits.ts';

interface Want<T> {
  /** Who has it, the one to ask next first. */
  readonly holders: T[];
  /** Who was asked, and when that was. */
  asked: T | undefined;
  atMs: number;
}

/** Pages that others have: each is asked of one at a time, and of the next where no answer comes. */
export class Wanted<T> {
  readonly #wants = new Map<string, Want<T>>();
  readonly #open = new Map<T, number>();

  /** Pages that are expected. */
  get size(): number {
    return this.#wants.size;
  }

  /** Somebody has it; asked for in a while, as it may be on its way. */
  add(id: string, holder: T, nowMs: number): void {
    const known = this.#wants.get(id);
    if (known !== undefined) {
      if (known.asked !== holder && !known.holders.includes(holder)) known.holders.push(holder);
    } else if (this.#wants.size < WANTED_MAX) {
      this.#wants.set(id, { holders: [holder], asked: undefined, atMs: nowMs + WANT_WAIT_MS });
    }
  }

  /** Ids to ask this holder for now, so that no more than so many are open with it. */
  take(holder: T, openMax: number, nowMs: number): readonly string[] {
    const ids: string[] = [];
    let room = openMax - (this.#open.get(holder) ?? 0);
    if (room <= 0) return ids;
    for (const [id, want] of this.#wants) {
      if (room === 0) break;
      if (want.asked !== undefined || want.atMs > nowMs || !want.holders.includes(holder)) continue;
      want.holders.splice(want.holders.indexOf(holder), 1);
      want.asked = holder;
      want.atMs = nowMs + ANSWER_MS_MAX;
      room -= 1;
      ids.push(id);
    }
    this.#count(holder, ids.length);
    return ids;
  }

  /** @returns Whether it was asked for. */
  came(id: string): boolean {
    const want = this.#wants.get(id);
    if (want === undefined) return false;
    this.#wants.delete(id);
    if (want.asked === undefined) return false;
    this.#count(want.asked, -1);
    return true;
  }

  /** Who did not answer in time, once each; what they were asked for is asked of others. */
  late(nowMs: number): ReadonlySet<T> {
    const late = new Set<T>();
    for (const [id, want] of this.#wants) {
      if (want.atMs > nowMs || want.asked === undefined) {
        if (want.asked === undefined && want.holders.length === 0) this.#wants.delete(id);
        continue;
      }
      late.add(want.asked);
      this.#count(want.asked, -1);
      want.asked = undefined;
      if (want.holders.length === 0) this.#wants.delete(id);
    }
    return late;
  }

  /** The holder is gone. */
  forget(holder: T): void {
    this.#open.delete(holder);
    for (const [id, want] of this.#wants) {
      const at = want.holders.indexOf(holder);
      if (at >= 0) want.holders.splice(at, 1);
      if (want.asked === holder) want.asked = undefined;
      if (want.asked === undefined && want.holders.length === 0) this.#wants.delete(id);
    }
  }

  #count(holder: T, difference: number): void {
    const count = (this.#open.get(holder) ?? 0) + difference;
    if (count <= 0) this.#open.delete(holder);
    else this.#open.set(holder, count);
  }
}
