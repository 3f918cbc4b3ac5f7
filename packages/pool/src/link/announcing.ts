// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { TokenBucket } from '@sentrypeer/kernel';
import { HAVE_MS } from '../limits.ts';
import { HINT_SIZE, ID_SIZE } from './frames.ts';
import {
  ANNOUNCED_OCTETS_BURST,
  ANNOUNCED_OCTETS_PER_S,
  ANNOUNCEMENTS_WAITING_MAX,
} from './limits.ts';
import type { IndexedPage } from './page-index.ts';

/** The cost of an announcement, whether it names the author or not. */
const ANNOUNCED_OCTETS = ID_SIZE + HINT_SIZE;

/**
 * Gathers what a link announces unasked. The other end may have all of it from elsewhere, and then counts it as sent in
 * vain; so there is a limit, which does not apply to what it asks for.
 */
export class Announcing {
  readonly #rate: TokenBucket;
  #pages: IndexedPage[] = [];
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
    const rate = { burst: ANNOUNCED_OCTETS_BURST, perSecond: ANNOUNCED_OCTETS_PER_S };
    this.#rate = new TokenBucket(rate, nowMs);
  }

  add(page: IndexedPage): void {
    this.#pages.push(page);
  }

  /** The other end asked for some. */
  wereWanted(count: number): void {
    this.#rate.giveBack(count * ANNOUNCED_OCTETS);
  }

  /** What to announce now; `hasMore` if too much waits, so that the other end should compare instead. */
  due(
    isKnown: (id: string) => boolean,
    nowMs: number,
  ): { readonly pages: readonly IndexedPage[]; readonly hasMore: boolean } | undefined {
    if (nowMs - this.#atMs < HAVE_MS) return undefined;
    this.#atMs = nowMs;
    const waiting = this.#pages.filter(({ id }) => !isKnown(id));
    const room = Math.max(0, Math.floor(this.#rate.left(nowMs) / ANNOUNCED_OCTETS));
    const pages = waiting.slice(0, room);
    this.#rate.spend(pages.length * ANNOUNCED_OCTETS, nowMs);
    const left = waiting.slice(pages.length);
    this.#pages = left.slice(-ANNOUNCEMENTS_WAITING_MAX);
    return { pages, hasMore: left.length > this.#pages.length };
  }
}
