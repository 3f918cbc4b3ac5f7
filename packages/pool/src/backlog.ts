// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Entries that found no room, until there is some. It serves those who told it in turns, and when it is full, the one
 * with the most in it loses an entry: whoever tells much pushes out only his own.
 */
export class Backlog<T> {
  readonly #countMax: number;
  /** The queue of each teller; the one served last is at the end. */
  readonly #queues = new Map<string, T[]>();
  #count = 0;

  /** @param countMax 1 and above. */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get count(): number {
    return this.#count;
  }

  /** @returns What was removed for it, perhaps itself; `undefined` if there was room. */
  add(teller: string, entry: T): T | undefined {
    const queue = this.#queues.get(teller);
    if (queue === undefined) this.#queues.set(teller, [entry]);
    else queue.push(entry);
    this.#count += 1;
    return this.#count > this.#countMax ? this.#removeOfLongest() : undefined;
  }

  /** Takes the oldest entry of the teller whose turn it is, or `undefined` if there is none. */
  take(): { readonly teller: string; readonly entry: T } | undefined {
    for (const [teller, queue] of this.#queues) {
      this.#queues.delete(teller);
      const entry = queue.shift();
      if (entry === undefined) continue;
      if (queue.length > 0) this.#queues.set(teller, queue);
      this.#count -= 1;
      return { teller, entry };
    }
    return undefined;
  }

  /** Removes the newest of the longest queue: what has waited longest keeps its place. */
  #removeOfLongest(): T | undefined {
    let longest: T[] = [];
    for (const queue of this.#queues.values()) if (queue.length > longest.length) longest = queue;
    this.#count -= 1;
    return longest.pop();
  }
}
