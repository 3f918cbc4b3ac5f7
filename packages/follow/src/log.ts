// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/**
 * Entries with ascending ids, 1 and above, as a follower reads them: events by `honey_id`, changes of listings by
 * serial. Ids start over only if the log was emptied.
 */
export interface Log<Entry> {
  /** Up to `limit` entries whose id is above the given one, in ascending order. */
  entriesAfter(id: number, limit: number): readonly Entry[];
  idOf(entry: Entry): number;
  /** The highest id, 0 in an empty log. */
  lastId(): number;
  /** The position of the follower with this name; `undefined` if there never was one. */
  cursor(name: string): number | undefined;
}

/** Where a follower saves its position. */
export interface CursorSink {
  /** May go back if the log was emptied and its ids started over. */
  saveCursor(name: string, id: number): void;
}
