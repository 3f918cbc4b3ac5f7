// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { SWEEP_ROWS } from '../limits.ts';
import type { ListedKind, ListedSubject } from './evidence-reader.ts';
import { subjectOf } from './listings.ts';

/** Which subjects something concerns. */
export interface Reach {
  /** Only one kind. @default every kind */
  readonly kind?: ListedKind;
  /** Exactly these subjects and no others. */
  readonly exactly?: readonly ListedSubject[];
  covers(value: string): boolean;
}

/** Everything. */
export const ALL: Reach = { covers: () => true };

interface Source {
  /** The kind of its subjects. @default several kinds */
  readonly kind?: ListedKind;
  /** The rest of the query after the key. */
  readonly question: string;
  readonly key: readonly string[];
  /** Below every key. */
  readonly first: readonly (number | string)[];
}

const LISTING: Source = {
  question: 'SELECT listing_id, kind, value FROM listing WHERE listing_id > ? ORDER BY listing_id',
  key: ['listing_id'],
  first: [0],
};

/** Subjects named by voters, and by hubs. */
const SAID: readonly Source[] = [
  {
    question: `
      SELECT iif(subject GLOB '*[^0-9]*', 'address', 'number') AS kind, subject AS value FROM pool_admission
        WHERE subject > ? ORDER BY subject`,
    key: ['value'],
    first: [''],
  },
  {
    question:
      'SELECT kind, value FROM fleet_listing WHERE (kind, value) > (?, ?) ORDER BY kind, value',
    key: ['kind', 'value'],
    first: ['', ''],
  },
];

/** Everything to look through. */
const SOURCES: readonly Source[] = [
  LISTING,
  {
    kind: 'address',
    question: `
      SELECT total_id, 'address' AS kind, address AS value FROM address_evidence WHERE total_id > ? ORDER BY total_id`,
    key: ['total_id'],
    first: [0],
  },
  {
    kind: 'number',
    question: `
      SELECT total_id, 'number' AS kind, e164 AS value FROM number_evidence WHERE total_id > ? ORDER BY total_id`,
    key: ['total_id'],
    first: [0],
  },
  {
    kind: 'range',
    question:
      "SELECT 'range' AS kind, block AS value FROM number_block WHERE block > ? ORDER BY block",
    key: ['value'],
    first: [''],
  },
  // Subjects named by others or by the operator may have neither a listing nor evidence.
  ...SAID,
  {
    question:
      'SELECT kind, value FROM operator_block WHERE (kind, value) > (?, ?) ORDER BY kind, value',
    key: ['kind', 'value'],
    first: ['', ''],
  },
];

/** Anything that concerns numbers may concern any range of them. */
function isRange(what: string, kind: ListedKind | undefined): boolean {
  return what === 'range' && kind === 'number';
}

function isOf(what: ListedKind, kind: ListedKind | undefined): boolean {
  return kind === undefined || what === kind || isRange(what, kind);
}

/**
 * Looks through listings, evidence and the statements of others, some rows at a time, for the subjects that something
 * concerns.
 */
export class Sweep {
  readonly #database: DatabaseSync;
  readonly #reach: Reach;
  #sources: readonly Source[];
  #question: StatementSync | undefined;
  #after: readonly SQLInputValue[] = [];

  /**
   * @param of Only listings, if nothing can have been added to them, or only the statements of others. @default
   * everything
   */
  constructor(database: DatabaseSync, reach: Reach, of?: 'listings' | 'said') {
    this.#database = database;
    this.#reach = reach;
    const all = SOURCES.filter(({ kind }) => kind === undefined || isOf(kind, reach.kind));
    this.#sources = of === undefined ? all : of === 'said' ? SAID : [LISTING];
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
    if (this.#question === undefined) {
      this.#question = this.#database.prepare(`${source.question} LIMIT ${SWEEP_ROWS}`);
      this.#after = source.first;
    }
    const rows = this.#question.all(...this.#after);
    const last = rows.at(-1);
    if (last === undefined || rows.length < SWEEP_ROWS) {
      this.#sources = this.#sources.slice(1);
      this.#question = undefined;
    } else {
      this.#after = source.key.map((column) => last[column] ?? null);
    }
    const subjects = rows.map(subjectOf);
    return subjects.filter(
      (subject) =>
        isRange(subject.kind, kind) ||
        ((kind === undefined || subject.kind === kind) && this.#reach.covers(subject.value)),
    );
  }
}
