// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { NeighbourStatus } from '@sentrypeer/bgp';
import type { NeighbourNote } from './run-directory.ts';

/** Remembers since when each session is down: its state changes with every attempt. */
export class Sessions {
  readonly #downSinceEpochMs = new Map<string, number>();

  /** @param nowEpochMs Wall-clock milliseconds. */
  notes(neighbours: readonly NeighbourStatus[], nowEpochMs: number): readonly NeighbourNote[] {
    return neighbours.map((one) => {
      if (one.state === 'Established') {
        this.#downSinceEpochMs.delete(one.name);
        return one;
      }
      const downSinceEpochMs = this.#downSinceEpochMs.get(one.name) ?? nowEpochMs;
      this.#downSinceEpochMs.set(one.name, downSinceEpochMs);
      return { ...one, downSinceEpochMs };
    });
  }
}
