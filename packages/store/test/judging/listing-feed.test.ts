// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What followers read of the list: pages, changes since a serial, and when they have to begin anew. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ListedSubject } from '../../src/judging/evidence-reader.ts';
import { ListingFeed, type FeedFollower } from '../../src/judging/listing-feed.ts';
import { ListingReader } from '../../src/judging/listing-reader.ts';
import { Listings, type ListingLevel } from '../../src/judging/listings.ts';
import { Counters } from '../../src/totals/counters.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { JudgedTables } from './judged-tables.ts';

class Bench implements Disposable {
  readonly tables = new JudgedTables();
  readonly reader = new ListingReader(this.tables.database);
  readonly feed = new ListingFeed(this.reader);
  readonly #listings: Listings;

  constructor(changesCountMax = 1000) {
    const { database } = this.tables;
    this.#listings = new Listings(database, new Counters(database), changesCountMax);
  }

  put(
    kind: ListedSubject['kind'],
    value: string,
    level: ListingLevel | undefined = 'listed',
    nowUs = NOON_US,
  ): void {
    const verdict = { level, score: 60, reasons: ['a'], untilEpochUs: NOON_US + DAY_US };
    this.#listings.begin();
    this.#listings.apply({ kind, value }, verdict, undefined, nowUs);
    this.#listings.finish();
  }

