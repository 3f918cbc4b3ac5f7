// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* People delete and insert rows of `honey` by SQL: that is noticed, said, and counted. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { FOREIGN_LOOK_MS, FOREIGN_TELL_MS } from '../../src/limits.ts';
import { Forgetting } from '../../src/retention/forgetting.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import {
  batchOf,
  DAY_US,
  distinctBatch,
  LAST_DIGITS,
  LIKE_VERSION_17,
  TestClock,
  TestDirectory,
  TestLogger,
} from '../fixtures.ts';

class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly path = this.directory.file('sentrypeer.db');
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly store = Store.open({ logger: this.logger, clock: this.clock }, { path: this.path });

  /** What another program does, which knows nothing of ours. */
  sql(text: string): void {
    using other = new DatabaseSync(this.path);
    other.exec(text);
  }

  number(text: string): number {
    using reader = new DatabaseSync(this.path, { readOnly: true });
    return Number(Object.values(reader.prepare(text).get() ?? {})[0]);
  }

  maintain(ms = FOREIGN_LOOK_MS): void {
    this.clock.ms += ms;
    while (this.store.maintain());
  }

  /** Messages by each kind of total. */
  sums(): readonly number[] {
    return ['address_total', 'number_total', 'user_agent_total', 'hour_total'].map((table) =>
      this.number(`SELECT coalesce(sum(seen_count), 0) FROM ${table}`),
    );
  }

  said(): readonly string[] {
    return this.logger.lines
      .filter(({ event }) => event.endsWith('_by_another_program'))
      .map(({ event, fields }) => `${event} ${String(fields['rows'])}`);
  }

  [Symbol.dispose](): void {
    this.store.close();
    this.directory[Symbol.dispose]();
  }
}

/** Counters, and the tables whose rows they count. */
const COUNTED = [
  ['addresses', 'address_total'],
  ['numbers', 'number_total'],
  ['user_agents', 'user_agent_total'],
] as const;

const ROW = `INSERT INTO honey (event_timestamp, event_uuid, source_ip, called_number, transport_type, method, user_agent, created_at)
  VALUES ('2026-03-01 11:00:00.000000000', 'by-hand', '45.1.2.3', '00442071234567', 'UDP', 'INVITE', 'sqlite3', '2026-03-01 11:00:00.123');`;

test('rows that another program adds are counted, said once, and in nobody’s way', () => {
  using bench = new Bench();
  bench.store.append([distinctBatch(1, 3)]);
  const before = bench.sums();
  bench.sql(ROW.repeat(2));
  bench.store.append([distinctBatch(4, 1)]); // The next of ours comes before anybody looked.
  bench.sql(ROW);
  bench.sql(
    `INSERT INTO honey (source_ip, called_number, seen_count) VALUES (x'00ff', NULL, 'odd')`,
  );
  bench.maintain();
  const added = bench.sums().map((sum, index) => sum - (before[index] ?? 0));
  assert.deepEqual(added, [4, 4, 4, 5], 'three by hand, one of ours; nonsense counts as a message');
  assert.equal(bench.number("SELECT seen_count FROM address_total WHERE address = '45.1.2.3'"), 3);
  assert.deepEqual(bench.said(), ['rows_added_by_another_program 4']);
  bench.sql(ROW);
  bench.maintain();
  assert.equal(bench.said().length, 1, 'not again at once');
  bench.maintain(FOREIGN_TELL_MS);
  assert.deepEqual(bench.said().slice(1), ['rows_added_by_another_program 1']);
  using reader = StoreReader.open(bench.path);
  assert.deepEqual(reader.condition(bench.clock.epochUs()).foreign, {
    added: 5,
    removed: 0,
    changed: 0,
  });
  assert.equal(bench.number('SELECT count(*) FROM foreign_rows'), 0);
});

