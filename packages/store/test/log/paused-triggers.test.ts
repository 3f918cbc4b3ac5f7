// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The writer adds and removes its own rows without the triggers that notice what other programs do. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { TRIGGER_PAUSE_LOOK_MS } from '../../src/limits.ts';
import { OwnRemoval } from '../../src/log/own-removal.ts';
import { PausedTriggers } from '../../src/log/paused-triggers.ts';
import { inTransaction } from '../../src/file/transaction.ts';
import { Store } from '../../src/store.ts';
import {
  batchOf,
  distinctBatch,
  NODE_ID,
  NOON_US,
  TestClock,
  TestDirectory,
  TestLogger,
  uuidOf,
} from '../fixtures.ts';
import { SHARED_EVENT } from '../sharing/shared-event.ts';

const MIB = 1_048_576;
const OTHER_NODE = 'bbbbbbbb-0000-4000-8000-000000000000';

/** Whether a removal and an insert by this connection call a trigger for each row. */
function hasTrigger(database: DatabaseSync): boolean {
  const [isRemoval, isInsert] = [
    'DELETE FROM honey WHERE honey_id < 10',
    'INSERT INTO honey (honey_id) VALUES (10)',
  ].map((sql) =>
    database
      .prepare(`EXPLAIN ${sql}`)
      .all()
      .some((step) => step['opcode'] === 'Program'),
  );
  assert.equal(isRemoval, isInsert);
  return isRemoval === true;
}

function number(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0]);
}

function triggers(database: DatabaseSync): readonly unknown[] {
  return database
    .prepare("SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
    .all();
}

class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly path = this.directory.file('sentrypeer.db');
  readonly clock = new TestClock();
  readonly logger = new TestLogger();
  readonly store: Store;

  constructor(databaseOctetsMax = 64 * MIB) {
    this.store = Store.open(this, { path: this.path, databaseOctetsMax });
  }

  connect(): DatabaseSync {
    return new DatabaseSync(this.path);
  }

  [Symbol.dispose](): void {
    this.store.close();
    this.directory[Symbol.dispose]();
  }
}

test('`renew()` takes the trigger from one connection, and the file keeps it', () => {
  using bench = new Bench();
  using other = bench.connect();
  using writer = bench.connect();
  const before = triggers(other);
  const paused = new PausedTriggers(writer, bench.clock);
  assert.ok(hasTrigger(writer));
  paused.renew();
  assert.ok(!hasTrigger(writer));
  assert.ok(hasTrigger(other), 'a connection that was open');
  using late = bench.connect();
  assert.ok(hasTrigger(late), 'a connection that is opened later');
  assert.deepEqual(triggers(late), before);
  assert.equal(number(late, 'SELECT count(*) FROM pragma_integrity_check'), 1);
  const change = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = '' WHERE 0";
  assert.throws(() => writer.exec(change), /may not be modified/, 'it is defensive again');
});

test('after another program changed the schema the trigger is back, until the next look', () => {
  using bench = new Bench();
  using writer = bench.connect();
  const paused = new PausedTriggers(writer, bench.clock);
  paused.renew();
  const version = number(writer, 'PRAGMA schema_version');
  bench.clock.ms += TRIGGER_PAUSE_LOOK_MS;
  paused.renew();
  assert.equal(number(writer, 'PRAGMA schema_version'), version, 'nothing is written in vain');
  using other = bench.connect();
  other.exec('CREATE INDEX of_somebody ON honey (user_agent)');
  number(writer, 'SELECT count(*) FROM honey');
  assert.ok(hasTrigger(writer));
  paused.renew();
  assert.ok(hasTrigger(writer), 'it looks now and then');
  bench.clock.ms += TRIGGER_PAUSE_LOOK_MS;
  paused.renew();
  assert.ok(!hasTrigger(writer));
  assert.ok(hasTrigger(other));
});

test('a trigger that somebody dropped is not made again', () => {
  using bench = new Bench();
  using writer = bench.connect();
  writer.exec('DROP TRIGGER event_goes');
  new PausedTriggers(writer, bench.clock).renew();
  assert.ok(!triggers(writer).some((row) => Object.values(row as object).includes('event_goes')));
});

for (const isPaused of [false, true]) {
  test(`own removals take out what others shared, one by one, ${isPaused ? 'without' : 'with'} the trigger`, () => {
    using bench = new Bench();
    const shared = [1, 2, 3].map((index) => ({
      event: {
        ...SHARED_EVENT,
        eventUuid: uuidOf(index),
        eventEpochUs: NOON_US + index,
        sourceIp: '45.9.9.9',
      },
      nodeId: OTHER_NODE,
      collectedMethod: 'responsive' as const,
      origin: { publicKey: undefined, address: '10.0.0.9' },
    }));
    bench.store.deliver(shared);
    bench.store.append([batchOf([{ sourceIp: '45.0.0.2', calledNumber: '00442' }])]);
    using writer = bench.connect();
    if (isPaused) new PausedTriggers(writer, bench.clock).renew();
    assert.equal(hasTrigger(writer), !isPaused);
    const own = new OwnRemoval(writer);
    assert.equal(
      inTransaction(writer, () => own.rows([3, 99])),
      1,
    );
    assert.equal(
      number(writer, "SELECT shared_count FROM address_total WHERE address = '45.9.9.9'"),
      2,
    );
    assert.equal(
      inTransaction(writer, () => own.between(0, 4)),
      3,
    );
    assert.equal(number(writer, 'SELECT count(*) FROM honey'), 0);
    assert.equal(number(writer, 'SELECT count(*) FROM shared_event'), 0);
    assert.equal(number(writer, 'SELECT count(*) FROM removed_event'), 0);
    const left = writer.prepare('SELECT address, seen_count FROM address_total').all();
    assert.deepEqual(
      left.map((row) => Object.values(row)),
      [['45.0.0.2', 1]],
      'what was seen here stays in the totals',
    );
    const counter = (name: string): number =>
      number(writer, `SELECT value FROM counter WHERE name = '${name}'`);
    assert.deepEqual(
      ['own_removal', 'foreign_removed', 'shared_events', 'addresses', 'numbers'].map(counter),
      [0, 0, 0, 1, 1],
    );
  });
}

test('in a full database, what another program removes is noticed, and what retention removes is not', () => {
  using bench = new Bench(MIB);
  using other = bench.connect();
  const version = number(other, 'PRAGMA schema_version');
  for (let index = 0; index < 6; index += 1) {
    bench.store.append([distinctBatch(index * 500 + 1, 500)]);
    while (bench.store.maintain());
  }
  assert.notEqual(number(other, 'PRAGMA schema_version'), version, 'the trigger is paused');
  const removed = (): number =>
    number(other, "SELECT value FROM counter WHERE name = 'foreign_removed'");
  const seen = (): number => number(other, 'SELECT sum(seen_count) FROM number_total');
  assert.ok(number(other, 'SELECT min(honey_id) FROM honey') > 500, 'it is full');
  assert.equal(removed(), 0);
  const before = seen();
  other.exec('DELETE FROM honey WHERE honey_id > 2990');
  assert.equal(removed(), 10);
  assert.equal(before - seen(), 10);
  bench.store.append([distinctBatch(3001, 500)]);
  while (bench.store.maintain());
  assert.equal(removed(), 10);
  assert.equal(
    number(
      other,
      `SELECT count(*) FROM honey WHERE created_by_node_id = '${NODE_ID}' AND honey_id > 3000`,
    ),
    500,
  );
});
