// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { covers, firstBits, networkRange, parsePrefix } from '@sentrypeer/ip';
import type { Counters } from '../totals/counters.ts';
import type { Row } from '../log/event-row.ts';
import { gradeRank } from '../log/grades.ts';
import {
  LISTED_KINDS,
  type EvidenceFacts,
  type ListedKind,
  type ListedSubject,
} from './evidence-reader.ts';
import { CHANGES_COUNT_MAX, EVIDENCE_COUNT_MAX, PRUNE_ROWS, RENEW_US_MIN } from '../limits.ts';

/** What is done about an entry: `listed` is enforced, `watch` is reported and let through. */
export type ListingLevel = 'listed' | 'watch';

/** The judge's verdict on a subject. */
export interface ListingVerdict {
  /** `undefined` if it is on no list. */
  readonly level: ListingLevel | undefined;
  readonly score: number;
  readonly reasons: readonly string[];
  /** Wall-clock microseconds; set if it has a level. */
  readonly untilEpochUs: number | undefined;
  /**
   * Whether the operator's decision alone suffices for it.
   *
   * @default false
   */
  readonly isBlocked?: boolean;
  /** Until when its own evidence alone lists it, which matters for the networks around it; wall-clock microseconds. */
  readonly ownUntilEpochUs?: number;
  /** @default those of the subject's own evidence */
  readonly facts?: EvidenceFacts;
}

/** A verdict that puts a subject on a list. */
interface Entry {
  readonly subject: ListedSubject;
  readonly level: ListingLevel;
  readonly score: number;
  readonly untilUs: number;
  /** JSON. */
  readonly reasons: string;
  /** The place in the list of grades. */
  readonly grade: number;
  readonly firstUs: number;
  readonly lastUs: number;
  readonly eventsCount: number;
  readonly isBlocked: number;
}

/** All columns except `network`, which JavaScript's numbers cannot hold. */
export const LISTING_COLUMNS = `listing_id, kind, value, since_us, until_us, announced_until_us, score, level, grade, first_seen_us,
  last_seen_us, events_count, reasons, is_blocked`;

type Counts = Record<ListedKind, number>;

const COUNTERS = {
  address: 'listed_addresses',
  number: 'listed_numbers',
  range: 'listed_ranges',
} as const;
const NO_FACTS: EvidenceFacts = { grade: 'seen', firstEpochUs: 0, lastEpochUs: 0, eventsCount: 0 };

/** Writes what is listed, and the stream of changes, within the caller's transaction: `begin()`, then `finish()`. */
export class Listings {
  readonly #counters: Counters;
  readonly #changesCountMax: number;
  readonly #get: StatementSync;
  readonly #insert: StatementSync;
  readonly #update: StatementSync;
  readonly #delete: StatementSync;
  readonly #within: StatementSync;
  readonly #change: StatementSync;
  readonly #ended: StatementSync;
  readonly #weakest: StatementSync;
  readonly #count: StatementSync;
  readonly #forget: StatementSync;
  readonly #newest: StatementSync;
  /** Number of listings of each kind, now and at the beginning of the transaction. */
  readonly #counts: Counts = { address: 0, number: 0, range: 0 };
  #before: Counts = { ...this.#counts };
  #changesAdded = 0;
  /** Times of changes never go back, whatever the clock does, so that a follower may also ask by time. */
  #lastChangeUs = 0;
  #serial: number;

