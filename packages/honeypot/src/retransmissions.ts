// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { hash } from 'node:crypto';
import { copyToKeep } from '@sentrypeer/bytes';
import { BoundedTable } from './bounded-table.ts';
import { RETRANSMISSION_MS, RETRANSMISSIONS_MAX } from './limits.ts';
import type { Received } from './received.ts';

/** The answer to a request; only the newest, as RFC 3261 §17.2.1 requires. */
export interface KeptAnswer {
  /** `undefined` if nothing was sent. */
  octets: Uint8Array | undefined;
}

/**
 * Answers by request. A retransmission is the same octets from the same address and port over the same transport within
 * 32 s. The branch alone is not enough: tools use one branch for several requests, or none.
 */
export class Retransmissions {
  readonly #table = new BoundedTable<KeptAnswer>({
    entriesMax: RETRANSMISSIONS_MAX,
    lifetimeMs: RETRANSMISSION_MS,
  });

  keyOf(input: Received<unknown>): string {
    const digest = hash('sha256', input.octets, 'base64');
    return `${input.transport} ${input.sourceIp} ${input.sourcePort} ${digest}`;
  }

  find(key: string, nowMs: number): KeptAnswer | undefined {
    return this.#table.get(key, nowMs);
  }

  keep(key: string, octets: Uint8Array | undefined, proved: boolean, nowMs: number): KeptAnswer {
    const answer: KeptAnswer = { octets: octets && copyToKeep(octets) };
    this.#table.set(key, answer, proved, nowMs);
    return answer;
  }
}
