// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EventBatchWriter } from '@sentrypeer/event';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Store } from '@sentrypeer/store';
import { EventReader } from '../../src/services/event-reader.ts';
import { OBSERVATION } from './observation.ts';

const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';

/** A database with so many events. */
class Bench implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'event-reader-'));
  readonly path = join(this.#folder, 'test.db');
  readonly #store = Store.open({ logger: silentLogger, clock: systemClock }, { path: this.path });

  constructor(count: number) {
    const writer = new EventBatchWriter(new Uint8Array(1_048_576), NODE_ID, 'responsive');
    for (let index = 1; index <= count; index += 1) {
      const uuid = `019cab00-0000-7000-8000-${String(index).padStart(12, '0')}`;
      assert.ok(writer.addEvent(uuid, { ...OBSERVATION, calledNumber: `00${index}` }));
    }
    this.#store.append([writer.finish()]);
  }

  [Symbol.dispose](): void {
    this.#store.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

test('EventReader answers many questions at a time, each its own', async () => {
  using bench = new Bench(30);
  await using reader = new EventReader({ logger: silentLogger }, bench.path);
  const pages = await Promise.all(
    Array.from({ length: 30 }, (_, at) =>
      reader.find({ calledNumber: `00${at + 1}` }, 'oldest-first', undefined, 10, 1000),
    ),
  );
  assert.deepEqual(
    pages.map(({ items }) => items.map(({ honeyId }) => honeyId)),
    Array.from({ length: 30 }, (_, at) => [at + 1]),
  );
});

test('EventReader says that the log cannot be read, and reads it once it can be', async () => {
  using bench = new Bench(1);
  const away = `${bench.path}.away`;
  renameSync(bench.path, away);
  await using reader = new EventReader({ logger: silentLogger }, bench.path);
  const ask = () => reader.find({}, 'newest-first', undefined, 10, 1000);
  await assert.rejects(ask(), { name: 'OperatingError' });
  renameSync(away, bench.path);
  assert.equal((await ask()).items.length, 1);
});

test('EventReader ends with what it was asked answered, or told that the node stops', async () => {
  using bench = new Bench(1);
  const reader = new EventReader({ logger: silentLogger }, bench.path);
  const page = reader.find({}, 'newest-first', undefined, 10, 1000);
  await reader[Symbol.asyncDispose]();
  await page.then(
    ({ items }) => assert.equal(items.length, 1),
    (error: unknown) => assert.match(String(error), /stopping/),
  );
});
