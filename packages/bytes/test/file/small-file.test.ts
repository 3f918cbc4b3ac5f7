// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileTrouble, fileTrouble, readSmallFile } from '../../src/file/index.ts';

class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'sentrypeer-bytes-'));

  file(name: string): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

const troubleWith = (code: string) => (error: unknown) =>
  error instanceof FileTrouble && error.code === code && error.message !== '';

test('readSmallFile() reads as many octets as it may and refuses one more', () => {
  using folder = new Folder();
  const file = folder.file('x');
  for (const size of [0, 1, 70_000]) {
    writeFileSync(file, new Uint8Array(size).fill(7));
    assert.deepEqual(readSmallFile(file, 70_000), new Uint8Array(size).fill(7));
  }
  assert.throws(() => readSmallFile(file, 69_999), troubleWith('EFBIG'));
  truncateSync(file, 5 * 1024 ** 3);
  assert.throws(() => readSmallFile(file, 70_000), troubleWith('EFBIG'));
});

test('readSmallFile() says what is no file', async () => {
  using folder = new Folder();
  assert.throws(() => readSmallFile(folder.path, 10), troubleWith('EISDIR'));
  assert.throws(() => readSmallFile(folder.file('none'), 10), troubleWith('ENOENT'));
  if (process.platform === 'win32') return;
  assert.throws(() => readSmallFile('/dev/zero', 10), troubleWith('EFBIG'));
  assert.deepEqual(readSmallFile('/dev/null', 10), new Uint8Array());
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(folder.file('socket'), resolve));
  assert.throws(() => readSmallFile(folder.file('socket'), 10), troubleWith('ENXIO'));
  await new Promise((resolve) => server.close(resolve));
});

test('readSmallFile() reads a pipe to its end, and waits for nobody who never writes', async (t) => {
  if (process.platform === 'win32') return t.skip('Windows has no such pipes');
  using folder = new Folder();
  const pipe = folder.file('pipe');
  execFileSync('mkfifo', [pipe]);
  assert.throws(() => readSmallFile(pipe, 10, 60), /no program writes to this pipe/);
  // Opened for reading too, it has somebody who could write.
  const silent = spawn('sh', ['-c', `exec 3<>${pipe}; echo open; exec sleep 60`]);
  await new Promise((resolve) => silent.stdout.once('data', resolve));
  assert.throws(() => readSmallFile(pipe, 10, 60), /nothing came for 0\.06 s/);
  const ended = new Promise((resolve) => silent.once('close', resolve));
  silent.kill('SIGKILL');
  await ended;
  const writer = spawn('sh', ['-c', `printf key > ${pipe}`]);
  assert.equal(new TextDecoder().decode(readSmallFile(pipe, 10, 60_000)), 'key');
  await new Promise((resolve) => writer.once('close', resolve));
});

test('fileTrouble() is a few words for any error', () => {
  assert.equal(fileTrouble(new FileTrouble('EISDIR', 'it is a directory')), 'it is a directory');
  assert.equal(fileTrouble(Object.assign(new Error('x'), { code: 'EIO' })), 'EIO');
  assert.equal(fileTrouble(undefined), 'unknown reason');
});
