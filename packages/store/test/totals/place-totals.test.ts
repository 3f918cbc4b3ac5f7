// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* Totals of countries and networks agree with the totals of addresses, whatever happens to those. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@sentrypeer/kernel';
import { Store, StoreReader } from '../../src/index.ts';
import { batchOf, DAY_US, NOON_US, TestClock, TestDirectory, uuidOf } from '../fixtures.ts';

const SOURCE = 7;

class Setup implements Disposable {
  readonly clock = new TestClock();
  readonly store: Store;
  readonly reader: StoreReader;
  readonly #directory = new TestDirectory();
  #events = 0;

  constructor(retentionDays = 90) {
    const path = this.#directory.file('sentrypeer.db');
    this.store = Store.open({ logger: silentLogger, clock: this.clock }, { path, retentionDays });
    this.reader = StoreReader.open(path);
  }

  /** Messages of these addresses, in this order. */
  receive(...addresses: readonly string[]): void {
    const events = addresses.map((sourceIp) => {
      this.#events += 1;
      return {
        sourceIp,
        eventUuid: uuidOf(this.#events),
        eventEpochUs: this.clock.us + this.#events,
      };
    });
    this.store.append([batchOf(events)]);
  }

  /** Places addresses, some at a time, until there is nothing left to do. @returns Addresses written. */
  place(source = SOURCE, limit = 2): number {
    let written = 0;
    for (let round = 0; round < 100; round += 1) {
      const { addresses, progress } = this.reader.places.addressesToPlace(source, limit);
      if (progress === undefined) return written;
      written += addresses.length;
      const places = addresses.map(({ totalId, address }) => ({
        totalId,
        country: address.startsWith('10.') ? 'SE' : '',
        network: `${address.split('.').slice(0, 2).join('.')}.0.0/16`,
        networkName: source === SOURCE ? '' : 'named',
      }));
      this.store.place(places, progress);
    }
    throw new Error('it does not come to an end');
  }

  countries(): readonly unknown[] {
    return this.reader.places
      .countries()
      .map(({ country, addressesCount, seenCount }) => [country, addressesCount, seenCount]);
  }

  networks(): readonly unknown[] {
    return this.reader.places
      .networks(100)
      .map(({ network, addressesCount, seenCount }) => [network, addressesCount, seenCount]);
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.store.close();
    this.#directory[Symbol.dispose]();
  }
}

test('place() counts each address once and each message once, however often it is asked', () => {
  using setup = new Setup();
  setup.receive('10.1.0.1', '10.1.0.2', '10.2.0.1', '192.0.2.1', '10.1.0.1');
  setup.place();
  assert.deepEqual(setup.countries(), [
    ['SE', 3, 4],
    ['', 1, 1],
  ]);
  assert.deepEqual(setup.networks(), [
    ['10.1.0.0/16', 2, 3],
    ['192.0.0.0/16', 1, 1],
    ['10.2.0.0/16', 1, 1],
  ]);
  assert.equal(setup.place(), 0);
  setup.receive('192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.1');
  assert.equal(setup.place(), 1, 'only what changed is written');
  assert.deepEqual(setup.countries(), [
    ['', 1, 5],
    ['SE', 3, 4],
  ]);
  const [first] = setup.reader.places.countries();
  assert.deepEqual([first?.firstSeenEpochUs, first?.lastSeenEpochUs], [NOON_US + 4, NOON_US + 9]);
});

test('networks() gives page after page, also where many have the same count', () => {
  using setup = new Setup();
  setup.receive(...Array.from({ length: 9 }, (_, index) => `10.${index}.0.1`), '10.4.0.1');
  setup.place();
  const found: string[] = [];
  let after: { readonly seenCount: number; readonly network: string } | undefined;
  do {
    const page = setup.reader.places.networks(2, after);
    found.push(...page.map(({ network }) => network));
    after = page.at(-1);
  } while (after !== undefined);
  assert.equal(found[0], '10.4.0.0/16');
  assert.equal(new Set(found).size, 9);
  assert.equal(found.length, 9);
});

test('what retention removes is taken out of the totals', () => {
  using setup = new Setup(10);
  setup.receive('10.1.0.1', '10.1.0.1', '192.0.2.1');
  setup.clock.us += 5 * DAY_US;
  setup.receive('10.1.0.2');
  setup.place();
  assert.deepEqual(setup.countries(), [
    ['SE', 2, 3],
    ['', 1, 1],
  ]);
  setup.clock.us += 6 * DAY_US;
  setup.clock.ms += 60_000;
  while (setup.store.maintain());
  assert.deepEqual(setup.countries(), [['SE', 1, 1]]);
  assert.deepEqual(setup.networks(), [['10.1.0.0/16', 1, 1]]);
  setup.receive('192.0.2.1'); // Perhaps with the number of a removed one.
  setup.place();
  assert.deepEqual(setup.countries(), [
    ['', 1, 1],
    ['SE', 1, 1],
  ]);
});

test('other places begin anew, and count what was there and what came since', () => {
  using setup = new Setup();
  setup.receive('10.1.0.1', '10.1.0.2');
  setup.place();
  setup.receive('10.1.0.1', '10.3.0.1');
  setup.place(SOURCE + 1);
  assert.deepEqual(setup.countries(), [['SE', 3, 4]]);
  assert.equal(setup.reader.places.networks(1)[0]?.name, 'named');
});
