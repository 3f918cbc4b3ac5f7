// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EventBatchWriter } from '@sentrypeer/event';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Store, StoreReader } from '@sentrypeer/store';
import { openTrim } from '../../src/allocator.ts';
import { OBSERVATION } from './observation.ts';

const MIB = 1_048_576;

function residentMib(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
}

/** A store on disk, and what records so many events of new numbers in it. */
function openStore(scope: DisposableStack) {
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-memory-'));
  scope.defer(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'test.db');
  const store = scope.use(Store.open({ logger: silentLogger, clock: systemClock }, { path }));
  let recorded = 0;
  const record = (count: number): void => {
    const writer = new EventBatchWriter(new Uint8Array(2 * MIB), 'node-1', 'passive');
    for (let index = 0; index < count; index += 1) {
      recorded += 1;
      const uuid = `01890000-0000-7000-8000-${String(recorded).padStart(12, '0')}`;
      const calledNumber = `0046${recorded}`;
      assert.ok(writer.addEvent(uuid, { ...OBSERVATION, calledNumber }), 'fits');
    }
    assert.equal(store.append([writer.finish()]).events, count);
  };
  for (let batch = 0; batch < 20; batch += 1) record(1_000);
  return { path, store, record };
}

/** @returns MiB that the process gives back. */
function givenBackBy(release: () => void): number {
  const trim = openTrim();
  trim(); // Frees first what is free already.
  const before = residentMib();
  release();
  trim();
  return before - residentMib();
}

test('Store.releaseMemory() gives back pages of the file, and recording goes on', () => {
  using scope = new DisposableStack();
  const { store, record } = openStore(scope);
  const givenBack = givenBackBy(() => store.releaseMemory());
  assert.ok(givenBack > 3, `${givenBack.toFixed(1)} MiB of a cache of 8`);
  record(1_000);
});

test('StoreReader.releaseMemory() gives back pages of the file, and what was read is read again', () => {
  using scope = new DisposableStack();
  const { path } = openStore(scope);
  const reader = scope.use(StoreReader.open(path, { cacheOctets: 4 * MIB }));
  const page = (): number => reader.eventsAfter(0, 20_000).length;
  assert.equal(page(), 20_000);
  const givenBack = givenBackBy(() => reader.releaseMemory());
  assert.ok(givenBack > 2, `${givenBack.toFixed(1)} MiB of a cache of 4`);
  assert.equal(page(), 20_000);
});
