// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Runs all tests on all cores, one more at a time than there are cores, because many of them wait now and then; then
 * those that need the machine to themselves, with a core to spare. Tests against real peers (scanners, daemons) skip if a
 * peer is not installed, and this says so at the end; with CI=true the peers' Debian packages are installed first, a
 * skipped test fails, and property tests get the same inputs each time.
 */

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { run, type EventData } from 'node:test';
import { spec } from 'node:test/reporters';
import { installAsterisk } from '../test/interop/asterisk.ts';
import { missingPeers } from '../test/interop/peer.ts';
import { ROOT } from './sources.ts';

/** They send as fast as they can, or measure short times, so a core is left to them. */
const ALONE = [
  'test/e2e/{crash,flood,forged-sources,hostile-sharing,proved-stays,stop-flood}.test.ts',
];
/**
 * They start programs, and spend a third of their time waiting for them and for the timers of real routers and phones.
 */
const PROGRAMS = ['test/{e2e,interop}/**/*.test.ts'];
const OTHERS = [
  '{packages/*,daemon,dashboard}/test/**/*.test.ts',
  'test/stories/**/*.test.ts',
  'tools/*.test.ts',
];

/**
 * Units that packages would start with their defaults: one joins a public network, one is a database, the others are
 * routers.
 */
const UNWANTED_UNITS = [
  'bird.service',
  'dhtnode.service',
  'exabgp.service',
  'frr.service',
  'gobgpd.service',
  'postgresql.service',
  'postgresql@.service',
];

/** A line of the runner's summary. */
const SUMMARY =
  /^(?<name>tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) (?<value>[\d.]+)$/u;

interface RunnerEvent {
  readonly type: string;
  readonly data: Partial<EventData.TestDiagnostic>;
}

/** Each test file is a process: what they share is compiled once. */
process.env['NODE_COMPILE_CACHE'] ??= join(ROOT, 'node_modules/.cache/tests');

const ci = process.env['CI'] === 'true';
const named = process.argv.slice(2);
const ofPackages = named.some((file) => file.startsWith('test/packages/'));
if (ci) {
  installPeers();
  installAsterisk();
}

if (named.length === 0) testBundle();

const cores = availableParallelism();
const spared = Math.max(1, cores - 1);
const alone = globSync(ALONE, { cwd: ROOT });
const programs = globSync(PROGRAMS, { cwd: ROOT, exclude: alone });
const others = globSync(OTHERS, { cwd: ROOT });
const execArgv = ci ? ['--import', join(ROOT, 'tools/fixed-seed.ts')] : [];
const parts =
  named.length > 0
    ? [{ files: named, concurrency: ofPackages ? 1 : spared, execArgv }] // All packages are made in out/.
    : [
        { files: others.toSorted(), concurrency: cores + 1, execArgv },
        { files: programs.toSorted(), concurrency: cores + 1 },
        { files: alone.toSorted(), concurrency: spared },
      ];
let failedCount = 0;
let passedCount = 0;
const skipped: string[] = [];

const reported = Readable.from(eventsOfAll()).compose(spec);
for await (const text of reported) process.stdout.write(text);

if (skipped.length > 0) {
  console.error(
    `\n${skipped.length} tests were SKIPPED:\n${skipped.map((name) => `  ${name}\n`).join('')}`,
  );
  const packages = missingPackages();
  if (packages.length > 0)
    console.error(`To run them: sudo apt-get install ${packages.join(' ')}\n`);
}
if (failedCount > 0 || passedCount === 0 || (ci && skipped.length > 0)) process.exitCode = 1;

/** The runner's events of all parts, with one summary at the end. */
async function* eventsOfAll(): AsyncGenerator {
  const sums = new Map<string, number>();
  for (const part of parts) {
    const stream = run({ ...part, cwd: ROOT });
    stream.on('test:fail', () => (failedCount += 1));
    stream.on('test:pass', ({ name, skip, todo }) => {
      if (skip !== undefined || todo !== undefined) skipped.push(name);
      else passedCount += 1;
    });
    for await (const event of stream as AsyncIterable<RunnerEvent>) {
      const line =
        event.type === 'test:diagnostic' && event.data.nesting === 0 && event.data.message;
      const { name, value } = SUMMARY.exec(line || '')?.groups ?? {};
      if (name === undefined) yield event;
      else sums.set(name, (sums.get(name) ?? 0) + Number(value));
    }
  }
  for (const [name, sum] of sums)
    yield {
      type: 'test:diagnostic',
      data: { nesting: 0, message: `${name} ${sum}`, level: 'info' },
    };
}

/**
 * Tests of the whole program start it some hundred times, so they use the bundle, which takes two thirds of the
 * processor time. It is a copy, because a test of the bundle rebuilds the original.
 */
function testBundle(): void {
  const { status } = spawnSync(process.execPath, ['tools/bundle.ts'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`tools/bundle.ts ended with status ${status}`);
  const copy = join(ROOT, 'out/tested');
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(ROOT, 'dist'), copy, { recursive: true });
  process.env['TESTED_PROGRAM'] = join(copy, 'main.js');
}

/** Like `systemctl mask`, before the package installs the unit. */
function keepStopped(unit: string): void {
  const path = join('/etc/systemd/system', unit);
  if (existsSync('/run/systemd/system') && !existsSync(path)) symlinkSync('/dev/null', path);
}

/** Debian's PostgreSQL creates and starts a cluster when it is installed; tests create their own. */
function withoutCluster(): void {
  const path = '/etc/postgresql-common/createcluster.conf';
  if (existsSync(path)) return;
  mkdirSync('/etc/postgresql-common', { recursive: true });
  writeFileSync(path, 'create_main_cluster = false\n');
}

/** Debian's names of the peers that are not installed here. */
function missingPackages(): readonly string[] {
  const missing = missingPeers(process.env, ofPackages);
  return [...new Set(missing.map((peer) => peer.debianPackage))];
}

function installPeers(): void {
  const packages = missingPackages();
  if (packages.length === 0) return;
  for (const unit of UNWANTED_UNITS) keepStopped(unit);
  withoutCluster();
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const args of [
    ['update', '-q'],
    ['install', '-q', '-y', '--no-install-recommends', ...packages],
  ]) {
    const { status } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')} ended with status ${status}`);
  }
}
