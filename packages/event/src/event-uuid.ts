// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Random } from '@sentrypeer/kernel';

const POOL_SIZE = 4096;
const HEX = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'));

/**
 * Time-ordered UUIDs, RFC 9562 §5.7 with §6.2 method 3: the twelve bits after the version hold the
 * fraction of the millisecond, so that rows are appended to the end of the index on the UUID.
 */
export class EventUuids {
  readonly #random: Random;
  readonly #pool = new Uint8Array(POOL_SIZE);
  #used = POOL_SIZE;

  constructor(ports: { readonly random: Random }) {
    this.#random = ports.random;
  }

  /** @param epochUs Whole microseconds since the epoch. */
  next(epochUs: number): string {
    if (this.#used + 8 > POOL_SIZE) {
      this.#random.fill(this.#pool);
      this.#used = 0;
    }
    const ms = Math.floor(epochUs / 1000);
    const fraction = Math.floor(((epochUs - ms * 1000) * 4096) / 1000);
    const high = Math.floor(ms / 0x1_0000_0000);
    const low = ms >>> 0;
    const time = hex2(high >>> 8) + hex2(high) + hex2(low >>> 24) + hex2(low >>> 16);
    const middle = `${hex2(low >>> 8)}${hex2(low)}-${hex2(0x70 | (fraction >>> 8))}${hex2(fraction)}`;
    const variant = hex2(0x80 | (this.#octet() & 0x3f)) + hex2(this.#octet());
    let node = '';
    for (let index = 0; index < 6; index += 1) node += hex2(this.#octet());
    return `${time}-${middle}-${variant}-${node}`;
  }

  #octet(): number {
    const octet = this.#pool[this.#used] ?? 0;
    this.#used += 1;
    return octet;
  }
}

function hex2(value: number): string {
  return HEX[value & 0xff] ?? '';
}
