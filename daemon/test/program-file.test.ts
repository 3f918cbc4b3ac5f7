// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keepUnusedCodeOut, openDropUnusedCode, unchangedMappings } from '../src/program-file.ts';

const MODULE = JSON.stringify(join(import.meta.dirname, '../src/program-file.ts'));
const MIB = 1_048_576;

/** An entry of `/proc/PID/smaps`, with the lines that matter. */
function entry(head: string, anonymousKib = 0): string {
  return `${head}\nSize: 16 kB\nRss: 8 kB\nAnonymous: ${anonymousKib} kB\nVmFlags: rd mr mw me \n`;
}

test('only pages that are the same in memory as in the file are dropped', () => {
  const smaps = [
    entry('00400000-0082e000 r--p 00000000 fe:00 53     /opt/a node/bin/node'),
    entry('0082e000-00900000 r-xp 0042e000 fe:00 53     /opt/a node/bin/node', 4), // A breakpoint.
    entry('00900000-072a7000 r--p 03089000 fe:00 53     /opt/a node/bin/node'),
    entry('072a7000-072dc000 r--p 06ea7000 fe:00 53     /opt/a node/bin/node', 24), // Relocated.
    entry('072dc000-0734a000 rw-p 06edc000 fe:00 53     /opt/a node/bin/node'),
    entry('0734a000-07400000 rw-p 00000000 00:00 0 '),
    entry('7f8126580000-7f8126795000 r-xp 01627000 fe:00 53     /opt/a node/bin/node'), // V8's second one.
    entry('7f8126800000-7f8126900000 r-xp 00000000 fe:00 54     /lib/libc.so.6'),
  ].join('');
  assert.deepEqual(unchangedMappings(smaps, '/opt/a node/bin/node'), [
    { address: 0x400000n, octets: 0x42e000n },
    { address: 0x900000n, octets: 0x69a7000n },
  ]);
  assert.deepEqual(unchangedMappings(smaps, '/opt/a node/bin'), []);
  assert.deepEqual(unchangedMappings('', '/opt/a node/bin/node'), []);
});

test('what was only needed to start leaves memory, and the program goes on', (t) => {
  if (process.platform !== 'linux' || !isGlibc()) return t.skip('only Linux has /proc/self/smaps');
  const script = `
    import { createHash } from 'node:crypto';
    import { Worker } from 'node:worker_threads';
    const drop = (await import(${MODULE})).openDropUnusedCode();
    const work = () => createHash('sha256').update(JSON.stringify(Array.from({ length: 1e5 }, (_, at) => at))).digest('hex');
    const expected = work();
    const beside = new Worker(\`const end = Date.now() + 300; let sum = 0; while (Date.now() < end) sum += 1;\`, { eval: true });
    const before = process.memoryUsage.rss();
    drop();
    const after = process.memoryUsage.rss();
    for (let at = 0; at < 20; at += 1) {
      drop();
      if (work() !== expected) throw new Error('another result');
    }
    await new Promise((resolve) => beside.once('exit', resolve));
    console.log(before - after);`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.ok(Number.parseInt(printed, 10) > 8 * MIB, printed);
});

test('most of the program file is in memory as it is in the file', (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux has /proc/self/smaps');
  const file = readlinkSync('/proc/self/exe');
  const mappings = unchangedMappings(readFileSync('/proc/self/smaps', 'utf8'), file);
  const octets = mappings.reduce((sum, mapping) => sum + Number(mapping.octets), 0);
  assert.ok(octets > statSync(file).size / 2, `${octets} of ${statSync(file).size}`);
});

test('it is repeated until it is ended', (t) => {
  if (process.platform !== 'linux' || !isGlibc()) return t.skip('only Linux has /proc/self/smaps');
  t.mock.timers.enable({ apis: ['setInterval'] });
  const end = keepUnusedCodeOut(10_000);
  /** Octets that leave memory in the next ten seconds. */
  const dropped = (): number => {
    process.report.getReport(); // Code that is not used otherwise.
    const before = process.memoryUsage.rss();
    t.mock.timers.tick(10_000);
    return before - process.memoryUsage.rss();
  };
  assert.ok(dropped() > 4 * MIB);
  assert.ok(dropped() > 0);
  end();
  assert.ok(dropped() <= 0);
});

test('it does nothing on other systems, without asking for anything', () => {
  openDropUnusedCode({
    platform: 'darwin',
    arch: 'arm64',
    emitWarning: undefined,
    getBuiltinModule: () => assert.fail(),
  })();
});

function isGlibc(): boolean {
  const { header } = process.report.getReport() as { readonly header: Record<string, unknown> };
  return header['glibcVersionRuntime'] !== undefined;
}
