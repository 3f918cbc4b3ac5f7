// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Rows of other programs with numbers that JavaScript cannot hold: the daemon must go on, and start again. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { Importer } from '../../src/import/importer.ts';
import { FOREIGN_LOOK_MS, FOREIGN_ROWS } from '../../src/limits.ts';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import { distinctBatch, TestClock, TestDirectory, TestLogger } from '../fixtures.ts';

const INT64_MAX = '9223372036854775807';
const INT64_MIN = '-9223372036854775808';

function ids(path: string): readonly unknown[] {
  using database = new DatabaseSync(path, { readOnly: true });
  return database
    .prepare('SELECT CAST(honey_id AS TEXT) AS id FROM honey ORDER BY honey_id')
    .all()
    .map(({ id }) => Number(id));
}

test('rows whose id is no number of JavaScript get the next ids, and nothing fails meanwhile', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  const ports = { clock: new TestClock(), logger: new TestLogger() };
  const add = (): void => {
    using other = new DatabaseSync(path);
    other.exec(`INSERT INTO honey (honey_id, source_ip, grade) VALUES (${INT64_MAX}, '45.1.2.3', 'returned'),
      (1796068026065438000, '45.1.2.4', NULL), (${INT64_MIN}, '45.1.2.5', NULL)`);
  };
  using store = Store.open(ports, { path });
  using reader = StoreReader.open(path);
  store.append([distinctBatch(1, 3)]);
  add();
  // Before the writer has looked.
  assert.equal(reader.lastHoneyId(), 3);
  assert.equal(reader.eventsAfter(0, 10).length, 3);
  assert.equal(reader.events({}, 'newest-first', undefined, 10).items.length, 3);
  assert.equal(store.append([distinctBatch(4, 1)]).lastHoneyId, 4);
  using importer = Importer.open(ports, path);
  assert.equal(importer.add([{ event_timestamp: '2026-01-01 12:00:00' }]).added, 1);
  ports.clock.ms += FOREIGN_LOOK_MS;
  while (store.maintain());
  assert.deepEqual(ids(path), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(reader.eventsAfter(5, 10).length, 3, 'and they are delivered');
  assert.ok(reader.address('45.1.2.5') !== undefined, 'and counted');
  store.close();
  add();
  using again = Store.open(ports, { path });
  assert.equal(again.append([distinctBatch(5, 1)]).lastHoneyId, 12);
});

test('many rows with such ids are renumbered some at a time', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  const clock = new TestClock();
  using store = Store.open({ clock, logger: new TestLogger() }, { path });
  const count = FOREIGN_ROWS + 10;
  {
    using other = new DatabaseSync(path);
    other.exec(`WITH RECURSIVE nth (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM nth WHERE n < ${count})
      INSERT INTO honey (honey_id, source_ip) SELECT 1796068026065438000 + n * 1000, '45.1.2.3' FROM nth`);
  }
  clock.ms += FOREIGN_LOOK_MS;
  assert.ok(store.maintain());
  while (store.maintain());
  assert.deepEqual(
    ids(path),
    Array.from({ length: count }, (_, index) => index + 1),
  );
});

test('a row that counts more messages than can be counts as many as a row may, and nonsense as one', () => {
  using directory = new TestDirectory();
  const path = directory.file('sentrypeer.db');
  const clock = new TestClock();
  using store = Store.open({ clock, logger: new TestLogger() }, { path });
  using reader = StoreReader.open(path);
  const counts = [INT64_MAX, '1e300', INT64_MIN, "'odd'", "x'00ff'", '7.9'];
  {
    using other = new DatabaseSync(path);
    for (const count of counts) {
      other.exec(`INSERT INTO honey (source_ip, created_at, seen_count)
          VALUES ('45.1.2.3', '2026-03-01 11:00:00.000', ${count})`);
    }
  }
  const found = (): readonly number[] =>
    reader.events({}, 'oldest-first', undefined, 10).items.map(({ seenCount }) => seenCount);
  assert.deepEqual(found(), [2 ** 40, 2 ** 40, 1, 1, 1, 7]);
  clock.ms += FOREIGN_LOOK_MS;
  while (store.maintain());
  assert.equal(reader.address('45.1.2.3')?.seenCount, 2 * 2 ** 40 + 10);
});
