// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { FleetListing } from '@sentrypeer/event';
import { inTransaction } from '../file/transaction.ts';
import { JUDGE_ROWS } from '../limits.ts';
import type { Row } from '../log/event-row.ts';
import { gradeRank } from '../log/grades.ts';
import { DECISION } from '../judging/due-work.ts';
import type { ListedSubject } from '../judging/evidence-reader.ts';
import { Counters } from '../totals/counters.ts';
import { guarded } from '../file/database-error.ts';
import { followedSubject } from './followed-reader.ts';
import {
  FOLLOWED_BLOCKS_MAX,
  FOLLOWED_COUNT_MAX,
  FOLLOWED_OCTETS,
  FOLLOWED_WATCHED_SHARE,
} from './limits.ts';

/** How far a node follows what the hubs list. */
export interface FollowedPlace {
  /** Names one life of the fleet's listings: a restored database starts another. */
  readonly life: string;
  /** The newest change that was taken, within a known life. */
  readonly serial: number;
}

/** What became of listings that were taken. */
export interface FollowedTaken {
  /** How many had no room. */
  readonly withoutRoom: number;
  /** Listings that are kept now. Counting them each time would be slower than taking some. */
  readonly kept: number;
}

interface Parts {
  readonly database: DatabaseSync;
  /** What ended until then may be removed, wall-clock microseconds. */
  readonly endedUs: () => number;
  /** The time by which what is said may be taken to have ended: earlier while the clock is in doubt. */
  readonly removalUs: () => number;
  readonly path: string;
  /** Takes evidence back, as an operator's decision does. */
  readonly decisions: { delist(subject: ListedSubject, comment: string): void };
  /** The most listings kept. */
  readonly countMax: number;
  /** Throws `OperatingError` if the disk has no room for this much. */
  readonly refuse: (octets: number) => void;
}

/** Number of rows, and of those blocked by an operator or only watched, once they have been counted. */
interface Counts {
  rows: number;
  blocked: number;
  watched: number;
}

const BY_FLEET = 'at a hub of the fleet';

/** Keeps what the hubs of a fleet list, and has the judge look at what changed. */
export class FollowedListings {
  readonly #parts: Parts;
  readonly #counters: Counters;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #count: StatementSync;
  readonly #page: StatementSync;
  readonly #place: StatementSync;
  readonly #forget: StatementSync;
  readonly #begin: StatementSync;
  readonly #moveOn: StatementSync;
  readonly #due: StatementSync;
  readonly #delisted: StatementSync;
  #known: Counts | undefined;
  /** The row that was last looked at. */
  #sweptTo: ListedSubject | undefined;
  /** The previous pass had everything judged again that ended before this time; below, when this pass began. */
  #judgedUs = 0;
  #passUs = 0;

