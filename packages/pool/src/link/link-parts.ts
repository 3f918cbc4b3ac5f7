// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Clock } from '@sentrypeer/kernel';
import type { PageIndex } from './page-index.ts';

/** The node at the other end. */
export interface LinkPeer {
  /** Its Ed25519 key in hexadecimal, which it proved. */
  readonly key: string;
  readonly nodeId: string;
  readonly address: string;
  /** Whether this node dialled. */
  readonly isOutward: boolean;
  /** Wall-clock microseconds. */
  readonly sinceEpochUs: number;
}

/** A connection, as a link uses it. */
export interface Wire {
  send(octets: Uint8Array): void;
  /** Octets that the other end has not taken yet. */
  readonly unsentOctets: number;
  close(): void;
}

/**
 * Why a faulty link ended, or none came about (`other_pool`); `other_end` if that end closed it, for whatever reason.
 */
export type LeftReason =
  | 'forged'
  | 'in_vain'
  | 'not_come'
  | 'protocol'
  | 'other_pool'
  | 'other_end';

/** A page that the other end has. */
export interface Announced {
  readonly id: string;
  /** The beginning of its author's key, if it was told. */
  readonly hint: string | undefined;
}

export interface LinkParts {
  readonly clock: Clock;
  readonly networkId: number;
  /**
   * What proves that we know the shared key of a closed pool, and what the other end must send; 32 octets of 0 in an
   * open pool.
   */
  readonly proof: Uint8Array;
  readonly expected: Uint8Array;
  readonly index: PageIndex;
  /** The two pages that prove that the author with this key, in hexadecimal, lies; empty if none do. */
  readonly liarProof: (key: string) => readonly Uint8Array[];
  /** Whether new pages are sent at once from the start. */
  readonly isEager: boolean;
  readonly onReady: () => void;
  /** @param segmentOctets Octets spent for the segments in which they came. */
  readonly onPages: (pages: readonly Uint8Array[], segmentOctets: number) => void;
  /** The other end has more that is missing here than it announced. @param after The id after which it continues. */
  readonly onMore: (after: string) => void;
  readonly onHave: (pages: readonly Announced[]) => void;
  readonly onSent: (pagesCount: number) => void;
  /** Counts octets that came and are not pages. @returns Whether they may. */
  readonly spend: (octets: number) => boolean;
  /** Octets that were spent were useful after all. */
  readonly giveBack: (octets: number) => void;
  /** Counts octets that are sent because the other end asked. @returns Whether they may be. */
  readonly serve: (octets: number) => boolean;
  /** Whether announcements of pages name their authors, because the other end can hardly accept all of them. */
  readonly isNaming: () => boolean;
  /** It broke the rules and must be avoided. */
  readonly onMisbehaved: (why: string, reason: LeftReason) => void;
  /** It sent nonsense. @param wasReady Whether its hello was valid. */
  readonly onWrong: (why: string, wasReady: boolean) => void;
  /** The other end leaves. @param why Its own words. */
  readonly onBye: (why: string) => void;
  readonly onClosed: () => void;
}
