// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * What does a look-up cost at a node that shares (-p) and keeps 100,000 claims of a pool, compared with the same node
 * that does not? Both have the same calls in their file and are asked in turn. Needs Debian's wrk and the bundle.
 *
 *     npm run bundle && node bench/pool-look-ups.ts [claims] [rounds] [seconds]
 */

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DaemonProcess } from '../test/e2e/daemon-process.ts';
import { compareLookUps, untilQuiet, type Question } from './load/compared-look-ups.ts';
import { makeJudgedDatabase, POLICY } from './load/judged.ts';
import { allPages, fileOf } from './load/pool-pages.ts';
import { machineLine, temporaryFolder } from './load/processes.ts';

const CLAIMS = Number(process.argv[2] ?? 100_000);
const ROUNDS = Number(process.argv[3] ?? 6);
const SECONDS = Number(process.argv[4] ?? 4);
const NUMBERS = 10_000;
const BUNDLE = process.env['TESTED_PROGRAM'] ?? join(import.meta.dirname, '../dist/main.js');

const QUESTIONS: readonly Question[] = [
  { what: '/v1/check, own number', begin: '/v1/check?number=070', end: 'digits', count: NUMBERS },
  {
    what: '/v1/check, unknown number',
    begin: '/v1/check?number=072',
    end: 'digits',
    count: NUMBERS,
  },
  { what: '/v1/check, own address', begin: '/v1/check?address=46.', end: 'octets', count: NUMBERS },
  {
    what: '/v1/check, unknown address',
    begin: '/v1/check?address=47.',
    end: 'octets',
    count: NUMBERS,
  },
  {
    what: '/v1/check, ten others name it',
    begin: '/v1/check?address=50.',
    end: 'octets',
    count: CLAIMS / 1000,
  },
  { what: '4.x, own number', begin: '/numbers/004670', end: 'digits', count: NUMBERS },
  { what: '4.x, unknown number', begin: '/numbers/004672', end: 'digits', count: NUMBERS },
  { what: '4.x, own address', begin: '/ip-addresses/46.', end: 'octets', count: NUMBERS },
  { what: '4.x, unknown address', begin: '/ip-addresses/47.', end: 'octets', count: NUMBERS },
];

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
const atRest = [await untilQuiet(sharer), await untilQuiet(other)];
console.log(
  `at rest: ${atRest.map((share) => `${(share * 100).toFixed(1)} %`).join(' of a processor with -p, ')} without`,
);
for (const question of QUESTIONS) {
  await compareLookUps([sharer, other], question, { rounds: ROUNDS, seconds: SECONDS });
}
