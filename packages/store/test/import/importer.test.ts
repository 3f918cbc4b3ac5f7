// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { ImportedRow } from '../../src/import/imported-row.ts';
import { Importer } from '../../src/import/importer.ts';
import { readDatabase } from '../../src/import/read-database.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import { makeLegacyDatabase } from '../file/legacy-database.ts';
import { batchOf, NOON_US, TestClock, TestDirectory, TestLogger, uuidOf } from '../fixtures.ts';

class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly path = this.directory.file('sentrypeer.db');
  readonly store = Store.open(this, { path: this.path });

  import(rows: Iterable<ImportedRow>): { readonly added: number; readonly known: number } {
    using importer = Importer.open(this, this.path);
    const imported = importer.add([...rows]);
    return imported;
  }

  query(sql: string, path = this.path): unknown {
    using database = new DatabaseSync(path, { readOnly: true });
    return Object.values(database.prepare(sql).get() ?? {})[0];
  }

  [Symbol.dispose](): void {
    this.store.close();
    this.directory[Symbol.dispose]();
  }
}

const noDamage = (): void => assert.fail('nothing is damaged');

test('a database of 4.x is merged without doubles, into rows and totals', () => {
  using bench = new Bench();
  bench.store.append([batchOf([{ sourceIp: '203.0.113.9', calledNumber: '00441234' }])]);
  const old = bench.directory.file('old.db');
  makeLegacyDatabase(old, [
    { sourceIp: '203.0.113.9:5060' },
    { sourceIp: '203.0.113.10', calledNumber: null },
    { sourceIp: null, createdAt: null, eventTimestamp: null },
  ]);
  assert.deepEqual(bench.import(readDatabase(old, bench.path, noDamage)), { added: 3, known: 0 });
  assert.deepEqual(bench.import(readDatabase(old, bench.path, noDamage)), { added: 0, known: 3 });
  using reader = StoreReader.open(bench.path);
  assert.equal(reader.lastHoneyId(), 4);
  assert.equal(reader.addressesCount(), 2);
  const total = reader.address('203.0.113.9');
  assert.equal(total?.seenCount, 2);
  assert.equal(total.firstSeenEpochUs, Date.UTC(2026, 1, 1, 12, 0, 0, 512) * 1000);
  assert.equal(total.lastSeenEpochUs, NOON_US);
  assert.equal(bench.query('SELECT sum(seen_count) FROM hour_total'), 4);
  assert.equal(
    bench.query('SELECT count(*) FROM address_total'),
    bench.query(`SELECT value FROM counter WHERE name = 'addresses'`),
  );
  // The daemon goes on behind it.
  const next = bench.store.append([batchOf([{ eventUuid: uuidOf(9) }])]);
  assert.equal(next.lastHoneyId, 5);
});

test('rows without a possible time count at the time of their neighbours, never today', () => {
  const without: readonly ImportedRow[] = [{}, { created_at: '2099-01-01 00:00:00.000' }];
  const possible: ImportedRow = { created_at: '2026-01-01 12:00:00.000' };
  for (const [rows, wantedUs] of [
    [[...without, possible, ...without], Date.UTC(2026, 0, 1, 12) * 1000],
    [without, Date.UTC(2020, 0, 1) * 1000],
  ] as const) {
    using bench = new Bench();
    using importer = Importer.open(bench, bench.path);
    importer.add(
      rows.map((row, index) => ({
        ...row,
        event_uuid: uuidOf(index),
        source_ip: '203.0.113.9',
        called_number: '00442071234567',
        user_agent: 'sipcli',
      })),
    );
    const hour = wantedUs / 3_600_000_000;
    assert.equal(
      bench.query(`SELECT sum(seen_count) FROM hour_total WHERE hour = ${hour}`),
      rows.length,
    );
    for (const table of ['address_total', 'number_total', 'user_agent_total']) {
      assert.equal(bench.query(`SELECT last_seen_us FROM ${table}`), wantedUs, table);
    }
  }
});

test('where no daemon runs, the write-ahead log of an import stays small', () => {
  using bench = new Bench();
  bench.store.close();
  const row = (id: number): ImportedRow => ({
    event_uuid: uuidOf(id),
    event_timestamp: '2026-01-01 12:00:00.000000000',
    source_ip: `203.0.${id % 100}.9`,
    called_number: `0044207${id}`,
    sip_message: 'x'.repeat(500),
  });
  using importer = Importer.open(bench, bench.path);
  for (let batch = 0; batch < 40; batch += 1) {
    importer.add(Array.from({ length: 100 }, (_, index) => row(batch * 100 + index)));
  }
  const { size } = statSync(`${bench.path}-wal`);
  assert.ok(size < 8 * 1_048_576, `${size} octets`);
});

