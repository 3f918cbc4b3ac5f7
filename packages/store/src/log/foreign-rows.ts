// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NOT_FOUND, parseEventTimestamp } from '@sentrypeer/event';
import type { Clock, Logger } from '@sentrypeer/kernel';
import { EARLIEST_US, isPlausible } from '../clock/plausible.ts';
import { parseLegacySource } from '../file/legacy-source.ts';
import { RECORDED, SEEN_COUNT } from '../file/schema.ts';
import { inTransaction } from '../file/transaction.ts';
import { FOREIGN_LOOK_MS, FOREIGN_NEIGHBOURS, FOREIGN_ROWS, FOREIGN_TELL_MS } from '../limits.ts';
import { Counters } from '../totals/counters.ts';
import { Totals } from '../totals/totals.ts';
import type { Row } from './event-row.ts';
import { LOWEST_HONEY_ID } from './foreign-tables.ts';
import { gradeOfText, gradeRank } from './grades.ts';
import { HONEY_ID_MAX, LAST_HONEY_ID, Renumbering } from './honey-ids.ts';

/** Rows that another program added or removed since this database has had version 16, and changed since version 19. */
export interface ForeignChanges {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

const WHAT_TO_DO = {
  added:
    'they count in the totals now; those above the newest are delivered and judged, others are not; sentrypeer import FILE merges a database or a log, each event once',
  removed:
    'the totals follow; evidence and what is listed stay: sentrypeer forget WHAT removes all that is known of an address or a number, --retention-days removes what is old',
  changed:
    'the totals follow; evidence and what is listed stay as they were judged, and nothing is delivered again: sentrypeer forget WHAT removes all that is known of an address or a number',
} as const;

/** Finds rows that another program appended to `honey` since the last transaction of ours, within the caller's. */
export class ForeignRowsFinder {
  readonly #note: StatementSync;

