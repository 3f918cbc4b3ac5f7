// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { sourceKey } from '@sentrypeer/ip';
import { assert } from '@sentrypeer/kernel';
import { STREAMS_WAITING_OCTETS_MAX } from './limits.ts';

export type QuotaOutcome = 'admitted' | 'connections_all' | 'connections_source';

/**
 * Counts open connections, in all and for each source (an IPv6 /64 is one source), and the octets of begun messages that
 * wait on all of them.
 */
export class ConnectionQuota {
  readonly #max: number;
  readonly #perSourceMax: number;
  readonly #bySource = new Map<string, number>();
  readonly #waitingOctetsMax: number;
  #count = 0;
  #waitingOctets = 0;

  /** @param options.waitingOctetsMax Defaults to `STREAMS_WAITING_OCTETS_MAX`. */
  constructor(options: {
    readonly max: number;
    readonly perSourceMax: number;
    readonly waitingOctetsMax?: number;
  }) {
    this.#max = options.max;
    this.#perSourceMax = options.perSourceMax;
    this.#waitingOctetsMax = options.waitingOctetsMax ?? STREAMS_WAITING_OCTETS_MAX;
  }

  /** Octets of begun messages, on all connections. */
  get waitingOctets(): number {
    return this.#waitingOctets;
  }

  /**
   * Adds to the octets that connections keep; a negative number subtracts. @returns Whether the sum is within the
   * limit.
   */
  keep(octets: number): boolean {
    this.#waitingOctets += octets;
    return this.#waitingOctets <= this.#waitingOctetsMax;
  }

  /** Connections that were admitted and not released. */
  get count(): number {
    return this.#count;
  }

  /** Counts one more connection, or says which limit forbids it and counts nothing. */
  admit(address: string): QuotaOutcome {
    if (this.#count >= this.#max) return 'connections_all';
    const key = sourceKey(address);
    const count = this.#bySource.get(key) ?? 0;
    if (count >= this.#perSourceMax) return 'connections_source';
    this.#bySource.set(key, count + 1);
    this.#count += 1;
    return 'admitted';
  }

  /** Once for every admitted connection. */
  release(address: string): void {
    const key = sourceKey(address);
    const count = this.#bySource.get(key) ?? 0;
    assert(count > 0, 'connection_released_twice');
    if (count === 1) this.#bySource.delete(key);
    else this.#bySource.set(key, count - 1);
    this.#count -= 1;
  }
}
