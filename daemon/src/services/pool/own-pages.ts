// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Logger } from '@sentrypeer/kernel';
import type { KeyState, PageOutcome } from '@sentrypeer/store';

/** What to do if nothing that this node's key signs counts any more. */
export const KEY_ENDED: Readonly<Record<Exclude<KeyState, 'alive'>, string>> = {
  retired:
    'it was retired with pool retire. To continue as a new node, stop it and move its identity file away',
  liar: 'two different pages with one serial were signed with this key: another daemon uses it, for example on a copy of this machine or of its identity file. Stop that one; to continue as a new node, move the identity file of this one away',
};

/** Counts what became of the pages that this node wrote, and logs when they are refused. */
export class OwnPages {
  readonly outcomes: Record<PageOutcome, number> = {
    taken: 0,
    known: 0,
    replaced: 0,
    distrusted: 0,
    retired: 0,
    liar: 0,
    caught_lying: 0,
    too_many_pages: 0,
    too_many_claims: 0,
    too_many_authors: 0,
    no_room: 0,
  };
  readonly #logger: Logger;
  /** What was logged last, so that it is not repeated. */
  #told: KeyState | PageOutcome = 'alive';

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Logs once that the key of this node has ended. @returns Whether it has. */
  tellEnded(state: KeyState): boolean {
    if (state === 'alive') return false;
    if (this.#told !== state) {
      this.#told = state;
      this.#logger.warn('pool_key_ended', { state, what_to_do: KEY_ENDED[state] });
    }
    return true;
  }

  /** Counts pages that were written. A reason for which some were refused is logged when it is a new one. */
  add(outcomes: readonly PageOutcome[]): void {
    for (const outcome of outcomes) this.outcomes[outcome] += 1;
    const refused = outcomes.find((outcome) => outcome !== 'taken' && outcome !== 'known');
    if (refused !== undefined && refused !== this.#told) {
      const pages = outcomes.filter((outcome) => outcome === refused).length;
      this.#logger.warn('pool_pages_not_taken', { why: refused, pages });
    }
    this.#told = refused ?? 'alive';
  }
}
