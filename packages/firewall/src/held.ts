// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { formatPrefix } from '@sentrypeer/ip';
import type { Clock } from '@sentrypeer/kernel';
import { END_CHANGE_MS_MIN } from './limits.ts';
import type { Listed, ListedEntry } from './listed.ts';
import type { TimedElement } from './ruleset.ts';
import type { Spared } from './spared.ts';
import type { HeldElement } from './table.ts';

/** A listed entry that is spared. */
export interface LeftOut {
  readonly address: string;
  readonly why: string;
}

/** What has to change in the table. */
export interface Difference {
  /** New ones, and those that last longer or shorter. */
  readonly add: readonly HeldElement[];
  readonly remove: readonly HeldElement[];
  /** Keys about which nothing is left to do when this is carried out. */
  readonly settled: readonly string[];
  readonly newlyLeftOut: readonly LeftOut[];
  /** New ones beyond what may be put in within a minute. */
  readonly heldBackCount: number;
}

const MINUTE_MS = 60_000;

/** What the kernel has, and how fast more of it may come. */
export class HeldEntries {
  readonly #clock: Clock;
  readonly #additionsPerMinuteMax: number;
  #held = new Map<string, HeldElement>();
  #leftOut = new Map<string, LeftOut>();
  #allowance: number;
  #allowanceAtMs: number;

  constructor(clock: Clock, additionsPerMinuteMax: number) {
    this.#clock = clock;
    this.#additionsPerMinuteMax = additionsPerMinuteMax;
    this.#allowance = additionsPerMinuteMax;
    this.#allowanceAtMs = clock.nowMs();
  }

  get leftOut(): ReadonlyMap<string, LeftOut> {
    return this.#leftOut;
  }

  keys(): Iterable<string> {
    return this.#held.keys();
  }

  elements(): readonly HeldElement[] {
    return [...this.#held.values()];
  }

  counts(): { readonly ipv4: number; readonly ipv6: number } {
    let ipv4 = 0;
    for (const { set } of this.#held.values()) if (set.startsWith('ipv4')) ipv4 += 1;
    return { ipv4, ipv6: this.#held.size - ipv4 };
  }

  /** Forgets what the kernel has forgotten. */
  prune(nowEpochMs: number): void {
    for (const [key, { endEpochMs }] of this.#held) {
      if (endEpochMs <= nowEpochMs) this.#held.delete(key);
    }
  }

  clear(): void {
    this.#held.clear();
    this.#leftOut.clear();
  }

  /** All that is listed and not spared. */
  wanted(
    listed: Listed,
    spared: Spared,
    nowEpochMs: number,
  ): { readonly wanted: readonly HeldElement[]; readonly leftOut: Map<string, LeftOut> } {
    const wanted: HeldElement[] = [];
    const leftOut = new Map<string, LeftOut>();
    for (const [key, one] of listed.entries) {
      const why = spared.reason(one.entry.prefix);
      if (why !== undefined) leftOut.set(key, leftOutOf(one, why));
      else if (one.endEpochMs > nowEpochMs) wanted.push(elementOf(one));
    }
    return { wanted, leftOut };
  }

  /** The table was loaded with these. */
  replace(elements: readonly HeldElement[], leftOut: Map<string, LeftOut>): void {
    this.#held = new Map(elements.map((one) => [`${one.set} ${one.element}`, one]));
    this.#leftOut = leftOut;
  }

  /** What some keys ask for; counts what is new against the allowance. */
  difference(
    keys: Iterable<string>,
    { listed, spared }: { readonly listed: Listed; readonly spared: Spared },
    nowEpochMs: number,
    countMax: number,
  ): Difference {
    const add: HeldElement[] = [];
    const remove: HeldElement[] = [];
    const settled: string[] = [];
    const newlyLeftOut: LeftOut[] = [];
    let heldBackCount = 0;
    this.#refill();
    for (const key of keys) {
      if (add.length + remove.length >= countMax) break;
      const one = listed.entries.get(key);
      const held = this.#held.get(key);
      const why = one === undefined ? undefined : spared.reason(one.entry.prefix);
      const isKnown = this.#leftOut.delete(key);
      if (one !== undefined && why !== undefined) {
        const out = leftOutOf(one, why);
        this.#leftOut.set(key, out);
        if (!isKnown) newlyLeftOut.push(out);
      }
      const wanted = one !== undefined && why === undefined && one.endEpochMs > nowEpochMs;
      if (!wanted && held !== undefined) remove.push(held);
      if (wanted && held === undefined) {
        if (this.#allowance < 1) {
          heldBackCount += 1;
          continue;
        }
        this.#allowance -= 1;
      }
      if (wanted && Math.abs((held?.endEpochMs ?? 0) - one.endEpochMs) >= END_CHANGE_MS_MIN) {
        add.push(elementOf(one));
      }
      settled.push(key);
    }
    return { add, remove, settled, newlyLeftOut, heldBackCount };
  }

  carriedOut({ add, remove }: Difference): void {
    for (const { set, element } of remove) this.#held.delete(`${set} ${element}`);
    for (const one of add) this.#held.set(`${one.set} ${one.element}`, one);
  }

  /** With the time that the kernel keeps them. @param lastEpochMs Nothing lasts longer than that. */
  timed(
    elements: readonly HeldElement[],
    lastEpochMs: number,
    nowEpochMs: number,
  ): readonly TimedElement[] {
    return elements.map(({ set, element, endEpochMs }) => ({
      set,
      element,
      timeoutSeconds: Math.max(
        1,
        Math.ceil((Math.min(endEpochMs, lastEpochMs) - nowEpochMs) / 1000),
      ),
    }));
  }

  #refill(): void {
    const nowMs = this.#clock.nowMs();
    const share = (nowMs - this.#allowanceAtMs) / MINUTE_MS;
    this.#allowanceAtMs = nowMs;
    this.#allowance = Math.min(
      this.#additionsPerMinuteMax,
      this.#allowance + share * this.#additionsPerMinuteMax,
    );
  }
}

function elementOf({ entry: { set, element }, endEpochMs }: ListedEntry): HeldElement {
  return { set, element, endEpochMs };
}

function leftOutOf({ entry }: ListedEntry, why: string): LeftOut {
  return { address: formatPrefix(entry.prefix), why };
}
