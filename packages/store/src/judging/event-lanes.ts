// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { JUDGE_CURSOR, JUDGE_PROVED_CURSOR } from '@sentrypeer/follow/cursors';
import { gradeOfText } from '../log/grades.ts';
import { HONEY_ID_MAX } from '../log/honey-ids.ts';
import type { Row } from '../log/event-row.ts';
import { inTransaction } from '../file/transaction.ts';
import { JUDGE_ROWS } from '../limits.ts';
import type { ListedSubject } from './evidence-reader.ts';
import { EvidenceSums, EVIDENCE_COLUMNS, type CountingOptions } from './evidence-sums.ts';
import type { EvidenceWriter } from './evidence-writer.ts';

/** The condition of the index on proved events, as it must appear in each query that uses it. */
export const IS_PROVED = "grade IN ('returned', 'handshake')";

/** Whether a judge would have anything to do. */
export const JUDGING_DUE = `
  SELECT 1 WHERE EXISTS (SELECT 1 FROM listing) OR EXISTS (SELECT 1 FROM judging_due)
    OR EXISTS (SELECT 1 FROM address_evidence) OR EXISTS (SELECT 1 FROM number_evidence)
    OR EXISTS (SELECT 1 FROM honey
      WHERE honey_id > coalesce((SELECT honey_id FROM cursor WHERE name = '${JUDGE_CURSOR}'), 0))
    OR EXISTS (SELECT 1 FROM honey INDEXED BY proved_event_index
      WHERE honey_id > coalesce((SELECT honey_id FROM cursor WHERE name = '${JUDGE_PROVED_CURSOR}'), 0) AND ${IS_PROVED})`;

/** No further than the next delisting: what came before it does not count, what comes after it does. */
const UP_TO_DELISTING = `honey_id <= coalesce(
  (SELECT min(honey_id) FROM delisting WHERE honey_id > ?1), ${HONEY_ID_MAX})`;

interface LaneParts {
  readonly database: DatabaseSync;
  readonly writer: EvidenceWriter;
  readonly counting: CountingOptions;
  /** Judges the subjects, within the transaction that keeps their evidence. */
  readonly apply: (subjects: readonly ListedSubject[], nowUs: number) => void;
}

/**
 * Two cursors on the event log. Events that proved their source are read first, through an index that contains nothing
 * else, so that no amount of forgeable packets delays their verdicts; each event belongs to one of the two. No `Pump`
 * moves them: evidence, listings and cursor are committed together, so a crash neither loses an event nor counts it
 * twice.
 */
export class EventLanes {
  readonly #parts: LaneParts;
  readonly #proved: StatementSync;
  readonly #all: StatementSync;
  readonly #cursor: StatementSync;
  readonly #saveCursor: StatementSync;
  readonly #nextDelisting: StatementSync;

  constructor(parts: LaneParts) {
    const { database } = parts;
    this.#parts = parts;
    this.#proved = database.prepare(`
      SELECT ${EVIDENCE_COLUMNS} FROM honey INDEXED BY proved_event_index
      WHERE honey_id > ?1 AND ${UP_TO_DELISTING} AND ${IS_PROVED} ORDER BY honey_id LIMIT ${JUDGE_ROWS}`);
    this.#all = database.prepare(
      `SELECT ${EVIDENCE_COLUMNS} FROM honey WHERE honey_id > ?1 AND ${UP_TO_DELISTING}
      ORDER BY honey_id LIMIT ${JUDGE_ROWS}`,
    );
    this.#nextDelisting = database.prepare(
      'SELECT min(honey_id) AS honey_id FROM delisting WHERE honey_id > ?',
    );
    this.#cursor = database.prepare('SELECT honey_id FROM cursor WHERE name = ?');
    this.#saveCursor = database.prepare(`
      INSERT INTO cursor (name, honey_id) VALUES (?, ?)
      ON CONFLICT (name) DO UPDATE SET honey_id = excluded.honey_id`);
  }

  /** Handles some events that proved their source. @returns Whether there may be more. */
  stepProved(nowUs: number): boolean {
    return this.#step(JUDGE_PROVED_CURSOR, this.#proved, nowUs);
  }

  /** Handles some of the others. @returns Whether there may be more. */
  stepRest(nowUs: number): boolean {
    return this.#step(JUDGE_CURSOR, this.#all, nowUs);
  }

  /** Nothing of this lane comes before the next delisting. @returns Whether there is one. */
  #passDelisting(name: string, cursor: number): boolean {
    const next = this.#nextDelisting.get(cursor)?.['honey_id'] ?? null;
    if (next === null) return false;
    this.#saveCursor.run(name, Number(next));
    return true;
  }

  #step(name: string, question: StatementSync, nowUs: number): boolean {
    const { database, writer, counting, apply } = this.#parts;
    const cursor = Number(this.#cursor.get(name)?.['honey_id'] ?? 0);
    const rows = question.all(cursor);
    const last = rows.at(-1);
    if (last === undefined) return this.#passDelisting(name, cursor);
    const sums = new EvidenceSums(counting);
    for (const row of rows) {
      if (isProved(row) === (name === JUDGE_PROVED_CURSOR)) sums.add(row, nowUs);
    }
    inTransaction(database, () => {
      apply(writer.write(sums, Number(last['honey_id'])), nowUs);
      this.#saveCursor.run(name, Number(last['honey_id']));
    });
    return true; // A step may have ended at a delisting.
  }
}

function isProved(row: Row): boolean {
  const grade = gradeOfText(row['grade']);
  return grade === 'returned' || grade === 'handshake';
}
