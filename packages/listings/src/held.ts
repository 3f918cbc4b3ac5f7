// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock } from '@sentrypeer/kernel';
import { networkOf, prefixOf, type Entry } from './entry.ts';
import { END_CHANGE_MS_MIN } from './limits.ts';
import type { Listed, ListedEntry } from './listed.ts';
import type { Spared } from './spared.ts';

/** Says why a network is left out. */
type Reasons = Pick<Spared, 'reason'>;

/** An element and when it ends, in wall-clock milliseconds. */
export interface HeldElement extends Pick<Entry, 'set' | 'element'> {
  readonly endEpochMs: number;
}

/** The same with its key. */
export type HeldEntry = ListedEntry;

/** A listed entry that is spared. */
export interface LeftOut {
  readonly address: string;
  readonly why: string;
}

/** Everything that should be in force. */
export interface Wanted {
  readonly wanted: readonly HeldEntry[];
  /** By key. */
  readonly leftOut: ReadonlyMap<string, LeftOut>;
  readonly newlyLeftOut: readonly LeftOut[];
}

/** What has to change. */
export interface Difference {
  /** New entries, and those that last longer or shorter. */
  readonly add: readonly HeldEntry[];
  readonly remove: readonly HeldEntry[];
  /** Keys that are finished once this is carried out. */
  readonly settled: readonly string[];
  readonly newlyLeftOut: readonly LeftOut[];
  /** New entries beyond what may be put in within a minute. */
  readonly heldBackCount: number;
}

const MINUTE_MS = 60_000;

/** What is in force, and how fast more may be added. */
export class HeldEntries {
  readonly #clock: Clock;
  readonly #additionsPerMinuteMax: number;
  #held = new Map<string, HeldEntry>();
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

  elements(): readonly HeldEntry[] {
    return [...this.#held.values()];
  }

  counts(): { readonly ipv4: number; readonly ipv6: number } {
    let ipv4 = 0;
    for (const { set } of this.#held.values()) if (set.startsWith('ipv4')) ipv4 += 1;
    return { ipv4, ipv6: this.#held.size - ipv4 };
  }

  has({ set, element }: HeldElement): boolean {
    return this.#held.has(`${set} ${element}`);
  }

  /** Keys of entries whose time is over. */
  endedBy(nowEpochMs: number): readonly string[] {
    return [...this.#held].flatMap(([key, { endEpochMs }]) =>
      endEpochMs <= nowEpochMs ? key : [],
    );
  }

  /** Forgets what has expired. */
  prune(nowEpochMs: number): void {
    for (const [key, { endEpochMs }] of this.#held) {
      if (endEpochMs <= nowEpochMs) this.#held.delete(key);
    }
  }

  clear(): void {
    this.#held.clear();
    this.#leftOut.clear();
  }

  /** Everything that is listed and not spared. */
  wanted(listed: Listed, spared: Reasons, nowEpochMs: number): Wanted {
    const wanted: HeldEntry[] = [];
    const leftOut = new Map<string, LeftOut>();
    for (const [key, one] of listed.entries) {
      const why = spared.reason(prefixOf(one));
      if (why !== undefined) leftOut.set(key, leftOutOf(one, why));
      else if (one.endEpochMs > nowEpochMs) wanted.push(one);
    }
    const known = this.#leftOut;
    const newlyLeftOut = [...leftOut].flatMap(([key, out]) => (known.has(key) ? [] : out));
    return { wanted, leftOut, newlyLeftOut };
  }

  /** Replaces what is in force. */
  replace({ wanted, leftOut }: Wanted): void {
    this.#held = new Map(wanted.map((one) => [one.key, one]));
    this.#leftOut = new Map(leftOut);
  }

  /** The changes that some keys require; counts new entries against the allowance. */
  difference(
    keys: Iterable<string>,
    { listed, spared }: { readonly listed: Listed; readonly spared: Reasons },
    nowEpochMs: number,
    countMax: number,
  ): Difference {
    const add: HeldEntry[] = [];
    const remove: HeldEntry[] = [];
    const settled: string[] = [];
    const newlyLeftOut: LeftOut[] = [];
    let heldBackCount = 0;
    this.#refill();
    for (const key of keys) {
      if (add.length + remove.length >= countMax) break;
      const one = listed.entries.get(key);
      const held = this.#held.get(key);
      const why = one === undefined ? undefined : spared.reason(prefixOf(one));
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
        add.push(one);
      }
      settled.push(key);
    }
    return { add, remove, settled, newlyLeftOut, heldBackCount };
  }

  carriedOut({ add, remove }: Difference): void {
    for (const { key } of remove) this.#held.delete(key);
    for (const one of add) this.#held.set(one.key, one);
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

function leftOutOf(one: ListedEntry, why: string): LeftOut {
  return { address: networkOf(one), why };
}
