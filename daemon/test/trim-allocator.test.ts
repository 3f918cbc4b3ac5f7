// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { openTrim, type TrimHost } from '../src/trim-allocator.ts';

const MODULE = JSON.stringify(join(import.meta.dirname, '../src/trim-allocator.ts'));

/** A process in which whatever is looked up is written down. */
class Host implements TrimHost {
  readonly lookedUp: string[] = [];
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  emitWarning: unknown = 'its own';
  readonly #module: unknown;

  constructor(platform: NodeJS.Platform, arch: NodeJS.Architecture, module: unknown) {
    this.platform = platform;
    this.arch = arch;
    this.#module = module;
  }

  getBuiltinModule(name: string): unknown {
    this.lookedUp.push(name);
    return this.#module;
  }
}

/** Runs code that may call `trim()` and `collect()`. */
function inProcess(code: string): ReturnType<typeof spawnSync> {
  const script = `
    const trim = (await import(${MODULE})).openTrim();
    const collect = globalThis.gc;
    ${code}`;
  const flags = ['--expose-gc', '--input-type=module', '-e', script];
  return spawnSync(process.execPath, flags, { encoding: 'utf8' });
}

test('what glibc keeps without need goes back to the system, and no word is said of it', (t) => {
  if (process.platform !== 'linux' || !isGlibc()) return t.skip('only glibc has malloc_trim()');
  const { stdout, stderr, status } = inProcess(`
    let kept = [];
    for (let index = 0; index < 30_000; index += 1) kept.push(new ArrayBuffer(3000));
    kept = kept.slice(-1); // It holds the end of the heap.
    collect();
    await new Promise((resolve) => setTimeout(resolve, 200)); // Freed by a helper.
    const before = process.memoryUsage.rss();
    trim();
    console.log(before - process.memoryUsage.rss(), kept.length);`);
  assert.equal(stderr, '');
  assert.equal(status, 0);
  assert.ok(Number.parseInt(String(stdout), 10) > 10_000_000, String(stdout));
});

test('it does nothing on other systems and machines, without asking for anything', () => {
  for (const [platform, arch] of [
    ['win32', 'x64'],
    ['darwin', 'arm64'],
    ['linux', 'arm'],
  ] as const) {
    const host = new Host(platform, arch, undefined);
    openTrim(host)();
    assert.deepEqual(host.lookedUp, []);
  }
});

test('it does nothing where Node has no foreign functions, or the C library is another one', () => {
  const noLibrary = {
    dlopen: () => {
      throw new Error('libc.so.6: cannot open shared object file');
    },
  };
  for (const module of [undefined, noLibrary]) {
    const host = new Host('linux', 'x64', module);
    openTrim(host)();
    assert.deepEqual(host.lookedUp, ['node:ffi']);
    assert.equal(host.emitWarning, 'its own');
  }
  const flags = ['--no-experimental-ffi', '--input-type=module', '-e'];
  const script = `(await import(${MODULE})).openTrim()(); console.log('well');`;
  assert.equal(execFileSync(process.execPath, [...flags, script], { encoding: 'utf8' }), 'well\n');
});

function isGlibc(): boolean {
  const { header } = process.report.getReport() as { readonly header: Record<string, unknown> };
  return header['glibcVersionRuntime'] !== undefined;
}
