// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { FleetListing } from '@sentrypeer/event';
import { silentLogger } from '@sentrypeer/kernel';
import { FleetReader, Store, StoreReader } from '../../src/index.ts';
import { FOLLOWED_BLOCKS_MAX } from '../../src/fleet/limits.ts';
import { TestClock, TestDirectory } from '../fixtures.ts';

const HOUR_US = 3_600_000_000;

class Bench implements Disposable {
  readonly directory = new TestDirectory();
  readonly clock = new TestClock();
  readonly path = this.directory.file('sentrypeer.db');
  readonly store = Store.open({ clock: this.clock, logger: silentLogger }, { path: this.path });
  readonly reader = StoreReader.open(this.path);
  readonly fleet = FleetReader.open(this.path);

  listing(value: string, more: Partial<FleetListing> = {}): FleetListing {
    const nowUs = this.clock.epochUs();
    return {
      kind: 'address',
      value,
      level: 'listed',
      score: 60,
      grade: 'handshake',
      reasons: ['it tried 3 passwords'],
      sinceEpochUs: nowUs,
      untilEpochUs: nowUs + HOUR_US,
      firstSeenEpochUs: nowUs,
      lastSeenEpochUs: nowUs,
      eventsCount: 3,
      isBlocked: false,
      isDelisted: false,
      ...more,
    };
  }

  /** What the judge is to look at again. */
  due(): readonly unknown[] {
    const database = new DatabaseSync(this.path);
    const rows = database.prepare('SELECT value FROM judging_due ORDER BY due_id').all();
    database.exec('DELETE FROM judging_due');
    database.close();
    return rows.map((row) => row['value']);
  }

  has(value: string): boolean {
    return this.reader.evidence.fleet({ kind: 'address', value }) !== undefined;
  }

  [Symbol.dispose](): void {
    this.fleet.close();
    this.reader.close();
    this.store.close();
    this.directory[Symbol.dispose]();
  }
}

test('what hubs list is kept, the judge looks at each change once, and what ended goes', () => {
  using bench = new Bench();
  const { store, fleet, reader } = bench;
  assert.equal(fleet.followed.place(), undefined);
  store.followed.begin('a');
  const [one, other] = [bench.listing('45.13.0.1'), bench.listing('45.13.0.2')];
  assert.equal(store.followed.take([one, other], 7).withoutRoom, 0);
  assert.deepEqual(fleet.followed.place(), { life: 'a', serial: 7 });
  assert.deepEqual(bench.due(), ['45.13.0.1', '45.13.0.2']);
  const word = reader.evidence.fleet(one);
  assert.deepEqual([word?.level, word?.reasons], ['listed', one.reasons]);
  const taken = store.followed.take([one, { ...other, level: 'watch' }], 9);
  assert.deepEqual(taken, { withoutRoom: 0, kept: 2 });
  assert.deepEqual(bench.due(), ['45.13.0.2'], 'what is the same is no news');
  const { kept } = store.followed.take([bench.listing('45.13.0.1', { level: 'none' })], 10);
  assert.deepEqual([kept, fleet.followed.count()], [1, 1]);
  assert.deepEqual(
    [bench.has('45.13.0.1'), bench.has('45.13.0.2'), bench.due()],
    [false, true, ['45.13.0.1']],
  );
  const sweep = (): readonly unknown[] => {
    assert.equal(store.followed.sweep(), false);
    return [bench.has('45.13.0.2'), bench.due()];
  };
  bench.clock.us += HOUR_US - 1;
  assert.deepEqual(sweep(), [true, []]);
  bench.clock.us += 1;
  assert.deepEqual(sweep(), [true, ['45.13.0.2']], 'it has ended, by a clock that may be ahead');
  assert.deepEqual(sweep(), [true, []]);
  bench.clock.us += 24 * HOUR_US - 1;
  assert.deepEqual(sweep(), [true, []]);
  bench.clock.us += 1;
  assert.deepEqual(sweep(), [false, ['45.13.0.2']], 'a day later it goes');
});

test('a pass over all that is listed keeps what was told before until it is over', () => {
  using bench = new Bench();
  const { store, fleet } = bench;
  store.followed.begin('a');
  store.followed.take([bench.listing('45.13.0.1'), bench.listing('45.13.0.2')], 7);
  store.followed.begin('b');
  store.followed.take([bench.listing('45.13.0.2')], 3);
  assert.equal(bench.has('45.13.0.1'), true);
  store.followed.sweep();
  assert.deepEqual([bench.has('45.13.0.1'), bench.has('45.13.0.2')], [false, true]);
  assert.deepEqual([fleet.followed.place(), fleet.followed.count()], [{ life: 'b', serial: 3 }, 1]);
  store.followed.sweep(true);
  assert.deepEqual([fleet.followed.place(), fleet.followed.count()], [undefined, 0]);
});

