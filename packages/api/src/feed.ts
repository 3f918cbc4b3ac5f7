// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Grade } from '@sentrypeer/event';

/* The feed of verdicts: everything that enforces or publishes reads this. Times are wall-clock microseconds. */

export const LISTED_KINDS = ['address', 'number', 'range'] as const;
export type ListedKind = (typeof LISTED_KINDS)[number];

/** What to do about an entry: `listed` is enforced, `watch` is reported and let through. */
export const LEVELS = ['listed', 'watch'] as const;
export type Level = (typeof LEVELS)[number];

export interface ListedSubject {
  readonly kind: ListedKind;
  /** An address or a prefix of addresses; an E.164 number without its plus, or the first digits of such numbers. */
  readonly value: string;
}

interface Entry extends ListedSubject {
  readonly level: Level;
  readonly score: number;
  readonly reasons: readonly string[];
  readonly grade: Grade;
}

/** Something that is on a list. */
export interface Listed extends Entry {
  /** Increases with each listing. */
  readonly listingId: number;
  readonly sinceEpochUs: number;
  readonly untilEpochUs: number;
  /** Of its evidence. */
  readonly firstSeenEpochUs: number;
  readonly lastSeenEpochUs: number;
  readonly eventsCount: number;
  /** Whether the operator listed it. */
  readonly isBlocked: boolean;
}

export interface ListedChange extends Entry {
  /** Its serial. */
  readonly changeId: number;
  /** Never decreases. */
  readonly atEpochUs: number;
  readonly change: 'listed' | 'watched' | 'unlisted';
  readonly sinceEpochUs: number | undefined;
  readonly untilEpochUs: number | undefined;
}

/** Which entries. */
export interface FeedQuery {
  /** @default all */
  readonly kinds?: readonly ListedKind[];
  /** @default all */
  readonly levels?: readonly Level[];
  readonly newestFirst?: boolean;
}

/** What a follower gets next. */
export type FeedPage =
  | { readonly kind: 'begin' }
  | { readonly kind: 'listings'; readonly listings: readonly Listed[] }
  | { readonly kind: 'end'; readonly serial: number }
  | { readonly kind: 'changes'; readonly changes: readonly ListedChange[] };

interface FeedFollower {
  /** The newest serial that was sent. */
  readonly serial: number | undefined;
  /** `undefined` if there is nothing new. */
  next(limit: number): FeedPage | undefined;
}

export interface Feed {
  /** The serial of the newest change. */
  serial(): number;
  /** The serial before the first change at or after a time. */
  serialAt(epochUs: number): number;
  /** Whether it issued this serial and still knows all changes since then. */
  knows(serial: number): boolean;
  /** Serials of the oldest change that is kept, 0 if there is none, and of the newest. */
  changeIds(): { readonly oldest: number; readonly newest: number };
  listing(subject: ListedSubject): Listed | undefined;
  /** A page of entries; `undefined` starts at the beginning. */
  listings(after: number | undefined, limit: number, query: FeedQuery): readonly Listed[];
  /** Changes after a serial, oldest first. */
  changes(afterId: number, limit: number): readonly ListedChange[];
  /** All entries as of one moment, a few hundred at a time. */
  snapshot(query: FeedQuery): Iterable<readonly Listed[]>;
  /** Without a serial it begins with a snapshot; so it does whenever it falls behind what is kept. */
  follow(serial: number | undefined, query: FeedQuery): FeedFollower;
}
