// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

const CAPACITY_MIN = 2048;

/**
 * Octets of a stream that wait to be framed. Octets appended to an empty queue are borrowed, not copied, until
 * `settle()`, which copies what remains. On average each octet is moved a constant number of times, no matter how small
 * the incoming pieces are.
 */
export class OctetQueue {
  #octets: Uint8Array = EMPTY;
  #start = 0;
  #end = 0;
  #isBorrowed = false;

  get size(): number {
    return this.#end - this.#start;
  }

  /** The octet at an index below `size`; 0 for others. */
  at(index: number): number {
    return this.#octets[this.#start + index] ?? 0;
  }

  /** Index of an octet at or after `from`, or -1. */
  indexOf(octet: number, from: number): number {
    // Stale octets follow the end; they must not be searched again for each incoming piece.
    const found = this.#octets.subarray(this.#start + from, this.#end).indexOf(octet);
    return found === -1 ? -1 : found + from;
  }

  /** A view, valid until the next `append()`. */
  view(start: number, end: number): Uint8Array {
    return this.#octets.subarray(this.#start + start, this.#start + end);
  }

  append(octets: Uint8Array): void {
    if (this.size === 0) {
      this.#octets = octets;
      this.#start = 0;
      this.#end = octets.length;
      this.#isBorrowed = true;
      return;
    }
    this.#reserve(octets.length);
    this.#octets.set(octets, this.#end);
    this.#end += octets.length;
  }

  /** Removes `count` octets from the front. */
  drop(count: number): void {
    this.#start += count;
  }

  /** Ends the borrowing of what was appended. Views that were given out stay valid. */
  settle(): void {
    if (this.size === 0) this.clear();
    else if (this.#isBorrowed) this.#move(Math.max(CAPACITY_MIN, this.size));
  }

  clear(): void {
    this.#octets = EMPTY;
    this.#start = 0;
    this.#end = 0;
  }

  #reserve(count: number): void {
    const needed = this.size + count;
    if (needed > this.#octets.length) {
      this.#move(Math.max(needed, this.#octets.length * 2));
    } else if (this.#end + count > this.#octets.length) {
      this.#octets.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
  }

  #move(capacity: number): void {
    const octets = new Uint8Array(capacity);
    octets.set(this.#octets.subarray(this.#start, this.#end));
    this.#end -= this.#start;
    this.#start = 0;
    this.#octets = octets;
    this.#isBorrowed = false;
  }
}

const EMPTY = new Uint8Array(0);
