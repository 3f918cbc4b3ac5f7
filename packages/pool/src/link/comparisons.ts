// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { IDLE_OCTETS_KEPT } from '../limits.ts';
import type { LinkBudgets } from './budgets.ts';
import { FIRST_ID, HEAD_SIZE, HINT_SIZE, ID_SIZE, SUMMARY_SIZE } from './frames.ts';
import {
  ANSWER_PAGES_MAX,
  PART_GAP_MS,
  PART_MS,
  PART_STALLED_MS,
  PART_WANTED_MAX,
} from './limits.ts';
import type { Link } from './link.ts';
import type { Wanted } from './wanted.ts';

/** Octets with which a page is announced to a node that may be flooded. */
const ANNOUNCED_OCTETS = ID_SIZE + HINT_SIZE;
/** The most that a part of an answer may cost a link, so that it can still say something unasked. */
const PART_OCTETS = ANSWER_PAGES_MAX * ANNOUNCED_OCTETS + IDLE_OCTETS_KEPT;
const ASKED_OCTETS = HEAD_SIZE + SUMMARY_SIZE + ID_SIZE;
/**
 * The least number of announcements that a comparison may bring if the other end answers at once: it may have more than
 * this one.
 */
const COMPARED_MIN = 4096;

interface More {
  /** The id after which its answers continue. */
  readonly after: string;
  readonly saidAtMs: number;
}

/**
 * Asks links for what is missing here. A link that has more than it may announce in vain answers in parts, and is asked
 * for the next part when the pages of the previous one have come: then the useful ones no longer count. So no history
 * is too large, however much others send in vain.
 */
export class Comparisons {
  readonly #budgets: LinkBudgets;
  readonly #wanted: Wanted<Link>;
  /** Links that have more than they announced, in the order in which they said so. */
  readonly #more = new Map<Link, More>();
  readonly #askedAtMs = new Map<Link, number>();
  #partAtMs = Number.NEGATIVE_INFINITY;

  constructor(budgets: LinkBudgets, wanted: Wanted<Link>) {
    this.#budgets = budgets;
    this.#wanted = wanted;
  }

  /** Compares from the beginning, if the link may send that much. @param pagesCount Of this node. */
  start(link: Link, pagesCount: number, nowMs: number): void {
    const octets = link.answersInParts
      ? PART_OCTETS
      : 2 * ANNOUNCED_OCTETS * Math.max(COMPARED_MIN, pagesCount);
    if (this.#budgets.has(link.budget, octets, nowMs)) this.#ask(link, FIRST_ID, nowMs);
    else if (link.answersInParts) this.hasMore(link, FIRST_ID, nowMs);
  }

  /** The other end has pages after this id that it did not announce. */
  hasMore(link: Link, after: string, nowMs: number): void {
    const before = this.#more.get(link);
    if (before === undefined || after < before.after)
      this.#more.set(link, { after, saidAtMs: before?.saidAtMs ?? nowMs });
  }

  forget(link: Link): void {
    this.#more.delete(link);
    this.#askedAtMs.delete(link);
  }

  /**
   * Continues with one link, so that it announces what the previous links did not have; first with those that this node
   * chose. If pages that others promised do not come, it does not wait long for them.
   */
  step(nowMs: number): void {
    if (nowMs - this.#partAtMs < PART_GAP_MS) return;
    const links = [...this.#more].filter(([link, { saidAtMs }]) => {
      if (nowMs - (this.#askedAtMs.get(link) ?? Number.NEGATIVE_INFINITY) < PART_MS) return false;
      const isTime = this.#wanted.size <= PART_WANTED_MAX || nowMs - saidAtMs >= PART_STALLED_MS;
      return isTime && this.#budgets.has(link.budget, PART_OCTETS, nowMs);
    });
    const [link, more] = links.find(([{ peer }]) => peer.isOutward) ?? links[0] ?? [];
    if (link === undefined || more === undefined) return;
    this.#more.delete(link);
    // It is sent because the other end said so.
    if (this.#budgets.serve(link.budget, ASKED_OCTETS, nowMs)) this.#ask(link, more.after, nowMs);
  }

  #ask(link: Link, after: string, nowMs: number): void {
    this.#more.delete(link);
    this.#partAtMs = nowMs;
    this.#askedAtMs.set(link, nowMs);
    link.compare(after);
  }
}