test('rows that another program adds without a possible time count at that of their neighbours', () => {
  const added = (created: string): string => `
    INSERT INTO honey (source_ip, method, created_at) VALUES ('45.1.2.3', 'INVITE', ${created});`;
  const times = ['NULL', "'soon'", "'1970-01-01 00:00:01.000'", "'2099-01-01 00:00:00.000'"];
  for (const [before, after, wantedUs] of [
    ["'2026-01-01 12:00:00.000'", '', Date.UTC(2026, 0, 1, 12) * 1000],
    ['NULL', "'2026-01-01 13:00:00.000'", Date.UTC(2026, 0, 1, 13) * 1000],
  ] as const) {
    using bench = new Bench();
    bench.sql([before, ...times, ...(after === '' ? [] : [after])].map(added).join(''));
    bench.maintain();
    const hour = wantedUs / 3_600_000_000;
    assert.equal(bench.number(`SELECT count(*) FROM hour_total WHERE hour <> ${hour}`), 0);
    assert.equal(
      bench.number("SELECT last_seen_us FROM address_total WHERE address = '45.1.2.3'"),
      wantedUs,
    );
  }
  using bench = new Bench();
  bench.sql(times.map(added).join(''));
  bench.maintain();
  const today = Math.floor(bench.clock.epochUs() / DAY_US) * 24;
  assert.equal(bench.number(`SELECT count(*) FROM hour_total WHERE hour >= ${today}`), 0);
  assert.equal(bench.number('SELECT count(*) FROM honey'), times.length);
});

test('rows that another program removes leave the totals with them', () => {
  using bench = new Bench();
  bench.store.append([distinctBatch(1, 40)]);
  bench.sql(ROW.repeat(3));
  bench.maintain();
  bench.sql("DELETE FROM honey WHERE source_ip = '45.1.2.3' OR honey_id <= 10");
  bench.maintain();
  assert.deepEqual(bench.sums(), [30, 30, 30, 30]);
  assert.equal(bench.number("SELECT count(*) FROM address_total WHERE address = '45.1.2.3'"), 0);
  assert.deepEqual(bench.said(), [
    'rows_added_by_another_program 3',
    'rows_removed_by_another_program 13',
  ]);
  bench.sql('DELETE FROM honey');
  bench.maintain();
  assert.deepEqual(bench.sums(), [0, 0, 0, 0]);
  for (const [counter, table] of COUNTED) {
    const count = bench.number(`SELECT count(*) FROM ${table}`);
    assert.equal(bench.number(`SELECT value FROM counter WHERE name = '${counter}'`), count);
  }
  assert.equal(bench.number('SELECT count(*) FROM removed_event'), 0);
  using reader = StoreReader.open(bench.path);
  assert.deepEqual(reader.condition(bench.clock.epochUs()).foreign, {
    added: 3,
    removed: 43,
    changed: 0,
  });
});

test('rows that another program changes are counted as they are now', () => {
  using bench = new Bench();
  bench.store.append([distinctBatch(1, 40)]);
  bench.sql(ROW); // Changed before it is counted.
  bench.sql("UPDATE honey SET called_number = '4670000000' WHERE event_uuid = 'by-hand'");
  bench.maintain();
  const before = bench.sums();
  bench.sql("UPDATE honey SET source_ip = '45.7.7.7' WHERE honey_id <= 10");
  bench.sql("UPDATE honey SET source_ip = '45.7.7.8' WHERE honey_id <= 4");
  bench.sql("UPDATE honey SET method = 'REGISTER', sip_message = '' WHERE honey_id = 20");
  bench.sql("UPDATE honey SET user_agent = 'by hand', called_number = NULL WHERE honey_id = 30");
  bench.sql(
    'UPDATE honey SET source_ip = NULL WHERE honey_id = 40; DELETE FROM honey WHERE honey_id = 40',
  );
  bench.maintain();
  const changed = bench.sums().map((sum, index) => sum - (before[index] ?? 0));
  assert.deepEqual(changed, [-1, -2, -1, -1], 'one removed, one without its number');
  const seen = (table: string, where: string): number =>
    bench.number(`SELECT coalesce(sum(seen_count), 0) FROM ${table} WHERE ${where}`);
  assert.equal(seen('address_total', "address = '45.7.7.7'"), 6);
  assert.equal(seen('address_total', "address = '45.7.7.8'"), 4);
  assert.equal(seen('number_total', "number = '4670000000'"), 1);
  assert.equal(seen('hour_total', "method = 'REGISTER'"), 1);
  assert.equal(seen('user_agent_total', "user_agent = 'by hand'"), 1);
  for (const [counter, table] of COUNTED) {
    const count = bench.number(`SELECT count(*) FROM ${table}`);
    assert.equal(bench.number(`SELECT value FROM counter WHERE name = '${counter}'`), count);
  }
  assert.deepEqual(bench.said(), [
    'rows_added_by_another_program 1',
    'rows_removed_by_another_program 1',
    'rows_changed_by_another_program 13',
  ]);
  assert.equal(bench.number('SELECT count(*) FROM foreign_change'), 0);
});

