// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger, type Logger } from '@sentrypeer/kernel';
import { KernelDropWatch } from '../../src/services/kernel-drop-watch.ts';

/** A watch on a kernel that drops what the test says. */
function watching() {
  const kernel = { droppedCount: 0 };
  const told: number[] = [];
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (event) => warnings.push(event) };
  const watch = new KernelDropWatch({
    logger,
    socket: 'sip',
    take: async () => {
      const count = kernel.droppedCount;
      await Promise.resolve();
      kernel.droppedCount = 0;
      return count;
    },
    onDropped: (count) => told.push(count),
  });
  return { kernel, told, warnings, watch };
}

test('KernelDropWatch tells each drop once, also where two look at a time', async () => {
  const { kernel, told, watch } = watching();
  await using _ = watch;
  kernel.droppedCount = 7;
  await Promise.all([watch.look(), watch.look()]);
  assert.deepEqual(told, [7]);
  assert.equal(watch.count, 7);
});

test('KernelDropWatch warns when the kernel begins to drop, not while it goes on', async () => {
  const { kernel, warnings, watch } = watching();
  await using _ = watch;
  for (const droppedCount of [0, 3, 4, 0, 5]) {
    kernel.droppedCount = droppedCount;
    await watch.look();
  }
  assert.deepEqual(warnings, ['udp_flood', 'udp_flood_over', 'udp_flood']);
  assert.equal(watch.count, 12);
});

test('KernelDropWatch looks for a last time when it is closed', async () => {
  const { kernel, told, watch } = watching();
  kernel.droppedCount = 2;
  await watch[Symbol.asyncDispose]();
  assert.deepEqual(told, [2]);
});
