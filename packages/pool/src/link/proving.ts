// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { SEGMENT_OCTETS } from '../limits.ts';
import type { RecentSet } from '../recent-set.ts';
import { HEAD_SIZE } from './frames.ts';
import { PROOFS_WAITING_MAX } from './limits.ts';
import { pageId } from './page-index.ts';
import type { PushBudget } from './push-budget.ts';

export interface ProvingParts {
  /** The two pages that prove that the author with this key, in hexadecimal, lies; empty if none do. */
  readonly proof: (key: string) => readonly Uint8Array[];
  /** Ids of pages that the other end has. */
  readonly known: RecentSet;
  readonly pushes: PushBudget;
  readonly send: (pages: readonly Uint8Array[]) => void;
}

/**
 * Authors of whom the other end of a link is to get the two pages that prove that they lie. Whoever keeps one of the
 * two counts what the author says until both are there. So a proof that may not be sent now waits.
 */
export class Proving {
  readonly #parts: ProvingParts;
  /** Keys of authors, the most important ones first. */
  #waiting: readonly string[] = [];

  constructor(parts: ProvingParts) {
    this.#parts = parts;
  }

  /** @param isHeard Its word counts more than that of other strangers: it comes before all that wait. */
  add(key: string, isHeard: boolean): void {
    if (this.#waiting.includes(key)) return;
    const all = isHeard ? [key, ...this.#waiting] : [...this.#waiting, key];
    this.#waiting = all.slice(0, PROOFS_WAITING_MAX);
  }

  /** Sends what waits, without the pages that the other end has, as far as it may be sent now. */
  send(): void {
    const { proof, known, pushes, send } = this.#parts;
    for (let key = this.#waiting[0]; key !== undefined; key = this.#waiting[0]) {
      const pages = proof(key).filter((page) => !known.has(pageId(page)));
      const size = HEAD_SIZE + SEGMENT_OCTETS;
      const octets = pages.reduce((sum, { length }) => sum + 2 + length, size);
      if (pages.length > 0 && !pushes.takeForProof(octets)) return;
      for (const page of pages) known.add(pageId(page));
      send(pages);
      this.#waiting = this.#waiting.slice(1);
    }
  }
}
