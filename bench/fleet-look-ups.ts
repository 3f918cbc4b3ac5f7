// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * What does a look-up of the verdict cost at a node that follows 100,000 listings of a fleet, compared with the same
 * node in no fleet? Both have the same calls in their file, and are asked in turn for a number of their own and for one
 * that nobody called. Needs Debian's postgresql, wrk and the bundle.
 *
 *     npm run bundle && node bench/fleet-look-ups.ts [listings] [seconds]
 */

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { DaemonProcess, until } from '../test/e2e/daemon-process.ts';
import { FleetWorld } from '../test/interop/fleet-world.ts';
import { compareLookUps, untilQuiet } from './load/compared-look-ups.ts';
import { makeJudgedDatabase, POLICY } from './load/judged.ts';
import { machineLine, temporaryFolder } from './load/processes.ts';

const LISTINGS = Number(process.argv[2] ?? 100_000);
const SECONDS = Number(process.argv[3] ?? 4);
const ROUNDS = 6;
const NUMBERS = 50_000;
const BUNDLE = join(import.meta.dirname, '../dist/main.js');
const FOLLOW_MS_MAX = 240_000;

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
for (const [what, begin] of [
  ['a number of its own', '070'],
  ['a number that nobody called', '072'],
] as const) {
  const question = {
    what,
    begin: `/v1/check?number=${begin}`,
    end: 'digits',
    count: NUMBERS,
  } as const;
  await compareLookUps([follower, other], question, { rounds: ROUNDS, seconds: SECONDS });
}
