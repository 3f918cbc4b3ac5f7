// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What a row of another log becomes here: in the log, and in the totals. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { ImportedRow } from '../../src/import/imported-row.ts';
import { Importer } from '../../src/import/importer.ts';
import { readDatabase } from '../../src/import/read-database.ts';
import {
  emptyDatabase,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
} from '../fixtures.ts';

const HOUR_US = 3_600_000_000;

class Bench implements Disposable {
  readonly clock = new TestClock();
  readonly importer: Importer;
  readonly #directory = new TestDirectory();
  readonly path = this.#directory.file('sentrypeer.db');
  readonly #database: DatabaseSync;

  constructor(sql = '') {
    this.#database = emptyDatabase(this.#directory);
    this.#database.exec(sql);
    this.importer = Importer.open({ clock: this.clock, logger: new TestLogger() }, this.path);
  }

  all(sql: string): readonly unknown[] {
    return this.#database
      .prepare(sql)
      .all()
      .map((row) => Object.values(row));
  }

  [Symbol.dispose](): void {
    this.importer.close();
    this.#database.close();
    this.#directory[Symbol.dispose]();
  }
}

const FULL: ImportedRow = {
  event_timestamp: '2026-02-28 09:00:00.000001000',
  event_uuid: uuidOf(1),
  collected_method: 'passive',
  source_ip: '203.0.113.9',
  called_number: '00441234',
  transport_type: 'TCP',
  method: 'REGISTER',
  user_agent: 'sipcli',
  sip_message: 'REGISTER',
  created_by_node_id: 'node',
  created_at: '2026-02-28 09:00:01.000',
  destination_ip: '198.51.100.7',
  message_kind: 'request',
  request_uri: 'sip:a',
  to_uri: 'sip:b',
  to_user: 'b',
  from_uri: 'sip:c',
  from_user: 'c',
  called_number_source: 'to',
  grade: 'returned',
  anomalies: 'via_missing',
  details: '{"callId":"x"}',
  last_seen: '2026-02-28 10:30:00.000000000',
  source_port: 5071,
  destination_port: 5060,
  seen_count: 6,
};
const RECEIVED_US = Date.UTC(2026, 1, 28, 9) * 1000 + 1;
const LAST_US = Date.UTC(2026, 1, 28, 10, 30) * 1000;

const TOTALS = ['address_total', 'number_total', 'user_agent_total'];
const sums = (bench: Bench): readonly unknown[] =>
  TOTALS.flatMap((table) =>
    bench.all(`SELECT first_seen_us, last_seen_us, seen_count, grade FROM ${table}`),
  );

const noDamage = (): void => assert.fail('nothing is damaged');

test('Importer.add() writes every field of a row into its column', () => {
  using bench = new Bench();
  assert.deepEqual(bench.importer.add([FULL]), { added: 1, known: 0 });
  const columns = Object.keys(FULL);
  assert.deepEqual(bench.all(`SELECT honey_id, ${columns.join(', ')} FROM honey`), [
    [1, ...Object.values({ ...FULL, details: '{"callId":"x","imported":true}' })],
  ]);
});

test('Importer.add() counts messages at the time of the last, from that of the first', () => {
  using bench = new Bench();
  bench.importer.add([FULL]);
  const expected = [RECEIVED_US, LAST_US, 6, 1];
  assert.deepEqual(sums(bench), [expected, expected, expected]);
  assert.deepEqual(bench.all('SELECT hour, method, transport, seen_count FROM hour_total'), [
    [Math.floor(RECEIVED_US / HOUR_US), 'REGISTER', 'TCP', 6],
  ]);
});

test('Importer.add() says what is missing in a row', () => {
  using bench = new Bench();
  bench.importer.add([
    { event_uuid: uuidOf(1), created_at: '2026-02-28 09:00:00.000', seen_count: 0 },
  ]);
  assert.deepEqual(
    bench.all(`SELECT source_ip, source_port, called_number, method, user_agent, transport_type, grade,
      seen_count, details FROM honey`),
    [[null, null, 'NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND', null, null, 1, '{"imported":true}']],
  );
  assert.deepEqual(sums(bench), [], 'what is missing is no total');
  assert.deepEqual(bench.all('SELECT method, transport, seen_count FROM hour_total'), [
    ['OTHER', 'UDP', 1],
  ]);
});

