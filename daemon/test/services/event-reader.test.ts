// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { EventForm } from '@sentrypeer/api';
import { EventWriter } from '@sentrypeer/api/event-writer';
import { EventBatchWriter } from '@sentrypeer/event';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Places } from '@sentrypeer/geo';
import { Store, StoreReader } from '@sentrypeer/store';
import { EventReader } from '../../src/services/event-reader.ts';
import { placesOptions } from '../../src/services/places-options.ts';
import { storeSearch } from '../../src/services/store-search.ts';
import { OBSERVATION } from './observation.ts';

const PLACES = { countryFile: 'built-in', networkFile: undefined };
const FORM: EventForm = { as: 'list', withSecrets: false };
const NODE_ID = '6f3a6f7e-1111-4222-8333-abcdefabcdef';

const decoder = new TextDecoder();

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
  await using reader = new EventReader(
    { logger: silentLogger },
    { dbFile: bench.path, places: PLACES },
  );
  const pages = await Promise.all(
    Array.from({ length: 30 }, (_, at) =>
      reader.find(FORM, { calledNumber: `00${at + 1}` }, 'oldest-first', undefined, 10, 1000),
    ),
  );
  assert.deepEqual(
    pages.map(({ octets }) => (JSON.parse(decoder.decode(octets)) as { id: number }).id),
    Array.from({ length: 30 }, (_, at) => at + 1),
  );
});

test('EventReader writes in its thread what this thread would write, in every form', async () => {
  using bench = new Bench(7);
  await using reader = new EventReader(
    { logger: silentLogger },
    { dbFile: bench.path, places: PLACES },
  );
  using places = await Places.open(silentLogger, placesOptions(PLACES));
  const log = StoreReader.open(bench.path);
  const writer = new EventWriter(storeSearch(log), places);
  for (const as of ['list', 'lines', 'records', 'messages'] as const) {
    for (const withSecrets of [false, true]) {
      const question = [{ as, withSecrets }, {}, 'oldest-first', 1, 4, 1000] as const;
      const found = await reader.find(...question);
      assert.deepEqual(found, writer.find(...question));
      assert.equal(found.count, 4);
    }
  }
  const sampled = [{ withSecrets: true }, {}, { after: 1, until: 6 }, 2, 1000] as const;
  assert.deepEqual(await reader.sample(...sampled), writer.sample(...sampled));
  log.close();
});

test('EventReader says that the log cannot be read, and reads it once it can be', async () => {
  using bench = new Bench(1);
  const away = `${bench.path}.away`;
  renameSync(bench.path, away);
  await using reader = new EventReader(
    { logger: silentLogger },
    { dbFile: bench.path, places: PLACES },
  );
  const ask = () => reader.find(FORM, {}, 'newest-first', undefined, 10, 1000);
  await assert.rejects(ask(), { name: 'OperatingError' });
  renameSync(away, bench.path);
  assert.equal((await ask()).count, 1);
});

test('EventReader ends with what it was asked answered, or told that the node stops', async () => {
  using bench = new Bench(1);
  const reader = new EventReader({ logger: silentLogger }, { dbFile: bench.path, places: PLACES });
  const page = reader.find(FORM, {}, 'newest-first', undefined, 10, 1000);
  await reader[Symbol.asyncDispose]();
  await page.then(
    ({ count }) => assert.equal(count, 1),
    (error: unknown) => assert.match(String(error), /stopping/),
  );
});

test('EventReader searches without the file of networks if it is gone, and says so', async () => {
  using bench = new Bench(1);
  const said: string[] = [];
  const logger = { ...silentLogger, error: (event: string) => void said.push(event) };
  const places = { countryFile: 'none', networkFile: `${bench.path}.mmdb` };
  await using reader = new EventReader({ logger }, { dbFile: bench.path, places });
  const { count } = await reader.find(FORM, {}, 'newest-first', undefined, 10, 1000);
  assert.equal(count, 1);
  assert.deepEqual(said, ['geo_file']);
});
