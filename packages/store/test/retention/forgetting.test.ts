// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { firstBits, judgedAs } from '@sentrypeer/ip';
import { Decisions } from '../../src/judging/decisions.ts';
import { FORGET_ROWS } from '../../src/limits.ts';
import { Forgetting } from '../../src/retention/forgetting.ts';
import { Store } from '../../src/store.ts';
import { batchOf, LAST_DIGITS, TestClock, TestDirectory, TestLogger, uuidOf } from '../fixtures.ts';

const GONE = '203.0.113.66';
const GONE_NUMBER = '442071234567';
const DIALLED = '900442071234567';

/** Two addresses, two numbers, and something of each kind that may be known about them. */
function prepare(directory: TestDirectory): { readonly path: string; readonly ports: Ports } {
  const path = directory.file('sentrypeer.db');
  const ports = { logger: new TestLogger(), clock: new TestClock(), numbers: LAST_DIGITS };
  using store = Store.open(ports, { path });
  const events = Array.from({ length: 1200 }, (_, index) => ({
    eventUuid: uuidOf(index),
    sourceIp: index % 2 === 0 ? GONE : '203.0.113.67',
    calledNumber: index % 3 === 0 ? DIALLED : '0046701234567',
  }));
  for (let index = 0; index < events.length; index += 100) {
    store.append([batchOf(events.slice(index, index + 100))]);
  }
  using database = new DatabaseSync(path);
  database.exec(`
    INSERT INTO number_reading (total_id, e164, confidence)
      SELECT total_id, '${GONE_NUMBER}', 0 FROM number_total WHERE number = '${DIALLED}';
    INSERT INTO address_evidence (address, grade, first_seen_us, last_seen_us, days_count, events_count, calls_count,
      credentials_count, transport_bits, node_bits) VALUES ('${GONE}', 2, 1, 2, 1, 1, 1, 1, 1, 1);
    INSERT INTO number_evidence (e164, grade, first_seen_us, last_seen_us, days_count, events_count, forms_count,
      confidence, source_set, node_bits, proved_grade, proved_first_us, proved_last_us, proved_days, proved_events,
      proved_source_set, proved_network_set) VALUES ('${GONE_NUMBER}', 2, 1, 2, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0);
    UPDATE counter SET value = 1 WHERE name IN
      ('proved_addresses', 'read_numbers', 'listed_addresses', 'listed_numbers');
    INSERT INTO delisting (kind, value, at_us, events_count, comment) VALUES ('address', '${GONE}', 1, 1, '');
    INSERT INTO rate_total (span, kind, start, name, seen_count) VALUES
      (60, 'source', 1, '${GONE}', 7), (60, 'source', 1, '', 2), (60, 'source', 2, '${GONE}', 1),
      (60, 'number', 1, '+${GONE_NUMBER}', 5), (60, 'number', 1, '+46701234567', 4);
    INSERT INTO dead_letter (endpoint, event_uuid, reason, refused_us) VALUES ('hub', '${uuidOf(0)}', 'no', 1);`);
  for (const [id, kind, value] of [
    [1, 'address', GONE],
    [2, 'number', GONE_NUMBER],
  ] as const) {
    database.exec(`
      INSERT INTO listing (listing_id, kind, value, since_us, until_us, announced_until_us, score)
        VALUES (${id}, '${kind}', '${value}', 1, 9, 9, 50);
      INSERT INTO listing_change (at_us, kind, value, change, score, until_us, reason)
        VALUES (1, '${kind}', '${value}', 'listed', 50, 9, 'because');`);
  }
  return { path, ports };
}

interface Ports {
  readonly numbers: typeof LAST_DIGITS;
  readonly logger: TestLogger;
  readonly clock: TestClock;
}

/** Every table and column that contains a text. */
function placesOf(path: string, text: string): readonly string[] {
  using database = new DatabaseSync(path);
  const tables = database
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'`)
    .all();
  return tables.flatMap(({ name: table }) => {
    const columns = database.prepare('SELECT name FROM pragma_table_info(?)').all(table ?? null);
    return columns
      .filter(
        ({ name }) =>
          database
            .prepare(`SELECT 1 FROM ${String(table)} WHERE "${String(name)}" = ? LIMIT 1`)
            .get(text) !== undefined,
      )
      .map(({ name }) => `${String(table)}.${String(name)}`);
  });
}

/** Start, name and count. */
function hoursOf(path: string, kind: string): readonly string[] {
  using database = new DatabaseSync(path);
  return database
    .prepare('SELECT start, name, seen_count FROM rate_total WHERE kind = ? ORDER BY start, name')
    .all(kind)
    .map((row) => Object.values(row).join(' '));
}

