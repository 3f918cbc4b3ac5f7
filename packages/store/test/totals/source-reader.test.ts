// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* The holder of an IPv6 /64 can use any address in it: its addresses are shown and counted as one. */

import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { silentLogger } from '@sentrypeer/kernel';
import { Store, StoreReader, type PageEnd, type SourceTotal } from '../../src/index.ts';
import { batchOf, DAY_US, NOON_US, TestClock, TestDirectory, uuidOf } from '../fixtures.ts';

class Setup implements Disposable {
  readonly clock = new TestClock();
  readonly store: Store;
  readonly reader: StoreReader;
  readonly path: string;
  readonly #directory = new TestDirectory();
  #events = 0;

  constructor(retentionDays = 90) {
    this.path = this.#directory.file('sentrypeer.db');
    const options = { path: this.path, retentionDays };
    this.store = Store.open({ logger: silentLogger, clock: this.clock }, options);
    this.reader = StoreReader.open(this.path);
  }

  /** A message of each address, one microsecond after the other. */
  receive(addresses: readonly string[], grade: 'seen' | 'returned' = 'seen'): void {
    const events = addresses.map((sourceIp) => {
      this.#events += 1;
      const eventEpochUs = this.clock.us + this.#events;
      return { sourceIp, grade, eventUuid: uuidOf(this.#events), eventEpochUs };
    });
    this.store.append([batchOf(events)]);
  }

  /** All pages of sources. */
  sources(limit: number): readonly SourceTotal[] {
    const found: SourceTotal[] = [];
    let after: PageEnd | undefined;
    do {
      const page = this.reader.sources.page(limit, after);
      found.push(...page.items);
      after = page.next;
    } while (after !== undefined);
    return found;
  }

  /** What each source says, the newest first. */
  shown(limit = 100): readonly unknown[] {
    return this.sources(limit).map(({ address, addressesCount, seenCount, grade }) => [
      address,
      addressesCount,
      seenCount,
      grade,
    ]);
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.store.close();
    this.#directory[Symbol.dispose]();
  }
}

const crowd = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, at) => `2a02:6b8:1:2::${(at + 1).toString(16)}`);

test('page() shows a /64 of many addresses once, with the sums of all, whatever the size of a page', () => {
  using setup = new Setup();
  setup.receive(['45.0.0.1', '2a02:6b8:9::1']);
  setup.receive([...crowd(250), '2a02:6b8:1:2::1'], 'returned');
  setup.receive(['45.0.0.2']);
  const expected = [
    ['45.0.0.2', 1, 1, 'seen'],
    ['2a02:6b8:1:2::/64', 250, 251, 'returned'],
    ['2a02:6b8:9::/64', 1, 1, 'seen'],
    ['45.0.0.1', 1, 1, 'seen'],
  ];
  for (const limit of [1, 7, 100, 1000]) assert.deepEqual(setup.shown(limit), expected);
  const [, crowded] = setup.sources(100);
  assert.deepEqual(
    [crowded?.firstSeenEpochUs, crowded?.lastSeenEpochUs],
    [NOON_US + 3, NOON_US + 253],
  );
  assert.equal(setup.reader.addressesCount(), 4);
  assert.deepEqual(setup.reader.sources.source('2a02:6b8:1:2::/64'), crowded);
  assert.equal(setup.reader.sources.source('2a02:6b8:1:3::/64'), undefined);
});

test('sources lose what retention, another program and a prune take from their addresses', () => {
  using setup = new Setup(30);
  setup.receive(['2a02:6b8:1:2::1', '2a02:6b8:1:2::1', '45.0.0.1']);
  setup.clock.us += 10 * DAY_US;
  setup.receive(['2a02:6b8:1:2::2', '2a02:6b8:7::1']);
  using other = new DatabaseSync(setup.path);
  other.exec("DELETE FROM honey WHERE source_ip = '2a02:6b8:7::1'");
  assert.deepEqual(setup.shown(), [
    ['2a02:6b8:1:2::/64', 2, 3, 'seen'],
    ['45.0.0.1', 1, 1, 'seen'],
  ]);
  assert.equal(setup.reader.addressesCount(), 2);
  setup.clock.us += 25 * DAY_US;
  while (setup.store.maintain());
  assert.deepEqual(setup.shown(), [['2a02:6b8:1:2::/64', 1, 1, 'seen']]);
  assert.equal(setup.reader.addressesCount(), 1);
  setup.clock.us += 30 * DAY_US;
  while (setup.store.maintain());
  assert.deepEqual(setup.shown(), []);
  assert.equal(setup.reader.addressesCount(), 0);
});

test('countries and networks count a /64 once, as long as one of its addresses is left', () => {
  using setup = new Setup(30);
  const place = (): void => {
    for (;;) {
      const { addresses, progress } = setup.reader.places.addressesToPlace(1, 3);
      if (progress === undefined) return;
      const places = addresses.map(({ totalId }) => ({
        totalId,
        country: 'SE',
        network: 'AS1',
        networkName: '',
      }));
      setup.store.place(places, progress);
    }
  };
  const counts = (): readonly unknown[] => [
    setup.reader.places.countries().map((one) => [one.country, one.addressesCount, one.seenCount]),
    setup.reader.places.networks(9).map((one) => [one.network, one.addressesCount, one.seenCount]),
  ];
  place();
  setup.receive([...crowd(5), '45.0.0.1', '45.0.0.2']);
  place();
  assert.deepEqual(counts(), [[['SE', 3, 7]], [['AS1', 3, 7]]]);
  setup.clock.us += 10 * DAY_US;
  setup.receive(['2a02:6b8:1:2::5', '2a02:6b8:1:2::6']);
  place();
  assert.deepEqual(counts(), [[['SE', 3, 9]], [['AS1', 3, 9]]]);
  setup.clock.us += 25 * DAY_US;
  while (setup.store.maintain());
  assert.deepEqual(counts(), [[['SE', 1, 3]], [['AS1', 1, 3]]]);
  setup.clock.us += 30 * DAY_US;
  while (setup.store.maintain());
  assert.deepEqual(counts(), [[], []]);
});
