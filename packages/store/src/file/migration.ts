// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NOT_FOUND } from '@sentrypeer/event';
import { silentLogger, type Clock, type Logger } from '@sentrypeer/kernel';
import { keepAll } from '../retention/kept.ts';
import { Counters } from '../totals/counters.ts';
import { gradeOfText, gradeRank } from '../log/grades.ts';
import { isPlausible } from '../clock/plausible.ts';
import { parseLegacySource } from './legacy-source.ts';
import { MIGRATION_PROGRESS_ROWS, MIGRATION_ROWS } from '../limits.ts';
import { NUMBER_TABLES, TRIGGER_OF_VERSION_29 } from '../judging/number-tables.ts';
import {
  subscriberOf,
  TABLES_OF_VERSION_10,
  TABLES_OF_VERSION_11,
} from '../judging/address-tables.ts';
import { TABLES_OF_VERSION_13 } from '../judging/block-tables.ts';
import { addNetworkTables } from '../judging/network-tables.ts';
import { GRADES_OF_TOTALS, TABLES_OF_VERSION_9 } from '../judging/feed-tables.ts';
import {
  TABLES_OF_VERSION_16,
  TABLES_OF_VERSION_18,
  TABLES_OF_VERSION_19,
} from '../log/foreign-tables.ts';
import {
  TABLES_OF_VERSION_21,
  TABLES_OF_VERSION_24,
  TABLES_OF_VERSION_25,
  TABLES_OF_VERSION_27,
} from '../pool/pool-tables.ts';
import { FLEET_DECISION_TABLE, FLEET_LISTING_TABLES, FLEET_TABLES } from '../fleet/fleet-tables.ts';
import { HEARSAY_APART, HEARSAY_COLUMNS, ORIGIN_TABLES } from '../sharing/origin-tables.ts';
import {
  HONEY_COLUMNS_ADDED,
  HONEY_INDEXES,
  HONEY_TABLE,
  INDEX_OF_VERSION_7,
  OWN_TABLES,
  SCHEMA_VERSION,
  TABLES_OF_VERSION_2,
  TABLES_OF_VERSION_3,
  TABLES_OF_VERSION_4,
  TABLES_OF_VERSION_5,
  TOTALS_OF_VERSION_2,
} from './schema.ts';
import { addSourceTables, SOURCE_COLUMN } from '../totals/source-tables.ts';
import { TABLES_OF_VERSION_23 } from '../totals/rate-table.ts';
import { Totals } from '../totals/totals.ts';
import { endSteps, execTicking, runSteps, type UpgradeStep } from './upgrade-steps.ts';

