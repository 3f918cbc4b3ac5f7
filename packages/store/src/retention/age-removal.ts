// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { formatEventTimestamp } from '@sentrypeer/event';
import { DOUBT_US, EARLIEST_TEXT } from '../clock/plausible.ts';
import { RECORDED } from '../file/schema.ts';
import { PRUNE_ROWS } from '../limits.ts';
import { OwnRemoval } from '../log/own-removal.ts';

/** Which rows, and since when they are too old. */
export interface AgeLimit {
  /** Rows up to this one stay. */
  readonly after: number;
  /** Rows beyond this one stay. */
  readonly last: number;
  /** In the form of `created_at`: rows recorded before this are too old. */
  readonly expired: string;
  /** Wall-clock microseconds. */
  readonly nowUs: number;
}

/**
 * Removes rows that are too old, lowest ids first, some at a time. A row with an impossible time (1970, 2099, none) has
 * the age of its place: it goes when a row after it goes.
 */
export class AgeRemoval {
  readonly #page: StatementSync;
  readonly #passedRows: StatementSync;
  readonly #own: OwnRemoval;
  /** Remaining rows up to this one have impossible times. */
  #passed = 0;
  #after = 0;

  constructor(database: DatabaseSync) {
    this.#own = new OwnRemoval(database);
    this.#page = database.prepare(`
      SELECT honey_id, ${RECORDED} AS recorded FROM honey
      WHERE honey_id > ? AND honey_id <= ? ORDER BY honey_id LIMIT ${PRUNE_ROWS}`);
    this.#passedRows = database.prepare(`
      SELECT honey_id FROM honey WHERE honey_id > ? AND honey_id <= ? ORDER BY honey_id LIMIT ${PRUNE_ROWS}`);
  }

  /** @returns Rows that were removed; 1 also if there is more to look at. */
  step({ after, last, expired, nowUs }: AgeLimit): number {
    if (after !== this.#after) this.#passed = after;
    this.#after = after;
    const latest = formatEventTimestamp(nowUs + DOUBT_US);
    const rows = this.#page.all(this.#passed, last).map((row) => {
      const { recorded } = row;
      const isKnown =
        typeof recorded === 'string' && recorded >= EARLIEST_TEXT && recorded <= latest;
      return { honeyId: Number(row['honey_id']), isKnown, isOld: isKnown && recorded < expired };
    });
    const end = rows.findLastIndex(({ isOld }) => isOld);
    if (end >= 0) {
      const gone = rows.filter(({ isOld, isKnown }, index) => isOld || (!isKnown && index < end));
      const passed = this.#passedRows
        .all(after, this.#passed)
        .map((row) => Number(row['honey_id']));
      return this.#own.rows([...gone.map(({ honeyId }) => honeyId), ...passed]);
    }
    const isUnknown = rows.length === PRUNE_ROWS && rows.every(({ isKnown }) => !isKnown);
    if (!isUnknown) return 0;
    this.#passed = rows.at(-1)?.honeyId ?? this.#passed;
    return 1;
  }
}
