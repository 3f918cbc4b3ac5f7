// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { bitsWithin, networksOf } from '@sentrypeer/ip';
import { EVIDENCE_SHARES, MAKE_ROOM_ROWS } from '../limits.ts';

/** Limits the share of the evidence, and so of the lists, that one large IPv6 network can take. */
export class EvidenceCaps {
  readonly #caps: readonly (readonly [bits: number, rowsMax: number])[];
  readonly #isBeyond: StatementSync;
  readonly #makeRoom: StatementSync;

  /** @param evidenceCountMax The most rows of evidence kept for all addresses. */
  constructor(database: DatabaseSync, evidenceCountMax: number) {
    this.#caps = EVIDENCE_SHARES.map(([bits, share]) => [
      bits,
      Math.max(1, Math.floor(evidenceCountMax * share)),
    ]);
    this.#isBeyond = database.prepare(
      'SELECT 1 FROM address_evidence WHERE network BETWEEN ? AND ? LIMIT 1 OFFSET ?',
    );
    // The weakest grade goes first; within it, what has not been seen for longest.
    this.#makeRoom = database.prepare(`
      DELETE FROM address_evidence WHERE total_id IN (SELECT total_id FROM address_evidence
        WHERE network BETWEEN ?1 AND ?2 ORDER BY grade DESC, last_seen_us DESC, total_id DESC
        LIMIT -1 OFFSET ?3)`);
  }

  /** @param addresses Networks for which there may be new evidence. @returns Rows removed. */
  makeRoom(addresses: Iterable<string>): number {
    const networks = [...addresses].flatMap((address) => networksOf(address)?.slice(0, 1) ?? []);
    let removed = 0;
    for (const [length, rowsMax] of this.#caps) {
      const ranges = new Map(
        networks.map(({ bits }) => bitsWithin(bits, length)).map((range) => [range.first, range]),
      );
      for (const { first, last } of ranges.values()) {
        if (this.#isBeyond.get(first, last, rowsMax) === undefined) continue;
        const kept = rowsMax - Math.min(MAKE_ROOM_ROWS, Math.floor(rowsMax / 8));
        removed += Number(this.#makeRoom.run(first, last, kept).changes);
      }
    }
    return removed;
  }
}
