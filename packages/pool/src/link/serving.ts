// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { LINK_SERVED_MAX, LINK_UNSENT_OCTETS_MAX, SEGMENT_OCTETS } from '../limits.ts';
import { HEAD_SIZE } from './frames.ts';
import { ASKING_SHARE } from './limits.ts';
import type { LinkParts, Wire } from './link-parts.ts';

/** Pages that are read at once. */
const PAGES_AT_ONCE = 16;

/** Pages that the other end of a link asked for and that have not been sent yet. */
export class Serving {
  readonly #parts: Pick<LinkParts, 'index' | 'serve' | 'giveBack'>;
  #ids: string[] = [];
  /** Octets of questions that have not been answered yet. */
  #askedOctets = 0;

  constructor(parts: Pick<LinkParts, 'index' | 'serve' | 'giveBack'>) {
    this.#parts = parts;
  }

  /** It asks for these. @param octets Size of the question. */
  asked(ids: readonly string[], octets: number): void {
    this.#ids = [...this.#ids, ...ids].slice(0, LINK_SERVED_MAX);
    this.#askedOctets += HEAD_SIZE + octets + SEGMENT_OCTETS;
  }

  /**
   * Sends what was asked for, as long as the connection accepts it. An answered question was not in vain, as long as it
   * is short compared with the answer.
   *
   * @returns Whether the other end may have that much.
   */
  serve(wire: Wire, send: (ids: readonly string[], pages: readonly Uint8Array[]) => void): boolean {
    const { index } = this.#parts;
    while (this.#ids.length > 0 && wire.unsentOctets <= LINK_UNSENT_OCTETS_MAX) {
      const ids = this.#ids.splice(0, PAGES_AT_ONCE);
      const pages = ids.flatMap((id) => {
        const page = index.get(id);
        return (page && index.octets(page)) ?? [];
      });
      const size = pages.reduce((sum, { length }) => sum + length, 0);
      if (!this.#parts.serve(size)) return false;
      const answered = Math.min(this.#askedOctets, Math.floor(size * ASKING_SHARE));
      this.#askedOctets -= answered;
      this.#parts.giveBack(answered);
      send(ids, pages);
    }
    return true;
  }
}
