// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Runs all tests. Tests against real peers (scanners, daemons) skip where a peer is not installed, and this
 * says so at the end; with CI=true the peers' Debian packages are installed first and a skipped test fails.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, globSync, symlinkSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { installAsterisk } from '../test/interop/asterisk.ts';
import { missingPeers } from '../test/interop/peer.ts';
import { ROOT } from './sources.ts';

const PATTERNS = [
  '{packages/*,daemon}/test/**/*.test.ts',
  'test/{interop,e2e,stories}/**/*.test.ts',
  'tools/*.test.ts',
];

const ci = process.env['CI'] === 'true';
if (ci) {
  installPeers();
  installAsterisk();
}

const files =
  process.argv.length > 2 ? process.argv.slice(2) : globSync(PATTERNS, { cwd: ROOT }).toSorted();
let failedCount = 0;
let passedCount = 0;
const skipped: string[] = [];

const stream = run({ files, cwd: ROOT, concurrency: Math.max(1, availableParallelism() - 1) });
stream.on('test:fail', () => (failedCount += 1));
stream.on('test:pass', ({ name, skip, todo }) => {
  if (skip !== undefined || todo !== undefined) skipped.push(name);
  else passedCount += 1;
});
const reported = stream.compose(spec);
for await (const text of reported) process.stdout.write(text);

if (skipped.length > 0) {
  console.error(
    `\n${skipped.length} tests were SKIPPED:\n${skipped.map((name) => `  ${name}\n`).join('')}`,
  );
  const packages = missingPeers().map((peer) => peer.debianPackage);
  if (packages.length > 0)
    console.error(`To run them: sudo apt-get install ${[...new Set(packages)].join(' ')}\n`);
}
if (failedCount > 0 || passedCount === 0 || (ci && skipped.length > 0)) process.exitCode = 1;

/** As `systemctl mask`, before the package brings the unit: its default would join the public network. */
function keepStopped(unit: string): void {
  const path = join('/etc/systemd/system', unit);
  if (existsSync('/run/systemd/system') && !existsSync(path)) symlinkSync('/dev/null', path);
}

function installPeers(): void {
  const packages = [...new Set(missingPeers().map((peer) => peer.debianPackage))];
  if (packages.length === 0) return;
  keepStopped('dhtnode.service');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-q'],
    ['install', '-q', '-y', '--no-install-recommends', ...packages],
  ]) {
    const { status } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')} ended with status ${status}`);
  }
}
