// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

interface Entry<Value> {
  readonly value: Value;
  readonly expiresAtMs: number;
}

/**
 * State that attackers can make grow: bounded in number and in time. When it is full, the oldest entry of an
 * unproved source goes first, so that forged sources cannot push out those that were heard back from.
 */
export class BoundedTable<Value> {
  readonly #entriesMax: number;
  readonly #lifetimeMs: number;
  readonly #unproved = new Map<string, Entry<Value>>();
  readonly #proved = new Map<string, Entry<Value>>();

  constructor(options: { readonly entriesMax: number; readonly lifetimeMs: number }) {
    this.#entriesMax = options.entriesMax;
    this.#lifetimeMs = options.lifetimeMs;
  }

  get size(): number {
    return this.#unproved.size + this.#proved.size;
  }

  get(key: string, nowMs: number): Value | undefined {
    const entry = this.#proved.get(key) ?? this.#unproved.get(key);
    return entry === undefined || entry.expiresAtMs <= nowMs ? undefined : entry.value;
  }

  /** Sets an entry, which becomes the newest, and makes room first where there is none. */
  set(key: string, value: Value, proved: boolean, nowMs: number): void {
    this.delete(key);
    dropExpired(this.#unproved, nowMs);
    dropExpired(this.#proved, nowMs);
    if (this.size >= this.#entriesMax && !dropOldest(this.#unproved)) dropOldest(this.#proved);
    const entries = proved ? this.#proved : this.#unproved;
    entries.set(key, { value, expiresAtMs: nowMs + this.#lifetimeMs });
  }

  delete(key: string): void {
    if (!this.#proved.delete(key)) this.#unproved.delete(key);
  }

  *values(): Generator<Value> {
    for (const entry of this.#proved.values()) yield entry.value;
    for (const entry of this.#unproved.values()) yield entry.value;
  }
}

/** Entries stand in the order of their age. At most two go in one call, so that no call takes long. */
function dropExpired<Value>(entries: Map<string, Entry<Value>>, nowMs: number): void {
  let droppedCount = 0;
  for (const [key, entry] of entries) {
    if (entry.expiresAtMs > nowMs || droppedCount === 2) return;
    entries.delete(key);
    droppedCount += 1;
  }
}

function dropOldest<Value>(entries: Map<string, Entry<Value>>): boolean {
  const oldest = entries.keys().next();
  return oldest.done !== true && entries.delete(oldest.value);
}
