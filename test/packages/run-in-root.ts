// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { ROOT } from '../../tools/sources.ts';

/** Runs a program in the root of the repository, however long it takes; a failure shows everything that it printed. */
export function runInRoot(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  const made = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  assert.equal(made.status, 0, `${program} ${args.join(' ')}\n${made.stdout}${made.stderr}`);
  return made.stdout;
}
