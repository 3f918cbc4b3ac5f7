// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

interface Entry<Value> {
  readonly key: string;
  readonly value: Value;
  readonly expiresAtMs: number;
  readonly isProved: boolean;
  older: Entry<Value> | undefined;
  newer: Entry<Value> | undefined;
}

/**
 * State that attackers can make grow: bounded in number and in time. When it is full, the oldest entry of an unproved
 * source is dropped first, so that forged sources cannot push out proved ones.
 */
export class BoundedTable<Value> {
  readonly #entriesMax: number;
  readonly #lifetimeMs: number;
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #unproved = new EntriesByAge<Value>();
  readonly #proved = new EntriesByAge<Value>();

  constructor(options: { readonly entriesMax: number; readonly lifetimeMs: number }) {
    this.#entriesMax = options.entriesMax;
    this.#lifetimeMs = options.lifetimeMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, nowMs: number): Value | undefined {
    const entry = this.#entries.get(key);
    return entry === undefined || entry.expiresAtMs <= nowMs ? undefined : entry.value;
  }

  /** Sets an entry, which becomes the newest; if the table is full, makes room first. */
  set(key: string, value: Value, isProved: boolean, nowMs: number): void {
    this.delete(key);
    this.#dropExpired(this.#unproved, nowMs);
    this.#dropExpired(this.#proved, nowMs);
    if (this.size >= this.#entriesMax) this.#drop(this.#unproved.oldest ?? this.#proved.oldest);
    const expiresAtMs = nowMs + this.#lifetimeMs;
    const entry = { key, value, expiresAtMs, isProved, older: undefined, newer: undefined };
    this.#entries.set(key, entry);
    (isProved ? this.#proved : this.#unproved).add(entry);
  }

  delete(key: string): void {
    this.#drop(this.#entries.get(key));
  }

  *values(): Generator<Value> {
    yield* this.#proved.values();
    yield* this.#unproved.values();
  }

  /** At most two per call, so that no call takes long. */
  #dropExpired(entries: EntriesByAge<Value>, nowMs: number): void {
    for (let count = 0; count < 2; count += 1) {
      const { oldest } = entries;
      if (oldest === undefined || oldest.expiresAtMs > nowMs) return;
      this.#drop(oldest);
    }
  }

  #drop(entry: Entry<Value> | undefined): void {
    if (entry === undefined) return;
    this.#entries.delete(entry.key);
    (entry.isProved ? this.#proved : this.#unproved).remove(entry);
  }
}

/**
 * A list from the oldest entry to the newest. A `Map` has the same order, but finding its first entry means skipping
 * those that were deleted: a fifth of the cost of an INVITE.
 */
class EntriesByAge<Value> {
  oldest: Entry<Value> | undefined;
  #newest: Entry<Value> | undefined;

  add(entry: Entry<Value>): void {
    entry.older = this.#newest;
    if (this.#newest === undefined) this.oldest = entry;
    else this.#newest.newer = entry;
    this.#newest = entry;
  }

  remove(entry: Entry<Value>): void {
    const { older, newer } = entry;
    if (older === undefined) this.oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
  }

  *values(): Generator<Value> {
    for (let entry = this.oldest; entry !== undefined; entry = entry.newer) yield entry.value;
  }
}
