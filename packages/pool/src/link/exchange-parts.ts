// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock, Logger, Random } from '@sentrypeer/kernel';
import type { Admission } from './admission.ts';
import type { LinkBudgets } from './budgets.ts';
import type { LeftReason, LinkPeer } from './link-parts.ts';
import type { PageSource } from './page-index.ts';

/**
 * The outcome for a page that came over a link; `caught` if it proves that its author lies, `liar` if that was proved
 * before.
 */
export type Taken = 'taken' | 'known' | 'refused' | 'forged' | 'caught' | 'liar';

export interface ExchangePorts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: Random;
  /** Calls `run` once after `waitMs` milliseconds. Returns a function that cancels it. */
  readonly wakeAfter: (waitMs: number, run: () => void) => () => void;
  readonly pages: PageSource;
  /** Checks pages from a node, and keeps the good ones; rejects with `OperatingError` if nothing can be kept now. */
  readonly take: (pages: readonly Uint8Array[], from: LinkPeer) => Promise<readonly Taken[]>;
  /** The two pages that prove that the author with this key, in hexadecimal, lies; empty if none do. */
  readonly proof: (key: string) => readonly Uint8Array[];
  /** Keys of voters, in hexadecimal: their quiet pages are wanted, and their pages are never too many. */
  readonly voters: () => ReadonlySet<string>;
  /** Keys of authors whose claims this node could check, in hexadecimal: they come before other strangers. */
  readonly known: () => ReadonlySet<string>;
  /** The nodes that the operator distrusts; another object whenever that changes. */
  readonly distrust: () => LinkDistrust;
  /** A link is up, or is gone. */
  readonly onLinks: () => void;
}

/** Nodes with which no link is wanted. */
export interface LinkDistrust {
  covers(peer: Pick<LinkPeer, 'nodeId' | 'address'>): boolean;
}

export interface ExchangeOptions {
  readonly networkId: number;
  /** Key of this node, in hexadecimal. */
  readonly key: string;
  /**
   * How much it takes, and lets links send in vain; for simulations that begin with some of it used up. @default all of
   * it left
   */
  readonly admission?: Admission;
  readonly budgets?: LinkBudgets;
}

/** Counts of what went over links. */
export interface ExchangeCounters {
  taken: number;
  duplicates: number;
  refused: number;
  forged: number;
  /** Authors of two different pages with one serial. */
  caught: number;
  /** Too many from strangers, or from one author. */
  limited: number;
  sent: number;
}

export function noPages(): ExchangeCounters {
  return { taken: 0, duplicates: 0, refused: 0, forged: 0, caught: 0, limited: 0, sent: 0 };
}

export function noneLeft(): Record<LeftReason, number> {
  return { forged: 0, in_vain: 0, not_come: 0, protocol: 0, other_pool: 0, other_end: 0 };
}
