// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* One step of counting what other programs did: how much, when, and at what time it counts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  FOREIGN_LOOK_MS,
  FOREIGN_NEIGHBOURS,
  FOREIGN_ROWS,
  FOREIGN_TELL_MS,
} from '../../src/limits.ts';
import { ForeignRows, ForeignRowsFinder, readForeignChanges } from '../../src/log/foreign-rows.ts';
import { OwnRemoval } from '../../src/log/own-removal.ts';
import { emptyDatabase, NOON_US, TestClock, TestDirectory, TestLogger } from '../fixtures.ts';

class Bench implements Disposable {
  readonly #directory = new TestDirectory();
  readonly database = emptyDatabase(this.#directory);
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly foreign: ForeignRows;

  constructor() {
    this.clock.ms = 5000;
    const { database, clock, logger } = this;
    this.foreign = new ForeignRows({ database, clock, logger });
  }

  /** Rows of another program. */
  add(count: number): void {
    this.database.exec(`
      WITH RECURSIVE nth (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM nth WHERE n < ${count})
      INSERT INTO honey (source_ip, created_at) SELECT '45.0.0.1', '2026-03-01 11:00:00.000' FROM nth`);
  }

  /** One row, with these columns. */
  row(columns: Readonly<Record<string, string | number | null>>): void {
    const names = Object.keys(columns);
    this.database
      .prepare(
        `INSERT INTO honey (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
      )
      .run(...Object.values(columns));
  }

  /** Steps until there is nothing to do. @returns How many there were. */
  count(): number {
    this.clock.ms += FOREIGN_LOOK_MS;
    let steps = 0;
    while (this.foreign.step()) steps += 1;
    return steps;
  }

  all(sql: string): readonly unknown[] {
    return this.database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
  }

  said(): readonly string[] {
    return this.logger.lines.map(({ event, fields }) => `${event} ${String(fields['rows'])}`);
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

const SEEN = "SELECT seen_count FROM address_total WHERE address = '45.0.0.1'";

test('ForeignRows.step() counts some rows at a time, each once', () => {
  for (const [rows, steps] of [
    [1, 1],
    [FOREIGN_ROWS - 1, 1],
    [FOREIGN_ROWS, 2],
    [2 * FOREIGN_ROWS + 1, 3],
  ] as const) {
    using bench = new Bench();
    bench.add(rows);
    assert.equal(bench.count(), steps, String(rows));
    assert.deepEqual(bench.all(SEEN), [[rows]]);
    assert.deepEqual(bench.all('SELECT * FROM foreign_rows'), []);
    assert.deepEqual(readForeignChanges(bench.database), { added: rows, removed: 0, changed: 0 });
    assert.equal(bench.count(), 0);
  }
});

test('ForeignRows.step() counts changed rows some at a time', () => {
  using bench = new Bench();
  bench.add(FOREIGN_ROWS + 1);
  bench.count();
  bench.database.exec("UPDATE honey SET source_ip = '45.0.0.2'");
  assert.equal(bench.count(), 2);
  assert.deepEqual(bench.all('SELECT address, seen_count FROM address_total'), [
    ['45.0.0.2', FOREIGN_ROWS + 1],
  ]);
  bench.database.exec("UPDATE honey SET source_ip = '45.0.0.3'; DELETE FROM honey");
  assert.equal(bench.count(), 2, 'they count no more');
  assert.deepEqual(bench.all('SELECT address FROM address_total'), []);
  assert.equal(bench.count(), 0);
});

test('ForeignRows.step() looks once in a while, and says whether there is more', () => {
  using bench = new Bench();
  assert.equal(bench.foreign.step(), false);
  bench.add(1);
  bench.clock.ms += FOREIGN_LOOK_MS - 1;
  assert.equal(bench.foreign.step(), false);
  assert.deepEqual(bench.all(SEEN), []);
  bench.clock.ms += 1;
  assert.equal(bench.foreign.step(), true);
  assert.equal(bench.foreign.step(), false);
  assert.deepEqual(bench.all(SEEN), [[1]]);
});

test('ForeignRows.step() counts rows below the oldest, whatever is in between', () => {
  using bench = new Bench();
  bench.row({ honey_id: 10, source_ip: '45.0.0.1' });
  bench.count();
  bench.row({ honey_id: 3, source_ip: '45.0.0.1' });
  bench.row({ honey_id: 5, source_ip: '45.0.0.1' });
  bench.count();
  assert.deepEqual(bench.all(SEEN), [[3]]);
  assert.deepEqual(bench.all("SELECT value FROM counter WHERE name = 'lowest_honey_id'"), [[3]]);
});

test('ForeignRowsFinder.note() says whether there are rows above the newest of ours', () => {
  using bench = new Bench();
  const finder = new ForeignRowsFinder(bench.database);
  assert.equal(finder.note(), false);
  bench.add(2);
  assert.equal(finder.note(), true);
  assert.deepEqual(bench.all('SELECT first_honey_id, last_honey_id FROM foreign_rows'), [[1, 2]]);
});

test('ForeignRows counts every total that a row names, with its grade and its count', () => {
  using bench = new Bench();
  bench.row({
    source_ip: '45.0.0.1:5060',
    called_number: '0044',
    user_agent: 'sipcli',
    method: 'BYE',
    transport_type: 'TCP',
    grade: 'handshake',
    seen_count: 4,
    event_timestamp: '2026-03-01 10:00:00.000000000',
    created_at: '2026-03-01 11:00:00.000',
  });
  bench.count();
  const us = NOON_US - 2 * 3_600_000_000;
  for (const [table, name] of [
    ['address_total', '45.0.0.1'],
    ['number_total', '0044'],
    ['user_agent_total', 'sipcli'],
  ] as const) {
    const column = table.replace('_total', '');
    assert.deepEqual(
      bench.all(`SELECT ${column}, seen_count, grade, first_seen_us, last_seen_us FROM ${table}`),
      [[name, 4, 2, us, us]],
    );
  }
  assert.deepEqual(bench.all('SELECT hour, method, transport, seen_count FROM hour_total'), [
    [us / 3_600_000_000, 'BYE', 'TCP', 4],
  ]);
});

test('ForeignRows counts nothing by what a row does not say', () => {
  using bench = new Bench();
  for (const nothing of [null, '', 'NOT_FOUND']) {
    bench.row({
      source_ip: nothing,
      called_number: nothing,
      user_agent: nothing,
      method: nothing,
      transport_type: null,
    });
  }
  bench.row({ source_ip: 'nobody' });
  bench.count();
  for (const table of ['address_total', 'number_total', 'user_agent_total']) {
    assert.deepEqual(bench.all(`SELECT * FROM ${table}`), [], table);
  }
  assert.deepEqual(bench.all('SELECT method, transport, seen_count FROM hour_total'), [
    ['OTHER', 'UDP', 4],
  ]);
});

test('ForeignRows takes a time that is a little ahead for now, and one of recording where there is no grade', () => {
  using bench = new Bench();
  bench.row({ source_ip: '45.0.0.1', created_at: '2026-03-01 13:00:00.000' });
  bench.row({
    source_ip: '45.0.0.2',
    event_timestamp: '2026-03-01 08:00:00.000000000',
    created_at: '2026-03-01 09:00:00.000',
  });
  bench.count();
  assert.deepEqual(bench.all('SELECT last_seen_us FROM address_total ORDER BY address'), [
    [NOON_US],
    [NOON_US - 3 * 3_600_000_000],
  ]);
});

test('ForeignRows takes the time of the nearest row before, of those that are near', () => {
  for (const [between, hour] of [
    [FOREIGN_NEIGHBOURS - 1, 9],
    [FOREIGN_NEIGHBOURS, 11],
  ] as const) {
    using bench = new Bench();
    bench.row({ created_at: '2026-03-01 08:00:00.000' });
    bench.row({ created_at: '2026-03-01 09:00:00.000' });
    for (let index = 0; index < between; index += 1) bench.row({ created_at: 'soon' });
    bench.row({ source_ip: '45.0.0.1', created_at: null });
    bench.row({ created_at: '2026-03-01 11:00:00.000' });
    bench.count();
    assert.deepEqual(bench.all('SELECT last_seen_us FROM address_total'), [
      [NOON_US - (12 - hour) * 3_600_000_000],
    ]);
  }
});

test('ForeignRows forgets what it counted for a transaction that failed', () => {
  using bench = new Bench();
  bench.add(1);
  bench.database.exec(`CREATE TRIGGER full BEFORE INSERT ON hour_total
    BEGIN SELECT RAISE(ABORT, 'full'); END`);
  assert.throws(() => bench.foreign.step(), /full/);
  bench.database.exec('DROP TRIGGER full');
  bench.count();
  assert.deepEqual(bench.all(SEEN), [[1]]);
});

test('OwnRemoval.rows() counts rows that others shared and those of this node', () => {
  using bench = new Bench();
  bench.add(3);
  bench.count();
  bench.database.exec(`INSERT INTO shared_event (honey_id, origin_id, address, event_us)
    VALUES (2, 1, '', 0)`);
  assert.equal(new OwnRemoval(bench.database).rows([1, 2, 9]), 2);
  assert.deepEqual(bench.all('SELECT honey_id FROM honey'), [[3]]);
  assert.equal(bench.count(), 0);
  assert.deepEqual(bench.said(), ['rows_added_by_another_program 3']);
});

test('ForeignRows says each kind once in sum, then at most once in an hour', () => {
  using bench = new Bench();
  bench.add(3);
  bench.count();
  bench.database.exec("UPDATE honey SET method = 'BYE' WHERE honey_id = 1");
  bench.database.exec('DELETE FROM honey WHERE honey_id = 2');
  bench.count();
  const [added, removed, changed] = ['added', 'removed', 'changed'].map(
    (kind) => `rows_${kind}_by_another_program`,
  );
  assert.deepEqual(bench.said(), [`${added} 3`, `${removed} 1`, `${changed} 1`]);
  assert.match(
    String(bench.logger.lines[0]?.fields['what_to_do']),
    /^they count in the totals now; .*sentrypeer import FILE merges a database or a log/,
  );
  assert.match(
    String(bench.logger.lines[1]?.fields['what_to_do']),
    /^the totals follow; .*sentrypeer forget WHAT.*--retention-days removes what is old$/,
  );
  assert.match(
    String(bench.logger.lines[2]?.fields['what_to_do']),
    /^the totals follow; .*nothing is delivered again: sentrypeer forget WHAT/,
  );
  bench.add(2);
  bench.count();
  bench.add(2);
  bench.count();
  assert.equal(bench.said().length, 3, 'not again at once');
  bench.clock.ms += FOREIGN_TELL_MS - 4 * FOREIGN_LOOK_MS - 1;
  bench.count();
  assert.equal(bench.said().length, 3);
  bench.clock.ms += 1;
  bench.count();
  assert.deepEqual(bench.said().slice(3), [`${added} 4`]);
  assert.deepEqual(readForeignChanges(bench.database), { added: 7, removed: 1, changed: 1 });
});
