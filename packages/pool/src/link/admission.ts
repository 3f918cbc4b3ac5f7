// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { TokenBucket, TokenBuckets } from '@sentrypeer/kernel';
import {
  AUTHOR_PAGES_BURST,
  AUTHOR_PAGES_PER_HOUR,
  AUTHOR_RATES_MAX,
  EXCHANGE_STEP_MS,
  FLOODED_OCTETS,
  FLOODED_PAGES,
  KNOWN_OCTETS_KEPT,
  KNOWN_PAGES_KEPT,
  STRANGERS_OCTETS_BURST,
  STRANGERS_OCTETS_PER_S,
  STRANGERS_PAGES_BURST,
  STRANGERS_PAGES_PER_S,
} from '../limits.ts';
import { HINT_SIZE } from './frames.ts';

const HOUR_S = 3600;
/** The size of a page with which both limits for strangers are reached at once. */
const USUAL_PAGE_OCTETS = STRANGERS_OCTETS_PER_S / STRANGERS_PAGES_PER_S;

export interface AdmissionPorts {
  /** Keys in hexadecimal, of voters and of authors whose claims were checked. */
  readonly voters: () => ReadonlySet<string>;
  readonly known: () => ReadonlySet<string>;
  /** Key of this node. */
  readonly ownKey: string;
}

/**
 * Decides how much is accepted from whom. Keys cost nothing: so there is a limit for each author, and one for all who
 * are not voters, in pages and in octets, part of which is reserved for those whose claims were checked: in a flood of
 * strangers nothing of theirs is lost.
 */
export class Admission {
  readonly #ports: AdmissionPorts;
  readonly #authors = new TokenBuckets({
    burst: AUTHOR_PAGES_BURST,
    perSecond: AUTHOR_PAGES_PER_HOUR / HOUR_S,
    keysMax: 2 * AUTHOR_RATES_MAX,
  });
  readonly #pages: TokenBucket;
  readonly #octets: TokenBucket;
  #voters: ReadonlySet<string> = new Set();
  #known: ReadonlySet<string> = new Set();
  /** The beginnings of the keys of both. */
  #hints: ReadonlySet<string> | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;

  constructor(ports: AdmissionPorts, nowMs: number) {
    this.#ports = ports;
    const pages = { burst: STRANGERS_PAGES_BURST, perSecond: STRANGERS_PAGES_PER_S };
    this.#pages = new TokenBucket(pages, nowMs);
    const octets = { burst: STRANGERS_OCTETS_BURST, perSecond: STRANGERS_OCTETS_PER_S };
    this.#octets = new TokenBucket(octets, nowMs);
  }

  /** Whether strangers said so much that hardly anything more is accepted from them. */
  isFlooded(nowMs: number): boolean {
    return !this.#hasRoom(FLOODED_PAGES, FLOODED_OCTETS, nowMs);
  }

  /** Counts a page. @param key Its author's, in hexadecimal. @returns Whether it is too much. */
  isTooMuch(key: string, octets: number, nowMs: number): boolean {
    this.#read(nowMs);
    if (this.#voters.has(key)) return false;
    const hasRoom = this.#known.has(key)
      ? this.#pages.has(1, nowMs) && this.#octets.has(octets, nowMs)
      : this.#hasRoom(1, octets, nowMs);
    if (!hasRoom || !this.#authors.take(key, 1, nowMs)) return true;
    this.#pages.take(1, nowMs);
    this.#octets.take(octets, nowMs);
    return false;
  }

  /** Whether a stranger's page would be accepted, after others that are expected. */
  hasRoomAfter(pagesCount: number, nowMs: number): boolean {
    return this.#hasRoom(1 + pagesCount, (1 + pagesCount) * USUAL_PAGE_OCTETS, nowMs);
  }

  /** Whether the author is also heard in a flood. */
  isHeard(key: string, nowMs: number): boolean {
    this.#read(nowMs);
    return key === this.#ports.ownKey || this.#known.has(key) || this.#voters.has(key);
  }

  /**
   * The same by the beginning of the key. Somebody who finds a key with the same beginning only gets one page
   * requested.
   */
  isHintHeard(hint: string, nowMs: number): boolean {
    this.#read(nowMs);
    this.#hints ??= new Set([...this.#known, ...this.#voters].map(hintOf));
    return this.#hints.has(hint);
  }

  /** The authors to hear are in the database, which is not asked for each page. */
  #read(nowMs: number): void {
    if (nowMs - this.#readAtMs < EXCHANGE_STEP_MS) return;
    this.#readAtMs = nowMs;
    this.#voters = this.#ports.voters();
    this.#known = this.#ports.known();
    this.#hints = undefined;
  }

  #hasRoom(pages: number, octets: number, nowMs: number): boolean {
    return (
      this.#pages.has(KNOWN_PAGES_KEPT + pages, nowMs) &&
      this.#octets.has(KNOWN_OCTETS_KEPT + octets, nowMs)
    );
  }
}

/** How an announcement refers to an author. */
export function hintOf(key: string): string {
  return key.slice(0, 2 * HINT_SIZE);
}
