// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * Is every request of a paced load either a row or counted exactly? 40,000 requests a second for 60 s from 1,000
 * sources; RATE, SECONDS, FOLD_WINDOW and THREADS can be changed.
 */

import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  kernelDrops,
  machineLine,
  recorded,
  send,
  start,
  temporaryFolder,
} from './load/processes.ts';

const PORT = 25_160;
/** Milliseconds after which idle threads have released memory. */
const QUIET_MS = 12_000;
const rate = process.env['RATE'] ?? '40000';
const seconds = process.env['SECONDS'] ?? '60';
const foldWindow = process.env['FOLD_WINDOW'] ?? '60';
const threads = process.env['THREADS'] ?? '2';
const isSmall = threads === '1'; // The README's advice to owners of small devices.

using folder = temporaryFolder();
const db = join(folder.path, 'paced.db');
const running = await start(
  [
    'dist/main.js',
    ...(isSmall ? ['--profile', 'small'] : []),
    '-f',
    db,
    '--api',
    '--api-port',
    '0',
    '--no-tls',
    '--sip-address',
    '127.0.0.1',
    '--sip-port',
    String(PORT),
    '--db-size-max',
    '0',
    '--fold-window',
    foldWindow,
    '--threads',
    threads,
  ],
  'Stop ',
);
const restMib = running.residentMib();
const distinct = foldWindow === '0' ? ['--distinct'] : [];
const sent = await send([
  '--port',
  String(PORT),
  '--seconds',
  seconds,
  '--rate',
  rate,
  ...distinct,
]);
const drops = kernelDrops(PORT);
const loadedMib = running.residentMib();
await wait(QUIET_MS);
const quietMib = running.residentMib();
await running.stop();
const { rows, messages, dropped } = recorded(db);
console.log(machineLine());
console.log(
  `sent ${sent.sentCount} at ${sent.perSecond}/s; rows ${rows}, messages ${messages}, counted as dropped ${dropped}`,
);
console.log(
  `without a trace: ${sent.sentCount - messages - dropped}; of the drops by the kernel: ${drops}`,
);
console.log(
  `resident: ${restMib.toFixed(1)} MiB before, ${loadedMib.toFixed(1)} MiB after, ` +
    `${quietMib.toFixed(1)} MiB when it is quiet again`,
);
if (sent.sentCount !== messages + dropped) process.exitCode = 1;
