// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { Feed } from '@sentrypeer/api';
import { StoreReader, type Listing, type ListingFeed, type ListingQuery } from '@sentrypeer/store';
import { PAGE_ENTRIES_COUNT } from '../limits.ts';

/**
 * The store's feed of listings in the form that the API's routes take.
 *
 * @param reader Answers single questions.
 * @param path The database: each snapshot has a separate connection, on which it sees one unchanging state.
 */
export function storeFeed(reader: StoreReader, feed: ListingFeed, path: string): Feed {
  const { listings } = reader;
  return {
    serial: () => reader.ask(() => listings.serial()),
    serialAt: (epochUs) => reader.ask(() => listings.serialAt(epochUs)),
    knows: (serial) => reader.ask(() => listings.knows(serial)),
    changeIds: () => reader.ask(() => listings.changeIds()),
    listing: (subject) => reader.ask(() => listings.listing(subject)),
    listings: (after, limit, query) => reader.ask(() => listings.listings(after, limit, query)),
    changes: (afterId, limit) => reader.ask(() => listings.changes(afterId, limit)),
    snapshot: (query) => snapshot(path, query),
    follow: (serial, query) => feed.follow(serial, query),
  };
}

function* snapshot(path: string, query: ListingQuery): Generator<readonly Listing[]> {
  using list = StoreReader.open(path);
  using _held = list.hold();
  let after: number | undefined;
  for (;;) {
    const page = list.ask(() => list.listings.listings(after, PAGE_ENTRIES_COUNT, query));
    yield page;
    if (page.length < PAGE_ENTRIES_COUNT) return;
    after = page.at(-1)?.listingId;
  }
}