test('Importer.add() counts no empty number', () => {
  using bench = new Bench();
  bench.importer.add([{ ...FULL, called_number: '' }]);
  assert.deepEqual(bench.all('SELECT number FROM number_total'), []);
});

test('Importer.add() takes a port out of the address, where the row has no other', () => {
  using bench = new Bench();
  bench.importer.add([
    { event_uuid: uuidOf(1), source_ip: '203.0.113.9:5072' },
    { event_uuid: uuidOf(2), source_ip: '203.0.113.9:5072', source_port: 5071 },
    { event_uuid: uuidOf(3), source_ip: 'nobody:5072' },
  ]);
  assert.deepEqual(bench.all('SELECT source_ip, source_port FROM honey ORDER BY honey_id'), [
    ['203.0.113.9', 5072],
    ['203.0.113.9', 5071],
    ['nobody:5072', null],
  ]);
  assert.deepEqual(bench.all('SELECT address, seen_count, grade FROM address_total'), [
    ['203.0.113.9', 2, 0],
  ]);
});

for (const [what, row, firstUs, lastUs] of [
  [
    'of recording, which is UTC, in a row of 4.x',
    { grade: undefined, last_seen: undefined },
    Date.UTC(2026, 1, 28, 9, 0, 1) * 1000,
    Date.UTC(2026, 1, 28, 9, 0, 1) * 1000,
  ],
  [
    'of reception in a row of 4.x without that of recording',
    { grade: undefined, created_at: undefined, last_seen: undefined },
    RECEIVED_US,
    RECEIVED_US,
  ],
  [
    'of recording if that of reception is no time',
    { event_timestamp: 'soon' },
    Date.UTC(2026, 1, 28, 9, 0, 1) * 1000,
    LAST_US,
  ],
  [
    'of now if a clock was a little ahead',
    { event_timestamp: '2026-03-01 13:00:00.000000000' },
    NOON_US,
    NOON_US,
  ],
  [
    'of reception if the last message came before',
    { last_seen: '2026-02-28 08:00:00.000000000' },
    RECEIVED_US,
    RECEIVED_US,
  ],
  [
    'of reception if that of the last message is impossible',
    { last_seen: '2099-02-28 08:00:00.000000000' },
    RECEIVED_US,
    RECEIVED_US,
  ],
  [
    'of now for a last message a little ahead',
    { last_seen: '2026-03-01 13:00:00.000000000' },
    RECEIVED_US,
    NOON_US,
  ],
] as const) {
  test(`Importer.add() counts at the time ${what}`, () => {
    using bench = new Bench();
    bench.importer.add([{ ...FULL, ...row }]);
    assert.deepEqual(bench.all('SELECT first_seen_us, last_seen_us FROM address_total'), [
      [firstUs, lastUs],
    ]);
  });
}

test('Importer.add() goes on at the time of the rows before, also in the next transaction', () => {
  using bench = new Bench();
  bench.importer.add([
    FULL,
    { ...FULL, event_uuid: uuidOf(2), event_timestamp: '2026-02-28 09:30:00.000' },
  ]);
  bench.importer.add([{ event_uuid: uuidOf(3), source_ip: '203.0.113.10' }]);
  const lastUs = Date.UTC(2026, 1, 28, 9, 30) * 1000;
  assert.deepEqual(
    bench.all(
      "SELECT first_seen_us, last_seen_us FROM address_total WHERE address = '203.0.113.10'",
    ),
    [[lastUs, lastUs]],
  );
});

test('Importer.add() gives ids after the newest that was ever given', () => {
  using bench = new Bench("UPDATE counter SET value = 41 WHERE name = 'last_honey_id'");
  bench.importer.add([FULL, { ...FULL, event_uuid: uuidOf(2) }]);
  assert.deepEqual(bench.all('SELECT honey_id FROM honey ORDER BY 1'), [[42], [43]]);
  assert.deepEqual(bench.all("SELECT value FROM counter WHERE name = 'last_honey_id'"), [[43]]);
});

