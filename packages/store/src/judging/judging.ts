// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '@sentrypeer/kernel';
import { Counters } from '../totals/counters.ts';
import type { DiskGuard } from '../file/disk-guard.ts';
import type { EvidenceReader, ListedSubject } from './evidence-reader.ts';
import { EvidenceSums, EVIDENCE_COLUMNS } from './evidence-sums.ts';
import { EvidenceWriter, type DialledReader } from './evidence-writer.ts';
import { JUDGE_ROWS, JUDGE_STEP_MS, LISTINGS_CHECK_MS } from '../limits.ts';
import { Listings, subjectOf, type ListingVerdict } from './listings.ts';
import { inTransaction } from '../file/transaction.ts';

/** Name of the judge's cursor on the event log. */
export const JUDGE_CURSOR = 'judge';

/** Who understands numbers and who judges; the store only keeps. */
export interface JudgingPorts {
  readonly numbers: DialledReader;
  /** The attack tool that a User-Agent names. */
  readonly toolOf: (userAgent: string) => string | undefined;
  /** The verdict by what is kept now. */
  readonly verdict: (subject: ListedSubject, nowEpochUs: number) => ListingVerdict;
}

interface JudgingParts {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly guard: DiskGuard;
  readonly evidence: EvidenceReader;
}

/**
 * Follows the event log: sums up what speaks against addresses and numbers, and keeps what is listed and the
 * stream of its changes. Each step commits its evidence, its changes and its place in the log together, so
 * whatever ends the program, none is counted twice or left out. In small steps, behind recording, not in it.
 */
export class Judging {
  readonly #parts: JudgingParts;
  readonly #ports: JudgingPorts;
  readonly #writer: EvidenceWriter;
  readonly #listings: Listings;
  readonly #rows: StatementSync;
  readonly #cursor: StatementSync;
  readonly #saveCursor: StatementSync;
  readonly #delisted: StatementSync;
  /** Where the round through all listings is that a decision asks for; none goes on where it is `undefined`. */
  #roundAfter: number | undefined = 0;
  #decisionsCount: number;
  /** The time of the newest delisting that was looked at. */
  #delistedUs: number;
  #checkAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: JudgingParts, ports: JudgingPorts) {
    const { database, evidence } = parts;
    this.#parts = parts;
    this.#ports = ports;
    const counters = new Counters(database);
    this.#writer = new EvidenceWriter(database, counters, ports.numbers);
    this.#listings = new Listings(database, counters);
    this.#decisionsCount = evidence.decisionsCount();
    const newest = database.prepare('SELECT coalesce(max(at_us), 0) AS us FROM delisting').get();
    this.#delistedUs = Number(newest?.['us']);
    this.#rows = database.prepare(
      // No further than the next delisting: what came before it does not count, what comes after it does.
      `SELECT ${EVIDENCE_COLUMNS} FROM honey WHERE honey_id > ?1 AND honey_id <= coalesce(
        (SELECT min(honey_id) FROM delisting WHERE honey_id > ?1), ${Number.MAX_SAFE_INTEGER})
      ORDER BY honey_id LIMIT ${JUDGE_ROWS}`,
    );
    this.#cursor = database.prepare('SELECT honey_id FROM cursor WHERE name = ?');
    this.#saveCursor = database.prepare(`
      INSERT INTO cursor (name, honey_id) VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET honey_id = excluded.honey_id`);
    this.#delisted = database.prepare(
      'SELECT kind, value, at_us FROM delisting WHERE at_us > ? ORDER BY at_us LIMIT ?',
    );
  }

  /** Some milliseconds of work. @returns Whether there is more to do at once. */
  step(): boolean {
    const { clock, guard } = this.#parts;
    if (guard.isFull()) return false;
    const startMs = clock.nowMs();
    let more = true;
    while (more && clock.nowMs() - startMs < JUDGE_STEP_MS) more = this.#some();
    return more;
  }

  #some(): boolean {
    if (this.#judgeEvents()) return true;
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs >= this.#checkAtMs) {
      if (this.#judgeEnded()) return true;
      this.#checkAtMs = nowMs + LISTINGS_CHECK_MS;
      this.#lookAtDecisions();
    }
    return this.#judgeRound();
  }

  /** @returns Whether there may be more rows: a step may have ended at a delisting. */
  #judgeEvents(): boolean {
    const { database, clock } = this.#parts;
    const cursor = Number(this.#cursor.get(JUDGE_CURSOR)?.['honey_id'] ?? 0);
    const rows = this.#rows.all(cursor);
    const last = rows.at(-1);
    if (last === undefined) return false;
    const nowUs = clock.epochUs();
    const sums = new EvidenceSums(this.#ports.toolOf);
    for (const row of rows) sums.add(row, nowUs);
    inTransaction(database, () => {
      this.#apply(this.#writer.write(sums, Number(last['honey_id'])), nowUs);
      this.#saveCursor.run(JUDGE_CURSOR, Number(last['honey_id']));
    });
    return true;
  }

  /** @returns Whether there may be more that ended. */
  #judgeEnded(): boolean {
    const nowUs = this.#parts.clock.epochUs();
    const ended = this.#listings.ended(nowUs, JUDGE_ROWS);
    this.#judge(ended, nowUs);
    return ended.length >= JUDGE_ROWS;
  }

  /** The command line writes decisions too, so the database is asked. */
  #lookAtDecisions(): void {
    const count = this.#parts.evidence.decisionsCount();
    if (count === this.#decisionsCount) return;
    this.#decisionsCount = count;
    this.#roundAfter = 0;
    const nowUs = this.#parts.clock.epochUs();
    const delisted = this.#delisted.all(this.#delistedUs, JUDGE_ROWS);
    this.#judge(delisted.map(subjectOf), nowUs);
    // Others of theirs are met in the round; these are not to wait for it.
    this.#delistedUs = Number(delisted.at(-1)?.['at_us'] ?? this.#delistedUs);
  }

  /** A part of the round through all listings. @returns Whether it goes on. */
  #judgeRound(): boolean {
    if (this.#roundAfter === undefined) return false;
    const nowUs = this.#parts.clock.epochUs();
    const { items, next } = this.#listings.after(this.#roundAfter, JUDGE_ROWS);
    this.#judge(items, nowUs);
    this.#roundAfter = next;
    return next !== undefined;
  }

  /** In a transaction of its own, where there is anything to judge. */
  #judge(subjects: readonly ListedSubject[], nowUs: number): void {
    if (subjects.length === 0) return;
    inTransaction(this.#parts.database, () => this.#apply(subjects, nowUs));
  }

  #apply(subjects: readonly ListedSubject[], nowUs: number): void {
    this.#listings.begin();
    for (const subject of subjects) {
      this.#listings.apply(subject, this.#ports.verdict(subject, nowUs), nowUs);
    }
    this.#listings.finish();
  }
}