function numberOf(path: string, sql: string): number {
  using database = new DatabaseSync(path);
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}

test('forget() leaves nothing of an address but the change that unlists it', () => {
  using directory = new TestDirectory();
  const { path, ports } = prepare(directory);
  assert.ok(placesOf(path, GONE).length >= 6);
  using forgetting = Forgetting.open(ports, path);
  const forgotten = forgetting.forget({ kind: 'address', value: GONE }, GONE);
  assert.deepEqual(forgotten, { events: 600, entries: 3, wasListed: true });
  assert.deepEqual(placesOf(path, GONE), ['listing_change.value']);
  assert.deepEqual(hoursOf(path, 'source'), ['1  9', '2  1'], 'the sums stay');
  assert.equal(numberOf(path, "SELECT count(*) FROM listing_change WHERE kind = 'address'"), 1);
  assert.equal(numberOf(path, 'SELECT count(*) FROM honey'), 600);
  assert.equal(numberOf(path, 'SELECT count(*) FROM dead_letter'), 0);
  for (const [name, table] of [
    ['addresses', 'address_total'],
    ['numbers', 'number_total'],
    ['proved_addresses', 'address_evidence'],
  ] as const) {
    const counter = numberOf(path, `SELECT value FROM counter WHERE name = '${name}'`);
    assert.equal(counter, numberOf(path, `SELECT count(*) FROM ${table}`), name);
  }
  assert.equal(numberOf(path, `SELECT value FROM counter WHERE name = 'listed_addresses'`), 0);
  assert.deepEqual(forgetting.forget({ kind: 'address', value: GONE }, GONE), {
    events: 0,
    entries: 0,
    wasListed: false,
  });
});

test('forget() removes a number in every form in which it was dialled', () => {
  using directory = new TestDirectory();
  const { path, ports } = prepare(directory);
  using forgetting = Forgetting.open(ports, path);
  const subject = { kind: 'number', value: GONE_NUMBER } as const;
  const forgotten = forgetting.forget(subject, `+${GONE_NUMBER}`);
  assert.deepEqual(forgotten, { events: 400, entries: 2, wasListed: true });
  assert.deepEqual(placesOf(path, DIALLED), []);
  assert.deepEqual(placesOf(path, GONE_NUMBER), ['listing_change.value']);
  assert.deepEqual(hoursOf(path, 'number'), ['1  5', '1 +46701234567 4']);
  assert.equal(numberOf(path, 'SELECT count(*) FROM number_reading'), 0);
  assert.equal(numberOf(path, `SELECT value FROM counter WHERE name = 'listed_numbers'`), 0);
});

test('forget() finds the forms of a number of which only events are left, or that no judge read', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  const ports = { logger: new TestLogger(), clock: new TestClock(), numbers: LAST_DIGITS };
  using store = Store.open(ports, { path });
  const forms = [DIALLED, `+${GONE_NUMBER}`, '+44 20-7123-4567', '9#442071234567'];
  const others = ['0046701234567', '+46701234567', '442071234568', 'operator', ''];
  const readAsOther = `000${GONE_NUMBER}`;
  const events = [...forms, ...others, readAsOther].map((calledNumber, index) => ({
    eventUuid: uuidOf(index),
    calledNumber,
  }));
  store.append([batchOf(events)]);
  const unread = `0011${GONE_NUMBER}`;
  {
    using database = new DatabaseSync(path);
    database.exec(`
      INSERT INTO number_reading (total_id, e164, confidence)
        SELECT total_id, '2071234567', 0 FROM number_total WHERE number = '${readAsOther}';
      DELETE FROM number_total WHERE number <> '${readAsOther}';
      INSERT INTO number_total (number, first_seen_us, last_seen_us, seen_count, grade, shared_count)
        VALUES ('${unread}', 1, 1, 0, 0, 1);
      UPDATE counter SET value = 2 WHERE name = 'numbers';
      INSERT INTO honey (called_number) VALUES (x'00ff'), (CAST(x'fffe80' AS TEXT)), (NULL);`);
  }
  using forgetting = Forgetting.open(ports, path);
  const subject = { kind: 'number', value: GONE_NUMBER } as const;
  const forgotten = forgetting.forget(subject, `+${GONE_NUMBER}`);
  assert.deepEqual(forgotten, { events: forms.length, entries: 1, wasListed: false });
  for (const form of [...forms, unread]) assert.deepEqual(placesOf(path, form), [], form);
  for (const other of [...others, readAsOther].filter((text) => text !== '')) {
    assert.ok(placesOf(path, other).includes('honey.called_number'), other);
  }
  assert.equal(numberOf(path, "SELECT value FROM counter WHERE name = 'numbers'"), 1);
});