export interface OpeningPorts {
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Brings a database from an earlier `user_version` to ours; 0 is an empty file or one of SentryPeer 4.x. In one
 * transaction: if anything ends it half-way, the file stays as it was, usable by the program that made it.
 */
export function migrate(
  database: DatabaseSync,
  { logger, clock }: OpeningPorts,
  version: number,
): void {
  // So that a view or a trigger of the user's own that is of no use any more does not stop ALTER TABLE.
  database.enableDefensive(false);
  database.exec('PRAGMA writable_schema = ON');
  database.exec('BEGIN EXCLUSIVE');
  const columns = honeyColumns(database);
  const isNew = columns.size === 0;
  if (!isNew) logger.info('database_migration_started', { schema_version: SCHEMA_VERSION });
  const isLegacy = version < 1 && !isNew;
  let counts = {};
  const takeOver: UpgradeStep = {
    weight: 75,
    run: (told) => {
      counts = new LegacyRows(database, logger, clock.epochUs(), told).takeOver();
    },
  };
  const steps: readonly (UpgradeStep | undefined)[] = [
    version < 1 ? execStep(database, firstVersion(columns), 1) : undefined,
    version < 2 ? execStep(database, TABLES_OF_VERSION_2) : undefined,
    version < 9 ? execStep(database, GRADES_OF_TOTALS) : undefined,
    version < 15 ? execStep(database, HEARSAY_COLUMNS) : undefined,
    version < 20 ? execStep(database, SOURCE_COLUMN) : undefined,
    isLegacy ? takeOver : undefined,
    version < 2
      ? { weight: 15, run: (told) => execTicking(database, TOTALS_OF_VERSION_2, 2, told) }
      : undefined,
    version < 3 ? execStep(database, TABLES_OF_VERSION_3) : undefined,
    version < 4 ? execStep(database, TABLES_OF_VERSION_4) : undefined,
    version < 5 ? execStep(database, TABLES_OF_VERSION_5) : undefined, // Filled bit by bit, like those of version 4.
    version < 6 ? execStep(database, ORIGIN_TABLES) : undefined,
    version < 8 ? execStep(database, NUMBER_TABLES, 1) : undefined,
    version < 9 ? execStep(database, TABLES_OF_VERSION_9, 4) : undefined,
    version < 10 ? execStep(database, TABLES_OF_VERSION_10) : undefined,
    version < 11 ? execStep(database, TABLES_OF_VERSION_11) : undefined,
    version < 13 ? execStep(database, TABLES_OF_VERSION_13) : undefined,
    version < 14 ? { weight: 1, run: () => addNetworkTables(database) } : undefined,
    version < 15 ? execStep(database, HEARSAY_APART, 1) : undefined,
    version < 16 ? execStep(database, TABLES_OF_VERSION_16) : undefined,
    version < 18 ? execStep(database, TABLES_OF_VERSION_18) : undefined,
    version < 19 ? execStep(database, TABLES_OF_VERSION_19) : undefined,
    version < 20 ? { weight: 1, run: () => addSourceTables(database) } : undefined,
    version < 21 ? execStep(database, TABLES_OF_VERSION_21) : undefined,
    version < 22 ? execStep(database, FLEET_TABLES) : undefined,
    version < 23 ? execStep(database, TABLES_OF_VERSION_23) : undefined,
    version < 24 ? execStep(database, TABLES_OF_VERSION_24) : undefined,
    version < 25 ? execStep(database, TABLES_OF_VERSION_25) : undefined,
    version < 26 ? execStep(database, FLEET_DECISION_TABLE) : undefined,
    version < 27 ? execStep(database, TABLES_OF_VERSION_27) : undefined,
    version < 28 ? execStep(database, FLEET_LISTING_TABLES) : undefined,
    version < 29 ? execStep(database, TRIGGER_OF_VERSION_29) : undefined,
    version < 7 ? execStep(database, INDEX_OF_VERSION_7, 6) : undefined,
  ];
  database.function('subscriber_of', (address) => subscriberOf(String(address)) ?? null);
  runSteps(
    steps.filter((step) => step !== undefined),
    isNew ? silentLogger : logger,
  );
  if (isLegacy) keepAll(database, clock.epochUs());
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  if (!isNew) logger.info('database_migration_finished', counts);
  database.exec('COMMIT; PRAGMA writable_schema = OFF');
  database.enableDefensive(true);
  if (!isNew) endSteps(logger);
  database.exec('ANALYZE sqlite_schema'); // Reads the row of statistics, which the plans of this connection need, too.
}

/** Steps without a stated weight take next to no time. */
function execStep(database: DatabaseSync, sql: string, weight = 0.1): UpgradeStep {
  return { weight, run: () => database.exec(sql) };
}

/** @param columns Of `honey`; empty if there is no such table. */
function firstVersion(columns: ReadonlySet<string>): string {
  const added = [...HONEY_COLUMNS_ADDED]
    .filter(([name]) => !columns.has(name))
    .map(([name, declaration]) => `ALTER TABLE honey ADD COLUMN ${name} ${declaration};`);
  const table = columns.size === 0 ? `${HONEY_TABLE};` : '';
  return `${table} ${added.join(' ')} ${HONEY_INDEXES} ${OWN_TABLES}`;
}

/** Names of the columns of `honey`; empty if there is no such table. */
export function honeyColumns(database: DatabaseSync): ReadonlySet<string> {
  const rows = database.prepare("SELECT name FROM pragma_table_info('honey')").all();
  return new Set(rows.map((row) => String(row['name'])));
}

/** Ids up to this leave room for as many again. */
const HONEY_ID_MAX = 2 ** 52;
/** Messages that a row may count. */
const SEEN_COUNT_MAX = 2 ** 40;

/** For the log. */
type LegacyCounts = Readonly<Record<'rows' | 'repaired_addresses', number>>;

/**
 * Rows of SentryPeer 4.x: addresses written with a port are repaired, totals are summed up. One thing is not repaired:
 * `event_timestamp` is local time of an unknown zone and has lost leading zeros of its fraction, so the totals use
 * `created_at`, which SQLite wrote in UTC.
 */
class LegacyRows {
  readonly #database: DatabaseSync;
  readonly #logger: Logger;
  readonly #page: StatementSync;
  readonly #last: StatementSync;
  readonly #repair: StatementSync;
  readonly #counters: Counters;
  readonly #totals: Totals;
  readonly #nowUs: number;
  /** Receives the share of the rows that is done, 0 to 1. */
  readonly #told: (share: number) => void;
  /** Of the last row with a possible time. */
  #seenUs: number;
  #rowsCount = 0;
  #repairedCount = 0;

