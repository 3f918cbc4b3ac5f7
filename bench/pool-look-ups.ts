// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * What does a look-up cost at a node that shares (-p) and keeps 100,000 claims of a pool, compared with the same node
 * that does not? Both have the same calls in their file and are asked in turn. Tells processor time of the thread that
 * answers, which on a busy machine varies less than the time by the clock. Needs the bundle.
 *
 *     npm run bundle && node bench/pool-look-ups.ts [claims] [rounds]
 */

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DaemonProcess } from '../test/e2e/daemon-process.ts';
import { makeJudgedDatabase, POLICY } from './load/judged.ts';
import { allPages, fileOf } from './load/pool-pages.ts';
import { machineLine, temporaryFolder } from './load/processes.ts';

const CLAIMS = Number(process.argv[2] ?? 100_000);
const ROUNDS = Number(process.argv[3] ?? 20);
const NUMBERS = 10_000;
const QUESTIONS_PER_ROUND = 200;
const CONNECTIONS = 8;
/** Processor time that the main thread of a node at rest uses in a second, at most. */
const SETTLED_MS = 15;
/** Seconds in a row in which it uses no more: a node reads its own evidence in steps, with pauses. */
const SETTLED_S = 5;
/** Rounds that are not counted: V8 compiles what answers for some ten thousand look-ups, later where more runs besides. */
const WARM_UP_ROUNDS = 30;
const SETTLE_MS_MAX = 120_000;
const BUNDLE = process.env['TESTED_PROGRAM'] ?? join(import.meta.dirname, '../dist/main.js');

const number = (index: number): string => String(index).padStart(7, '0');
const octets = (index: number): string => `${index >> 16}.${(index >> 8) & 255}.${index & 255}`;

/** What is asked: a name for it, the path to each, and how many there are. */
const QUESTIONS: readonly (readonly [string, (index: number) => string, number])[] = [
  ['/v1/check, own number', (index) => `/v1/check?number=070${number(index)}`, NUMBERS],
  ['/v1/check, unknown number', (index) => `/v1/check?number=072${number(index)}`, NUMBERS],
  ['/v1/check, own address', (index) => `/v1/check?address=46.${octets(index)}`, NUMBERS],
  ['/v1/check, unknown address', (index) => `/v1/check?address=47.${octets(index)}`, NUMBERS],
  [
    '/v1/check, ten others name it',
    (index) => `/v1/check?address=50.${octets(index)}`,
    CLAIMS / 1000,
  ],
  ['4.x, own number', (index) => `/numbers/004670${number(index)}`, NUMBERS],
  ['4.x, unknown number', (index) => `/numbers/004672${number(index)}`, NUMBERS],
  ['4.x, own address', (index) => `/ip-addresses/46.${octets(index)}`, NUMBERS],
  ['4.x, unknown address', (index) => `/ip-addresses/47.${octets(index)}`, NUMBERS],
];

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

async function answered(port: number, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  get({ host: '127.0.0.1', port, path, agent }, (response) => {
    if (response.statusCode !== 200 && response.statusCode !== 404) {
      reject(new Error(`${path}: ${response.statusCode}`));
    }
    response.resume().once('end', resolve);
  }).once('error', reject);
  await promise;
}

/** Nanoseconds of processor time of the main thread, proc_pid_schedstat. */
function usedNs({ pid }: DaemonProcess): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'latin1').split(' ')[0]);
}

/** Asks one node. @returns Microseconds of processor time for each look-up. */
async function ask(node: DaemonProcess, paths: readonly string[]): Promise<number> {
  const before = usedNs(node);
  await Promise.all(paths.map((path) => answered(node.ports.api, path)));
  return (usedNs(node) - before) / paths.length / 1000;
}

/** Waits until the node has taken and judged what was imported, of which its main thread is told as well. */
async function settle(node: DaemonProcess): Promise<void> {
  const startMs = performance.now();
  let quietS = 0;
  while (quietS < SETTLED_S) {
    if (performance.now() - startMs > SETTLE_MS_MAX)
      throw new Error('the node did not come to rest');
    const before = usedNs(node);
    await setTimeout(1000);
    quietS = (usedNs(node) - before) / 1e6 > SETTLED_MS ? 0 : quietS + 1;
  }
  console.log(`at rest after ${Math.round((performance.now() - startMs) / 1000)} s`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

console.log(`${machineLine()}; ${CLAIMS} claims of others, ${NUMBERS} numbers of its own`);
using folder = temporaryFolder();
const folders = ['sharing', 'alone'].map((name) => join(folder.path, name));
for (const path of folders) mkdirSync(path);
const [sharing = '', alone = ''] = folders;
await makeJudgedDatabase(join(sharing, 'sentrypeer.db'), NUMBERS, '46.0');
copyFileSync(join(sharing, 'sentrypeer.db'), join(alone, 'sentrypeer.db'));
const policy = `--policy=${POLICY.map(({ name, value }) => `${name}=${value}`).join(',')}`;
const flags = ['--no-sip', '--home-country=SE', '--api-rate=0', policy];
const pool = ['-p', '-b', 'none', '--neighbours=off', '--dht-address=127.0.0.1', '--dht-port=0'];
await using sharer = await DaemonProcess.start([...flags, ...pool], {
  folder: sharing,
  main: BUNDLE,
});
const file = join(folder.path, 'pool.pages');
writeFileSync(file, fileOf([...allPages(CLAIMS)]));
const imported = await DaemonProcess.run(['-f', sharer.dbFile, 'pool', 'import', file], {
  folder: sharing,
  main: BUNDLE,
});
if (imported.status !== 0) throw new Error(imported.stderr);
await using other = await DaemonProcess.start(flags, { folder: alone, main: BUNDLE });
await settle(sharer);
await settle(other);
for (const [what, pathOf, count] of QUESTIONS) {
  const costs: { readonly shares: number; readonly alone: number }[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    const paths = Array.from({ length: QUESTIONS_PER_ROUND }, () =>
      pathOf(Math.floor(Math.random() * count)),
    );
    const shares = await ask(sharer, paths);
    const alone = await ask(other, paths);
    if (round >= 0) costs.push({ shares, alone });
  }
  const shares = median(costs.map((cost) => cost.shares));
  const alone = median(costs.map((cost) => cost.alone));
  const ratio = median(costs.map((cost) => cost.alone / cost.shares));
  console.log(
    `${what}: ${shares.toFixed(1)} us of the processor with -p, ${alone.toFixed(1)} without: ${(alone / shares).toFixed(3)}, median of the rounds ${ratio.toFixed(3)}`,
  );
}
agent.destroy();
