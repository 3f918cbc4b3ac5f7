// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* What hubs list, row by row: what is judged again because of it, what a hub's operator decided, and what goes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FleetListing } from '@sentrypeer/event';
import { OperatingError } from '@sentrypeer/kernel';
import { FollowedListings, FollowedPlaces } from '../../src/fleet/followed-listings.ts';
import { FollowedReader } from '../../src/fleet/followed-reader.ts';
import { FOLLOWED_BLOCKS_MAX, FOLLOWED_OCTETS } from '../../src/fleet/limits.ts';
import { JUDGE_ROWS } from '../../src/limits.ts';
import { DAY_US, NOON_US } from '../fixtures.ts';
import { JudgedTables } from '../judging/judged-tables.ts';

class Bench implements Disposable {
  readonly tables = new JudgedTables();
  readonly reader = new FollowedReader(this.tables.database);
  readonly places = new FollowedPlaces(this.tables.database);
  readonly followed: FollowedListings;
  readonly delisted: string[] = [];
  readonly asked: number[] = [];
  nowUs = NOON_US;
  /** How long what ended is kept. */
  waitUs = DAY_US;
  isFull = false;

  constructor(countMax = 1000) {
    this.followed = new FollowedListings({
      database: this.tables.database,
      endedUs: () => this.nowUs - this.waitUs,
      removalUs: () => this.nowUs,
      path: this.tables.path,
      decisions: {
        delist: ({ kind, value }, comment) => {
          this.delisted.push(`${kind} ${value} ${comment}`);
          const row = `'${kind}', '${value}', ${this.nowUs}, 0, 0, ''`;
          this.tables.database.exec(
            `INSERT OR REPLACE INTO delisting (kind, value, at_us, events_count, honey_id, comment) VALUES (${row})`,
          );
        },
      },
      countMax,
      refuse: (octets) => {
        this.asked.push(octets);
        if (this.isFull) throw new OperatingError('disk_full', 'no room');
      },
    });
    this.followed.begin('a');
  }

  /** @returns How many had no room. */
  take(...listings: readonly FleetListing[]): number {
    return this.followed.take(listings, 7).withoutRoom;
  }

  values(): readonly string[] {
    return this.tables.rows('SELECT value FROM fleet_listing ORDER BY value');
  }

  /** What has become due since the last call. */
  dues(): readonly string[] {
    const dues = this.tables.dues();
    this.tables.database.exec('DELETE FROM judging_due');
    return dues;
  }

  [Symbol.dispose](): void {
    this.tables[Symbol.dispose]();
  }
}

function listing(value: string, more: Partial<FleetListing> = {}): FleetListing {
  return {
    kind: 'address',
    value,
    level: 'listed',
    score: 60,
    grade: 'handshake',
    reasons: ['it came'],
    sinceEpochUs: NOON_US,
    untilEpochUs: NOON_US + DAY_US,
    firstSeenEpochUs: NOON_US - 2,
    lastSeenEpochUs: NOON_US - 1,
    eventsCount: 3,
    isBlocked: false,
    isDelisted: false,
    ...more,
  };
}

test('FollowedListings.take() keeps what a hub says, as it says it', () => {
  using bench = new Bench();
  assert.equal(bench.take(listing('45.13.0.1', { level: 'watch', untilEpochUs: NOON_US + 9 })), 0);
  assert.deepEqual(bench.reader.word({ kind: 'address', value: '45.13.0.1' }), {
    level: 'watch',
    score: 60,
    reasons: ['it came'],
    lastEpochUs: NOON_US - 1,
    untilEpochUs: NOON_US + 9,
    facts: {
      grade: 'handshake',
      firstEpochUs: NOON_US - 2,
      lastEpochUs: NOON_US - 1,
      eventsCount: 3,
    },
  });
  assert.deepEqual(bench.places.place(), { life: 'a', serial: 7 });
  assert.deepEqual([bench.places.count(), bench.asked], [1, [FOLLOWED_OCTETS]]);
  assert.deepEqual(bench.tables.rows('SELECT since_us FROM fleet_listing'), [String(NOON_US)]);
});

