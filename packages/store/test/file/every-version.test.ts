// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* A database that went through all versions is the same as a new one. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import {
  FLEET_DECISION_TABLE,
  FLEET_LISTING_TABLES,
  FLEET_TABLES,
} from '../../src/fleet/fleet-tables.ts';
import { TABLES_OF_VERSION_10, TABLES_OF_VERSION_11 } from '../../src/judging/address-tables.ts';
import { TABLES_OF_VERSION_13 } from '../../src/judging/block-tables.ts';
import { GRADES_OF_TOTALS, TABLES_OF_VERSION_9 } from '../../src/judging/feed-tables.ts';
import {
  INDEX_OF_VERSION_30,
  NUMBER_TABLES,
  TRIGGER_OF_VERSION_29,
} from '../../src/judging/number-tables.ts';
import {
  TABLES_OF_VERSION_16,
  TABLES_OF_VERSION_18,
  TABLES_OF_VERSION_19,
  TRIGGERS_OF_VERSION_31,
} from '../../src/log/foreign-tables.ts';
import {
  TABLES_OF_VERSION_21,
  TABLES_OF_VERSION_24,
  TABLES_OF_VERSION_25,
  TABLES_OF_VERSION_27,
} from '../../src/pool/pool-tables.ts';
import { HEARSAY_APART, HEARSAY_COLUMNS, ORIGIN_TABLES } from '../../src/sharing/origin-tables.ts';
import { SOURCE_COLUMN } from '../../src/totals/source-tables.ts';
import { TABLES_OF_VERSION_23 } from '../../src/totals/rate-table.ts';
import { migrate } from '../../src/file/migration.ts';
import { recogniseVersion } from '../../src/file/recognise.ts';
import {
  INDEX_OF_VERSION_7,
  SCHEMA_VERSION,
  TABLES_OF_VERSION_2,
  TABLES_OF_VERSION_3,
  TABLES_OF_VERSION_4,
  TABLES_OF_VERSION_5,
} from '../../src/file/schema.ts';
import { TestClock, TestLogger } from '../fixtures.ts';

/** What each version added, by a part of its text. */
const ADDED: readonly (readonly [version: number, text: string])[] = [
  [2, TABLES_OF_VERSION_2],
  [3, TABLES_OF_VERSION_3],
  [4, TABLES_OF_VERSION_4],
  [5, TABLES_OF_VERSION_5],
  [6, ORIGIN_TABLES],
  [7, INDEX_OF_VERSION_7],
  [8, NUMBER_TABLES],
  [9, GRADES_OF_TOTALS],
  [9, TABLES_OF_VERSION_9],
  [10, TABLES_OF_VERSION_10],
  [11, TABLES_OF_VERSION_11],
  [13, TABLES_OF_VERSION_13],
  [14, 'CREATE TABLE address_network'],
  [15, HEARSAY_COLUMNS],
  [15, HEARSAY_APART],
  [16, TABLES_OF_VERSION_16],
  [18, TABLES_OF_VERSION_18],
  [19, TABLES_OF_VERSION_19],
  [20, SOURCE_COLUMN],
  [20, 'CREATE TABLE source_total'],
  [21, TABLES_OF_VERSION_21],
  [22, FLEET_TABLES],
  [23, TABLES_OF_VERSION_23],
  [24, TABLES_OF_VERSION_24],
  [25, TABLES_OF_VERSION_25],
  [26, FLEET_DECISION_TABLE],
  [27, TABLES_OF_VERSION_27],
  [28, FLEET_LISTING_TABLES],
  [29, TRIGGER_OF_VERSION_29],
  [30, INDEX_OF_VERSION_30],
  [31, TRIGGERS_OF_VERSION_31],
];

/** One message that another node shared, and two of this one, counted together as until version 14. */
const SHARED = `
  INSERT INTO honey (honey_id, source_ip, seen_count) VALUES (1, '45.0.0.1', 1);
  INSERT INTO shared_event (honey_id, origin_id, address, event_us) VALUES (1, 1, '', 5);
  INSERT INTO address_total (address, first_seen_us, last_seen_us, seen_count, grade)
    VALUES ('45.0.0.1', 5, 5, 3, 0);`;

/** Brings a database from one version to another, as a program of that version would have. */
function bring(database: DatabaseSync, from: number, to: number): readonly string[] {
  const own = database.exec.bind(database);
  database.exec = (sql) => {
    if (!ADDED.some(([added, text]) => added > to && sql.includes(text))) own(sql);
  };
  const logger = new TestLogger();
  migrate(database, { clock: new TestClock(), logger }, from);
  database.exec = own;
  return logger.events();
}

/** Tables with their columns, indexes and triggers. */
function schemaOf(database: DatabaseSync): readonly string[] {
  const rows = database
    .prepare(
      `SELECT type || ' ' || schema.name || ' ' || tbl_name || ' ' || coalesce(group_concat(columns.name), sql) AS text
      FROM sqlite_schema AS schema LEFT JOIN (SELECT name, arg FROM pragma_table_info ORDER BY name) AS columns
        ON type = 'table' AND columns.arg = schema.name
      WHERE sql IS NOT NULL GROUP BY schema.rowid ORDER BY 1`,
    )
    .all();
  return rows.map((row) => String(row['text']));
}

function contentOf(database: DatabaseSync): readonly unknown[] {
  const counters = database.prepare('SELECT name, value FROM counter ORDER BY name').all();
  return [schemaOf(database), counters];
}

test('migrate() goes from each version to the next, and the last is what a new database is', () => {
  using fresh = new DatabaseSync(':memory:');
  assert.deepEqual(bring(fresh, 0, SCHEMA_VERSION), [], 'a new one is not worth a word');
  using database = new DatabaseSync(':memory:');
  bring(database, 0, 2); // What is summed up from version 1 is tested in migration.test.ts.
  for (let version = 2; version < SCHEMA_VERSION; version += 1) {
    assert.ok(recogniseVersion(database) <= version);
    if (version === 14) database.exec(SHARED);
    const said = bring(database, version, version + 1);
    assert.deepEqual(said, ['database_migration_started', 'database_migration_finished']);
  }
  assert.deepEqual(contentOf(database), contentOf(fresh));
  const total = database.prepare('SELECT seen_count, shared_count FROM address_total').get();
  assert.deepEqual({ ...total }, { seen_count: 2, shared_count: 1 }, 'counted apart once');
});
