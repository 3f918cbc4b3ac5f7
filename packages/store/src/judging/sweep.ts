// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { SWEEP_ROWS } from '../limits.ts';
import type { ListedKind, ListedSubject } from './evidence-reader.ts';
import { subjectOf } from './listings.ts';

/** Which subjects something concerns. */
export interface Reach {
  /** Of one kind alone. @default every kind */
  readonly kind?: ListedKind;
  /** Exactly these subjects and no others. */
  readonly exactly?: readonly ListedSubject[];
  covers(value: string): boolean;
}

/** Everything. */
export const ALL: Reach = { covers: () => true };

/** What there is to look through, each by the number of its rows. */
const SOURCES = {
  listing:
    'SELECT listing_id AS id, kind, value FROM listing WHERE listing_id > ? ORDER BY listing_id',
  address: `
    SELECT total_id AS id, 'address' AS kind, address AS value FROM address_evidence WHERE total_id > ? ORDER BY total_id`,
  number: `
    SELECT total_id AS id, 'number' AS kind, e164 AS value FROM number_evidence WHERE total_id > ? ORDER BY total_id`,
  range:
    "SELECT block AS id, 'range' AS kind, block AS value FROM number_block WHERE block > ? ORDER BY block",
  // What voters name may have neither a listing nor evidence.
  admission: `
    SELECT subject AS id, iif(subject GLOB '*[^0-9]*', 'address', 'number') AS kind, subject AS value FROM pool_admission
      WHERE subject > ? ORDER BY subject`,
} as const;
type Source = keyof typeof SOURCES;

/** What concerns numbers may concern any range of them. */
function isRange(what: string, kind: ListedKind | undefined): boolean {
  return what === 'range' && kind === 'number';
}

/** Looks through listings, then through evidence, some rows at a time, for the subjects that something concerns. */
export class Sweep {
  readonly #database: DatabaseSync;
  readonly #reach: Reach;
  #sources: readonly Source[];
  #question: StatementSync | undefined;
  #after: number | string | undefined;

  /** @param sources Listings alone where nothing can have been added to them. */
  constructor(database: DatabaseSync, reach: Reach, sources?: readonly Source[]) {
    this.#database = database;
    this.#reach = reach;
    const { kind } = reach;
    const all: readonly Source[] = ['listing', 'address', 'number', 'range', 'admission'];
    this.#sources =
      sources ??
      all.filter(
        (source) =>
          source === 'listing' ||
          source === 'admission' ||
          kind === undefined ||
          source === kind ||
          isRange(source, kind),
      );
  }

  /** The next ones, perhaps none; `undefined` at the end. */
  next(): readonly ListedSubject[] | undefined {
    const { kind, exactly } = this.#reach;
    const [source] = this.#sources;
    if (source === undefined) return undefined;
    if (exactly !== undefined) {
      this.#sources = [];
      return exactly;
    }
    this.#question ??= this.#database.prepare(`${SOURCES[source]} LIMIT ${SWEEP_ROWS}`);
    const rows = this.#question.all(
      this.#after ?? (source === 'range' || source === 'admission' ? '' : 0),
    );
    if (rows.length < SWEEP_ROWS) {
      this.#sources = this.#sources.slice(1);
      this.#question = undefined;
      this.#after = undefined;
    } else {
      const id = rows.at(-1)?.['id'];
      this.#after = typeof id === 'string' ? id : Number(id);
    }
    const subjects = rows.map(subjectOf);
    return subjects.filter(
      (subject) =>
        isRange(subject.kind, kind) ||
        ((kind === undefined || subject.kind === kind) && this.#reach.covers(subject.value)),
    );
  }
}