test('Importer.add() takes a row that a stranger shared under the same UUID for another event', () => {
  using bench = new Bench(`
    INSERT INTO honey (honey_id, event_uuid, created_by_node_id) VALUES (1, '${uuidOf(1)}', 'stranger'),
      (2, '${uuidOf(2)}', 'node'), (3, '${uuidOf(3)}', NULL);
    INSERT INTO shared_event (honey_id, origin_id, address, event_us) VALUES (1, 1, '', 0), (2, 1, '', 0);
    UPDATE counter SET value = 3 WHERE name = 'last_honey_id'`);
  const rows = [1, 2, 3].map((index) => ({ ...FULL, event_uuid: uuidOf(index) }));
  assert.deepEqual(bench.importer.add(rows), { added: 1, known: 2 });
  assert.deepEqual(
    bench.importer.add([{ ...FULL, event_uuid: uuidOf(3), created_by_node_id: undefined }]),
    { added: 0, known: 1 },
  );
});

test('Importer.add() keeps all only for an old row that is new and has a possible time', () => {
  using bench = new Bench("INSERT OR REPLACE INTO counter (name, value) VALUES ('limit_days', 30)");
  const { importer } = bench;
  importer.add([{ event_uuid: uuidOf(1), created_at: '1970-01-01 00:00:01.000' }, FULL]);
  importer.add([{ event_uuid: uuidOf(2), event_timestamp: '2026-02-27 00:00:00.000' }]);
  importer.add([]);
  assert.equal(importer.isKept, false);
  importer.add([{ event_uuid: uuidOf(2), created_at: '2021-01-01 00:00:00.000' }]);
  assert.equal(importer.isKept, false, 'it is known');
  importer.add([
    { event_uuid: uuidOf(4), event_timestamp: '2021-01-01 00:00:00.000' },
    { event_uuid: uuidOf(5), event_timestamp: '2026-02-27 00:00:00.000' },
  ]);
  assert.equal(importer.isKept, true);
});

test('Importer.add() writes all rows or none', () => {
  using bench = new Bench();
  const { importer } = bench;
  const bad = { event_uuid: uuidOf(2), source_port: {} } as unknown as ImportedRow;
  assert.throws(() => importer.add([FULL, bad]));
  assert.deepEqual(bench.all('SELECT 1 FROM honey'), []);
  importer.add([{ ...FULL, seen_count: 1 }]);
  assert.deepEqual(
    bench.all('SELECT seen_count FROM address_total'),
    [[1]],
    'nothing is left over',
  );
});

test('Importer.add() has rows counted that another program added before', () => {
  using bench = new Bench("INSERT INTO honey (honey_id, source_ip) VALUES (4, '203.0.113.1')");
  bench.importer.add([FULL]);
  assert.deepEqual(bench.all('SELECT first_honey_id, last_honey_id FROM foreign_rows'), [[1, 4]]);
});

test('Importer closes the database, however often it is told to', () => {
  using bench = new Bench();
  {
    using importer = bench.importer;
    importer.add([]);
  }
  assert.throws(() => bench.importer.add([FULL]), /not open/);
  bench.importer.close();
});

test('readDatabase() leaves out what is no text or no possible number', () => {
  using directory = new TestDirectory();
  const path = directory.file('odd.db');
  {
    using database = emptyDatabase(directory);
    database.exec(`
      INSERT INTO honey (source_ip, source_port, destination_port, seen_count, method)
        VALUES (x'00ff', -1, 0, 1099511627777, 'INVITE'), ('203.0.113.9', 65535, 5060, 1099511627776, NULL)`);
    database.prepare('VACUUM INTO ?').run(path);
  }
  const rows = [...readDatabase(path, directory.file('sentrypeer.db'), noDamage)];
  const ofEach = { anomalies: '', created_at: 'now' };
  assert.deepEqual(
    rows.map((row) => ({ ...row, ...ofEach })),
    [
      { destination_port: 0, method: 'INVITE', ...ofEach },
      {
        source_ip: '203.0.113.9',
        source_port: 65_535,
        destination_port: 5060,
        seen_count: 2 ** 40,
        ...ofEach,
      },
    ],
  );
});

test('readDatabase() says what is wrong with a file, and closes it', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  {
    using database = emptyDatabase(directory);
    database.exec('DROP TABLE shared_event; CREATE VIEW shared_event AS SELECT * FROM nowhere');
  }
  assert.throws(() => [...readDatabase(path, directory.file('own.db'), noDamage)], {
    code: 'db_failed',
    message: /no such table: main\.nowhere/,
  });
});
