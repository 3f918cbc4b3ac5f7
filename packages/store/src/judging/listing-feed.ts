// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Listing, ListingChange, ListingQuery, ListingReader } from './listing-reader.ts';

/** The next page for a follower. */
export type FeedPage =
  /** The snapshot begins: everything before is void. */
  | { readonly kind: 'begin' }
  | { readonly kind: 'listings'; readonly listings: readonly Listing[] }
  /** The snapshot ends; changes since this serial follow. */
  | { readonly kind: 'end'; readonly serial: number }
  | { readonly kind: 'changes'; readonly changes: readonly ListingChange[] };

/**
 * The feed of verdicts for followers in this process. Everything that enforces or publishes follows it, by the same
 * serials as followers in other processes and over HTTP.
 */
export class ListingFeed {
  readonly #reader: ListingReader;
  readonly #listeners = new Set<(serial: number) => void>();

  constructor(reader: ListingReader) {
    this.#reader = reader;
  }

  /** Calls back with the newest serial after changes. @returns A function that ends it. */
  onChanged(listener: (serial: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The judge has committed changes up to this serial. */
  changed(serial: number): void {
    for (const listener of this.#listeners) listener(serial);
  }

  /**
   * A follower that has carried out all changes up to a serial. Without one it begins with a snapshot; so it does
   * whenever it falls behind what is kept.
   */
  follow(serial: number | undefined, query: ListingQuery = {}): FeedFollower {
    return new FeedFollower(this.#reader, serial, query);
  }
}

/** One follower's place in the feed. It holds nothing open: each page is read when needed. */
export class FeedFollower {
  readonly #reader: ListingReader;
  readonly #query: ListingQuery;
  #serial: number | undefined;
  /** Within a snapshot: the serial from before it, and the last entry that was sent. */
  #snapshot: { readonly serial: number; after: number | undefined } | undefined;

  constructor(reader: ListingReader, serial: number | undefined, query: ListingQuery) {
    this.#reader = reader;
    this.#serial = serial;
    this.#query = query;
  }

  /** The newest serial that was sent; `undefined` before the end of the first snapshot. */
  get serial(): number | undefined {
    return this.#serial;
  }

  /** The next page; `undefined` if there is nothing new. Entries and changes outside the query are left out. */
  next(limit: number): FeedPage | undefined {
    if (this.#snapshot !== undefined) return this.#nextListings(this.#snapshot, limit);
    const since = this.#serial === undefined ? undefined : this.#reader.since(this.#serial, limit);
    if (since === undefined || since.kind === 'behind') {
      this.#snapshot = { serial: this.#reader.serial(), after: undefined };
      return { kind: 'begin' };
    }
    const last = since.changes.at(-1);
    if (last === undefined) return undefined;
    this.#serial = last.changeId;
    const { kinds, levels } = this.#query;
    const changes = since.changes.filter(
      ({ kind, level }) => (kinds?.includes(kind) ?? true) && (levels?.includes(level) ?? true),
    );
    return { kind: 'changes', changes };
  }

  #nextListings(snapshot: { serial: number; after: number | undefined }, limit: number): FeedPage {
    const listings = this.#reader.listings(snapshot.after, limit, this.#query);
    const last = listings.at(-1);
    if (last !== undefined) {
      snapshot.after = last.listingId;
      return { kind: 'listings', listings };
    }
    this.#snapshot = undefined;
    this.#serial = snapshot.serial;
    return { kind: 'end', serial: snapshot.serial };
  }
}
