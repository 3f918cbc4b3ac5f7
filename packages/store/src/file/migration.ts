// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { NOT_FOUND } from '@sentrypeer/event';
import { silentLogger, type Clock, type Logger } from '@sentrypeer/kernel';
import { keepAll } from '../retention/kept.ts';
import { Counters } from '../totals/counters.ts';
import type { Row } from '../log/event-row.ts';
import { gradeOfText, gradeRank } from '../log/grades.ts';
import { Renumbering } from '../log/honey-ids.ts';
import { DOUBT_US, EARLIEST_US, isPlausible } from '../clock/plausible.ts';
import { parseLegacySource } from './legacy-source.ts';
import { MIGRATION_PROGRESS_ROWS, MIGRATION_ROWS } from '../limits.ts';
import {
  INDEX_OF_VERSION_30,
  NUMBER_TABLES,
  TRIGGER_OF_VERSION_29,
} from '../judging/number-tables.ts';
import { TABLES_OF_VERSION_10, TABLES_OF_VERSION_11 } from '../judging/address-tables.ts';
import { TABLES_OF_VERSION_13 } from '../judging/block-tables.ts';
import { addNetworkTables } from '../judging/network-tables.ts';
import { GRADES_OF_TOTALS, TABLES_OF_VERSION_9 } from '../judging/feed-tables.ts';
import {
  TABLES_OF_VERSION_16,
  TABLES_OF_VERSION_18,
  TABLES_OF_VERSION_19,
  TRIGGERS_OF_VERSION_31,
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
  SEEN_COUNT,
} from './schema.ts';
import { addSourceTables, SOURCE_COLUMN } from '../totals/source-tables.ts';
import { TABLES_OF_VERSION_23 } from '../totals/rate-table.ts';
import { Totals } from '../totals/totals.ts';
import { endSteps, runSteps, type UpgradeStep } from './upgrade-steps.ts';

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
  const sumUp: UpgradeStep = {
    weight: 90,
    run: (told) => {
      const rows = new EarlierRows({ database, logger, nowUs: clock.epochUs(), isLegacy, told });
      counts = rows.sumUp();
    },
  };
  const steps: readonly (UpgradeStep | undefined)[] = [
    version < 1 ? execStep(database, firstVersion(columns), 1) : undefined,
    version < 2 ? execStep(database, TABLES_OF_VERSION_2) : undefined,
    version < 9 ? execStep(database, GRADES_OF_TOTALS) : undefined,
    version < 15 ? execStep(database, HEARSAY_COLUMNS) : undefined,
    version < 20 ? execStep(database, SOURCE_COLUMN) : undefined,
    version < 2 && !isNew ? sumUp : undefined,
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
    version < 30 ? execStep(database, INDEX_OF_VERSION_30, 1) : undefined,
    version < 31 ? execStep(database, TRIGGERS_OF_VERSION_31) : undefined,
    version < 7 ? execStep(database, INDEX_OF_VERSION_7, 6) : undefined,
  ];
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

/** When a row was recorded, in seconds since the epoch; 0 if it does not say. */
const SEEN_S = `coalesce(unixepoch(substr(coalesce(created_at, event_timestamp), 1, 23), 'subsec'), 0)`;

/** For the log. */
type RowCounts = Readonly<Record<'rows' | 'repaired_addresses', number>>;

interface EarlierOptions {
  readonly database: DatabaseSync;
  readonly logger: Logger;
  /** Wall-clock microseconds. */
  readonly nowUs: number;
  /** The rows are from SentryPeer 4.x; others are in the totals of version 1 already. */
  readonly isLegacy: boolean;
  /** Receives the share of the rows that is done, 0 to 1. */
  readonly told: (share: number) => void;
}

/**
 * Rows from before version 2. They are summed up; in those of SentryPeer 4.x, addresses written with a port are
 * repaired. One thing is not repaired: `event_timestamp` is local time of an unknown zone and has lost leading zeros of
 * its fraction, so the totals use `created_at`, which SQLite wrote in UTC.
 */
class EarlierRows {
  readonly #options: EarlierOptions;
  readonly #page: StatementSync;
  readonly #last: StatementSync;
  readonly #repair: StatementSync;
  readonly #counters: Counters;
  readonly #totals: Totals;
  /** Of the last row with a possible time; before the first such row, of that one. */
  #seenUs: number;
  #rowsCount = 0;
  #repairedCount = 0;