test('FollowedListings.take() has judged again what changed, and nothing else', () => {
  const changes: readonly (readonly [Partial<FleetListing>, isNews: boolean])[] = [
    [{}, false],
    [{ sinceEpochUs: NOON_US - 9 }, false],
    [{ firstSeenEpochUs: NOON_US - 9 }, false],
    [{ eventsCount: 4 }, false],
    [{ level: 'watch' }, true],
    [{ untilEpochUs: NOON_US + 1 }, true],
    [{ lastSeenEpochUs: NOON_US }, true],
    [{ score: 61 }, true],
    [{ grade: 'returned' }, true],
    [{ reasons: ['it came', 'again'] }, true],
    [{ isBlocked: true }, true],
  ];
  for (const [change, isNews] of changes) {
    using bench = new Bench();
    bench.take(listing('45.13.0.1'));
    assert.deepEqual(bench.dues(), ['address 45.13.0.1']);
    bench.take(listing('45.13.0.1', change));
    assert.deepEqual(bench.dues(), isNews ? ['address 45.13.0.1'] : [], JSON.stringify(change));
    assert.equal(bench.tables.counter('decisions'), Number(change.isBlocked === true));
  }
});

test('what an operator blocked at a hub also concerns what lies in the network, when it begins and ends', () => {
  using bench = new Bench();
  const network = listing('45.13.0.0/16', { isBlocked: true });
  const all = ['address 45.13.0.0/16', 'decision 45.13.0.0/16'];
  bench.take(network);
  assert.deepEqual([bench.dues(), bench.tables.counter('decisions')], [all, 1]);
  bench.take({ ...network, isBlocked: false });
  assert.deepEqual([bench.dues(), bench.tables.counter('decisions')], [all, 2]);
  bench.take(listing('45.13.0.1', { isBlocked: true }));
  assert.deepEqual(bench.dues(), ['address 45.13.0.1'], 'nothing lies in an address');
  bench.take(network);
  bench.dues();
  bench.take({ ...network, level: 'none' });
  assert.deepEqual([bench.dues(), bench.tables.counter('decisions')], [all, 5]);
  bench.take({ ...network, level: 'none' });
  assert.deepEqual([bench.dues(), bench.tables.counter('decisions')], [[], 5], 'it is gone');
});

test('what a hub delisted is delisted here, unless that was done since', () => {
  using bench = new Bench();
  const gone = listing('45.13.0.1', { level: 'none' });
  bench.take(gone);
  assert.deepEqual(bench.delisted, []);
  bench.take({ ...gone, isDelisted: true });
  assert.deepEqual(bench.delisted, ['address 45.13.0.1 at a hub of the fleet']);
  bench.take({ ...gone, isDelisted: true, sinceEpochUs: bench.nowUs });
  assert.equal(bench.delisted.length, 1);
  bench.take({ ...gone, isDelisted: true, sinceEpochUs: bench.nowUs + 1 });
  assert.equal(bench.delisted.length, 2, 'a later delisting');
});

test('FollowedListings.take() keeps nothing while the disk is full, and goes on afterwards', () => {
  using bench = new Bench();
  bench.isFull = true;
  assert.throws(() => bench.take(listing('45.13.0.1')), { code: 'disk_full' });
  assert.deepEqual([bench.values(), bench.places.place()?.serial], [[], 0]);
  bench.isFull = false;
  assert.equal(bench.take(listing('45.13.0.1')), 0);
});