  constructor(
    database: DatabaseSync,
    logger: Logger,
    nowUs: number,
    told: (share: number) => void,
  ) {
    this.#told = told;
    this.#database = database;
    this.#logger = logger;
    this.#nowUs = nowUs;
    this.#seenUs = nowUs;
    this.#page = database.prepare(`
      SELECT honey_id, source_ip, called_number, grade, min(max(seen_count, 1), ${SEEN_COUNT_MAX}) AS seen_count,
        coalesce(unixepoch(substr(coalesce(created_at, event_timestamp), 1, 23), 'subsec'), 0) AS seen_s
      FROM honey WHERE honey_id > ? ORDER BY honey_id LIMIT ${MIGRATION_ROWS}`);
    this.#last = database.prepare('SELECT max(honey_id) AS last FROM honey');
    this.#repair = database.prepare(
      'UPDATE honey SET source_ip = ?, source_port = coalesce(?, source_port) WHERE honey_id = ?',
    );
    this.#counters = new Counters(database);
    this.#totals = new Totals(database, this.#counters);
  }

  takeOver(): LegacyCounts {
    this.#renumber();
    let honeyId = 0;
    const lastHoneyId = Number(this.#last.get()?.['last'] ?? 0);
    for (;;) {
      const rows = this.#page.all(honeyId);
      const last = rows.at(-1);
      if (last === undefined) break;
      for (const row of rows) this.#takeOverRow(row);
      this.#totals.flush();
      honeyId = Number(last['honey_id']);
      this.#progress(rows.length);
      this.#told(lastHoneyId === 0 ? 1 : honeyId / lastHoneyId);
    }
    this.#counters.set('last_honey_id', honeyId);
    return this.#counts();
  }

  /** Rows with an id too large for a JavaScript number, or below 1, which nothing asks for, get the next ids. */
  #renumber(): void {
    const next = this.#database.prepare(
      `SELECT coalesce(max(honey_id), 0) + 1 AS id FROM honey WHERE honey_id <= ${HONEY_ID_MAX}`,
    );
    const change = this.#database.prepare(
      'UPDATE honey SET honey_id = max(?, 1) WHERE honey_id = CAST(? AS INTEGER)',
    );
    for (const where of ['honey_id < 1', `honey_id > ${HONEY_ID_MAX}`]) {
      const odd = this.#database.prepare(
        `SELECT CAST(honey_id AS TEXT) AS id FROM honey WHERE ${where} ORDER BY honey_id LIMIT 1`,
      );
      for (let row = odd.get(); row !== undefined; row = odd.get()) {
        change.run(Number(next.get()?.['id']), String(row['id']));
      }
    }
  }

  #takeOverRow(row: Readonly<Record<string, unknown>>): void {
    const text = typeof row['source_ip'] === 'string' ? row['source_ip'] : '';
    const rowUs = Math.round(Number(row['seen_s']) * 1000) * 1000;
    if (isPlausible(rowUs, this.#nowUs)) this.#seenUs = Math.min(rowUs, this.#nowUs);
    const seenUs = this.#seenUs;
    const count = Number(row['seen_count']);
    const source = parseLegacySource(text);
    if (source !== undefined) {
      if (source.ip !== text) {
        this.#repair.run(source.ip, source.port ?? null, Number(row['honey_id']));
        this.#repairedCount += 1;
      }
      // A row of 4.x has no grade: it may come from any writer of the DHT, which checked nothing.
      const grade = gradeOfText(row['grade']) ?? 'seen';
      this.#totals.addAddress(source.ip, seenUs, count, gradeRank(grade));
    }
    const number = row['called_number'];
    if (typeof number === 'string' && number !== NOT_FOUND && number !== '') {
      this.#totals.addNumber(number, seenUs, count, gradeRank('seen'));
    }
  }

  #progress(rowsCount: number): void {
    const before = Math.floor(this.#rowsCount / MIGRATION_PROGRESS_ROWS);
    this.#rowsCount += rowsCount;
    if (Math.floor(this.#rowsCount / MIGRATION_PROGRESS_ROWS) > before) {
      this.#logger.info('database_migration_running', this.#counts());
    }
  }

  #counts(): LegacyCounts {
    return { rows: this.#rowsCount, repaired_addresses: this.#repairedCount };
  }
}
