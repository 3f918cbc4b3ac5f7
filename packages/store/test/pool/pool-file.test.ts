// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What commands do with the pool's pages while a daemon uses the database. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SURGE_MIN } from '../../src/pool/limits.ts';
import { PoolFile } from '../../src/pool/pool-file.ts';
import { DAY_US, NOON_US, TestLogger } from '../fixtures.ts';
import { nodeOf, pageOf } from './pages.ts';
import { SaidTables } from './said.ts';

function open(tables: SaidTables): PoolFile {
  return PoolFile.open({ clock: tables.clock, logger: new TestLogger() }, tables.path);
}

test('PoolFile.add() adds pages of others, or of this node', () => {
  using tables = new SaidTables();
  using file = open(tables);
  const pages = [pageOf('a', { subjects: ['45.13.0.1'] }), pageOf('b', { subjects: [] })];
  assert.deepEqual(file.add(pages), ['taken', 'taken']);
  assert.deepEqual(file.add(pages), ['known', 'known']);
  assert.deepEqual(file.add([pageOf('c', { subjects: [] })], true), ['taken']);
  assert.deepEqual(
    ['a', 'c'].map((name) => file.pages.ownSerial(nodeOf(name)) > 0),
    [false, true],
  );
  assert.equal(file.pages.lastOwnNodeId(), nodeOf('c'));
});

test('PoolFile.resume() lets through what waits after a surge, today', () => {
  using tables = new SaidTables();
  using file = open(tables);
  assert.equal(file.isBraked(), false);
  const today = Math.floor(NOON_US / DAY_US);
  tables.database.exec(`INSERT INTO pool_day (day, admitted) VALUES (${today}, ${SURGE_MIN})`);
  assert.equal(file.isBraked(), true);
  for (const name of ['a', 'b']) tables.claim(tables.author(name, 'voter'), '45.13.0.1');
  file.resume();
  assert.equal(file.isBraked(), false);
  assert.deepEqual(tables.dues(), ['address 45.13.0.1']);
});

test('PoolFile is closed at the end of its scope, and a second time is no failure', () => {
  using tables = new SaidTables();
  const file = open(tables);
  {
    using ofScope = file;
    assert.equal(ofScope.isBraked(), false);
  }
  assert.throws(() => file.isBraked());
  file.close();
});
