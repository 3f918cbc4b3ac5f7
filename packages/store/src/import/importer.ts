// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NOT_FOUND, parseEventTimestamp } from '@sentrypeer/event';
import type { Clock, Logger } from '@sentrypeer/kernel';
import { EARLIEST_TEXT, EARLIEST_US, isPlausible } from '../clock/plausible.ts';
import { guarded } from '../file/database-error.ts';
import { parseLegacySource } from '../file/legacy-source.ts';
import { openForCommand } from '../file/open-database.ts';
import { inTransaction } from '../file/transaction.ts';
import { LAST_HONEY_ID } from '../log/honey-ids.ts';
import { gradeOfText, gradeRank } from '../log/grades.ts';
import { keepWhatIsOlder, makesRoom } from '../retention/kept.ts';
import { ForeignRowsFinder } from '../log/foreign-rows.ts';
import { Counters } from '../totals/counters.ts';
import { Totals } from '../totals/totals.ts';
import {
  markedDetails,
  NUMBER_COLUMNS,
  TEXT_COLUMNS,
  uuidOfRow,
  type ImportedRow,
} from './imported-row.ts';

/** The outcome for some rows. */
export interface Imported {
  readonly added: number;
  /** Existed already, by their UUID. */
  readonly known: number;
}

const COLUMNS = ['honey_id', ...TEXT_COLUMNS, ...NUMBER_COLUMNS] as const;

/** Adds rows of other databases and logs, even while a daemon uses the database; each once, however often it comes. */
export class Importer {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #hasUuid: StatementSync;
  readonly #foreign: ForeignRowsFinder;
  readonly #lastId: StatementSync;
  readonly #counters: Counters;
  readonly #totals: Totals;
  /** Wall-clock microseconds of the last row with a possible time; `undefined` before the first. */
  #seenUs: number | undefined;
  #isKept = false;

  private constructor(path: string, clock: Clock, database: DatabaseSync) {
    this.#path = path;
    this.#clock = clock;
    this.#database = database;
    this.#foreign = new ForeignRowsFinder(database);
    this.#insert = database.prepare(
      `INSERT INTO honey (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`,
    );
    // A row that another node shared under the same UUID is not this event, unless it is from the same node.
    this.#hasUuid = database.prepare(`
      SELECT 1 FROM honey WHERE event_uuid = ?1 AND (created_by_node_id = ?2
        OR NOT EXISTS (SELECT 1 FROM shared_event WHERE shared_event.honey_id = honey.honey_id))`);
    this.#lastId = database.prepare(`SELECT ${LAST_HONEY_ID} AS id`);
    this.#counters = new Counters(database);
    this.#totals = new Totals(database, this.#counters);
  }

  /** Throws `OperatingError`. */
  static open(ports: { readonly clock: Clock; readonly logger: Logger }, path: string): Importer {
    return new Importer(path, ports.clock, openForCommand(path, ports));
  }

  /** A few hundred rows at a time: one transaction, for which a recording daemon waits. */
  add(rows: readonly ImportedRow[]): Imported {
    return guarded(this.#path, () =>
      inTransaction(this.#database, () => {
        this.#foreign.note();
        let id = Number(this.#lastId.get()?.['id']);
        let added = 0;
        let oldest = '~';
        this.#totals.clear();
        this.#seenUs ??= this.#firstUs(rows);
        for (const row of rows) {
          const uuid = uuidOfRow(row);
          if (this.#hasUuid.get(uuid, row.created_by_node_id ?? null) !== undefined) continue;
          id += 1;
          added += 1;
          this.#addRow(id, uuid, row);
          const recorded = row.created_at ?? row.event_timestamp ?? '';
          if (recorded >= EARLIEST_TEXT && recorded < oldest) oldest = recorded;
        }
        this.#totals.flush();
        this.#counters.set('last_honey_id', id);
        // In the same transaction: a daemon would remove them before the import is through, or after it was killed.
        if (keepWhatIsOlder(this.#database, oldest, this.#clock.epochUs())) this.#isKept = true;
        return { added, known: rows.length - added };
      }),
    );
  }

  /** Whether there were rows that the age limit would remove at once: like those of an upgrade, they are kept. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Whether the database has reached its size limit, so that older rows are removed for those that come. */
  get makesRoom(): boolean {
    return guarded(this.#path, () => makesRoom(this.#database));
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #addRow(id: number, uuid: string, row: ImportedRow): void {
    const source = parseLegacySource(row.source_ip ?? '');
    const seenCount = Math.max(1, row.seen_count ?? 1);
    const grade = gradeOfText(row.grade);
    const values = {
      ...row,
      honey_id: id,
      event_uuid: uuid,
      source_ip: source?.ip ?? row.source_ip,
      source_port: row.source_port ?? source?.port,
      called_number: row.called_number ?? NOT_FOUND,
      method: row.method ?? NOT_FOUND,
      user_agent: row.user_agent ?? NOT_FOUND,
      grade,
      details: markedDetails(row.details),
      seen_count: seenCount,
    };
    this.#insert.run(...COLUMNS.map((column) => values[column] ?? null));
    const { firstUs, lastUs } = this.#timesOf(row);
    const { called_number: number, user_agent: userAgent } = values;
    const rank = gradeRank(grade ?? 'seen');
    for (const [us, count] of [
      [firstUs, 0],
      [lastUs, seenCount],
    ] as const) {
      if (source !== undefined) this.#totals.addAddress(source.ip, us, count, rank);
      if (number !== NOT_FOUND && number !== '') this.#totals.addNumber(number, us, count, rank);
      if (userAgent !== NOT_FOUND) this.#totals.addUserAgent(userAgent, us, count, rank);
    }
    this.#totals.addHour(values.method, row.transport_type ?? 'UDP', firstUs, seenCount);
  }

  #timesOf(row: ImportedRow): { readonly firstUs: number; readonly lastUs: number } {
    const nowUs = this.#clock.epochUs();
    const firstUs = possibleUs(row, nowUs) ?? this.#seenUs ?? EARLIEST_US;
    this.#seenUs = firstUs;
    const lastUs = parseEventTimestamp(row.last_seen ?? '') ?? 0;
    const isLater = isPlausible(lastUs, nowUs) && lastUs > firstUs;
    return { firstUs, lastUs: isLater ? Math.min(lastUs, nowUs) : firstUs };
  }

  /** Of the first of these rows with a possible time. */
  #firstUs(rows: readonly ImportedRow[]): number | undefined {
    const nowUs = this.#clock.epochUs();
    return rows.map((row) => possibleUs(row, nowUs)).find((us) => us !== undefined);
  }
}

/** SentryPeer 4.x wrote local time of an unknown zone; its time of recording is UTC. */
function possibleUs(row: ImportedRow, nowUs: number): number | undefined {
  const { created_at: recorded, event_timestamp: received } = row;
  const isLegacy = gradeOfText(row.grade) === undefined;
  const us = (isLegacy ? [recorded, received] : [received, recorded])
    .map((text) => parseEventTimestamp(text ?? ''))
    .find((time) => time !== undefined);
  return us !== undefined && isPlausible(us, nowUs) ? Math.min(us, nowUs) : undefined;
}
