// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Row } from '../log/event-row.ts';
import type { ListedSubject } from './evidence-reader.ts';
import { subjectOf } from './listings.ts';

/** Something that is listed. Times are wall-clock microseconds. */
export interface Listing extends ListedSubject {
  /** The id of the change that listed it: what is listed later has a higher one. */
  readonly listingId: number;
  readonly sinceEpochUs: number;
  readonly untilEpochUs: number;
  /** 1 to 100, when it was judged last. */
  readonly score: number;
}

/** A change of what is listed. */
export interface ListingChange extends ListedSubject {
  /** Rises from change to change; a follower keeps the last it has carried out. */
  readonly changeId: number;
  readonly atEpochUs: number;
  /** `listed` also says that a listing lasts longer, or shorter, than was told before. */
  readonly change: 'listed' | 'unlisted';
  readonly score: number;
  /** `undefined` where it is not listed any more. */
  readonly untilEpochUs: number | undefined;
  readonly reason: string;
}

/**
 * Reads what is listed and the stream of changes, on a connection that its owner shares. A follower takes all
 * listings once, with the id of the last change from before, then the changes behind it; where the oldest change
 * that is kept is beyond that, it begins anew.
 */
export class ListingReader {
  readonly #listing: StatementSync;
  readonly #listings: StatementSync;
  readonly #changes: StatementSync;
  readonly #ends: StatementSync;
  readonly #counts: StatementSync;

  constructor(database: DatabaseSync) {
    this.#counts = database.prepare(`
      SELECT (SELECT value FROM counter WHERE name = 'listed_addresses') AS addresses,
        (SELECT value FROM counter WHERE name = 'listed_numbers') AS numbers,
        (SELECT value FROM counter WHERE name = 'listed_ranges') AS ranges`);
    this.#listing = database.prepare('SELECT * FROM listing WHERE kind = ? AND value = ?');
    this.#listings = database.prepare(`
      SELECT * FROM listing WHERE listing_id > ? AND kind = coalesce(?, kind) ORDER BY listing_id LIMIT ?`);
    this.#changes = database.prepare(
      'SELECT * FROM listing_change WHERE change_id > ? ORDER BY change_id LIMIT ?',
    );
    this.#ends = database.prepare(`
      SELECT coalesce((SELECT min(change_id) FROM listing_change), 0) AS oldest,
        coalesce((SELECT max(change_id) FROM listing_change), 0) AS newest`);
  }

  /** How many of each kind are listed. */
  counts(): Readonly<Record<ListedSubject['kind'], number>> {
    const row = this.#counts.get();
    return {
      address: Number(row?.['addresses']),
      number: Number(row?.['numbers']),
      range: Number(row?.['ranges']),
    };
  }

  /** `undefined` where it is not listed. */
  listing({ kind, value }: ListedSubject): Listing | undefined {
    const row = this.#listing.get(kind, value);
    return row === undefined ? undefined : listingOf(row);
  }

  /** A page of what is listed, or of one kind of it, by id. */
  listings(afterId: number, limit: number, kind?: ListedSubject['kind']): readonly Listing[] {
    return this.#listings.all(afterId, kind ?? null, limit).map(listingOf);
  }

  /** Changes behind an id, the oldest first. */
  changes(afterId: number, limit: number): readonly ListingChange[] {
    return this.#changes.all(afterId, limit).map((row) => ({
      ...subjectOf(row),
      changeId: Number(row['change_id']),
      atEpochUs: Number(row['at_us']),
      change: row['change'] === 'listed' ? 'listed' : 'unlisted',
      score: Number(row['score']),
      untilEpochUs: row['until_us'] === null ? undefined : Number(row['until_us']),
      reason: String(row['reason']),
    }));
  }

  /** Ids of the oldest change that is kept and of the newest; 0 before the first. */
  changeIds(): { readonly oldest: number; readonly newest: number } {
    const row = this.#ends.get();
    return { oldest: Number(row?.['oldest']), newest: Number(row?.['newest']) };
  }
}

function listingOf(row: Row): Listing {
  return {
    ...subjectOf(row),
    listingId: Number(row['listing_id']),
    sinceEpochUs: Number(row['since_us']),
    untilEpochUs: Number(row['until_us']),
    score: Number(row['score']),
  };
}
