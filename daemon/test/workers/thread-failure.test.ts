// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OperatingError } from '@sentrypeer/kernel';
import { assertRoomForThread, threadFailure } from '../../src/workers/thread-failure.ts';

const MEBIBYTE = 1024 * 1024;

test('a thread needs 1 GiB of address space below the limit, if there is one', () => {
  for (const space of [
    { limit: undefined, used: 9000 * MEBIBYTE },
    { limit: 2048 * MEBIBYTE, used: undefined },
    { limit: 2048 * MEBIBYTE, used: 1024 * MEBIBYTE },
  ])
    assertRoomForThread('store-worker', space);
  assert.throws(
    () =>
      assertRoomForThread('store-worker', { limit: 2048 * MEBIBYTE, used: 1024 * MEBIBYTE + 1 }),
    { code: 'thread_refused', message: /2048 MiB of address space .* 1024 MiB.*ulimit -v/ },
  );
});

test('what the system refuses to a thread is reported with the limit to raise, and nothing else is', () => {
  for (const [code, message, advice] of [
    ['ERR_WORKER_INIT_FAILED', 'Worker initialization failure: EMFILE', /EMFILE.*ulimit -n/],
    ['EMFILE', "EMFILE: too many open files, open '/x.js'", /ulimit -n/],
    ['ERR_X', 'Cannot read package config /x/package.json: too many open files.', /ulimit -n/],
    ['ENFILE', 'ENFILE: file table overflow', /fs\.file-max/],
    ['EAGAIN', 'EAGAIN', /ulimit -u.*--threads=1/],
    ['ENOMEM', 'ENOMEM', /memory.*--threads=1/],
  ] as const) {
    const cause = Object.assign(new Error(message), { code });
    const failure = threadFailure('sip-worker', cause);
    assert.ok(failure instanceof OperatingError, code);
    assert.equal(failure.code, 'thread_refused');
    assert.equal(failure.cause, cause);
    assert.match(failure.message, /^thread sip-worker /);
    assert.match(failure.message, advice);
  }
  for (const error of [
    new Error('a bug'),
    'a text',
    Object.assign(new Error('x'), { code: 'EIO' }),
  ])
    assert.equal(threadFailure('sip-worker', error), error);
});
