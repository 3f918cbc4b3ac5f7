// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import { DatabaseSync } from 'node:sqlite';
import { Store } from '../../src/store.ts';
import { StoreReader } from '../../src/store-reader.ts';
import { TestClock, TestDirectory, TestLogger } from '../fixtures.ts';

/** A store with pages of the pool, read by another connection as well. */
export class PoolStore implements Disposable {
  readonly clock = new TestClock();
  readonly #directory = new TestDirectory();
  readonly path = this.#directory.file('sentrypeer.db');
  readonly store = Store.open({ logger: new TestLogger(), clock: this.clock }, { path: this.path });
  readonly database = new DatabaseSync(this.path);
  readonly reader = StoreReader.open(this.path);

  maintain(): void {
    while (this.store.maintain());
  }

  [Symbol.dispose](): void {
    this.reader.close();
    this.database.close();
    this.store.close();
    this.#directory[Symbol.dispose]();
  }
}
