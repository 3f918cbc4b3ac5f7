// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressPrinter } from '../../src/output/progress-printer.ts';

/** A minute of work, reported every tenth of a second. */
function watch(isTerminal: boolean, ms: number) {
  const clock = { nowMs: () => atMs, epochUs: () => 0 };
  const written: string[] = [];
  const told: string[] = [];
  let atMs = 1000;
  const printer = new ProgressPrinter({
    clock,
    isTerminal,
    write: (text) => written.push(text),
    onProgress: (text) => told.push(text),
  });
  for (let done = 0; done <= ms; done += 100) {
    printer.show('database upgrade', done, ms);
    atMs += 100;
  }
  return { written, told };
}

test('ProgressPrinter writes a line every 5 s to a log, and one at the end', () => {
  const { written, told } = watch(false, 20_000);
  assert.deepEqual(written, [
    'warn progress work="database upgrade" done=5% text="5 %, 19 s left"\n',
    'warn progress work="database upgrade" done=30% text="30 %, 14 s left"\n',
    'warn progress work="database upgrade" done=55% text="55 %, 9 s left"\n',
    'warn progress work="database upgrade" done=80% text="80 %, 4 s left"\n',
    'warn progress work="database upgrade" took="20 s" text="done in 20 s"\n',
  ]);
  assert.equal(told[0], 'database upgrade: 5 %, 19 s left');
  assert.equal(told.at(-1), 'database upgrade: done in 20 s');
});

test('ProgressPrinter draws a bar on a terminal, and leaves the line at the end', () => {
  const { written } = watch(true, 4000);
  assert.ok(written.length >= 10 && written.length <= 20, String(written.length));
  assert.ok(written.every((text) => text.startsWith('\rdatabase upgrade [')));
  const [first = ''] = written;
  const last = written.at(-1) ?? '';
  assert.ok(first.endsWith(`[${'#'.repeat(8)}${'.'.repeat(22)}] 25 %, 3 s left\u001b[K`), first);
  assert.ok(last.endsWith(`[${'#'.repeat(30)}] done in 4 s\u001b[K\n`), last);
});

test('ProgressPrinter says nothing of what is over within a second', () => {
  assert.deepEqual(watch(false, 900), { written: [], told: [] });
  assert.deepEqual(watch(true, 900), { written: [], told: [] });
});