test('what an operator blocked at a hub is a block, and what he delisted is delisted once', () => {
  using bench = new Bench();
  const { store, reader, fleet } = bench;
  const before = reader.evidence.decisionsCount();
  store.followed.begin('a');
  store.followed.take([bench.listing('45.13.0.0/16', { isBlocked: true, reasons: [] })], 7);
  assert.equal(bench.has('45.13.0.0/16'), false);
  assert.deepEqual(
    reader.evidence.fleetBlocks().map(({ subject, isOfFleet }) => [subject.value, isOfFleet]),
    [['45.13.0.0/16', true]],
  );
  assert.equal(reader.evidence.decisionsCount(), before + 1, 'who keeps blocks looks again');
  const off = bench.listing('45.13.0.1', { level: 'none', isDelisted: true });
  store.followed.take([off], 8);
  assert.equal(fleet.isDelisted(off), true);
  const delisting = reader.evidence.delisting(off);
  bench.clock.us += 1_000_000;
  store.followed.take([off], 9);
  assert.deepEqual(reader.evidence.delisting(off), delisting, 'it is told again, not done again');
});

test('a small database keeps as many listings as it has room for', () => {
  using directory = new TestDirectory();
  using bench = new Bench();
  const options = { path: directory.file('sentrypeer.db'), databaseOctetsMax: 8192 };
  using store = Store.open({ clock: bench.clock, logger: silentLogger }, options);
  store.followed.begin('a');
  const all = ['45.13.0.1', '45.13.0.2', '45.13.0.3'].map((value) => bench.listing(value));
  assert.equal(store.followed.take(all, 3).withoutRoom, 1);
  assert.equal(store.followed.take(all.slice(0, 2), 4).withoutRoom, 0, 'what is there is renewed');
});

test('what is only watched leaves room for what is refused, however many numbers somebody dials', () => {
  using directory = new TestDirectory();
  using bench = new Bench();
  const options = { path: directory.file('sentrypeer.db'), databaseOctetsMax: 6 * 4096 };
  using store = Store.open({ clock: bench.clock, logger: silentLogger }, options);
  store.followed.begin('a');
  const of = (index: number, level: FleetListing['level']): FleetListing =>
    bench.listing(`45.13.0.${index}`, { level });
  const take = (...listings: readonly FleetListing[]): number =>
    store.followed.take(listings, 1).withoutRoom;
  assert.equal(take(of(1, 'watch'), of(2, 'watch'), of(3, 'watch'), of(4, 'watch')), 1);
  assert.equal(take(of(5, 'listed'), of(6, 'listed'), of(7, 'listed'), of(8, 'listed')), 1);
  // One that was watched is refused now, and leaves its place among the watched; but there is no room at all.
  assert.equal(take(of(1, 'listed'), of(9, 'watch')), 1);
  assert.equal(take(of(5, 'none'), of(9, 'watch')), 0);
  assert.equal(
    take(of(6, 'none'), of(10, 'watch'), of(11, 'listed')),
    1,
    'three are watched again',
  );
  assert.equal(take(of(2, 'none'), of(10, 'watch')), 0);
});

test('what is blocked beyond the bound is told as left out, and has room when another block goes', () => {
  using bench = new Bench();
  const { store, reader } = bench;
  const block = (index: number): FleetListing =>
    bench.listing(`45.${index >> 16}.${(index >> 8) & 255}.${index & 255}`, { isBlocked: true });
  store.followed.begin('a');
  const most = Array.from({ length: FOLLOWED_BLOCKS_MAX }, (_, index) => block(index));
  assert.equal(store.followed.take(most, 1).withoutRoom, 0);
  const more = block(FOLLOWED_BLOCKS_MAX);
  assert.equal(store.followed.take([more], 2).withoutRoom, 1, 'one had no room');
  assert.equal(store.followed.take([block(0)], 3).withoutRoom, 0, 'what is there may change');
  assert.equal(
    store.followed.take([bench.listing('46.0.0.1')], 4).withoutRoom,
    0,
    'evidence has room',
  );
  assert.equal(store.followed.take([{ ...block(1), level: 'none' }, more], 5).withoutRoom, 0);
  assert.equal(reader.evidence.fleetBlocks().length, FOLLOWED_BLOCKS_MAX);
  assert.ok(reader.evidence.fleetBlocks().some(({ subject }) => subject.value === more.value));
});