  constructor(options: EarlierOptions) {
    const { database } = options;
    this.#options = options;
    this.#page = database.prepare(`
      SELECT honey_id, source_ip, called_number, user_agent, method, transport_type, grade,
        ${SEEN_COUNT} AS seen_count, ${SEEN_S} AS seen_s
      FROM honey WHERE honey_id > ? ORDER BY honey_id LIMIT ${MIGRATION_ROWS}`);
    this.#last = database.prepare('SELECT max(honey_id) AS last FROM honey');
    this.#repair = database.prepare(
      'UPDATE honey SET source_ip = ?, source_port = coalesce(?, source_port) WHERE honey_id = ?',
    );
    this.#counters = new Counters(database);
    this.#totals = new Totals(database, this.#counters);
    this.#seenUs = this.#firstUs();
  }

  sumUp(): RowCounts {
    const { isLegacy, told } = this.#options;
    // Nothing asks for ids below 1.
    if (isLegacy) new Renumbering(this.#options.database, 1).step(Number.POSITIVE_INFINITY);
    let honeyId = 0;
    const lastHoneyId = Number(this.#last.get()?.['last'] ?? 0);
    for (;;) {
      const rows = this.#page.all(honeyId);
      const last = rows.at(-1);
      if (last === undefined) break;
      for (const row of rows) this.#addRow(row);
      this.#totals.flush();
      honeyId = Number(last['honey_id']);
      this.#progress(rows.length);
      told(lastHoneyId === 0 ? 1 : honeyId / lastHoneyId);
    }
    if (isLegacy) this.#counters.set('last_honey_id', honeyId);
    return this.#counts();
  }

  /** The time of the first row with a possible one; long ago if there is none. */
  #firstUs(): number {
    const { database, nowUs } = this.#options;
    const first = database
      .prepare(
        `SELECT ${SEEN_S} AS seen_s FROM honey WHERE seen_s BETWEEN ? AND ? ORDER BY honey_id LIMIT 1`,
      )
      .get(EARLIEST_US / 1e6, (nowUs + DOUBT_US) / 1e6);
    return first === undefined ? EARLIEST_US : Math.min(recordedUs(first), nowUs);
  }

  #addRow(row: Row): void {
    const { nowUs, isLegacy } = this.#options;
    const rowUs = recordedUs(row);
    if (isPlausible(rowUs, nowUs)) this.#seenUs = Math.min(rowUs, nowUs);
    const count = Number(row['seen_count']);
    const rank = gradeRank(gradeOfText(row['grade']) ?? 'seen');
    const userAgent = textOf(row['user_agent']);
    if (userAgent !== undefined) this.#totals.addUserAgent(userAgent, this.#seenUs, count, rank);
    const transport = row['transport_type'];
    this.#totals.addHour(
      textOf(row['method']),
      typeof transport === 'string' ? transport : 'UDP',
      this.#seenUs,
      count,
    );
    if (isLegacy) this.#takeOver(row, count);
  }

  /** A row of 4.x has no grade: it may come from any writer of the DHT, which checked nothing. */
  #takeOver(row: Row, count: number): void {
    const text = typeof row['source_ip'] === 'string' ? row['source_ip'] : '';
    const source = parseLegacySource(text);
    if (source !== undefined) {
      if (source.ip !== text) {
        this.#repair.run(source.ip, source.port ?? null, Number(row['honey_id']));
        this.#repairedCount += 1;
      }
      const grade = gradeOfText(row['grade']) ?? 'seen';
      this.#totals.addAddress(source.ip, this.#seenUs, count, gradeRank(grade));
    }
    const number = textOf(row['called_number']);
    if (number !== undefined) {
      this.#totals.addNumber(number, this.#seenUs, count, gradeRank('seen'));
    }
  }

  #progress(rowsCount: number): void {
    const before = Math.floor(this.#rowsCount / MIGRATION_PROGRESS_ROWS);
    this.#rowsCount += rowsCount;
    if (Math.floor(this.#rowsCount / MIGRATION_PROGRESS_ROWS) > before) {
      this.#options.logger.info('database_migration_running', this.#counts());
    }
  }

  #counts(): RowCounts {
    return { rows: this.#rowsCount, repaired_addresses: this.#repairedCount };
  }
}

/** Wall-clock microseconds; whatever the row says. */
function recordedUs(row: Row): number {
  return Math.round(Number(row['seen_s']) * 1000) * 1000;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value !== NOT_FOUND ? value : undefined;
}
