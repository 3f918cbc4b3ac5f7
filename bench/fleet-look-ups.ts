// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * What does a look-up of the verdict cost at a node that follows 100,000 listings of a fleet, compared with the same
 * node in no fleet? Both have the same calls in their file, and are asked in turn for a number of their own and for one
 * that nobody called. Needs Debian's postgresql, wrk and the bundle.
 *
 *     npm run bundle && node bench/fleet-look-ups.ts [listings] [seconds]
 */

import { copyFileSync, mkdirSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import { DaemonProcess, until } from '../test/e2e/daemon-process.ts';
import { FleetWorld } from '../test/interop/fleet-world.ts';
import { makeJudgedDatabase, POLICY } from './load/judged.ts';
import { machineLine, temporaryFolder, totalProcessorSeconds } from './load/processes.ts';

const LISTINGS = Number(process.argv[2] ?? 100_000);
const SECONDS = process.argv[3] ?? '4';
const ROUNDS = 6;
const NUMBERS = 50_000;
const CONNECTIONS = '8';
const SCRIPT = join(import.meta.dirname, 'load/checks.lua');
const BUNDLE = join(import.meta.dirname, '../dist/main.js');
const FOLLOW_MS_MAX = 240_000;
/** Milliseconds between two looks at what a node takes, and the share of a processor below which it is quiet. */
const QUIET_MS = 3000;
const QUIET_SHARE = 0.25;

interface Cost {
  readonly perSecond: number;
  /** Microseconds of processor time for each look-up. */
  readonly us: number;
}

/** Asks one node for some seconds. */
async function ask({ pid, ports }: DaemonProcess, prefix: string): Promise<Cost> {
  const used = (): number => totalProcessorSeconds(pid);
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${SECONDS}s`, '-s', SCRIPT];
  const before = used();
  const child = spawn(
    'wrk',
    [...args, `http://127.0.0.1:${ports.api}`, '--', String(NUMBERS), prefix],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  const count = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0);
  if (count === 0 || text.includes('Non-2xx')) throw new Error(text);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    us: ((used() - before) / count) * 1e6,
  };
}

/**
 * Waits until a node does no work of its own: after a start its judge looks once at everything it has, which takes up to
 * a minute, and used to be counted as the cost of look-ups.
 *
 * @returns The share of a processor that it takes at rest.
 */
async function untilQuiet({ pid }: DaemonProcess): Promise<number> {
  for (let share = 1; ;) {
    const before = totalProcessorSeconds(pid);
    await after(QUIET_MS);
    const [last, now] = [share, (totalProcessorSeconds(pid) - before) / (QUIET_MS / 1000)];
    if (now < QUIET_SHARE && last < QUIET_SHARE) return now;
    share = now;
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

console.log(`${machineLine()}; ${LISTINGS} listings, ${NUMBERS} numbers of its own`);
const context = { name: 'bench', skip: () => undefined } as unknown as TestContext;
await using world = await FleetWorld.open(context);
if (world === undefined) throw new Error('PostgreSQL is missing');
using folder = temporaryFolder();
const folders = ['fleet', 'alone'].map((name) => join(folder.path, name));
for (const path of folders) mkdirSync(path);
const [inFleet = '', alone = ''] = folders;
await makeJudgedDatabase(join(inFleet, 'sentrypeer.db'), NUMBERS, '45.1');
copyFileSync(join(inFleet, 'sentrypeer.db'), join(alone, 'sentrypeer.db'));
await world.rows(`
  INSERT INTO fleet.listing SELECT 'number', '4671' || lpad(i::text, 7, '0'), i, 'listed', 60, 'handshake',
    '["5 callers dialled it"]', 0, 4102444800000000, 0, 0, 5, false, false, 'hub-1' FROM generate_series(1, ${LISTINGS}) AS i;
  UPDATE fleet.listing_mark SET last = ${LISTINGS}`);
const file = await world.join('pbx-1', 'follower');
const policy = `--policy=${POLICY.map(({ name, value }) => `${name}=${value}`).join(',')}`;
const flags = ['--no-sip', '--home-country=SE', policy];
const start = (path: string, ...more: readonly string[]): Promise<DaemonProcess> =>
  DaemonProcess.start([...flags, ...more], { folder: path, main: BUNDLE });
await using follower = await start(inFleet, `--fleet-file=${file}`, '--fleet-follower');
await using other = await start(alone);
await until(
  'all listings to be followed and judged',
  () =>
    follower.number('SELECT count(*) FROM fleet_listing') === LISTINGS &&
    follower.number('SELECT count(*) FROM judging_due') === 0,
  FOLLOW_MS_MAX,
);
const atRest = [await untilQuiet(follower), await untilQuiet(other)];
console.log(
  `at rest: ${atRest.map((share) => `${(share * 100).toFixed(1)} %`).join(' of a processor in the fleet, ')} alone`,
);
for (const [what, prefix] of [
  ['of its own', '070'],
  ['that nobody called', '072'],
] as const) {
  const costs: Record<'fleet' | 'alone', Cost[]> = { fleet: [], alone: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    const first = await ask(follower, prefix);
    const second = await ask(other, prefix);
    if (round === 0) continue; // To warm up.
    costs.fleet.push(first);
    costs.alone.push(second);
  }
  const of = (name: keyof Cost, which: keyof typeof costs): number =>
    median(costs[which].map((cost) => cost[name]));
  console.log(
    `a number ${what}: ${of('us', 'fleet').toFixed(1)} us of the processor in the fleet, ${of('us', 'alone').toFixed(1)} alone: ${(of('us', 'alone') / of('us', 'fleet')).toFixed(3)}; ${Math.round(of('perSecond', 'fleet'))} and ${Math.round(of('perSecond', 'alone'))} a second: ${(of('perSecond', 'fleet') / of('perSecond', 'alone')).toFixed(3)}`,
  );
}
