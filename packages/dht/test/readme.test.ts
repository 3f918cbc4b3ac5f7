// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const RUN_MS_MAX = 30_000;

test('the example of the README runs and prints what it says', async (t) => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```ts\n([^]*?)```/.exec(readme) ?? [];
  // Inside the package, so that its name resolves as it does for others.
  const folder = await mkdtemp(join(import.meta.dirname, 'readme-'));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, 'example.ts');
  await writeFile(file, example);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: RUN_MS_MAX });
  assert.equal(stdout, 'hello true\n');
  assert.ok(readme.includes('prints `hello true`'));
});
