// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { independentNetwork, isLocalAddress } from '@sentrypeer/ip';
import { TokenBucket } from '@sentrypeer/kernel';
import {
  HANDSHAKES_OF_NETWORK_MAX,
  HANDSHAKES_OF_NETWORK_PER_SECOND,
  HANDSHAKES_OPEN_MAX,
  HANDSHAKES_PER_SECOND_MAX,
  NETWORK_RATES_MAX,
} from '../limits.ts';

/**
 * Incoming connections that have not proved a key yet. Each costs a signature, so their number at once and per second
 * is limited, and one network gets only a part, so that it leaves room for others. Hosts on this site are not
 * strangers.
 */
export class Handshakes {
  /** The network of each, keyed by its other end. */
  readonly #open = new Map<string, string>();
  readonly #all: TokenBucket;
  readonly #networks = new Map<string, TokenBucket>();

  constructor(nowMs: number) {
    const rate = { burst: HANDSHAKES_OPEN_MAX, perSecond: HANDSHAKES_PER_SECOND_MAX };
    this.#all = new TokenBucket(rate, nowMs);
  }

  /** @returns Whether this one may start; then it is counted until `end()`. */
  begin(end: string, address: string, nowMs: number): boolean {
    const network = isLocalAddress(address) ? '' : (independentNetwork(address) ?? address);
    if (this.#open.size >= HANDSHAKES_OPEN_MAX) return false;
    if (network !== '' && !this.#hasShare(network, nowMs)) return false;
    if (!this.#all.take(1, nowMs)) return false;
    if (network !== '') this.#networks.get(network)?.spend(1, nowMs);
    this.#open.set(end, network);
    return true;
  }

  /** It proved a key, or is gone. */
  end(end: string): void {
    this.#open.delete(end);
  }

  #hasShare(network: string, nowMs: number): boolean {
    let count = 0;
    for (const other of this.#open.values()) if (other === network) count += 1;
    const rate = {
      burst: HANDSHAKES_OF_NETWORK_MAX,
      perSecond: HANDSHAKES_OF_NETWORK_PER_SECOND,
    };
    const bucket = this.#networks.get(network) ?? new TokenBucket(rate, nowMs);
    this.#networks.delete(network);
    this.#networks.set(network, bucket);
    const [idle] = this.#networks.keys();
    if (this.#networks.size > NETWORK_RATES_MAX && idle !== undefined) this.#networks.delete(idle);
    return count < HANDSHAKES_OF_NETWORK_MAX && bucket.has(1, nowMs);
  }
}
