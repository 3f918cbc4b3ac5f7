// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type {
  Feed,
  FeedPage,
  FeedQuery,
  Listed,
  ListedChange,
  ListedSubject,
} from '../src/index.ts';

export const LISTED_US = Date.parse('2026-11-23T10:00:01.123456Z') * 1000;
export const UNTIL_US = 1_790_000_000_000_000;

/** Entries and changes in memory: what a test puts into the lists. */
export class MemoryFeed implements Feed {
  readonly listed: Listed[] = [];
  readonly changed: ListedChange[] = [];
  snapshotsCount = 0;

  /** Lists an address or a number of E.164 without its plus. */
  list(value: string, entry: Partial<Listed> = {}): this {
    const isAddress = value.includes('.') || value.includes(':');
    this.listed.push({
      kind: isAddress ? 'address' : 'number',
      value,
      level: 'listed',
      score: 60,
      reasons: ['it came'],
      grade: 'handshake',
      listingId: (this.listed.at(-1)?.listingId ?? 0) + 1,
      sinceEpochUs: LISTED_US,
      untilEpochUs: UNTIL_US,
      firstSeenEpochUs: LISTED_US,
      lastSeenEpochUs: LISTED_US,
      eventsCount: 1,
      isBlocked: false,
      ...entry,
    });
    return this;
  }

  /** Lists it with the change that says so. */
  announce(value: string): this {
    return this.tell(1, value).list(value, { listingId: this.serial() });
  }

  /** Tells that an address or number changed, at a second from 2026-11-23T10:00 on; the entry itself is the test's. */
  tell(second: number, value: string, change: ListedChange['change'] = 'listed'): this {
    const isListed = change !== 'unlisted';
    this.changed.push({
      kind: value.includes('.') || value.includes(':') ? 'address' : 'number',
      value,
      level: change === 'watched' ? 'watch' : 'listed',
      score: 60,
      reasons: ['it came', 'again'],
      grade: 'handshake',
      changeId: (this.changed.at(-1)?.changeId ?? 100) + 1,
      atEpochUs: (Date.parse('2026-11-23T10:00:00Z') + second * 1000) * 1000,
      change,
      sinceEpochUs: isListed ? LISTED_US : undefined,
      untilEpochUs: isListed ? UNTIL_US : undefined,
    });
    return this;
  }

  serial(): number {
    return this.changed.at(-1)?.changeId ?? 100;
  }

  serialAt(epochUs: number): number {
    const first = this.changed.find(({ atEpochUs }) => atEpochUs >= epochUs);
    return first === undefined ? this.serial() : first.changeId - 1;
  }

  knows(serial: number): boolean {
    return serial === this.serial() || this.changed.some(({ changeId }) => changeId === serial);
  }

  changeIds(): { readonly oldest: number; readonly newest: number } {
    return { oldest: this.changed[0]?.changeId ?? 0, newest: this.serial() };
  }

  listing({ kind, value }: ListedSubject): Listed | undefined {
    return this.listed.find((item) => item.kind === kind && item.value === value);
  }

  listings(after: number | undefined, limit: number, query: FeedQuery): readonly Listed[] {
    const { newestFirst = false } = query;
    const own = this.#asked(this.listed, query);
    const ordered = newestFirst ? own.toReversed() : own;
    const rest = ordered.filter(
      ({ listingId }) =>
        after === undefined || (newestFirst ? listingId < after : listingId > after),
    );
    return rest.slice(0, limit);
  }

  changes(afterId: number, limit: number): readonly ListedChange[] {
    return this.changed.filter(({ changeId }) => changeId > afterId).slice(0, limit);
  }

  *snapshot(query: FeedQuery): Iterable<readonly Listed[]> {
    this.snapshotsCount += 1;
    yield this.listings(undefined, Infinity, query);
  }

  follow(begin: number | undefined, query: FeedQuery): ReturnType<Feed['follow']> {
    let serial = begin;
    const waiting: FeedPage[] = [];
    return {
      get serial(): number | undefined {
        return serial;
      },
      next: (limit) => {
        const next = waiting.shift();
        if (next !== undefined) return next;
        if (serial === undefined || !this.knows(serial)) {
          serial = this.serial();
          waiting.push({ kind: 'listings', listings: this.listings(undefined, limit, query) });
          waiting.push({ kind: 'end', serial });
          return { kind: 'begin' };
        }
        const changes = this.changes(serial, limit);
        serial = changes.at(-1)?.changeId ?? serial;
        return changes.length === 0
          ? undefined
          : { kind: 'changes', changes: this.#asked(changes, query) };
      },
    };
  }

  #asked<T extends Pick<Listed, 'kind' | 'level'>>(
    items: readonly T[],
    { kinds, levels }: FeedQuery,
  ): readonly T[] {
    return items.filter(
      ({ kind, level }) => (kinds?.includes(kind) ?? true) && (levels?.includes(level) ?? true),
    );
  }
}
