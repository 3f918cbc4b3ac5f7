// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Grade } from '@sentrypeer/event';
import { networksOf } from '@sentrypeer/ip';
import type { Row } from '../log/event-row.ts';
import { gradeOfRank } from '../log/grades.ts';
import { LISTED_KINDS, type ListedKind, type ListedSubject } from './evidence-reader.ts';
import { LISTING_COLUMNS, subjectOf, type ListingLevel } from './listings.ts';

/** What listings and their changes have in common. */
interface Listed extends ListedSubject {
  readonly level: ListingLevel;
  /** 1 to 100, when it was last judged. */
  readonly score: number;
  readonly reasons: readonly string[];
  /** The highest grade of the evidence. */
  readonly grade: Grade;
}

/** An entry of the feed. Times are wall-clock microseconds. */
export interface Listing extends Listed {
  /** The serial of the change that listed it: later listings have higher ones. */
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

/** A change of the feed. */
export interface ListingChange extends Listed {
  /** Its serial, which increases with each change; a follower keeps the last one that it has carried out. */
  readonly changeId: number;
  /** Never goes back, whatever the clock does. */
  readonly atEpochUs: number;
  /**
   * `listed` and `watched` replace what was known of the subject before, and also report a longer or shorter duration;
   * `unlisted` ends it. `level` is that of the entry which begins, continues, or ends.
   */
  readonly change: 'listed' | 'watched' | 'unlisted';
  /** `undefined` if it is no longer listed. */
  readonly sinceEpochUs: number | undefined;
  readonly untilEpochUs: number | undefined;
}

/** Which entries. */
export interface ListingQuery {
  /** @default all */
  readonly kinds?: readonly ListedKind[];
  /** @default all */
  readonly levels?: readonly ListingLevel[];
  /** Whether the most recently listed entry comes first. @default the oldest first */
  readonly newestFirst?: boolean;
}

/** The answer to a follower that has carried out all changes up to a serial. */
export type ChangesSince =
  | { readonly kind: 'changes'; readonly changes: readonly ListingChange[] }
  /** It asks for changes older than those that are kept, or of another database: it needs a snapshot. */
  | { readonly kind: 'behind' };

const LEVELS: readonly ListingLevel[] = ['listed', 'watch'];

/**
 * Reads the feed, on a connection that its owner shares. A follower takes the serial, then all listings, then the
 * changes since that serial: these make it right whatever happened meanwhile. When it is told that it is behind, it
 * starts over.
 */
export class ListingReader {
  readonly #database: DatabaseSync;
  readonly #listing: StatementSync;
  readonly #pages = new Map<string, StatementSync>();
  readonly #changes: StatementSync;
  readonly #change: StatementSync;
  readonly #firstAt: StatementSync;
  readonly #ends: StatementSync;
  readonly #count: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#count = database.prepare(
      'SELECT count(*) AS entries FROM listing WHERE kind = ? AND level = ?',
    );
    this.#listing = database.prepare(
      `SELECT ${LISTING_COLUMNS} FROM listing WHERE kind = ? AND value = ?`,
    );
    this.#changes = database.prepare(
      'SELECT * FROM listing_change WHERE change_id > ? ORDER BY change_id LIMIT ? + 0',
    );
    this.#change = database.prepare('SELECT 1 FROM listing_change WHERE change_id = ?');
    this.#firstAt = database.prepare(
      'SELECT change_id, at_us FROM listing_change WHERE change_id >= ? ORDER BY change_id LIMIT 1',
    );
    this.#ends = database.prepare(`
      SELECT coalesce((SELECT min(change_id) FROM listing_change), 0) AS oldest,
        coalesce((SELECT max(change_id) FROM listing_change),
          (SELECT seq FROM sqlite_sequence WHERE name = 'listing_change'), 0) AS newest`);
  }

  /** Number of entries of each kind at a level, counted in an index over the bounded table. */
  counts(level: ListingLevel = 'listed'): Readonly<Record<ListedKind, number>> {
    const count = (kind: ListedKind): number => Number(this.#count.get(kind, level)?.['entries']);
    return { address: count('address'), number: count('number'), range: count('range') };
  }

  /**
   * The entry for exactly this, or for the network that lists an IPv6 address or network; `undefined` if there is none.
   */
  listing({ kind, value }: ListedSubject): Listing | undefined {
    const row =
      this.#listing.get(kind, value) ?? (kind === 'address' ? this.#around(value) : undefined);
    return row === undefined ? undefined : listingOf(row);
  }

  #around(value: string): Row | undefined {
    for (const { text } of networksOf(value) ?? []) {
      const row = this.#listing.get('address', text);
      if (row !== undefined) return row;
    }
    return undefined;
  }

  /**
   * A page of entries by their id.
   *
   * @param after The last id of the previous page; `undefined` starts at the beginning.
   */
  listings(after: number | undefined, limit: number, query: ListingQuery = {}): readonly Listing[] {
    const begin = query.newestFirst === true ? Number.MAX_SAFE_INTEGER : 0;
    return this.#page(query)
      .all(after ?? begin, limit)
      .map(listingOf);
  }

  /** Changes after a serial, oldest first, whatever came before them. */
  changes(afterId: number, limit: number): readonly ListingChange[] {
    return this.#changes.all(afterId, limit).map(changeOf);
  }

  /** Changes since a serial that this feed issued; fewer than the limit are all there are. */
  since(serial: number, limit: number): ChangesSince {
    if (!this.knows(serial)) return { kind: 'behind' };
    return { kind: 'changes', changes: this.changes(serial, limit) };
  }

  /** Whether the feed issued this serial and still knows all changes since then. */
  knows(serial: number): boolean {
    return this.#change.get(serial) !== undefined || serial === this.serial();
  }

  /** The serial of the newest change. */
  serial(): number {
    return this.changeIds().newest;
  }

  /** Serials of the oldest change that is kept, 0 if there is none, and of the newest. */
  changeIds(): { readonly oldest: number; readonly newest: number } {
    const row = this.#ends.get();
    return { oldest: Number(row?.['oldest']), newest: Number(row?.['newest']) };
  }

  /**
   * The serial before the first change at or after a time; times increase with serials, so a binary search finds it.
   */
  serialAt(epochUs: number): number {
    const { oldest, newest } = this.changeIds();
    let [low, high] = [oldest, newest + 1]; // The change sought is within these.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = this.#firstAt.get(middle);
      if (row === undefined || Number(row['at_us']) >= epochUs) high = middle;
      else low = Number(row['change_id']) + 1;
    }
    return Math.max(0, low - 1);
  }

  /** One statement for each kind of page; each part uses an index, and SQLite merges them. */
  #page({
    kinds = LISTED_KINDS,
    levels = LEVELS,
    newestFirst = false,
  }: ListingQuery): StatementSync {
    const key = `${kinds.join()} ${levels.join()} ${newestFirst}`;
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const parts = LISTED_KINDS.filter((kind) => kinds.includes(kind)).flatMap((kind) =>
      LEVELS.filter((level) => levels.includes(level)).map(
        (level) => `
          SELECT ${LISTING_COLUMNS} FROM listing WHERE kind = '${kind}' AND level = '${level}'
          AND listing_id ${newestFirst ? '<' : '>'} ?1`,
      ),
    );
    const order = `ORDER BY listing_id ${newestFirst ? 'DESC' : 'ASC'} LIMIT ?2 + 0`;
    const statement = this.#database.prepare(`${parts.join(' UNION ALL ')} ${order}`);
    this.#pages.set(key, statement);
    return statement;
  }
}

function listedOf(row: Row, reasons: unknown): Listed {
  return {
    ...subjectOf(row),
    level: row['level'] === 'watch' ? 'watch' : 'listed',
    score: Number(row['score']),
    reasons: JSON.parse(String(reasons)) as readonly string[],
    grade: gradeOfRank(Number(row['grade'])),
  };
}

function listingOf(row: Row): Listing {
  return {
    ...listedOf(row, row['reasons']),
    listingId: Number(row['listing_id']),
    sinceEpochUs: Number(row['since_us']),
    untilEpochUs: Number(row['until_us']),
    firstSeenEpochUs: Number(row['first_seen_us']),
    lastSeenEpochUs: Number(row['last_seen_us']),
    eventsCount: Number(row['events_count']),
    isBlocked: row['is_blocked'] === 1,
  };
}

function changeOf(row: Row): ListingChange {
  const change = row['change'];
  const isListed = row['until_us'] !== null;
  return {
    ...listedOf(row, row['reason']),
    changeId: Number(row['change_id']),
    atEpochUs: Number(row['at_us']),
    change: change === 'listed' || change === 'watched' ? change : 'unlisted',
    sinceEpochUs: isListed && row['since_us'] !== null ? Number(row['since_us']) : undefined,
    untilEpochUs: isListed ? Number(row['until_us']) : undefined,
  };
}
