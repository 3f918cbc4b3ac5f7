// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * The profile for small devices restarts the program, in the same process, with settings that must be made before the
 * start.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DaemonProcess } from './daemon-process.ts';
import { assertAnswers } from './sip-peers.ts';

const ONLY_LINUX =
  process.platform === 'linux' ? false : 'what a process was started with is read from /proc';

const startedWith = (pid: number, what: 'cmdline' | 'environ'): readonly string[] =>
  readFileSync(`/proc/${pid}/${what}`, 'utf8').split('\0');

test(
  '--profile small is one process, with its own settings and those of the operator',
  { skip: ONLY_LINUX },
  async () => {
    await using daemon = await DaemonProcess.start(['-r', '--profile', 'small', '--threads', '1'], {
      env: { NODE_OPTIONS: '--max-old-space-size=300' },
    });
    const environment = startedWith(daemon.pid, 'environ');
    assert.ok(environment.includes('NODE_OPTIONS=--max-old-space-size=300 --no-node-snapshot'));
    assert.ok(environment.includes('MALLOC_ARENA_MAX=1'));
    const words = startedWith(daemon.pid, 'cmdline');
    assert.equal(words.filter((word) => word === '--no-turbofan').length, 1);
    await assertAnswers(daemon);
    await daemon.recorded(1);
    await daemon.stop();
  },
);
