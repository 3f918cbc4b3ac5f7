// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which totals go first, by their grade and by how long they have not been seen. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRUNE_ROWS } from '../../src/limits.ts';
import {
  deleteWeakest,
  totalsTable,
  type TotalsCounter,
} from '../../src/retention/totals-table.ts';
import { NOON_US } from '../fixtures.ts';
import { JudgedTables } from '../judging/judged-tables.ts';

const BUDGETS = { totalsCountMax: 5, evidenceCountMax: 7 } as Parameters<typeof totalsTable>[2];

function addresses(tables: JudgedTables): readonly string[] {
  return tables.rows('SELECT address FROM address_evidence ORDER BY address');
}

test('totalsTable() has a budget of its own for evidence', () => {
  using tables = new JudgedTables();
  const budget = (counter: TotalsCounter): number =>
    totalsTable(tables.database, counter, BUDGETS).countMax;
  assert.deepEqual(
    (['addresses', 'numbers', 'user_agents', 'proved_addresses', 'read_numbers'] as const).map(
      budget,
    ),
    [5, 5, 5, 7, 7],
  );
});

test('deleteWeakest() removes the weakest grade first, in it the longest unseen, but nothing that is kept', () => {
  using tables = new JudgedTables();
  const table = totalsTable(tables.database, 'proved_addresses', BUDGETS);
  for (const [address, grade, us] of [
    ['a', 0, 4],
    ['b', 0, 3],
    ['c', 1, 2],
    ['d', 1, 5],
    ['e', 2, 9],
    ['f', 0, 1],
  ] as const) {
    tables.address(address, { grade, last_seen_us: NOON_US + us });
  }
  const remove = (count: number): number => deleteWeakest(table, [0, 1], NOON_US + 2, count);
  assert.equal(remove(1), 1);
  assert.deepEqual(addresses(tables), ['a', 'c', 'd', 'e', 'f']);
  assert.equal(remove(2), 2);
  assert.deepEqual(addresses(tables), ['d', 'e', 'f']);
  assert.equal(remove(0), 0);
  assert.equal(remove(9), 1, 'as many as there are');
  assert.deepEqual(addresses(tables), ['e', 'f']);
});

test('what was last seen before a time goes, a limited number at once', () => {
  using tables = new JudgedTables();
  const { deleteExpired } = totalsTable(tables.database, 'proved_addresses', BUDGETS);
  tables.database.exec('BEGIN');
  for (let index = 0; index <= PRUNE_ROWS; index += 1) {
    tables.address(`a${index}`, { grade: index % 3, last_seen_us: NOON_US + 1 });
  }
  tables.address('kept', { last_seen_us: NOON_US - 1 });
  tables.address('young', { last_seen_us: NOON_US + 2 });
  tables.database.exec('COMMIT');
  assert.equal(deleteExpired.run(NOON_US, NOON_US + 2).changes, PRUNE_ROWS);
  assert.equal(deleteExpired.run(NOON_US, NOON_US + 2).changes, 1);
  assert.deepEqual(addresses(tables), ['kept', 'young']);
});