  constructor(database: DatabaseSync) {
    this.#note = database.prepare(`
      INSERT INTO foreign_rows (first_honey_id, last_honey_id)
        SELECT known + 1, newest FROM (SELECT (SELECT value FROM counter WHERE name = 'last_honey_id') AS known,
          (SELECT max(honey_id) FROM honey WHERE honey_id <= ${HONEY_ID_MAX}) AS newest) WHERE newest > known`);
  }

  /**
   * The caller must save the newest id of `honey` before the end of the transaction. @returns Whether there were any.
   */
  note(): boolean {
    return this.#note.run().changes > 0;
  }
}

interface ForeignPorts {
  readonly database: DatabaseSync;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onAdded?: ((lastHoneyId: number) => void) | undefined;
}

/** Puts rows of other programs into the totals, and logs what they did. */
export class ForeignRows {
  readonly #ports: ForeignPorts;
  readonly #finder: ForeignRowsFinder;
  readonly #counters: Counters;
  readonly #totals: Totals;
  readonly #renumbering: Renumbering;
  readonly #raise: StatementSync;
  readonly #below: StatementSync;
  readonly #setLowest: StatementSync;
  readonly #range: StatementSync;
  readonly #page: StatementSync;
  readonly #before: StatementSync;
  readonly #after: StatementSync;
  readonly #changed: StatementSync;
  readonly #endChanged: StatementSync;
  readonly #shorten: StatementSync;
  readonly #end: StatementSync;
  readonly #untold: StatementSync;
  #lookAtMs = Number.NEGATIVE_INFINITY;
  readonly #tellAtMs = new Map<keyof ForeignChanges, number>();

  constructor(ports: ForeignPorts) {
    const { database } = ports;
    this.#ports = ports;
    this.#finder = new ForeignRowsFinder(database);
    this.#counters = new Counters(database);
    this.#totals = new Totals(database, this.#counters);
    this.#renumbering = new Renumbering(database, -HONEY_ID_MAX);
    this.#raise = database.prepare(
      `UPDATE counter SET value = ${LAST_HONEY_ID} WHERE name = 'last_honey_id' RETURNING value`,
    );
    this.#below = database.prepare(`
      INSERT INTO foreign_rows (first_honey_id, last_honey_id)
        SELECT lowest, value - 1 FROM counter, (SELECT min(honey_id) AS lowest FROM honey WHERE honey_id >= -${HONEY_ID_MAX})
        WHERE name = 'lowest_honey_id' AND lowest < value`);
    this.#setLowest = database.prepare(`
      UPDATE counter SET value = ${LOWEST_HONEY_ID} WHERE name = 'lowest_honey_id' AND value <> ${LOWEST_HONEY_ID}`);
    this.#range = database.prepare('SELECT * FROM foreign_rows ORDER BY first_honey_id LIMIT 1');
    const columns = `honey_id, source_ip, called_number, user_agent, method, transport_type, grade,
      iif(grade IS NULL, ${RECORDED}, event_timestamp) AS recorded,
      ${SEEN_COUNT} AS seen_count`;
    this.#page = database.prepare(
      `SELECT ${columns} FROM honey WHERE honey_id BETWEEN ? AND ? ORDER BY honey_id LIMIT ${FOREIGN_ROWS}`,
    );
    const recorded = `SELECT ${RECORDED} AS recorded FROM honey`;
    this.#before = database.prepare(
      `${recorded} WHERE honey_id < ? ORDER BY honey_id DESC LIMIT ${FOREIGN_NEIGHBOURS}`,
    );
    this.#after = database.prepare(
      `${recorded} WHERE honey_id > ? ORDER BY honey_id LIMIT ${FOREIGN_NEIGHBOURS}`,
    );
    this.#changed = database.prepare(
      `SELECT ${columns} FROM honey WHERE honey_id IN (SELECT honey_id FROM foreign_change ORDER BY honey_id LIMIT ${FOREIGN_ROWS})`,
    );
    this.#endChanged = database.prepare(
      `DELETE FROM foreign_change WHERE honey_id IN (SELECT honey_id FROM foreign_change ORDER BY honey_id LIMIT ${FOREIGN_ROWS})`,
    );
    this.#shorten = database.prepare(
      'UPDATE foreign_rows SET first_honey_id = ? WHERE first_honey_id = ?',
    );
    this.#end = database.prepare('DELETE FROM foreign_rows WHERE first_honey_id = ?');
    this.#untold = database.prepare(`
      SELECT now.value - told.value AS rows FROM counter AS now JOIN counter AS told ON told.name = now.name || '_told'
      WHERE now.name = ?`);
    // Before anything else looks at the log.
    inTransaction(database, () => this.#renumbering.step(Number.POSITIVE_INFINITY));
  }

  /** One short transaction, only once in a while if there is nothing to do. @returns Whether there is more to do. */
  step(): boolean {
    const { clock, database } = this.#ports;
    if (clock.nowMs() < this.#lookAtMs) return false;
    let newestId: number | undefined;
    const isMore = inTransaction(database, () => {
      if (this.#renumbering.step(FOREIGN_ROWS)) return true;
      if (this.#finder.note()) newestId = Number(this.#raise.get()?.['value']);
      this.#below.run();
      this.#setLowest.run();
      return this.#countAdded() || this.#countChanged();
    });
    if (newestId !== undefined) this.#ports.onAdded?.(newestId);
    if (isMore) return true;
    this.#lookAtMs = clock.nowMs() + FOREIGN_LOOK_MS;
    this.#say();
    return false;
  }

  #countAdded(): boolean {
    const range = this.#range.get();
    if (range === undefined) return false;
    const first = Number(range['first_honey_id']);
    const rows = this.#page.all(first, Number(range['last_honey_id']));
    this.#addAll(rows);
    this.#counters.add('foreign_added', rows.length);
    const last = rows.at(-1)?.['honey_id'];
    if (rows.length < FOREIGN_ROWS || last === undefined) this.#end.run(first);
    else this.#shorten.run(Number(last) + 1, first);
    return true;
  }

  /** The trigger removed what these rows counted; one that was removed since counts no more. */
  #countChanged(): boolean {
    const rows = this.#changed.all();
    if (this.#endChanged.run().changes === 0) return false;
    this.#addAll(rows);
    return true;
  }

  #addAll(rows: readonly Row[]): void {
    this.#totals.clear();
    for (const row of rows) this.#add(row);
    this.#totals.flush();
  }

  /** A row written by 4.x or by hand: an invalid field counts as none. */
  #add(row: Row): void {
    const seenUs = this.#possibleUs(row) ?? this.#neighbourUs(Number(row['honey_id']));
    const count = Number(row['seen_count']);
    const rank = gradeRank(gradeOfText(row['grade']) ?? 'seen');
    const source = parseLegacySource(textOf(row['source_ip']) ?? '');
    const [number, userAgent] = [textOf(row['called_number']), textOf(row['user_agent'])];
    if (source !== undefined) this.#totals.addAddress(source.ip, seenUs, count, rank);
    if (number !== undefined) this.#totals.addNumber(number, seenUs, count, rank);
    if (userAgent !== undefined) this.#totals.addUserAgent(userAgent, seenUs, count, rank);
    this.#totals.addHour(
      textOf(row['method']),
      textOf(row['transport_type']) ?? 'UDP',
      seenUs,
      count,
    );
  }

  /** Wall-clock microseconds; `undefined` if nothing can have happened at the time that the row says. */
  #possibleUs(row: Row): number | undefined {
    const nowUs = this.#ports.clock.epochUs();
    const us = parseEventTimestamp(String(row['recorded']));
    return us !== undefined && isPlausible(us, nowUs) ? Math.min(us, nowUs) : undefined;
  }

  /** The time of the row before, or after, that has a possible one; long ago if none of them has. */
  #neighbourUs(honeyId: number): number {
    for (const rows of [this.#before, this.#after]) {
      for (const row of rows.iterate(honeyId)) {
        const us = this.#possibleUs(row);
        if (us !== undefined) return us;
      }
    }
    return EARLIEST_US;
  }

  /** Each is logged once in sum, then at most once an hour: some programs delete old rows every night. */
  #say(): void {
    const nowMs = this.#ports.clock.nowMs();
    for (const kind of ['added', 'removed', 'changed'] as const) {
      if (nowMs < (this.#tellAtMs.get(kind) ?? 0)) continue;
      const rows = Number(this.#untold.get(`foreign_${kind}`)?.['rows']);
      if (rows <= 0) continue;
      this.#tellAtMs.set(kind, nowMs + FOREIGN_TELL_MS);
      inTransaction(this.#ports.database, () => this.#counters.add(`foreign_${kind}_told`, rows));
      this.#ports.logger.warn(`rows_${kind}_by_another_program`, {
        rows,
        what_to_do: WHAT_TO_DO[kind],
      });
    }
  }
}

/** Reads what other programs changed. */
export function readForeignChanges(database: DatabaseSync): ForeignChanges {
  const value = database.prepare('SELECT value FROM counter WHERE name = ?');
  return {
    added: Number(value.get('foreign_added')?.['value'] ?? 0),
    removed: Number(value.get('foreign_removed')?.['value'] ?? 0),
    changed: Number(value.get('foreign_changed')?.['value'] ?? 0),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value !== NOT_FOUND ? value : undefined;
}
