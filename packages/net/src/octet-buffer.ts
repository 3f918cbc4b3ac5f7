// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

const CAPACITY_MIN = 1024;
const NOTHING = new Uint8Array(0);

/** Octets that are gathered piece by piece, each of them copied a constant number of times. */
export class OctetBuffer {
  #octets: Uint8Array = NOTHING;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** @param octets Borrowed. */
  append(octets: Uint8Array): void {
    const size = this.#size + octets.length;
    if (size > this.#octets.length) {
      const larger = new Uint8Array(Math.max(CAPACITY_MIN, size, this.#octets.length * 2));
      larger.set(this.#octets.subarray(0, this.#size));
      this.#octets = larger;
    }
    this.#octets.set(octets, this.#size);
    this.#size = size;
  }

  /** What was gathered, which the caller owns from now on; the buffer is empty again. */
  take(): Uint8Array {
    const octets = this.#octets.subarray(0, this.#size);
    this.#octets = NOTHING;
    this.#size = 0;
    return octets;
  }
}
