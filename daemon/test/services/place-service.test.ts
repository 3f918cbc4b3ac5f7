// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { silentLogger } from '@sentrypeer/kernel';
import { PlaceService, type PlaceServicePorts } from '../../src/services/place-service.ts';

test('PlaceService reads nothing after it was closed, whatever is still committed', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  using open = new DisposableStack();
  open.defer(() => mock.timers.reset());
  let readsCount = 0;
  const addressesToPlace = (): object => {
    readsCount += 1;
    return { addresses: [], progress: undefined };
  };
  const ports = {
    engine: {},
    log: { places: { addressesToPlace } },
    places: { source: 1 },
    logger: silentLogger,
  } as unknown as PlaceServicePorts;
  const service = new PlaceService(ports);
  const pass = async (ms: number): Promise<void> => {
    mock.timers.tick(ms);
    await nextTurn();
  };
  await pass(0);
  service.wake();
  await pass(60_000);
  assert.equal(readsCount, 2);
  await service[Symbol.asyncDispose]();
  service.wake();
  await pass(60_000);
  assert.equal(readsCount, 2);
});