  end(kind: ListedSubject['kind'], value: string, nowUs = NOON_US): void {
    const verdict = { level: undefined, score: 0, reasons: ['b'], untilEpochUs: undefined };
    this.#listings.begin();
    this.#listings.apply({ kind, value }, verdict, undefined, nowUs);
    this.#listings.finish();
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

/** A page in short. */
function next(follower: FeedFollower, limit = 2): string | undefined {
  const page = follower.next(limit);
  if (page === undefined) return undefined;
  switch (page.kind) {
    case 'listings':
      return `has ${page.listings.map(({ value }) => value).join(' ')}`;
    case 'changes':
      return `then ${page.changes.map(({ change, value }) => `${change} ${value}`).join(', ')}`;
    case 'end':
      return `end ${page.serial}`;
    case 'begin':
      return 'begin';
    default:
      return page satisfies never;
  }
}

function three(bench: Bench): void {
  bench.put('address', '45.13.0.1');
  bench.put('number', '46701', 'watch');
  bench.put('range', '467xx');
}

test('a follower gets all entries page by page, then what changed since the beginning of that', () => {
  using bench = new Bench();
  const follower = bench.feed.follow(undefined);
  three(bench);
  assert.deepEqual([next(follower), next(follower)], ['begin', 'has 45.13.0.1 46701']);
  bench.end('address', '45.13.0.1');
  assert.equal(follower.serial, undefined);
  assert.deepEqual([next(follower), next(follower)], ['has 467xx', 'end 3']);
  assert.equal(follower.serial, 3);
  bench.put('address', '45.13.0.2');
  bench.put('address', '45.13.0.3');
  assert.equal(next(follower), 'then unlisted 45.13.0.1, listed 45.13.0.2');
  assert.equal(follower.serial, 5);
  assert.deepEqual([next(follower), next(follower)], ['then listed 45.13.0.3', undefined]);
  assert.equal(follower.serial, 6);
});

test('a follower of an empty list is told so once', () => {
  using bench = new Bench();
  const follower = bench.feed.follow(undefined);
  assert.deepEqual(
    [1, 2, 3].map(() => next(follower)),
    ['begin', 'end 0', undefined],
  );
});

test('a follower goes on from a serial, and begins anew if it is behind or of another database', () => {
  using bench = new Bench(2);
  three(bench);
  assert.equal(next(bench.feed.follow(2)), 'then listed 467xx');
  assert.equal(next(bench.feed.follow(3)), undefined);
  for (const serial of [0, 1, 4]) {
    const follower = bench.feed.follow(serial);
    assert.equal(next(follower), 'begin', String(serial));
    assert.equal(follower.serial, serial, 'until the end of the snapshot');
    assert.deepEqual([1, 2, 3].map(() => next(follower, 9)).slice(0, 2), [
      'has 45.13.0.1 46701 467xx',
      'end 3',
    ]);
  }
});

test('a follower of some kinds or levels gets no others, and still learns the serial of all', () => {
  using bench = new Bench();
  const follower = bench.feed.follow(undefined, {
    kinds: ['address', 'number'],
    levels: ['listed'],
  });
  three(bench);
  const pages = [1, 2, 3].map(() => next(follower));
  assert.deepEqual(pages, ['begin', 'has 45.13.0.1', 'end 3']);
  bench.put('range', '468xx');
  bench.put('number', '46702', 'watch');
  bench.put('number', '46703');
  assert.equal(next(follower, 9), 'then listed 46703');
  bench.put('range', '469xx');
  assert.equal(next(follower), 'then ', 'nothing for it');
  assert.equal(follower.serial, 7);
  const all = bench.feed.follow(3);
  assert.equal(next(all, 9), 'then listed 468xx, watched 46702, listed 46703, listed 469xx');
});

test('ListingFeed.changed() calls those back that asked, until they do not want it any more', () => {
  using bench = new Bench();
  const told: string[] = [];
  const [endA] = ['a', 'b'].map((name) =>
    bench.feed.onChanged((serial) => told.push(`${name} ${serial}`)),
  );
  bench.feed.changed(1);
  endA?.();
  bench.feed.changed(2);
  assert.deepEqual(told, ['a 1', 'b 1', 'b 2']);
});

test('ListingReader.listings() pages by kind and level, from either end', () => {
  using bench = new Bench();
  three(bench);
  bench.put('address', '45.13.0.2', 'watch');
  const page = (...args: Parameters<ListingReader['listings']>): readonly number[] =>
    bench.reader.listings(...args).map(({ listingId }) => listingId);
  assert.deepEqual(page(undefined, 9), [1, 2, 3, 4]);
  assert.deepEqual(page(2, 1), [3]);
  assert.deepEqual(page(undefined, 9, { newestFirst: true }), [4, 3, 2, 1]);
  assert.deepEqual(page(3, 9, { newestFirst: true }), [2, 1]);
  assert.deepEqual(page(undefined, 9, { kinds: ['address'] }), [1, 4]);
  assert.deepEqual(page(undefined, 9, { kinds: ['number', 'address'] }), [1, 2, 4]);
  assert.deepEqual(page(undefined, 9, { levels: ['watch'] }), [2, 4]);
  assert.deepEqual(page(undefined, 9, { kinds: ['address'], levels: ['watch'] }), [4]);
  assert.deepEqual(page(undefined, 9, { kinds: ['address'], levels: ['watch'] }), [4]);
  assert.deepEqual(bench.reader.counts(), { address: 1, number: 0, range: 1 });
  assert.deepEqual(bench.reader.counts('watch'), { address: 1, number: 1, range: 0 });
});

test('ListingReader.listing() finds the network around an IPv6 address, and nothing of another kind', () => {
  using bench = new Bench();
  bench.put('address', '2a00:1450:1::/56', 'watch');
  bench.put('number', '45.13.0.1');
  const find = (kind: ListedSubject['kind'], value: string): string | undefined =>
    bench.reader.listing({ kind, value })?.value;
  for (const value of ['2a00:1450:1::7', '2a00:1450:1:ff::/64', '2a00:1450:1::/56'])
    assert.equal(find('address', value), '2a00:1450:1::/56', value);
  assert.equal(find('address', '2a00:1450:1:100::7'), undefined);
  assert.equal(find('address', '45.13.0.1'), undefined);
  assert.equal(find('number', '45.13.0.1'), '45.13.0.1');
  assert.equal(find('range', '2a00:1450:1::7'), undefined);
  assert.equal(bench.reader.listing({ kind: 'address', value: '2a00:1450:1::7' })?.level, 'watch');
});

test('ListingReader tells changes as they were', () => {
  using bench = new Bench();
  bench.put('address', '45.13.0.1', 'watch');
  bench.end('address', '45.13.0.1', NOON_US + 5);
  const shared = { kind: 'address', value: '45.13.0.1', level: 'watch', grade: 'seen' } as const;
  assert.deepEqual(bench.reader.changes(0, 9), [
    {
      ...shared,
      score: 60,
      reasons: ['a'],
      changeId: 1,
      atEpochUs: NOON_US,
      change: 'watched',
      sinceEpochUs: NOON_US,
      untilEpochUs: NOON_US + DAY_US,
    },
    {
      ...shared,
      score: 0,
      reasons: ['b'],
      changeId: 2,
      atEpochUs: NOON_US + 5,
      change: 'unlisted',
      sinceEpochUs: undefined,
      untilEpochUs: undefined,
    },
  ]);
  assert.deepEqual(bench.reader.changes(1, 9).length, 1);
  assert.deepEqual(bench.reader.changes(0, 1).length, 1);
  bench.tables.database.exec('UPDATE listing_change SET since_us = NULL WHERE change_id = 1');
  assert.equal(bench.reader.changes(0, 1)[0]?.sinceEpochUs, undefined, 'of an earlier version');
});

test('ListingReader.serialAt() finds the serial before the first change at or after a time', () => {
  using bench = new Bench();
  assert.deepEqual(
    [bench.reader.serialAt(0), bench.reader.changeIds()],
    [0, { oldest: 0, newest: 0 }],
  );
  for (const [at, us] of [0, 10, 10, 20, 30].entries())
    bench.put('number', `4670${at}`, 'listed', NOON_US + us);
  for (const [us, serial] of [
    [-1, 0],
    [0, 0],
    [1, 1],
    [10, 1],
    [11, 3],
    [20, 3],
    [30, 4],
    [31, 5],
  ] as const) {
    assert.equal(bench.reader.serialAt(NOON_US + us), serial, String(us));
  }
  bench.tables.database.exec('DELETE FROM listing_change WHERE change_id IN (1, 3)');
  assert.deepEqual(bench.reader.changeIds(), { oldest: 2, newest: 5 });
  assert.deepEqual(
    [0, 10, 11, 21, 31].map((us) => bench.reader.serialAt(NOON_US + us)),
    [1, 1, 2, 4, 5],
  );
  bench.tables.database.exec('DELETE FROM listing_change');
  assert.deepEqual(bench.reader.changeIds(), { oldest: 0, newest: 5 }, 'no serial is given twice');
  assert.deepEqual(
    [bench.reader.serial(), bench.reader.knows(5), bench.reader.knows(4)],
    [5, true, false],
  );
});
