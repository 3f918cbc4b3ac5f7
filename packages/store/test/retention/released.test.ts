// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* How a command shows what is kept despite the limits, and releases it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatEventTimestamp } from '@sentrypeer/event';
import { keepAll, setLimits } from '../../src/retention/kept.ts';
import { Retention } from '../../src/retention/retention.ts';
import { DAY_US, NOON_US, TestLogger } from '../fixtures.ts';
import { JudgedTables } from '../judging/judged-tables.ts';

test('Retention counts what is too old by the limit that it was kept despite of, until it is released', () => {
  using tables = new JudgedTables();
  const { database, clock } = tables;
  using retention = Retention.open({ clock, logger: new TestLogger() }, tables.path);
  assert.equal(retention.kept(), undefined);
  for (const us of [NOON_US - 10 * DAY_US - 1, NOON_US - 10 * DAY_US, NOON_US]) {
    database
      .prepare('INSERT INTO honey (created_at, event_timestamp) VALUES (?, ?)')
      .run(formatEventTimestamp(us), formatEventTimestamp(us));
  }
  keepAll(database, NOON_US);
  setLimits(database, { retentionDays: 10, databaseOctetsMax: 1000, owedOctetsMax: 1000 }, NOON_US);
  assert.deepEqual([retention.kept()?.eventsExpired, retention.kept()?.retentionDays], [1, 10]);
  retention.release();
  assert.equal(retention.kept(), undefined);
});

test('Retention is closed at the end of its scope, and a second time is no failure', () => {
  using tables = new JudgedTables();
  const ports = { clock: tables.clock, logger: new TestLogger() };
  const retention = Retention.open(ports, tables.path);
  {
    using ofScope = retention;
    assert.equal(ofScope.kept(), undefined);
  }
  assert.throws(() => retention.kept());
  retention.close();
});
