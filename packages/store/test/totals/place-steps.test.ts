// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* One step of placing addresses: what is asked for, and what is added. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlaceReader } from '../../src/totals/place-reader.ts';
import { PlaceTotals, type PlacedAddress } from '../../src/totals/place-totals.ts';
import { emptyDatabase, NOON_US, TestDirectory } from '../fixtures.ts';

const HOUR_US = 3_600_000_000;

class Bench implements Disposable {
  readonly #directory = new TestDirectory();
  readonly database = emptyDatabase(this.#directory);
  readonly totals = new PlaceTotals(this.database);
  readonly reader = new PlaceReader(this.database, 'x.db');

  /** An address, with its messages. */
  see(
    id: number,
    seenCount: number,
    {
      firstUs = NOON_US,
      lastUs = undefined as number | undefined,
      grade = 0,
      source = 'NULL',
    } = {},
  ): void {
    this.database.exec(`
      INSERT INTO address_total (total_id, address, first_seen_us, last_seen_us, seen_count, grade, source)
      VALUES (${id}, 'a${id}', ${firstUs}, ${lastUs ?? firstUs}, ${seenCount}, ${grade}, ${source})`);
  }

  again(id: number, seenCount: number, lastUs: number): void {
    this.database.exec(
      `UPDATE address_total SET seen_count = ${seenCount}, last_seen_us = ${lastUs} WHERE total_id = ${id}`,
    );
  }

  /** What is to be placed now, and how far that goes: the id, and the time and id of the last that was seen. */
  due(limit = 10, source = 7): readonly [readonly number[], readonly number[] | undefined] {
    const { addresses, progress } = this.reader.addressesToPlace(source, limit);
    const { totalId, seen } = progress ?? {};
    return [
      addresses.map((one) => one.totalId),
      totalId === undefined
        ? undefined
        : [totalId, (seen?.lastSeenEpochUs ?? 0) - NOON_US, seen?.totalId ?? 0],
    ];
  }

  /** Does one step, with all in these places. */
  place(places: Partial<PlacedAddress> = {}, limit = 10, nowUs = NOON_US): void {
    const { addresses, progress } = this.reader.addressesToPlace(7, limit);
    assert.ok(progress !== undefined);
    const placed = { country: 'SE', network: 'AS1', networkName: 'one', ...places };
    this.totals.add(
      addresses.map(({ totalId }) => ({ totalId, ...placed })),
      progress,
      nowUs,
    );
  }

  countries(): readonly unknown[] {
    return this.reader
      .countries()
      .map(({ country, addressesCount, seenCount, firstSeenEpochUs, lastSeenEpochUs }) => [
        country,
        addressesCount,
        seenCount,
        firstSeenEpochUs - NOON_US,
        lastSeenEpochUs - NOON_US,
      ]);
  }

  rates(): readonly unknown[] {
    return this.database
      .prepare(
        "SELECT kind, name, seen_count FROM rate_total WHERE kind IN ('country', 'network', 'source') ORDER BY 1, 2",
      )
      .all()
      .map((row) => Object.values(row));
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

test('addressesToPlace() begins anew with places of another source, even if there are none', () => {
  using bench = new Bench();
  assert.deepEqual(bench.due(), [[], [0, -NOON_US, 0]]);
  bench.place();
  assert.deepEqual(bench.due(), [[], undefined]);
  assert.deepEqual(bench.due(10, 8), [[], [0, -NOON_US, 0]]);
});

test('addressesToPlace() asks for those without a place, then for those that were seen since', () => {
  using bench = new Bench();
  for (const id of [1, 2, 3]) bench.see(id, 1, { firstUs: NOON_US + id });
  bench.place();
  assert.deepEqual(
    bench.due(2),
    [
      [1, 2],
      [2, 3, 3],
    ],
    'all get their place like new ones',
  );
  bench.place({}, 2);
  assert.deepEqual(bench.due(2), [[3], [3, 3, 3]]);
  bench.place({}, 2);
  assert.deepEqual(bench.due(), [[], undefined]);
  bench.again(2, 5, NOON_US + 9);
  bench.see(4, 1, { firstUs: NOON_US + 9, grade: 2 });
  assert.deepEqual(bench.due(), [
    [4, 2, 4],
    [4, 9, 4],
  ]);
  bench.place();
  assert.deepEqual(bench.due(), [[], undefined]);
  bench.again(1, 1, NOON_US + 9); // No more than was counted, and below what was seen.
  assert.deepEqual(bench.due(), [[], undefined]);
  bench.again(1, 1, NOON_US + 10);
  assert.deepEqual(bench.due(), [[], [4, 10, 1]], 'nothing to count, but it was looked at');
});

test('addressesToPlace() leaves out what only other nodes share', () => {
  using bench = new Bench();
  bench.place();
  bench.see(1, 0);
  bench.see(2, 1);
  assert.deepEqual(bench.due(), [
    [2, 2],
    [2, 0, 2],
  ]);
});

test('PlaceTotals.add() adds up what is in one country and network, each message once', () => {
  using bench = new Bench();
  bench.see(1, 2, { firstUs: NOON_US + 5, lastUs: NOON_US + 6 });
  bench.see(2, 3, { firstUs: NOON_US + 1, lastUs: NOON_US + 9 });
  bench.see(3, 4, { firstUs: NOON_US + 3, lastUs: NOON_US + 4 });
  bench.place();
  bench.place();
  assert.deepEqual(bench.countries(), [['SE', 3, 9, 1, 9]]);
  assert.deepEqual(bench.reader.networks(9), [
    {
      network: 'AS1',
      name: 'one',
      addressesCount: 3,
      seenCount: 9,
      firstSeenEpochUs: NOON_US + 1,
      lastSeenEpochUs: NOON_US + 9,
    },
  ]);
  bench.again(1, 7, NOON_US + 20);
  bench.place({ country: 'DE', network: 'AS2' });
  assert.deepEqual(bench.countries(), [['SE', 3, 14, 1, 20]], 'it stays where it was counted');
  bench.again(1, 8, NOON_US + 21);
  bench.place();
  assert.deepEqual(bench.countries(), [['SE', 3, 15, 1, 21]]);
});

test('PlaceTotals.add() forgets all places where they come from somewhere else', () => {
  using bench = new Bench();
  bench.place();
  bench.see(1, 2);
  bench.place();
  const step = (): void => {
    const { addresses, progress } = bench.reader.addressesToPlace(8, 9);
    assert.ok(progress !== undefined);
    const places = addresses.map(({ totalId }) => ({
      totalId,
      country: 'DE',
      network: 'AS2',
      networkName: '',
    }));
    bench.totals.add(places, progress, NOON_US);
  };
  step();
  assert.deepEqual([bench.countries(), bench.reader.networks(9)], [[], []]);
  step();
  assert.deepEqual(bench.countries(), [['DE', 1, 2, 0, 0]]);
});

test('PlaceTotals.add() passes over what retention removed, and what is only shared since', () => {
  using bench = new Bench();
  bench.place();
  bench.see(1, 1);
  bench.see(2, 1);
  const { progress } = bench.reader.addressesToPlace(7, 9);
  assert.ok(progress !== undefined);
  bench.again(2, 0, NOON_US);
  const places = [1, 2, 99].map((totalId) => ({
    totalId,
    country: 'SE',
    network: 'AS1',
    networkName: '',
  }));
  bench.totals.add(places, progress, NOON_US);
  assert.deepEqual(bench.countries(), [['SE', 1, 1, 0, 0]]);
});

test('PlaceTotals.add() counts a /64 once in each country and network that it is in', () => {
  using bench = new Bench();
  bench.place();
  const source = "'2001:db8::/64'";
  bench.see(1, 1, { source });
  bench.place();
  bench.see(2, 1, { firstUs: NOON_US + 1, source });
  bench.place();
  bench.see(3, 1, { firstUs: NOON_US + 2, source });
  bench.place({ country: 'DE' });
  assert.deepEqual(bench.countries(), [
    ['SE', 1, 2, 0, 1],
    ['DE', 1, 1, 2, 2],
  ]);
  assert.equal(bench.reader.networks(1)[0]?.addressesCount, 1);
});

test('PlaceTotals.add() counts rates of news, and not again what an hour ago was counted', () => {
  using bench = new Bench();
  bench.place();
  bench.see(1, 2, { firstUs: NOON_US - HOUR_US, lastUs: NOON_US });
  bench.see(2, 4, { firstUs: NOON_US - HOUR_US - 1, lastUs: NOON_US, source: "'2001:db8::/64'" });
  bench.place();
  assert.deepEqual(bench.rates(), [
    ['country', 'SE', 2],
    ['network', 'AS1', 2],
    ['source', 'a1', 2],
  ]);
  bench.again(2, 5, NOON_US + 1);
  bench.place();
  assert.deepEqual(bench.rates(), [
    ['country', 'SE', 3],
    ['network', 'AS1', 3],
    ['source', '2001:db8::/64', 1],
    ['source', 'a1', 2],
  ]);
});
