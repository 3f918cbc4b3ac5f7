// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { entryOf, keyOf, type Entry } from './entry.ts';
import { TIMEOUT_S_MAX } from './limits.ts';

/** What the feed lists. Immutable: what is in force is the same object, because there may be a million of them. */
export interface ListedEntry extends Pick<Entry, 'set' | 'element'> {
  /** See `keyOf()`. */
  readonly key: string;
  /** When it ends unless the feed extends it, in wall-clock milliseconds. */
  readonly endEpochMs: number;
}

/**
 * An entry may last longer without notice: a quarter of its time, at least an hour (docs/api.md, lists for machines).
 */
const LONGER_SHARE = 0.25;
const LONGER_MS_MIN = 3_600_000;
/** Chosen, so that a feed at its limit is not started again for each entry that ends. */
const ROOM_SHARE = 0.9;

/** The feed's entries as received, up to a limit. */
export class Listed {
  readonly #countMax: number;
  #entries = new Map<string, ListedEntry>();
  /** Entries of an incomplete snapshot. */
  #arriving: Map<string, ListedEntry> | undefined;
  #isFull = false;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Keyed by `keyOf()`. */
  get entries(): ReadonlyMap<string, ListedEntry> {
    return this.#entries;
  }

  /** Whether entries were left out since the last snapshot began, because there were too many. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Whether entries were left out that would fit now, with some to spare: a new snapshot brings them. */
  get hasRoomAgain(): boolean {
    return this.#isFull && this.#entries.size < this.#countMax * ROOM_SHARE;
  }

  begin(): void {
    this.#arriving = new Map();
    this.#isFull = false;
  }

  /** The snapshot is complete and applies from now on. */
  end(): void {
    if (this.#arriving !== undefined) this.#entries = this.#arriving;
    this.#arriving = undefined;
  }

  /** An entry of a snapshot. */
  arrive(value: string, untilEpochMs: number, nowEpochMs: number): void {
    if (this.#arriving !== undefined) this.#put(this.#arriving, value, untilEpochMs, nowEpochMs);
  }

  /** @returns The key of what changed; `undefined` if nothing did. */
  put(value: string, untilEpochMs: number, nowEpochMs: number): string | undefined {
    return this.#put(this.#entries, value, untilEpochMs, nowEpochMs);
  }

  /** @returns See `put()`. */
  remove(value: string): string | undefined {
    const entry = entryOf(value);
    if (entry === undefined) return undefined;
    const key = keyOf(entry);
    return this.#entries.delete(key) ? key : undefined;
  }

  /** Forgets what has ended. */
  prune(nowEpochMs: number): void {
    for (const [key, { endEpochMs }] of this.#entries) {
      if (endEpochMs <= nowEpochMs) this.#entries.delete(key);
    }
  }

  #put(
    into: Map<string, ListedEntry>,
    value: string,
    untilEpochMs: number,
    nowEpochMs: number,
  ): string | undefined {
    const entry = entryOf(value);
    const leftMs = untilEpochMs - nowEpochMs;
    if (entry === undefined || !(leftMs > 0)) return undefined;
    const key = keyOf(entry);
    if (into.size >= this.#countMax && !into.has(key)) {
      this.#isFull = true;
      return undefined;
    }
    const longerMs = Math.max(LONGER_MS_MIN, leftMs * LONGER_SHARE);
    const lastsMs = Math.min(leftMs + longerMs, TIMEOUT_S_MAX * 1000);
    const { set, element } = entry;
    into.set(key, { key, set, element, endEpochMs: nowEpochMs + lastsMs });
    return key;
  }
}