  /** @param changesCountMax The most changes that are kept. */
  constructor(database: DatabaseSync, counters: Counters, changesCountMax: number) {
    this.#counters = counters;
    this.#changesCountMax = Math.min(CHANGES_COUNT_MAX, changesCountMax);
    this.#get = database.prepare(
      `SELECT ${LISTING_COLUMNS} FROM listing WHERE kind = ? AND value = ?`,
    );
    this.#insert = database.prepare(`
      INSERT INTO listing (listing_id, since_us, announced_until_us, kind, value, level, until_us, score, grade,
        first_seen_us, last_seen_us, events_count, reasons, is_blocked, network)
        VALUES (1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'listing_change'), 0),
        ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#within = database.prepare(
      `SELECT ${LISTING_COLUMNS} FROM listing WHERE network BETWEEN ? AND ? AND value <> ?`,
    );
    this.#update = database.prepare(`
      UPDATE listing SET announced_until_us = ?, until_us = ?, score = ?, grade = ?, first_seen_us = ?,
        last_seen_us = ?, events_count = ?, reasons = ?, is_blocked = ? WHERE listing_id = ?`);
    this.#delete = database.prepare('DELETE FROM listing WHERE listing_id = ?');
    this.#change = database.prepare(`
      INSERT INTO listing_change (at_us, kind, value, change, score, until_us, reason, level, grade, since_us)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#ended = database.prepare(
      'SELECT kind, value FROM listing WHERE kind = ? AND until_us <= ? ORDER BY until_us LIMIT ? + 0',
    );
    this.#weakest = database.prepare(
      `SELECT ${LISTING_COLUMNS} FROM listing WHERE kind = ? ORDER BY level DESC, grade, until_us LIMIT 1`,
    );
    this.#count = database.prepare('SELECT value FROM counter WHERE name = ?');
    this.#forget = database.prepare(`
      DELETE FROM listing_change WHERE change_id IN
        (SELECT change_id FROM listing_change ORDER BY change_id LIMIT min(?, ${PRUNE_ROWS * 4}))`);
    this.#newest = database.prepare(
      'SELECT change_id, at_us FROM listing_change ORDER BY change_id DESC LIMIT 1',
    );
    this.#serial = Number(this.#newest.get()?.['change_id'] ?? 0);
  }

  /** The serial of the newest change, 0 before the first. */
  get serial(): number {
    return this.#serial;
  }

  /** When the newest change was, in wall-clock microseconds; 0 before the first. */
  changedUs(): number {
    return Number(this.#newest.get()?.['at_us'] ?? 0);
  }

  /** Looks for changes that another process made. */
  refresh(): void {
    this.#serial = Math.max(this.#serial, Number(this.#newest.get()?.['change_id'] ?? 0));
  }

  begin(): void {
    for (const kind of LISTED_KINDS) {
      this.#counts[kind] = Number(this.#count.get(COUNTERS[kind])?.['value']);
    }
    this.#before = { ...this.#counts };
    this.#changesAdded = 0;
    this.#lastChangeUs = this.changedUs(); // It may have been corrected.
  }

  /** Counts, and forgets changes beyond the limit: more of them than one transaction makes. */
  finish(): void {
    for (const kind of LISTED_KINDS) {
      this.#counters.add(COUNTERS[kind], this.#counts[kind] - this.#before[kind]);
    }
    if (this.#changesAdded === 0) return;
    const count = Number(this.#count.get('listing_changes')?.['value']) + this.#changesAdded;
    const excess = Math.max(0, count - this.#changesCountMax);
    const forgotten = excess === 0 ? 0 : Number(this.#forget.run(excess).changes);
    this.#counters.add('listing_changes', this.#changesAdded - forgotten);
  }

  /** Makes the listing match the verdict, and tells followers if that is news to them. */
  apply(
    subject: ListedSubject,
    verdict: ListingVerdict,
    facts: EvidenceFacts = NO_FACTS,
    nowUs: number,
  ): void {
    const row = this.#get.get(subject.kind, subject.value);
    const entry = entryOf(subject, verdict, facts);
    if (entry === undefined) {
      const { score, reasons } = verdict;
      const why = reasons.length === 0 ? ['nothing is known any more'] : reasons;
      if (row !== undefined) this.#unlist(row, score, why, nowUs);
      return;
    }
    if (row?.['level'] === entry.level) return this.#renew(row, entry, nowUs);
    if (row !== undefined) this.#unlist(row, entry.score, verdict.reasons, nowUs);
    this.#list(entry, nowUs);
  }

  /** Whether it is an entry, at any level. */
  has({ kind, value }: ListedSubject): boolean {
    return this.#get.get(kind, value) !== undefined;
  }

  /** Whether it is an entry that is refused. */
  isListed({ kind, value }: ListedSubject): boolean {
    return this.#get.get(kind, value)?.['level'] === 'listed';
  }

  /** Ends narrower IPv6 entries inside a network, as many as the limit allows, 0 and above. */
  unlistWithin(
    network: string,
    limit: number,
    reasons: readonly string[],
    nowUs: number,
  ): { readonly count: number; readonly isAll: boolean } {
    const outer = parsePrefix(network);
    const range = networkRange(network);
    const inside: Row[] = [];
    if (range !== undefined && outer !== undefined) {
      for (const row of this.#within.iterate(range.first, range.last, network)) {
        // Others may begin with the same bits: wider ones, and neighbouring entries in its /64.
        const inner = parsePrefix(String(row['value']));
        if (inner !== undefined && covers(outer, inner)) inside.push(row);
        if (inside.length > limit) break;
      }
    }
    const leaving = inside.slice(0, limit);
    for (const row of leaving) this.#unlist(row, Number(row['score']), reasons, nowUs);
    return { count: leaving.length, isAll: leaving.length === inside.length };
  }

  /** Listings that have expired. @param limit For all kinds together, 0 and above. */
  ended(nowUs: number, limit: number): readonly ListedSubject[] {
    const ended: ListedSubject[] = [];
    for (const kind of LISTED_KINDS) {
      ended.push(...this.#ended.all(kind, nowUs, limit - ended.length).map(subjectOf));
    }
    return ended;
  }

  #list(entry: Entry, nowUs: number): void {
    const { kind, value } = entry.subject;
    if (!this.#makeRoom(entry, nowUs)) return;
    this.#insert.run(
      nowUs,
      entry.untilUs,
      kind,
      value,
      entry.level,
      entry.untilUs,
      entry.score,
      entry.grade,
      entry.firstUs,
      entry.lastUs,
      entry.eventsCount,
      entry.reasons,
      entry.isBlocked,
      kind === 'address' ? (firstBits(value) ?? null) : null,
    );
    this.#counts[kind] += 1;
    this.#tell(entry, nowUs, nowUs);
  }

  #renew(row: Row, entry: Entry, nowUs: number): void {
    const announcedUs = Number(row['announced_until_us']);
    const { untilUs } = entry;
    // Followers keep it until the time they know; each contact extends it a little, which is no news.
    const isNews =
      Number(row['grade']) !== entry.grade ||
      untilUs < announcedUs ||
      untilUs - announcedUs > Math.max(RENEW_US_MIN, (announcedUs - nowUs) / 4);
    if (!isNews && isSame(row, entry)) return;
    this.#update.run(
      isNews ? untilUs : announcedUs,
      untilUs,
      entry.score,
      entry.grade,
      entry.firstUs,
      entry.lastUs,
      entry.eventsCount,
      entry.reasons,
      entry.isBlocked,
      Number(row['listing_id']),
    );
    if (isNews) this.#tell(entry, Number(row['since_us']), nowUs);
  }

  /**
   * Above the hard limit, which evidence never exceeds for long, the weakest entry is removed: first what is only
   * watched, then the weakest grade, within it what ends first. @returns Whether there is room; none is made for
   * anything weaker than all there is.
   */
  #makeRoom({ subject, level, grade }: Entry, nowUs: number): boolean {
    if (this.#counts[subject.kind] < EVIDENCE_COUNT_MAX) return true;
    const row = this.#weakest.get(subject.kind);
    if (row === undefined) return true;
    const isWeaker =
      row['level'] === level ? grade < Number(row['grade']) : row['level'] === 'listed';
    if (isWeaker) return false;
    this.#unlist(row, Number(row['score']), ['it made room for others'], nowUs);
    return true;
  }

  #unlist(row: Row, score: number, reasons: readonly string[], nowUs: number): void {
    const { kind, value } = subjectOf(row);
    this.#delete.run(Number(row['listing_id']));
    this.#counts[kind] -= 1;
    const level = row['level'] === 'watch' ? 'watch' : 'listed';
    this.#added(
      this.#change.run(
        this.#changeUs(nowUs),
        kind,
        value,
        'unlisted',
        score,
        null,
        JSON.stringify(reasons),
        level,
        Number(row['grade']),
        Number(row['since_us']),
      ),
    );
  }

  #tell(entry: Entry, sinceUs: number, nowUs: number): void {
    const { subject, level, score, untilUs, reasons, grade } = entry;
    this.#added(
      this.#change.run(
        this.#changeUs(nowUs),
        subject.kind,
        subject.value,
        level === 'listed' ? 'listed' : 'watched',
        score,
        untilUs,
        reasons,
        level,
        grade,
        sinceUs,
      ),
    );
  }

  #changeUs(nowUs: number): number {
    this.#lastChangeUs = Math.max(nowUs, this.#lastChangeUs);
    return this.#lastChangeUs;
  }

  #added({ lastInsertRowid }: { readonly lastInsertRowid: number | bigint }): void {
    this.#serial = Number(lastInsertRowid);
    this.#changesAdded += 1;
  }
}

function entryOf(
  subject: ListedSubject,
  { level, score, reasons, untilEpochUs = 0, isBlocked = false }: ListingVerdict,
  facts: EvidenceFacts,
): Entry | undefined {
  if (level === undefined) return undefined;
  return {
    subject,
    level,
    score,
    untilUs: untilEpochUs,
    reasons: JSON.stringify(reasons),
    grade: gradeRank(facts.grade),
    firstUs: facts.firstEpochUs,
    lastUs: facts.lastEpochUs,
    eventsCount: facts.eventsCount,
    isBlocked: Number(isBlocked),
  };
}

function isSame(row: Row, entry: Entry): boolean {
  return (
    Number(row['until_us']) === entry.untilUs &&
    row['score'] === entry.score &&
    row['events_count'] === entry.eventsCount &&
    Number(row['last_seen_us']) === entry.lastUs &&
    Number(row['first_seen_us']) === entry.firstUs &&
    row['is_blocked'] === entry.isBlocked &&
    row['reasons'] === entry.reasons
  );
}

export function subjectOf(row: Row): ListedSubject {
  const kind = LISTED_KINDS.find((one) => one === row['kind']) ?? 'number';
  return { kind, value: String(row['value']) };
}