test('FollowedListings counts anew after a transaction that failed', () => {
  using bench = new Bench(3);
  bench.take(listing('45.13.0.1'));
  const { database } = bench.tables;
  database.exec(`CREATE TEMP TRIGGER full BEFORE INSERT ON fleet_listing WHEN NEW.value = '45.13.0.3'
    BEGIN SELECT RAISE(ABORT, 'full'); END`);
  // The first of them was counted before the second one failed.
  assert.throws(() => bench.take(listing('45.13.0.2'), listing('45.13.0.3')), /full/);
  assert.deepEqual(bench.values(), ['45.13.0.1']);
  database.exec('DROP TRIGGER full');
  assert.equal(bench.take(listing('45.13.0.2'), listing('45.13.0.3')), 0);
  assert.equal(bench.take(listing('45.13.0.4')), 1);
});

test('FollowedListings.sweep() goes on page by page, and removes what a new pass did not name', () => {
  using bench = new Bench();
  const all = Array.from({ length: JUDGE_ROWS + 5 }, (_, at) => listing(`45.13.0.${at + 100}`));
  bench.take(...all);
  bench.dues();
  assert.deepEqual([bench.followed.sweep(), bench.followed.sweep()], [true, false]);
  assert.deepEqual([bench.values().length, bench.dues()], [all.length, []]);
  bench.followed.begin('b');
  assert.deepEqual(bench.places.place(), { life: 'b', serial: 0 });
  const kept = [...all.slice(0, 2), ...all.slice(-2)];
  bench.take(...kept);
  assert.equal(bench.followed.sweep(), true);
  assert.equal(bench.values().length, 2 + 5);
  assert.equal(bench.followed.sweep(), false);
  assert.deepEqual(
    bench.values(),
    kept.map(({ value }) => value),
  );
  assert.equal(bench.dues().length, all.length - kept.length);
  assert.equal(bench.followed.take([], 9).kept, kept.length, 'they are counted');
  assert.equal(bench.followed.sweep(true), false);
  assert.deepEqual([bench.values(), bench.places.place()], [[], undefined]);
});

test('FollowedListings.sweep() has judged again once what ended, and removes it later', () => {
  using bench = new Bench();
  const block = { kind: 'range', isBlocked: true, untilEpochUs: NOON_US + 9 } as const;
  bench.take(listing('45.13.0.1', { untilEpochUs: NOON_US + 5 }), listing('467xx', block));
  bench.dues();
  const sweep = (us: number): readonly string[] => {
    bench.nowUs = NOON_US + us;
    assert.equal(bench.followed.sweep(), false);
    return bench.dues();
  };
  assert.deepEqual(sweep(4), []);
  assert.deepEqual(sweep(5), ['address 45.13.0.1']);
  assert.equal(bench.tables.counter('decisions'), 1, 'evidence is no decision');
  assert.deepEqual(sweep(8), []);
  assert.deepEqual(sweep(9), ['range 467xx']);
  assert.equal(bench.tables.counter('decisions'), 2, 'whoever keeps blocks looks again');
  assert.deepEqual(sweep(4), [], 'the clock was put back');
  assert.deepEqual(sweep(9), ['address 45.13.0.1', 'range 467xx'], 'and they ended again');
  assert.deepEqual(sweep(4 + DAY_US), []);
  assert.deepEqual(sweep(5 + DAY_US), ['address 45.13.0.1']);
  assert.deepEqual(bench.values(), ['467xx']);
  assert.deepEqual(sweep(9 + DAY_US), ['range 467xx']);
  assert.deepEqual([bench.values(), bench.tables.counter('decisions')], [[], 4]);
  assert.equal(bench.followed.take([], 8).kept, 0);
});

test('FollowedListings.sweep() has judged again once what had ended long before it came', () => {
  using bench = new Bench();
  bench.take(listing('45.13.0.1', { untilEpochUs: NOON_US - DAY_US }));
  bench.dues();
  assert.equal(bench.followed.sweep(), false);
  assert.deepEqual([bench.values(), bench.dues()], [[], ['address 45.13.0.1']]);
});