test('rows that another program adds below the oldest are counted', () => {
  using bench = new Bench();
  bench.store.append([distinctBatch(1, 40)]);
  bench.sql('DELETE FROM honey WHERE honey_id <= 20');
  bench.maintain();
  const before = bench.sums();
  for (const id of [7, 8])
    bench.sql(`${ROW} UPDATE honey SET honey_id = ${id} WHERE honey_id > 40`);
  bench.maintain();
  bench.sql(`${ROW} UPDATE honey SET honey_id = 3 WHERE honey_id > 40`);
  bench.maintain();
  const added = bench.sums().map((sum, index) => sum - (before[index] ?? 0));
  assert.deepEqual(added, [3, 3, 3, 3]);
  bench.store.append([distinctBatch(41, 1)]);
  bench.maintain();
  using reader = StoreReader.open(bench.path);
  assert.deepEqual(reader.condition(bench.clock.epochUs()).foreign, {
    added: 3,
    removed: 20,
    changed: 0,
  });
});

/** What the totals must say: the rows as they are. */
function rowSums(bench: Bench): readonly number[] {
  return ['source_ip', 'called_number', 'user_agent', 'method'].map((column) =>
    bench.number(
      `SELECT coalesce(sum(seen_count), 0) FROM honey WHERE ${column} IS NOT NULL AND ${column} <> '$null'`,
    ),
  );
}

for (const [what, sql, said] of [
  [
    'replaces',
    ROW.replace('INSERT', 'INSERT OR REPLACE')
      .replace('(event', '(honey_id, event')
      .replace("('", "(7, '"),
    ['rows_changed_by_another_program 1'],
  ],
  [
    'replaces, twice before anybody looks,',
    ROW.replace('INSERT', 'REPLACE')
      .replace('(event', '(honey_id, event')
      .replace("('", "(7, '")
      .repeat(2),
    ['rows_changed_by_another_program 1'],
  ],
  [
    'inserts or ignores',
    ROW.replace('INSERT', 'INSERT OR IGNORE')
      .replace('(event', '(honey_id, event')
      .replace("('", "(7, '"),
    ['rows_changed_by_another_program 1'],
  ],
  [
    'replaces and removes',
    `${ROW.replace('INSERT', 'REPLACE').replace('(event', '(honey_id, event').replace("('", "(7, '")} DELETE FROM honey WHERE honey_id = 7`,
    ['rows_removed_by_another_program 1', 'rows_changed_by_another_program 1'],
  ],
  [
    'inserts between others',
    `DELETE FROM honey WHERE honey_id = 7; ${ROW.replace('(event', '(honey_id, event').replace("('", "(7, '")}`,
    ['rows_added_by_another_program 1', 'rows_removed_by_another_program 1'],
  ],
  [
    'inserts in place of the newest',
    `DELETE FROM honey WHERE honey_id > 35; ${ROW.repeat(2)}`,
    ['rows_added_by_another_program 2', 'rows_removed_by_another_program 5'],
  ],
  [
    'upserts',
    ROW.replace('(event', '(honey_id, event')
      .replace("('", "(7, '")
      .replace(';', " ON CONFLICT (honey_id) DO UPDATE SET called_number = 'x';"),
    ['rows_changed_by_another_program 1'],
  ],
  [
    'moves below the newest',
    'DELETE FROM honey WHERE honey_id = 7; UPDATE honey SET honey_id = 7 WHERE honey_id = 40',
    ['rows_removed_by_another_program 1', 'rows_changed_by_another_program 1'],
  ],
  [
    'moves above the newest',
    'UPDATE honey SET honey_id = 1000 WHERE honey_id = 7',
    ['rows_added_by_another_program 1', 'rows_changed_by_another_program 1'],
  ],
  [
    'moves and changes',
    "UPDATE honey SET honey_id = 1000, source_ip = '45.7.7.7' WHERE honey_id = 7",
    ['rows_added_by_another_program 1', 'rows_changed_by_another_program 1'],
  ],
  [
    'moves below the oldest',
    'UPDATE honey SET honey_id = -5 WHERE honey_id = 7',
    ['rows_added_by_another_program 1', 'rows_changed_by_another_program 1'],
  ],
  [
    'exchanges',
    `UPDATE honey SET honey_id = 1000 WHERE honey_id = 7; UPDATE honey SET honey_id = 7 WHERE honey_id = 8;
     UPDATE honey SET honey_id = 8 WHERE honey_id = 1000`,
    ['rows_changed_by_another_program 2'],
  ],
  [
    'moves onto another of',
    'UPDATE OR REPLACE honey SET honey_id = 7 WHERE honey_id = 8',
    ['rows_changed_by_another_program 1'],
  ],
  ['changes all', "UPDATE honey SET method = 'OPTIONS'", ['rows_changed_by_another_program 40']],
  [
    'shifts all',
    'UPDATE honey SET honey_id = honey_id - 1 WHERE honey_id > 0',
    ['rows_added_by_another_program 1', 'rows_changed_by_another_program 40'],
  ],
] as const) {
  test(`totals follow when another program ${what} rows`, () => {
    for (const isLooked of [true, false]) {
      using bench = new Bench();
      bench.store.append([distinctBatch(1, 40)]);
      if (isLooked) bench.maintain();
      bench.sql(sql);
      bench.maintain();
      assert.deepEqual(bench.sums(), rowSums(bench));
      for (const [counter, table] of COUNTED) {
        const count = bench.number(`SELECT count(*) FROM ${table}`);
        assert.equal(bench.number(`SELECT value FROM counter WHERE name = '${counter}'`), count);
      }
      assert.deepEqual(bench.said(), said);
      assert.equal(bench.number('SELECT count(*) FROM foreign_change'), 0);
      bench.store.append([distinctBatch(2001, 3)]); // Ours, as before.
      bench.maintain();
      assert.deepEqual(bench.sums(), rowSums(bench));
      assert.deepEqual(bench.said(), said);
    }
  });
}

