// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Which intervals are read, and how totals are shown. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateReader } from '../../src/totals/rate-reader.ts';
import { SourceReader } from '../../src/totals/source-reader.ts';
import { sourceOf } from '../../src/totals/source-tables.ts';
import {
  addressTotal,
  hourTotal,
  numberTotal,
  userAgentTotal,
} from '../../src/totals/total-rows.ts';
import { emptyDatabase, TestDirectory } from '../fixtures.ts';

const MINUTE_US = 60_000_000;
const HOUR_US = 60 * MINUTE_US;

class Bench implements Disposable {
  readonly #directory = new TestDirectory();
  readonly database = emptyDatabase(this.#directory);
  readonly rates = new RateReader(this.database, 'x.db');
  readonly sources = new SourceReader(this.database, 'x.db');

  count(span: number, kind: string, start: number, name: string, seenCount: number): void {
    this.database.exec(
      `INSERT INTO rate_total VALUES (${span}, '${kind}', ${start}, '${name}', ${seenCount})`,
    );
  }

  series(minutes: number, sinceUs: number, untilUs: number): readonly unknown[] {
    return this.rates
      .series(minutes, sinceUs, untilUs)
      .map(({ startEpochUs, kind, name, seenCount }) => [
        startEpochUs / MINUTE_US,
        kind,
        name,
        seenCount,
      ]);
  }

  [Symbol.dispose](): void {
    this.database.close();
    this.#directory[Symbol.dispose]();
  }
}

test('RateReader.series() takes minutes below an hour, and whole hours from there', () => {
  using bench = new Bench();
  for (const minute of [120, 121, 150, 180]) bench.count(1, 'grade', minute, 'seen', 1);
  for (const hour of [2, 3, 4]) bench.count(60, 'grade', hour, 'seen', 10);
  bench.count(1, 'tool', 120, 'x', 1);
  const all = [120 * MINUTE_US, 240 * MINUTE_US] as const;
  assert.deepEqual(bench.series(1, ...all), [
    [120, 'grade', 'seen', 1],
    [121, 'grade', 'seen', 1],
    [150, 'grade', 'seen', 1],
    [180, 'grade', 'seen', 1],
  ]);
  assert.deepEqual(bench.series(30, ...all), [
    [120, 'grade', 'seen', 2],
    [150, 'grade', 'seen', 1],
    [180, 'grade', 'seen', 1],
  ]);
  assert.deepEqual(bench.series(60, ...all), [
    [120, 'grade', 'seen', 10],
    [180, 'grade', 'seen', 10],
  ]);
  assert.deepEqual(bench.series(120, ...all), [[120, 'grade', 'seen', 20]]);
});

test('RateReader.series() reads every interval that the time touches', () => {
  using bench = new Bench();
  for (const minute of [9, 10, 11, 12]) bench.count(1, 'method', minute, 'BYE', 1);
  const starts = (sinceUs: number, untilUs: number): readonly unknown[] =>
    bench.series(1, sinceUs, untilUs).map((one) => (one as readonly unknown[])[0]);
  assert.deepEqual(starts(10 * MINUTE_US, 12 * MINUTE_US), [10, 11]);
  assert.deepEqual(starts(11 * MINUTE_US - 1, 11 * MINUTE_US + 1), [10, 11]);
});

test('RateReader.tops() compares whole hours with as many before', () => {
  using bench = new Bench();
  for (const [hour, count] of [
    [5, 1000],
    [6, 100],
    [7, 100],
    [8, 10],
    [9, 10],
    [10, 1],
  ] as const) {
    bench.count(60, 'tool', hour, 'a', count);
    bench.count(60, 'network', hour, 'AS1', count);
  }
  bench.count(60, 'tool', 9, 'b', 50);
  bench.count(60, 'tool', 6, 'gone', 50);
  bench.count(60, 'tool', 9, 'AS1', 1); // It calls itself so.
  bench.database
    .exec(`INSERT INTO network_total (network, name, addresses, seen_count, first_seen_us, last_seen_us)
    VALUES ('AS1', 'One', 1, 1, 0, 0)`);
  const tops = (kind: 'tool' | 'network', limit = 9): readonly unknown[] =>
    bench.rates.tops(kind, 8 * HOUR_US + 1, 10 * HOUR_US - 1, limit);
  const [b, a] = [
    { name: 'b', label: '', seenCount: 50, beforeCount: 0 },
    { name: 'a', label: '', seenCount: 20, beforeCount: 200 },
  ];
  const pretender = { name: 'AS1', label: '', seenCount: 1, beforeCount: 0 };
  assert.deepEqual(tops('tool'), [b, a, pretender]);
  assert.deepEqual(tops('tool', 1), [b]);
  assert.deepEqual(tops('network'), [{ ...a, name: 'AS1', label: 'One' }]);
  bench.database.exec('DELETE FROM network_total');
  assert.deepEqual(tops('network'), [{ ...a, name: 'AS1', label: '' }]);
});

test('RateReader.isKnownSince() says whether hours go back so far', () => {
  using bench = new Bench();
  assert.equal(bench.rates.isKnownSince('tool', 9 * HOUR_US), false);
  bench.count(60, 'tool', 8, 'a', 1);
  bench.count(60, 'tool', 9, 'a', 1);
  bench.count(1, 'tool', 0, 'a', 1);
  assert.equal(bench.rates.isKnownSince('tool', 8 * HOUR_US), true);
  assert.equal(bench.rates.isKnownSince('tool', 8 * HOUR_US - 1), false);
  assert.equal(bench.rates.isKnownSince('source', 8 * HOUR_US), false);
});

test('SourceReader.page() goes on where the page before ended, whatever it had', () => {
  using bench = new Bench();
  bench.database.exec(`
    INSERT INTO address_total (total_id, address, first_seen_us, last_seen_us, seen_count, grade, source) VALUES
      (1, '45.0.0.1', 1, 1, 1, 2, NULL), (2, '2001:db8::1', 2, 2, 1, 0, '2001:db8::/64'),
      (3, '2001:db8::2', 3, 3, 1, 1, '2001:db8::/64')`);
  const crowd = {
    address: '2001:db8::/64',
    totalId: 3,
    firstSeenEpochUs: 2,
    lastSeenEpochUs: 3,
    seenCount: 2,
    sharedCount: 0,
    grade: 'returned',
    addressesCount: 2,
  };
  const single = {
    address: '45.0.0.1',
    totalId: 1,
    firstSeenEpochUs: 1,
    lastSeenEpochUs: 1,
    seenCount: 1,
    sharedCount: 0,
    grade: 'handshake',
    addressesCount: 1,
  };
  assert.deepEqual(bench.sources.page(4), { items: [crowd, single], next: undefined });
  assert.deepEqual(bench.sources.page(3), {
    items: [crowd, single],
    next: { lastSeenEpochUs: 1, totalId: 1 },
  });
  assert.deepEqual(bench.sources.page(1, { lastSeenEpochUs: 3, totalId: 3 }), {
    items: [],
    next: { lastSeenEpochUs: 2, totalId: 2 },
  });
  assert.deepEqual(bench.sources.page(9, { lastSeenEpochUs: 2, totalId: 2 }), {
    items: [single],
    next: undefined,
  });
  assert.deepEqual(bench.sources.source('2001:db8::/64'), crowd);
  assert.equal(bench.sources.source('2001:db8:1::/64'), undefined);
});

test('sourceOf() joins the addresses of an IPv6 /64, and no others', () => {
  assert.equal(sourceOf('2001:db8:0:1::5'), '2001:db8:0:1::/64');
  assert.equal(sourceOf('::1'), null);
  assert.equal(sourceOf('45.0.0.1'), null);
});

test('totals are read from their rows', () => {
  const row = { total_id: 1, first_seen_us: 2, last_seen_us: 3, seen_count: 4, shared_count: 5 };
  const total = {
    totalId: 1,
    firstSeenEpochUs: 2,
    lastSeenEpochUs: 3,
    seenCount: 4,
    sharedCount: 5,
  };
  assert.deepEqual(addressTotal({ ...row, address: 'a', grade: 1 }), {
    ...total,
    address: 'a',
    grade: 'returned',
  });
  assert.deepEqual(numberTotal({ ...row, number: '1' }), { ...total, number: '1' });
  assert.deepEqual(userAgentTotal({ ...row, user_agent: 'u' }), { ...total, userAgent: 'u' });
  assert.deepEqual(
    hourTotal({ hour: 2, method: 'BYE', transport: 'UDP', seen_count: 4, shared_count: 5 }),
    { hourEpochUs: 2 * HOUR_US, method: 'BYE', transport: 'UDP', seenCount: 4, sharedCount: 5 },
  );
});
