// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { independentNetwork } from '@sentrypeer/ip';
import { AVOIDED_MS, NETWORK_TRIES_MAX, TARGETS_MAX } from './limits.ts';

/**
 * Addresses that were dialled in the last hour and are left alone: if somebody names another's address, with whatever
 * ports and keys, it is dialled at most once an hour, and its network at most twice.
 */
export class Tried {
  /** Monotonic milliseconds until which each is left alone, oldest first. */
  readonly #untilMs = new Map<string, number>();

  may(address: string, nowMs: number): boolean {
    const network = networkOf(address);
    let count = 0;
    for (const [other, untilMs] of this.#untilMs) {
      if (untilMs <= nowMs) this.#untilMs.delete(other);
      else if (other === address) return false;
      else if (networkOf(other) === network) count += 1;
    }
    return count < NETWORK_TRIES_MAX;
  }

  add(address: string, nowMs: number): void {
    this.#untilMs.delete(address);
    this.#untilMs.set(address, nowMs + AVOIDED_MS);
    const [oldest] = this.#untilMs.keys();
    if (this.#untilMs.size > TARGETS_MAX && oldest !== undefined) this.#untilMs.delete(oldest);
  }

  /** There was a link. */
  forget(address: string): void {
    this.#untilMs.delete(address);
  }
}

function networkOf(address: string): string {
  return independentNetwork(address) ?? address;
}
