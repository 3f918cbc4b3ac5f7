// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLogger } from '@sentrypeer/kernel';
import { endSteps, runSteps } from '../../src/file/upgrade-steps.ts';
import { TestLogger } from '../fixtures.ts';

test('runSteps() runs the steps in order and tells how far all of them are, never the end', () => {
  const said: unknown[] = [];
  const logger = {
    ...silentLogger,
    progress: (work: string, done: number, total: number): void => {
      said.push(done, total);
      assert.equal(work, 'database upgrade');
    },
  };
  const run: string[] = [];
  runSteps(
    [
      { weight: 1, run: () => run.push('first') },
      {
        weight: 3,
        run: (told) => {
          run.push('second');
          told(0.25);
          told(1 / 7);
        },
      },
    ],
    logger,
  );
  assert.deepEqual(run, ['first', 'second']);
  assert.deepEqual(said, [0, 4000, 1000, 4000, 1750, 4000, 1428, 4000, 3999, 4000]);
  said.length = 0;
  endSteps(logger);
  assert.deepEqual(said, [1, 1]);
});

test('runSteps() and endSteps() do without a logger that shows progress', () => {
  let runs = 0;
  const logger = new TestLogger();
  runSteps([{ weight: 1, run: () => (runs += 1) }], logger);
  endSteps(logger);
  assert.equal(runs, 1);
});
