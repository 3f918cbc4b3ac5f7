// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { StoreService } from '../../src/services/store-service.ts';

const GIB = 1024 ** 3;

test('StoreService says what a nearly full disk does to the log, until there is room again', async () => {
  using scope = new DisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'sentrypeer-disk-'));
  scope.defer(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'test.db');
  let freeOctets = 0.1 * GIB;
  const ports = {
    clock: systemClock,
    logger: silentLogger,
    onCommitted: () => undefined,
    onListed: () => undefined,
    disk: { read: () => ({ freeOctets, totalOctets: 100 * GIB }) },
  };
  const service = StoreService.open(ports, {
    path,
    retentionDays: 0,
    hasYearOfRates: false,
    sizeMaxOctets: 0,
    diskFreeMinOctets: GIB,
    owedCursors: [],
    owedMaxOctets: 0,
    isSmall: true,
    judge: { homeCountry: undefined, ownNumbers: [], ownAddresses: [], policy: [] },
  });
  scope.defer(() => service.close());
  const until = async (isSaid: boolean): Promise<void> => {
    const late = AbortSignal.timeout(20_000);
    while ((service.trouble !== undefined) !== isSaid) await wait(20, undefined, { signal: late });
  };
  await until(true);
  const why = `the disk of database ${path} is nearly full: the oldest events may be removed to make room; free some space on it`;
  assert.deepEqual(service.trouble, { why, isDamaged: false });
  freeOctets = 50 * GIB;
  await until(false);
});