test('forget() that fails half-way says what is gone, and a second one removes the rest', () => {
  using directory = new TestDirectory();
  const { path, ports } = prepare(directory);
  const subject = { kind: 'address', value: GONE } as const;
  using forgetting = Forgetting.open(ports, path);
  for (const [limit, message] of [
    [0, /; nothing is forgotten yet: run forget again$/],
    [FORGET_ROWS, /; events of it were removed \(500\), everything else is still known: run/],
  ] as const) {
    using database = new DatabaseSync(path);
    database.exec(`
      CREATE TRIGGER full BEFORE DELETE ON honey WHEN (SELECT count(*) FROM honey) <= ${1200 - limit}
        BEGIN SELECT RAISE(ABORT, 'full'); END`);
    assert.throws(() => forgetting.forget(subject, GONE), { name: 'OperatingError', message });
    database.exec('DROP TRIGGER full');
    assert.equal(numberOf(path, 'SELECT count(*) FROM honey'), 1200 - limit);
    assert.equal(numberOf(path, `SELECT count(*) FROM address_total WHERE address = '${GONE}'`), 1);
  }
  assert.deepEqual(forgetting.forget(subject, GONE), { events: 100, entries: 3, wasListed: true });
  assert.deepEqual(placesOf(path, GONE), ['listing_change.value']);
});

test('forget() has the blocks of a number that was delisted judged again', () => {
  using directory = new TestDirectory();
  const { path, ports } = prepare(directory);
  const due = (): readonly unknown[] => {
    using database = new DatabaseSync(path);
    const sql = "SELECT value FROM judging_due WHERE kind = 'range' ORDER BY due_id";
    return database
      .prepare(sql)
      .all()
      .map(({ value }) => value);
  };
  using forgetting = Forgetting.open(ports, path);
  forgetting.forget({ kind: 'number', value: '46701234568' }, '46701234568');
  assert.deepEqual(due(), []);
  using decisions = Decisions.open(ports, path);
  const subject = { kind: 'number', value: '46701234568' } as const;
  decisions.write({ kind: 'delist', subject, comment: '' });
  const blocks = ['467012345xx', '46701234xxx', '4670123xxxx'];
  assert.deepEqual(due(), blocks);
  forgetting.forget(subject, subject.value);
  assert.deepEqual(due(), [...blocks, ...blocks]);
});

test('forget() leaves a store going that records meanwhile', () => {
  using directory = new TestDirectory();
  const { path, ports } = prepare(directory);
  using store = Store.open(ports, { path });
  using forgetting = Forgetting.open(ports, path);
  forgetting.forget({ kind: 'address', value: GONE }, GONE);
  store.append([batchOf([{ eventUuid: uuidOf(5000), sourceIp: GONE }])]);
  assert.equal(numberOf(path, `SELECT seen_count FROM address_total WHERE address = '${GONE}'`), 1);
  assert.equal(numberOf(path, `SELECT value FROM counter WHERE name = 'addresses'`), 2);
});

test('forget() removes the events of every address of a network, of whatever width', () => {
  const sources = [
    '45.13.0.1',
    '45.13.200.7',
    '45.1.3.1',
    '2a02:6b8:1::1',
    '2a02:6ff:0:1::1',
    '2a02:700::1',
  ];
  for (const [network, gone] of [
    ['45.13.0.0/16', ['45.13.0.1', '45.13.200.7']],
    ['45.0.0.0/12', ['45.13.0.1', '45.13.200.7', '45.1.3.1']],
    ['45.13.200.0/21', ['45.13.200.7']],
    ['0.0.0.0/0', ['45.13.0.1', '45.13.200.7', '45.1.3.1']],
    ['2a02:600::/24', ['2a02:6b8:1::1', '2a02:6ff:0:1::1']],
    ['2a02:6b8::/40', ['2a02:6b8:1::1']],
    ['2a00::/12', ['2a02:6b8:1::1', '2a02:6ff:0:1::1', '2a02:700::1']],
  ] as const) {
    using directory = new TestDirectory();
    const path = directory.file('sentrypeer.db');
    const ports = { logger: new TestLogger(), clock: new TestClock(), numbers: LAST_DIGITS };
    using store = Store.open(ports, { path });
    store.append([
      batchOf(sources.map((sourceIp, index) => ({ eventUuid: uuidOf(index), sourceIp }))),
    ]);
    using forgetting = Forgetting.open(ports, path);
    const { events } = forgetting.forget({ kind: 'address', value: network }, network);
    assert.equal(events, gone.length, network);
    for (const one of sources) {
      const isGone = placesOf(path, one).length === 0;
      assert.equal(
        isGone,
        gone.some((other) => other === one),
        `${one} in ${network}`,
      );
    }
  }
});

