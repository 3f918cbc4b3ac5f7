// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { NeighbourStatus } from '@sentrypeer/bgp';
import type { SessionNote } from '../listings/run-note.ts';
import type { NeighbourNote } from './run-directory.ts';
import { errorText } from './troubles.ts';

/** Remembers when each session went down, because its state changes with every attempt. */
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

/** What the daemon reports about a session. */
export function sessionNote(one: NeighbourNote): SessionNote {
  return {
    name: one.name,
    address: one.address,
    state: one.state,
    isUp: one.state === 'Established',
    sinceEpochMs: Math.round(one.downSinceEpochMs ?? one.sinceEpochMs),
    prefixesOut: one.prefixesOut,
    lastError: one.lastError === undefined ? null : errorText(one),
  };
}