test('the triggers of version 17 are replaced', () => {
  using bench = new Bench();
  bench.store.append([distinctBatch(1, 40)]);
  bench.store.close();
  bench.sql(`${LIKE_VERSION_17}; PRAGMA user_version = 17`);
  using store = Store.open({ logger: bench.logger, clock: bench.clock }, { path: bench.path });
  bench.sql('DELETE FROM honey WHERE honey_id <= 10');
  while (store.maintain());
  assert.deepEqual(bench.sums(), [30, 30, 30, 30]);
  assert.equal(
    bench.number(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND sql GLOB '*DELETE ON honey*'",
    ),
    1,
  );
});

test('what our own programs remove is nobody else’s doing', () => {
  using bench = new Bench();
  bench.store.append([distinctBatch(1, 5), batchOf([{ sourceIp: '45.9.9.9' }])]);
  {
    const { clock, logger } = bench;
    using forgetting = Forgetting.open({ clock, logger, numbers: LAST_DIGITS }, bench.path);
    const { events } = forgetting.forget({ kind: 'address', value: '45.9.9.9' }, '45.9.9.9');
    assert.equal(events, 1);
  }
  bench.store.close();
  // The same file with an age limit that all rows are beyond.
  const ports = { logger: bench.logger, clock: bench.clock };
  using store = Store.open(ports, { path: bench.path, retentionDays: 1 });
  bench.clock.us += 3 * 86_400_000_000;
  for (let turn = 0; turn < 50; turn += 1) {
    bench.clock.ms += 60_000;
    bench.clock.us += 60_000_000;
    while (store.maintain());
  }
  using reader = StoreReader.open(bench.path);
  assert.equal(bench.number('SELECT count(*) FROM honey'), 0);
  assert.deepEqual(reader.condition(bench.clock.epochUs()).foreign, {
    added: 0,
    removed: 0,
    changed: 0,
  });
});

test('rows that another program adds after the newest are told, so that they are delivered at once', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  const clock = new TestClock();
  const told: number[] = [];
  const onAdded = (lastHoneyId: number): void => void told.push(lastHoneyId);
  using store = Store.open({ clock, logger: new TestLogger(), onAdded }, { path });
  store.append([distinctBatch(1, 3)]);
  const maintain = (): void => {
    clock.ms += FOREIGN_LOOK_MS;
    while (store.maintain());
  };
  maintain();
  assert.deepEqual(told, [], 'ours are told by who appends them');
  {
    using other = new DatabaseSync(path);
    other.exec(ROW.repeat(2));
  }
  maintain();
  maintain();
  assert.deepEqual(told, [5]);
});
