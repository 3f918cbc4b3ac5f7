// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const MODULE = join(import.meta.dirname, '../src/small-profile.ts');
const SMALL = { NODE_OPTIONS: '--no-node-snapshot', MALLOC_ARENA_MAX: '1' };

/** Whether V8 compiles frequently called code in a process with this environment. */
function compiles(environment: Readonly<Record<string, string>>, call = ''): boolean {
  const script = `
    const profile = await import(${JSON.stringify(MODULE)});
    ${call}
    const sum = (to) => { let all = 0; for (let at = 0; at < to; at += 1) all += at % 7; return all; };
    for (let count = 0; count < 2000; count += 1) sum(5000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    sum(5000);
    console.log(%GetOptimizationStatus(sum) & (16 | 32)); // By Maglev, by Turbofan.`;
  const flags = ['--allow-natives-syntax', '--input-type=module', '-e', script];
  return (
    Number(execFileSync(process.execPath, flags, { env: environment, encoding: 'utf8' })) !== 0
  );
}

test('a process of a small device begins without compilers, and no other does', () => {
  assert.equal(compiles({}), true);
  assert.equal(compiles({ NODE_OPTIONS: SMALL.NODE_OPTIONS }), true);
  assert.equal(compiles(SMALL), false);
});

test('compileAsUsual() gives a command in the environment of a small device its compilers back', () => {
  assert.equal(compiles(SMALL, 'profile.compileAsUsual();'), true);
});