  constructor(parts: Parts) {
    const { database } = parts;
    this.#parts = parts;
    this.#counters = new Counters(database);
    this.#get = database.prepare('SELECT * FROM fleet_listing WHERE kind = ? AND value = ?');
    this.#put = database.prepare(`
      INSERT INTO fleet_listing (kind, value, level, score, grade, reasons, since_us, until_us, first_seen_us,
        last_seen_us, events_count, is_blocked, generation) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (kind, value) DO UPDATE SET level = excluded.level, score = excluded.score, grade = excluded.grade,
        reasons = excluded.reasons, since_us = excluded.since_us, until_us = excluded.until_us,
        first_seen_us = excluded.first_seen_us, last_seen_us = excluded.last_seen_us,
        events_count = excluded.events_count, is_blocked = excluded.is_blocked, generation = excluded.generation`);
    this.#remove = database.prepare('DELETE FROM fleet_listing WHERE kind = ? AND value = ?');
    this.#count = database.prepare(
      `SELECT count(*) AS rows, count(*) FILTER (WHERE is_blocked) AS blocked, count(*) FILTER (WHERE level = 'watch') AS watched
      FROM fleet_listing`,
    );
    this.#page = database.prepare(`
      SELECT kind, value, level, until_us, is_blocked, generation FROM fleet_listing WHERE (kind, value) > (?, ?)
      ORDER BY kind, value LIMIT ${JUDGE_ROWS}`);
    this.#place = database.prepare('SELECT life, serial, generation FROM fleet_follow');
    this.#forget = database.prepare('DELETE FROM fleet_follow');
    this.#begin = database.prepare('INSERT INTO fleet_follow VALUES (?, 0, ?)');
    this.#moveOn = database.prepare('UPDATE fleet_follow SET serial = ?');
    this.#delisted = database.prepare('SELECT at_us FROM delisting WHERE kind = ? AND value = ?');
    this.#due = database.prepare('INSERT INTO judging_due (kind, value) VALUES (?, ?)');
  }

  /** Starts a pass over everything. What was known before stays in force until the pass is over. */
  begin(life: string): void {
    this.#guarded(() =>
      inTransaction(this.#parts.database, () => {
        const generation = this.#generation() + 1;
        this.#forget.run();
        this.#begin.run(life, generation);
      }),
    );
    this.#sweptTo = undefined;
  }

  /** Takes listings, in order. */
  take(listings: readonly FleetListing[], serial: number): FollowedTaken {
    this.#parts.refuse(listings.length * FOLLOWED_OCTETS);
    return this.#guarded(() =>
      inTransaction(this.#parts.database, () => {
        const generation = this.#generation();
        const known = (this.#known ??= this.#counted());
        const left = listings.filter((listing) => !this.#take(listing, generation, known));
        this.#moveOn.run(serial);
        return { withoutRoom: left.length, kept: known.rows };
      }),
    );
  }

  /**
   * Does some of the work left after a pass: removes what was not named any more, has what ended judged again, and
   * removes it once it has certainly ended.
   *
   * @param isAll This node follows nobody: removes everything. @returns Whether there is more.
   */
  sweep(isAll = false): boolean {
    return this.#guarded(() => {
      if (isAll) this.#forget.run();
      return this.#sweep(isAll ? Number.MAX_SAFE_INTEGER : this.#generation());
    });
  }

  #sweep(generation: number): boolean {
    const { database, endedUs, removalUs } = this.#parts;
    const { kind, value } = this.#sweptTo ?? { kind: '', value: '' };
    const rows = this.#page.all(kind, value);
    const [nowUs, goneUs] = [removalUs(), endedUs()];
    if (this.#sweptTo === undefined) this.#passUs = nowUs;
    const judgedUs = Math.min(this.#judgedUs, nowUs); // The clock may have been put back.
    const isOld = (row: Row): boolean =>
      Number(row['generation']) < generation || Number(row['until_us']) <= goneUs;
    const hasEnded = (row: Row): boolean =>
      Number(row['until_us']) <= nowUs && Number(row['until_us']) > judgedUs;
    const [old, others] = [rows.filter(isOld), rows.filter((row) => !isOld(row))];
    const ended = others.filter(hasEnded);
    if (old.length + ended.length > 0) {
      inTransaction(database, () => {
        for (const row of old) this.#drop(row);
        for (const row of ended) this.#changed(followedSubject(row), row['is_blocked'] === 1);
      });
    }
    const last = rows.at(-1);
    const isMore = last !== undefined && rows.length === JUDGE_ROWS;
    this.#sweptTo = isMore ? followedSubject(last) : undefined;
    if (!isMore) this.#judgedUs = Math.min(this.#passUs, nowUs);
    return isMore;
  }

  #take(listing: FleetListing, generation: number, known: Counts): boolean {
    const { kind, value, level, isBlocked, isDelisted } = listing;
    const row = this.#get.get(kind, value);
    if (level === 'none') {
      if (row !== undefined) this.#drop(row);
      // It may be listed again when later evidence counts.
      const knownUs = Number(this.#delisted.get(kind, value)?.['at_us'] ?? -Infinity);
      if (isDelisted && knownUs < listing.sinceEpochUs) {
        this.#parts.decisions.delist({ kind, value }, BY_FLEET);
      }
      return true;
    }
    const isNew = row === undefined;
    const wasBlocked = row?.['is_blocked'] === 1;
    const roomCount = Math.min(FOLLOWED_COUNT_MAX, this.#parts.countMax);
    if (isNew && known.rows >= roomCount) return false;
    // Anybody who dials a million numbers makes hubs watch them: refused subjects have separate room.
    if (isNew && level === 'watch' && known.watched >= roomCount * FOLLOWED_WATCHED_SHARE)
      return false;
    // More would be read neither as blocks nor as evidence.
    if (isBlocked && !wasBlocked && known.blocked >= FOLLOWED_BLOCKS_MAX) return false;
    known.rows += Number(isNew);
    known.blocked += Number(isBlocked) - Number(wasBlocked);
    known.watched += Number(level === 'watch') - Number(row?.['level'] === 'watch');
    const reasons = JSON.stringify(listing.reasons);
    const grade = gradeRank(listing.grade);
    const { sinceEpochUs, untilEpochUs, firstSeenEpochUs, lastSeenEpochUs } = listing;
    const { score, eventsCount } = listing;
    this.#put.run(
      kind,
      value,
      level,
      score,
      grade,
      reasons,
      sinceEpochUs,
      untilEpochUs,
      firstSeenEpochUs,
      lastSeenEpochUs,
      eventsCount,
      Number(isBlocked),
      generation,
    );
    const isSame =
      row !== undefined &&
      row['level'] === level &&
      row['until_us'] === untilEpochUs &&
      row['last_seen_us'] === lastSeenEpochUs &&
      row['score'] === score &&
      row['grade'] === grade &&
      row['reasons'] === reasons &&
      row['is_blocked'] === Number(isBlocked);
    if (!isSame) this.#changed(listing, isBlocked || wasBlocked);
    return true;
  }

  #drop(row: Row): void {
    const subject = followedSubject(row);
    this.#remove.run(subject.kind, subject.value);
    const wasBlocked = row['is_blocked'] === 1;
    if (this.#known !== undefined) {
      this.#known.rows -= 1;
      this.#known.blocked -= Number(wasBlocked);
      this.#known.watched -= Number(row['level'] === 'watch');
    }
    this.#changed(subject, wasBlocked);
  }

  /** @param isDecision Whether it is an operator's decision, which also covers what lies within it. */
  #changed({ kind, value }: ListedSubject, isDecision: boolean): void {
    this.#due.run(kind, value);
    if (!isDecision) return;
    if (value.includes('/')) this.#due.run(DECISION, value);
    this.#counters.add('decisions', 1);
  }

  #counted(): Counts {
    const counts = this.#count.get();
    return {
      rows: Number(counts?.['rows']),
      blocked: Number(counts?.['blocked']),
      watched: Number(counts?.['watched']),
    };
  }

  #guarded<T>(work: () => T): T {
    try {
      return guarded(this.#parts.path, work);
    } catch (error) {
      this.#known = undefined; // What was counted may have been rolled back.
      throw error;
    }
  }

  #generation(): number {
    return Number(this.#place.get()?.['generation'] ?? 0);
  }
}

/** How far this node has come; `undefined` before it followed anybody. For the thread that follows. */
export class FollowedPlaces {
  readonly #place: StatementSync;
  readonly #count: StatementSync;

  constructor(database: DatabaseSync) {
    this.#place = database.prepare('SELECT life, serial FROM fleet_follow');
    this.#count = database.prepare('SELECT count(*) AS rows FROM fleet_listing');
  }

  place(): FollowedPlace | undefined {
    const row = this.#place.get();
    if (row === undefined) return undefined;
    return { life: String(row['life']), serial: Number(row['serial']) };
  }

  count(): number {
    return Number(this.#count.get()?.['rows']);
  }
}
