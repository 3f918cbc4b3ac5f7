// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Counters } from '../totals/counters.ts';
import type { Row } from '../log/event-row.ts';
import { LISTED_KINDS, type ListedKind, type ListedSubject } from './evidence-reader.ts';
import { CHANGES_COUNT_MAX, LISTINGS_COUNT_MAX, PRUNE_ROWS, RENEW_US_MIN } from '../limits.ts';

/** What the judge says of a subject. */
export interface ListingVerdict {
  readonly listed: boolean;
  readonly score: number;
  readonly reasons: readonly string[];
  /** Wall-clock microseconds; there where it is listed. */
  readonly untilEpochUs: number | undefined;
}

const COUNTERS = {
  address: 'listed_addresses',
  number: 'listed_numbers',
  range: 'listed_ranges',
} as const;

/** Writes what is listed, and the stream of changes, within the caller's transaction: `begin()`, then `finish()`. */
export class Listings {
  readonly #counters: Counters;
  readonly #get: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #change: StatementSync;
  readonly #ended: StatementSync;
  readonly #after: StatementSync;
  readonly #soonest: StatementSync;
  readonly #count: StatementSync;
  readonly #forget: StatementSync;
  /** Listings of each kind, and how many there were at the beginning of the transaction. */
  readonly #counts = { address: 0, number: 0, range: 0 };
  #before = { address: 0, number: 0, range: 0 };

  constructor(database: DatabaseSync, counters: Counters) {
    this.#counters = counters;
    this.#get = database.prepare('SELECT * FROM listing WHERE kind = ? AND value = ?');
    this.#insert = database.prepare(`
      INSERT INTO listing (listing_id, kind, value, since_us, until_us, announced_until_us, score)
        VALUES (1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'listing_change'), 0), ?, ?, ?, ?, ?, ?)`);
    this.#update = database.prepare(
      'UPDATE listing SET until_us = ?, announced_until_us = ?, score = ? WHERE listing_id = ?',
    );
    this.#delete = database.prepare('DELETE FROM listing WHERE listing_id = ?');
    this.#change = database.prepare(`
      INSERT INTO listing_change (at_us, kind, value, change, score, until_us, reason) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#ended = database.prepare(
      'SELECT kind, value FROM listing WHERE kind = ? AND until_us <= ? ORDER BY until_us LIMIT ?',
    );
    this.#after = database.prepare(
      'SELECT listing_id, kind, value FROM listing WHERE listing_id > ? ORDER BY listing_id LIMIT ?',
    );
    this.#soonest = database.prepare(
      'SELECT * FROM listing WHERE kind = ? ORDER BY until_us LIMIT 1',
    );
    this.#count = database.prepare('SELECT value FROM counter WHERE name = ?');
    this.#forget = database.prepare(`
      DELETE FROM listing_change WHERE change_id IN (SELECT change_id FROM listing_change
        WHERE change_id <= (SELECT max(change_id) FROM listing_change) - ? ORDER BY change_id LIMIT ${PRUNE_ROWS * 4})`);
  }

  begin(): void {
    for (const kind of LISTED_KINDS) {
      this.#counts[kind] = Number(this.#count.get(COUNTERS[kind])?.['value']);
    }
    this.#before = { ...this.#counts };
  }

  /** Counts, and forgets changes beyond the limit: more of them than one transaction makes. */
  finish(): void {
    for (const kind of LISTED_KINDS) {
      this.#counters.add(COUNTERS[kind], this.#counts[kind] - this.#before[kind]);
    }
    this.#forget.run(CHANGES_COUNT_MAX);
  }

  /** Makes the listing what the verdict says, and tells followers where that is news to them. */
  apply(subject: ListedSubject, verdict: ListingVerdict, nowUs: number): void {
    const row = this.#get.get(subject.kind, subject.value);
    const { listed, untilEpochUs = 0, score, reasons } = verdict;
    if (!listed) {
      if (row !== undefined)
        this.#unlist(row, score, reasons[0] ?? 'nothing is known any more', nowUs);
    } else if (row === undefined) {
      this.#makeRoom(subject.kind, nowUs);
      const { kind, value } = subject;
      this.#insert.run(kind, value, nowUs, untilEpochUs, untilEpochUs, score);
      this.#counts[kind] += 1;
      this.#tell(
        subject,
        'listed',
        { score, untilUs: untilEpochUs, reason: reasons.join('; ') },
        nowUs,
      );
    } else {
      this.#renew(row, subject, verdict, nowUs);
    }
  }

  /** Listings that have come to their end by now. */
  ended(nowUs: number, limit: number): readonly ListedSubject[] {
    return LISTED_KINDS.flatMap((kind) => this.#ended.all(kind, nowUs, limit).map(subjectOf));
  }

  /** Listings behind an id, for looking at all of them one by one. `next` is `undefined` behind the last. */
  after(
    id: number,
    limit: number,
  ): { readonly items: readonly ListedSubject[]; readonly next: number | undefined } {
    const rows = this.#after.all(id, limit);
    const last = rows.length < limit ? undefined : rows.at(-1);
    return {
      items: rows.map(subjectOf),
      next: last === undefined ? undefined : Number(last['listing_id']),
    };
  }

  #renew(row: Row, subject: ListedSubject, verdict: ListingVerdict, nowUs: number): void {
    const { untilEpochUs = 0, score, reasons } = verdict;
    const announcedUs = Number(row['announced_until_us']);
    if (Number(row['until_us']) === untilEpochUs && row['score'] === score) return;
    // Followers keep it until the time they were told; each contact tells a little more, which is no news.
    const isNews =
      untilEpochUs < announcedUs ||
      untilEpochUs - announcedUs > Math.max(RENEW_US_MIN, (announcedUs - nowUs) / 4);
    this.#update.run(
      untilEpochUs,
      isNews ? untilEpochUs : announcedUs,
      score,
      Number(row['listing_id']),
    );
    if (!isNews) return;
    this.#tell(
      subject,
      'listed',
      { score, untilUs: untilEpochUs, reason: reasons.join('; ') },
      nowUs,
    );
  }

  /** So that a flood of new ones costs those that end first. */
  #makeRoom(kind: ListedSubject['kind'], nowUs: number): void {
    if (this.#counts[kind] < LISTINGS_COUNT_MAX) return;
    const row = this.#soonest.get(kind);
    if (row !== undefined)
      this.#unlist(row, Number(row['score']), 'it made room for others', nowUs);
  }

  #unlist(row: Row, score: number, reason: string, nowUs: number): void {
    const subject = subjectOf(row);
    this.#delete.run(Number(row['listing_id']));
    this.#counts[subject.kind] -= 1;
    this.#tell(subject, 'unlisted', { score, untilUs: null, reason }, nowUs);
  }

  #tell(
    { kind, value }: ListedSubject,
    change: 'listed' | 'unlisted',
    what: { readonly score: number; readonly untilUs: number | null; readonly reason: string },
    nowUs: number,
  ): void {
    this.#change.run(nowUs, kind, value, change, what.score, what.untilUs, what.reason);
  }
}

export function subjectOf(row: Row): ListedSubject {
  const kind: ListedKind = LISTED_KINDS.find((one) => one === row['kind']) ?? 'number';
  return { kind, value: String(row['value']) };
}
