// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { ANSWER_MS_MAX, WANTED_MAX, WANT_WAIT_MS } from '../limits.ts';
import { WANTED_OF_LINK_MIN } from './limits.ts';

interface Want<T> {
  /** Who first said that there is such a page. */
  readonly by: T;
  /** Who has it; the one to ask next comes first. */
  readonly holders: T[];
  /** Who was asked, and when. */
  asked: T | undefined;
  atMs: number;
}

/** Pages that others have: each is requested from one holder at a time, and from the next one if no answer comes. */
export class Wanted<T> {
  readonly #wants = new Map<string, Want<T>>();
  readonly #open = new Map<T, number>();
  /** Number of pages whose existence each one announced first. */
  readonly #promised = new Map<T, number>();

  /** Number of expected pages. */
  get size(): number {
    return this.#wants.size;
  }

  /**
   * Somebody has it; it is requested after a while, because it may be on its way. Even somebody who promises thousands
   * that do not exist leaves some room for everybody else.
   *
   * @returns Whether it is expected now.
   */
  add(id: string, holder: T, nowMs: number): boolean {
    const known = this.#wants.get(id);
    if (known !== undefined) {
      if (known.asked !== holder && !known.holders.includes(holder)) known.holders.push(holder);
      return true;
    }
    const hasRoom =
      this.#wants.size < WANTED_MAX || (this.#promised.get(holder) ?? 0) < WANTED_OF_LINK_MIN;
    if (!hasRoom) return false;
    const atMs = nowMs + WANT_WAIT_MS;
    this.#wants.set(id, { by: holder, holders: [holder], asked: undefined, atMs });
    count(this.#promised, holder, 1);
    return true;
  }

  /**
   * Ids to request from this holder now, so that no more than this many are open with it: none until half of them have
   * come, because each question costs.
   */
  take(holder: T, openMax: number, nowMs: number): readonly string[] {
    const ids: string[] = [];
    const open = this.#open.get(holder) ?? 0;
    if (open > openMax / 2) return ids;
    let room = openMax - open;
    for (const [id, want] of this.#wants) {
      if (room === 0) break;
      if (want.asked !== undefined || want.atMs > nowMs || !want.holders.includes(holder)) continue;
      want.holders.splice(want.holders.indexOf(holder), 1);
      want.asked = holder;
      want.atMs = nowMs + ANSWER_MS_MAX;
      room -= 1;
      ids.push(id);
    }
    count(this.#open, holder, ids.length);
    return ids;
  }

  /** @returns Whether it was requested. */
  came(id: string): boolean {
    const want = this.#wants.get(id);
    if (want === undefined) return false;
    this.#drop(id, want);
    if (want.asked === undefined) return false;
    count(this.#open, want.asked, -1);
    return true;
  }

  /** Holders that did not answer in time, each once; others are asked for the same pages. */
  late(nowMs: number): ReadonlySet<T> {
    const late = new Set<T>();
    for (const [id, want] of this.#wants) {
      if (want.atMs > nowMs || want.asked === undefined) {
        if (want.asked === undefined && want.holders.length === 0) this.#drop(id, want);
        continue;
      }
      late.add(want.asked);
      count(this.#open, want.asked, -1);
      want.asked = undefined;
      if (want.holders.length === 0) this.#drop(id, want);
    }
    return late;
  }

  /** The holder is gone: what it was asked for can be requested from others at once. */
  forget(holder: T): void {
    this.#open.delete(holder);
    for (const [id, want] of this.#wants) {
      const at = want.holders.indexOf(holder);
      if (at >= 0) want.holders.splice(at, 1);
      if (want.asked === holder) {
        want.asked = undefined;
        want.atMs = -Infinity;
      }
      if (want.asked === undefined && want.holders.length === 0) this.#drop(id, want);
    }
  }

  #drop(id: string, { by }: Want<T>): void {
    this.#wants.delete(id);
    count(this.#promised, by, -1);
  }
}

function count<T>(counts: Map<T, number>, holder: T, difference: number): void {
  const sum = (counts.get(holder) ?? 0) + difference;
  if (sum <= 0) counts.delete(holder);
  else counts.set(holder, sum);
}
