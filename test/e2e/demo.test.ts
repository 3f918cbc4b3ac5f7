// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/* `sentrypeer demo` as typed: what it shows, and that it leaves nothing behind. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEADLINE_MS, PROGRAM, TemporaryFolder } from './daemon-process.ts';

/** Runs the demo with its folder in ours. @param stopAt Sends Ctrl-C when this has been printed. */
async function demo(
  folder: string,
  words: readonly string[],
  stopAt?: string,
): Promise<{ readonly status: unknown; readonly text: string }> {
  const child = spawn(process.execPath, [PROGRAM, 'demo', ...words], {
    // What configures the operator's daemon must not reach it.
    env: { PATH: process.env['PATH'], TMPDIR: folder, SENTRYPEER_DB_FILE: '/nowhere/of/his.db' },
    signal: AbortSignal.timeout(2 * DEADLINE_MS),
  });
  let text = '';
  let hasStopped = false;
  child.stderr.setEncoding('utf8').on('data', (more: string) => (text += more));
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    if (stopAt === undefined || hasStopped || !text.includes(stopAt)) return;
    hasStopped = true;
    child.kill('SIGINT');
  });
  const [status] = (await once(child, 'close')) as readonly unknown[];
  return { status, text };
}

test('sentrypeer demo shows an attack from its first packet to the allowlist, and leaves nothing', async () => {
  using folder = new TemporaryFolder();
  const { status, text } = await demo(folder.path, ['--fast']);
  assert.equal(status, 0, text);
  assert.match(text, /\n192\.0\.2\.66 is not listed\.\n/);
  assert.match(text, /\n203\.0\.113\.7 is listed, \d+ of 100\.\n[^]*it tried passwords once/);
  assert.match(text, /\n\+449098790123 \(GB, premium\) is listed/);
  assert.match(text, /ip-addresses\.txt\n198\.51\.100\.23\n203\.0\.113\.7\n/);
  assert.match(text, /\n198\.51\.100\.23 is not listed\.\nWhy: +it is on the allowlist/);
  assert.match(text, /ip-addresses\.txt\n203\.0\.113\.7\n[^]*That was the demo/);
  assert.deepEqual(readdirSync(folder.path), []);
});

test('sentrypeer demo leaves nothing behind after Ctrl-C either', async () => {
  using folder = new TemporaryFolder();
  const { status, text } = await demo(folder.path, [], 'OPTIONS   100');
  assert.equal(status, 0, text);
  assert.doesNotMatch(text, /INVITE|Error/);
  assert.deepEqual(readdirSync(folder.path), []);
});

test('sentrypeer demo says in one line that it can make no temporary folder', async () => {
  using folder = new TemporaryFolder();
  const { status, text } = await demo(join(folder.path, 'none'), ['--fast']);
  assert.equal(status, 1);
  assert.match(text, /\nsentrypeer: no temporary folder can be made in .*: set TMPDIR to .*\n$/u);
});
