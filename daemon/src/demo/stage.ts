// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Observation } from '@sentrypeer/event';

/**
 * Whom the sockets of the demo stand for. Given to a daemon's constructor it makes the daemon record these addresses instead of
 * loopback's, and judge addresses that only examples use like others. No option, variable or file makes one.
 */
export class Stage {
  readonly #addresses = new Map<number, string>();

  /** Packets from this local port stand for packets from the address. */
  cast(port: number, address: string): void {
    this.#addresses.set(port, address);
  }

  readonly disguise = (observation: Observation): Observation => {
    const value = this.#addresses.get(observation.sourcePort);
    // Most of an observation is computed when it is read, so it cannot be copied; nobody else has it yet.
    return value === undefined
      ? observation
      : Object.defineProperty(observation, 'sourceIp', { value, enumerable: true });
  };
}
