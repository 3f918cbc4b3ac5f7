// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Observation } from '@sentrypeer/event';

/**
 * The addresses that the demo's sockets stand for. A daemon that gets a stage records these addresses instead of
 * loopback, and judges documentation addresses like others. No option, variable or file creates one.
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