/** A row of each kind about addresses in a network and next to it, as left by retention and the judge. */
function fill(path: string, inside: readonly string[], outside: readonly string[]): void {
  using database = new DatabaseSync(path);
  for (const address of [...inside, ...outside]) {
    const judged = judgedAs(address);
    const bits = firstBits(address) ?? null;
    database
      .prepare(
        `INSERT INTO address_evidence (address, network, grade, first_seen_us, last_seen_us, days_count, events_count,
          calls_count, credentials_count, transport_bits, node_bits) VALUES (?, ?, 2, 1, 2, 1, 1, 1, 1, 1, 1)`,
      )
      .run(judged, bits);
    database
      .prepare(
        `INSERT INTO listing (kind, value, since_us, until_us, announced_until_us, score, network)
          VALUES ('address', ?, 1, 9, 9, 50, ?)`,
      )
      .run(judged, bits);
    for (const change of ['listed', 'unlisted', 'listed']) {
      database
        .prepare(
          `INSERT INTO listing_change (at_us, kind, value, change, score, until_us, reason)
            VALUES (1, 'address', ?, ?, 50, 9, '["it tried 3 passwords"]')`,
        )
        .run(judged, change);
    }
    database
      .prepare(
        "INSERT INTO delisting (kind, value, at_us, events_count, comment) VALUES ('address', ?, 1, 1, '')",
      )
      .run(judged);
    database
      .prepare(
        `INSERT INTO rate_total (span, kind, start, name, seen_count) VALUES (60, 'source', 1, ?, 1)
          ON CONFLICT DO NOTHING`,
      )
      .run(judged);
  }
  const count = inside.length + outside.length;
  database.exec(
    `UPDATE counter SET value = ${count} WHERE name IN ('proved_addresses', 'listed_addresses');
    UPDATE counter SET value = ${3 * count} WHERE name = 'listing_changes'`,
  );
}

for (const [network, inside, outside] of [
  ['45.13.0.0/16', ['45.13.0.1', '45.13.200.7'], ['45.14.0.1']],
  [
    '2a02:6b8:1::/48',
    ['2a02:6b8:1::1', '2a02:6b8:1:ff00::1'],
    ['2a02:6b8:2::1', '2a02:6b8:0:1::1'],
  ],
  ['2a02:600::/24', ['2a02:6b8:1::1', '2a02:6ff::1'], ['2a02:700::1']],
] as const) {
  test(`forget() leaves of ${network} what unlists the entries in it, whatever retention has removed`, () => {
    using directory = new TestDirectory();
    const path = directory.file('sentrypeer.db');
    const ports = { logger: new TestLogger(), clock: new TestClock(), numbers: LAST_DIGITS };
    using store = Store.open(ports, { path });
    const events = [...inside, ...outside].map((sourceIp, index) => ({
      eventUuid: uuidOf(index),
      sourceIp,
    }));
    store.append([batchOf(events)]);
    fill(path, inside, outside);
    {
      using database = new DatabaseSync(path);
      database.exec('DELETE FROM address_total'); // Like retention, which treats totals apart from events.
    }
    using forgetting = Forgetting.open(ports, path);
    const forgotten = forgetting.forget({ kind: 'address', value: network }, network);
    assert.deepEqual(forgotten, {
      events: inside.length,
      entries: 2 * inside.length,
      wasListed: false,
    });
    for (const address of inside) {
      const places = [...placesOf(path, address), ...placesOf(path, judgedAs(address))];
      assert.deepEqual([...new Set(places)], ['listing_change.value'], address);
      using database = new DatabaseSync(path);
      const changes = database
        .prepare('SELECT change, reason FROM listing_change WHERE value = ?')
        .all(judgedAs(address))
        .map(({ change, reason }) => `${String(change)} ${String(reason)}`);
      assert.deepEqual(changes, ['unlisted ["forgotten"]'], address);
    }
    for (const address of outside) {
      assert.equal(
        numberOf(path, `SELECT count(*) FROM listing_change WHERE value = '${judgedAs(address)}'`),
        3,
      );
      assert.ok(placesOf(path, judgedAs(address)).includes('delisting.value'), address);
    }
    for (const [name, table] of [
      ['proved_addresses', 'address_evidence'],
      ['listed_addresses', 'listing'],
      ['listing_changes', 'listing_change'],
    ] as const) {
      const counter = numberOf(path, `SELECT value FROM counter WHERE name = '${name}'`);
      assert.equal(counter, numberOf(path, `SELECT count(*) FROM ${table}`), name);
    }
  });
}
