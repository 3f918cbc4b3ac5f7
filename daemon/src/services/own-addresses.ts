// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock } from '@sentrypeer/kernel';
import { machineAddresses } from '@sentrypeer/net';
import { OWN_ADDRESSES_MS } from '../limits.ts';

/** The addresses of this machine, which may change; read again after `OWN_ADDRESSES_MS`. */
export class OwnAddresses {
  readonly #clock: Clock;
  readonly #read: () => readonly string[];
  #addresses: readonly string[];
  #readAtMs: number;

  constructor(clock: Clock, read: () => readonly string[] = readAddresses) {
    this.#clock = clock;
    this.#read = read;
    this.#addresses = read();
    this.#readAtMs = clock.nowMs();
  }

  /** The same array as long as the addresses stay the same. */
  get(): readonly string[] {
    if (this.#clock.nowMs() - this.#readAtMs <= OWN_ADDRESSES_MS) return this.#addresses;
    this.#readAtMs = this.#clock.nowMs();
    const addresses = this.#read();
    if (addresses.join() !== this.#addresses.join()) this.#addresses = addresses;
    return this.#addresses;
  }
}

function readAddresses(): readonly string[] {
  return machineAddresses()
    .map(({ address }) => address)
    .toSorted();
}