test('a database of ours keeps grades, counts and fields; its events are not news', () => {
  using bench = new Bench();
  const other = bench.directory.file('other.db');
  {
    using store = Store.open(bench, { path: other });
    store.append([
      batchOf(
        [{ eventUuid: uuidOf(1), grade: 'handshake', transportType: 'TCP' }],
        [{ eventUuid: uuidOf(1), count: 6, lastEpochUs: NOON_US + 5e6 }],
      ),
    ]);
  }
  bench.clock.us += 60e6;
  assert.deepEqual(bench.import(readDatabase(other, bench.path, noDamage)), { added: 1, known: 0 });
  using reader = StoreReader.open(bench.path);
  const [event] = reader.eventsAfter(0, 10);
  assert.equal(event?.grade, 'handshake');
  assert.equal(event.isHearsay, true);
  const total = reader.address('203.0.113.5');
  assert.deepEqual([total?.seenCount, total?.grade], [7, 'handshake']);
  assert.equal(total?.lastSeenEpochUs, NOON_US + 5e6);
  const columns = 'event_timestamp, from_uri, request_uri, source_port, seen_count, last_seen';
  for (const column of columns.split(', ')) {
    const sql = `SELECT ${column} FROM honey`;
    assert.equal(bench.query(sql), bench.query(sql, other), column);
  }
});

test('what is older than the age limit stays until the operator lets it go', () => {
  using bench = new Bench();
  const old = bench.directory.file('old.db');
  makeLegacyDatabase(old, [{ createdAt: '2021-02-01 12:00:00.512' }]);
  bench.import(readDatabase(old, bench.path, noDamage));
  bench.clock.ms += 60_000;
  while (bench.store.maintain());
  assert.equal(bench.query('SELECT count(*) FROM honey'), 1);
  assert.equal(bench.query('SELECT count(*) FROM address_total'), 1);
  using reader = StoreReader.open(bench.path);
  assert.equal(reader.condition(bench.clock.us).kept?.isBeyond, true);
});

test('rows without a UUID come once, and what others shared does not come', () => {
  using bench = new Bench();
  const old = bench.directory.file('old.db');
  makeLegacyDatabase(old, [{}, { sourceIp: '203.0.113.10' }]);
  {
    using database = new DatabaseSync(old);
    database.exec(`UPDATE honey SET event_uuid = iif(honey_id = 1, NULL, x'00');
      CREATE TABLE shared_event (honey_id INTEGER PRIMARY KEY); INSERT INTO shared_event VALUES (2)`);
  }
  assert.deepEqual(bench.import(readDatabase(old, bench.path, noDamage)), { added: 1, known: 0 });
  assert.deepEqual(bench.import(readDatabase(old, bench.path, noDamage)), { added: 0, known: 1 });
  assert.match(
    String(bench.query('SELECT event_uuid FROM honey')),
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
});

test('readDatabase() refuses the database itself, and what is not a database', () => {
  using bench = new Bench();
  assert.throws(() => [...readDatabase(bench.path, bench.path, noDamage)], {
    code: 'db_failed',
    message: /the database itself/,
  });
  assert.throws(() => [...readDatabase(bench.directory.file('none.db'), bench.path, noDamage)], {
    code: 'db_failed',
  });
});

test('old rows of an import are kept from its first transaction on, so that nobody removes them meanwhile', () => {
  using bench = new Bench();
  bench.store.close();
  using store = Store.open(bench, { path: bench.path, retentionDays: 30 });
  using importer = Importer.open(bench, bench.path);
  const row = (id: number, created_at: string): ImportedRow => ({
    event_uuid: uuidOf(id),
    created_at,
    source_ip: '203.0.113.9',
  });
  importer.add([row(1, '2026-02-01 11:00:00.000')]);
  assert.equal(importer.isKept, false);
  importer.add([row(2, '2024-02-01 12:00:00.000')]);
  assert.equal(importer.isKept, true);
  // The import ends here, killed.
  bench.clock.ms += 60_000;
  while (store.maintain());
  assert.equal(bench.query('SELECT count(*) FROM honey'), 2);
});

test('an import says when older rows go for it, because the database has reached its size', () => {
  using bench = new Bench();
  const row = (id: number): ImportedRow => ({
    event_uuid: uuidOf(id),
    created_at: '2026-02-01 11:00:00.000',
    source_ip: '203.0.113.9',
    sip_message: 'x'.repeat(4000),
  });
  bench.store.close();
  using store = Store.open(bench, { path: bench.path, databaseOctetsMax: 4 * 1024 * 1024 });
  using importer = Importer.open(bench, bench.path);
  let before = 0;
  for (let first = 0; first < 2000 && !importer.makesRoom; first += 100) {
    before = Number(bench.query('SELECT count(*) FROM honey'));
    importer.add(Array.from({ length: 100 }, (_, index) => row(first + index)));
  }
  // Until it says so, all were there.
  assert.equal(importer.makesRoom, true);
  assert.ok(before >= 500, String(before));
  importer.add(Array.from({ length: 300 }, (_, index) => row(5000 + index)));
  while (store.maintain());
  assert.ok(Number(bench.query('SELECT count(*) FROM honey')) < before + 400);
});
