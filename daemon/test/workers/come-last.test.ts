// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { READER_NICENESS } from '../../src/limits.ts';
import { comeLast } from '../../src/workers/come-last.ts';

/** What a system of this platform is told, on which the process has this niceness. */
function told(platform: NodeJS.Platform, niceness: number): readonly number[] {
  const given: number[] = [];
  const setPriority = (value: number): void => void given.push(value);
  comeLast(READER_NICENESS, { platform, getPriority: () => niceness, setPriority });
  return given;
}

test('comeLast() touches no process where a thread has no priority of its own', () => {
  assert.deepEqual(told('linux', 0), [READER_NICENESS]);
  assert.deepEqual(told('darwin', 0), []);
  assert.deepEqual(told('win32', 0), []);
});

test('comeLast() raises nobody, which an ordinary user may not', () => {
  assert.deepEqual(told('linux', READER_NICENESS + 5), []);
});

test('comeLast() lets a thread work where a sandbox forbids priorities', () => {
  const setPriority = (): void => {
    throw new Error('A system error occurred: uv_os_setpriority returned EPERM');
  };
  comeLast(READER_NICENESS, { platform: 'linux', getPriority: () => 0, setPriority });
});

test('comeLast() lowers the thread that calls it, and no other', async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux has priorities of threads');
  const before = getPriority();
  const url = JSON.stringify(new URL('../../src/workers/come-last.ts', import.meta.url).href);
  const code = `import(${url}).then(({ comeLast }) => {
    comeLast();
    require('node:worker_threads').parentPort.postMessage(require('node:os').getPriority());
  });`;
  const worker = new Worker(code, { eval: true });
  const [niceness] = (await once(worker, 'message')) as [number];
  assert.equal(niceness, Math.max(before, READER_NICENESS));
  assert.equal(getPriority(), before);
});
