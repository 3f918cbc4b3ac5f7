// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { limitArenas, openTrim, type AllocatorHost } from '../src/allocator.ts';

const MODULE = JSON.stringify(join(import.meta.dirname, '../src/allocator.ts'));

/** A process in which whatever is looked up is written down. */
class Host implements AllocatorHost {
  readonly lookedUp: string[] = [];
  readonly platform: NodeJS.Platform;
  readonly arch: NodeJS.Architecture;
  readonly env: Record<string, string> = {};
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

/** Starts threads after `before`, and says how many arenas they added. */
function arenasAdded(before: string, env: Readonly<Record<string, string>> = {}): number {
  const script = `
    import { readFileSync } from 'node:fs';
    import { Worker } from 'node:worker_threads';
    const { limitArenas } = await import(${MODULE});
    /* Each reserves 64 MiB, at a multiple of that, and may use a part of it. */
    const arenas = () => {
      const size = 2 ** 26;
      const maps = readFileSync('/proc/self/maps', 'latin1').split('\\n').map((line) => {
        const [, from = '', to = '', mode = ''] = /^(\\w+)-(\\w+) (\\S+) 0+ 00:00 0 *$/.exec(line) ?? [];
        return { from: parseInt(from, 16), to: parseInt(to, 16), mode };
      });
      return maps.filter(({ from, mode }, at) =>
        mode.startsWith('rw') && from % size === 0 && maps[at + 1]?.to === from + size).length;
    };
    ${before};
    const had = arenas();
    const workers = Array.from({ length: 6 }, () =>
      new Worker("process.getBuiltinModule('node:worker_threads').parentPort.on('message', () => {}).postMessage('up')", { eval: true }));
    await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
    console.log(arenas() - Math.max(had, 1)); // The first of two is that of the main thread.
    process.exit();`;
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  assert.equal(run.stderr, '');
  return Number.parseInt(run.stdout, 10);
}

test('threads share the arenas of glibc that there are, unless the operator says how many', (t) => {
  if (process.platform !== 'linux' || !isGlibc()) return t.skip('only glibc has arenas');
  assert.ok(arenasAdded('') > 0);
  assert.equal(arenasAdded('limitArenas(2)'), 0);
  assert.ok(arenasAdded('limitArenas(2)', { MALLOC_ARENA_MAX: '12' }) > 0);
});

test('the number of arenas is only told to glibc', () => {
  const told: unknown[] = [];
  const functions = { mallopt: (...words: readonly unknown[]) => told.push(words) };
  const host = new Host('linux', 'x64', { dlopen: () => ({ functions }) });
  limitArenas(2, host);
  assert.deepEqual(told, [[-8, 2]]);
  limitArenas(2, new Host('darwin', 'arm64', { dlopen: () => assert.fail() }));
  host.env['MALLOC_ARENA_MAX'] = '1';
  limitArenas(2, host);
  assert.equal(told.length, 1);
});

function isGlibc(): boolean {
  const { header } = process.report.getReport() as { readonly header: Record<string, unknown> };
  return header['glibcVersionRuntime'] !== undefined;
}