test('FollowedListings.sweep() removes everything of a node that follows nobody, from the start on', () => {
  using bench = new Bench();
  bench.tables.fleet('address', '45.13.0.1');
  assert.equal(bench.followed.sweep(true), false);
  assert.deepEqual([bench.values(), bench.dues()], [[], ['address 45.13.0.1']]);
});

test('FollowedListings.sweep() begins anew with a new pass', () => {
  using bench = new Bench();
  const all = Array.from({ length: JUDGE_ROWS + 1 }, (_, at) => listing(`45.13.0.${at + 100}`));
  bench.take(...all);
  assert.equal(bench.followed.sweep(), true);
  bench.followed.begin('b');
  assert.equal(bench.followed.sweep(), true, 'from the first row');
  assert.equal(bench.values().length, 1);
});

test('FollowedListings.sweep() misses nothing that ends while it is on its way', () => {
  using bench = new Bench();
  const all = Array.from({ length: JUDGE_ROWS + 2 }, (_, at) => {
    const ends = new Map([
      [0, 5],
      [JUDGE_ROWS, 3],
      [JUDGE_ROWS + 1, 5],
    ]);
    return listing(`45.13.0.${at + 100}`, { untilEpochUs: NOON_US + (ends.get(at) ?? 99) });
  });
  bench.take(...all);
  bench.dues();
  const sweep = (us: number): readonly string[] => {
    bench.nowUs = NOON_US + us;
    bench.followed.sweep();
    return bench.dues();
  };
  assert.deepEqual(sweep(4), []);
  assert.deepEqual(sweep(6), ['address 45.13.0.164', 'address 45.13.0.165']);
  assert.deepEqual(sweep(7), ['address 45.13.0.100']);
});

test('what is only watched fills half of the room, and rows that change keep their place', () => {
  using bench = new Bench(6);
  const of = (host: number, level: FleetListing['level']): FleetListing =>
    listing(`45.13.0.${host}`, { level });
  assert.equal(bench.take(of(1, 'watch'), of(2, 'watch'), of(3, 'watch'), of(4, 'watch')), 1);
  assert.equal(bench.take(of(5, 'listed'), of(6, 'listed'), of(7, 'listed'), of(8, 'listed')), 1);
  assert.equal(bench.values().length, 6);
  assert.equal(bench.take(of(5, 'none'), of(9, 'watch')), 1, 'three are watched');
  assert.equal(bench.take(of(2, 'listed'), of(9, 'watch')), 0, 'one of them is listed now');
  assert.equal(bench.take(of(3, 'watch'), of(6, 'watch')), 0, 'what is there may change');
  assert.equal(bench.take(of(9, 'none'), of(10, 'watch')), 1, 'three are watched again');
  assert.equal(bench.take(of(10, 'listed')), 0);
  assert.equal(bench.values().length, 6);
});

test('a limited number of blocks is kept, whatever else they were before', () => {
  using bench = new Bench(1_000_000);
  bench.tables.database.exec(`
    WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${FOLLOWED_BLOCKS_MAX})
    INSERT INTO fleet_listing SELECT 'address', 'x' || i, 'listed', 1, 1, '[]', 1, 1, 1, 1, 1, 1, 1 FROM n`);
  const block = { isBlocked: true } as const;
  assert.equal(bench.take(listing('45.13.0.1', block), listing('45.13.0.2', block)), 1);
  assert.equal(bench.take(listing('45.13.0.2'), listing('45.13.0.1', block)), 0);
  assert.equal(bench.take(listing('45.13.0.2', block)), 1, 'it stays what it was');
  assert.equal(bench.take(listing('45.13.0.1'), listing('45.13.0.2', block)), 0);
  assert.equal(bench.take(listing('45.13.0.2', { level: 'none' }), listing('45.13.0.3', block)), 0);
  assert.equal(bench.take(listing('45.13.0.4', block)), 1);
});
