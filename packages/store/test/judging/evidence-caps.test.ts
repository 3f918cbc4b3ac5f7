// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* How much of the evidence one large network may have, and what goes first when it has more. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockNumbers } from '../../src/judging/block-numbers.ts';
import { EvidenceCaps } from '../../src/judging/evidence-caps.ts';
import { advanceSerial } from '../../src/judging/serials.ts';
import { SERIAL_BEGIN_MAX, SERIAL_STEP } from '../../src/limits.ts';
import { NOON_US } from '../fixtures.ts';
import { JudgedTables } from './judged-tables.ts';

/** Then a /48 may have 16 rows, and a /32 32. */
const COUNT_MAX = 512;

function addresses(tables: JudgedTables): readonly string[] {
  return tables.rows('SELECT address FROM address_evidence ORDER BY total_id');
}

function within(network: string, count: number, from = 0): readonly string[] {
  return Array.from(
    { length: count },
    (_, index) => `${network}:${(from + index).toString(16)}::/64`,
  );
}

test('EvidenceCaps.makeRoom() removes an eighth once a /48 has more than its share', () => {
  using tables = new JudgedTables();
  const caps = new EvidenceCaps(tables.database, COUNT_MAX);
  const [weak = '', ...strong] = within('2a00:1450:1', 17, 1);
  for (const address of strong) tables.address(address);
  tables.address('2a00:1450:2::/64');
  tables.address('45.13.0.1');
  assert.equal(caps.makeRoom(strong), 0, 'it has just its share');
  tables.address(weak, { grade: 0 });
  assert.equal(caps.makeRoom(['45.13.0.1', '2a00:1450:2::7']), 0, 'of others');
  assert.equal(caps.makeRoom([strong[3] ?? '', weak]), 3);
  // The weak one first, then the oldest rows.
  assert.deepEqual(addresses(tables), [...strong.slice(2), '2a00:1450:2::/64', '45.13.0.1']);
});

test('EvidenceCaps.makeRoom() removes what was not seen for longest, in each network that has too much', () => {
  using tables = new JudgedTables();
  const caps = new EvidenceCaps(tables.database, COUNT_MAX);
  const [a, b] = [within('2a00:1450:1', 17), within('2a00:1451:1', 17)];
  for (const [index, address] of [...a, ...b].entries()) {
    tables.address(address, { last_seen_us: NOON_US - index });
  }
  assert.equal(caps.makeRoom([...a, ...b]), 6);
  assert.deepEqual(addresses(tables), [...a.slice(0, 14), ...b.slice(0, 14)]);
});

test('EvidenceCaps.makeRoom() bounds a /32 as well, and leaves each network one row at least', () => {
  using tables = new JudgedTables();
  const caps = new EvidenceCaps(tables.database, COUNT_MAX);
  const all = Array.from(
    { length: 33 },
    (_, index) => `2a00:1450:${(index + 1).toString(16)}::/64`,
  );
  for (const address of all.slice(1)) tables.address(address);
  assert.equal(caps.makeRoom(all), 0);
  tables.address(all[0] ?? '');
  assert.equal(caps.makeRoom(all), 5);
  const few = new EvidenceCaps(tables.database, 1);
  assert.equal(few.makeRoom(all), 27);
  assert.equal(addresses(tables).length, 1);
  assert.equal(few.makeRoom(all), 0);
});

test('BlockNumbers has the proved numbers of a block judged when the others become enough or too few', () => {
  using tables = new JudgedTables();
  const blocks = new BlockNumbers(tables.database, 3);
  for (const number of ['46701234500', '46701234599', '46701234600', '467012345', '467012345000'])
    tables.number(number);
  tables.number('46701234550', 0);
  const due = (change: () => void): readonly string[] => {
    change();
    const dues = tables.dues();
    tables.database.exec('DELETE FROM judging_due');
    return dues;
  };
  const numbers = ['number 46701234500', 'number 46701234599'];
  for (const [count, isEnough] of [
    [3, false],
    [4, true],
    [5, false],
  ] as const) {
    assert.deepEqual(
      due(() => blocks.added('467012345xx', count)),
      isEnough ? numbers : [],
    );
  }
  assert.deepEqual(
    due(() => blocks.removed('467012345xx', 4)),
    [],
  );
  assert.deepEqual(
    due(() => blocks.removed('467012345xx', 3)),
    numbers,
  );
});

test('advanceSerial() begins anywhere, and rises by more than can have been lost', () => {
  using tables = new JudgedTables();
  const serial = (): number => {
    advanceSerial(tables.database);
    const [seq] = tables.rows("SELECT seq FROM sqlite_sequence WHERE name = 'listing_change'");
    return Number(seq);
  };
  tables.database.exec("DELETE FROM sqlite_sequence WHERE name = 'listing_change'");
  const first = serial();
  assert.ok(first >= 0 && first < SERIAL_BEGIN_MAX);
  for (let before = first, round = 0; round < 20; round += 1) {
    const next = serial();
    assert.ok(next >= before + SERIAL_STEP && next < before + 2 * SERIAL_STEP);
    before = next;
  }
});
