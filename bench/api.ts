// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How fast is the look-up of a number, hit and miss, with 10 thousand, 1 million and 10 million events on disk,
 * compared with an empty Fastify route? What is its latency while 5,000 requests a second are recorded? When does the
 * list of all addresses begin, and how long does it take? Needs wrk (Debian package). SIZES, ROUNDS and SECONDS can be
 * changed; the largest database takes some minutes to make, and 6 GB.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { JUDGE_CURSOR, JUDGE_PROVED_CURSOR } from '@sentrypeer/follow/cursors';
import { Store } from '@sentrypeer/store';
import { call, recordCalls } from './load/calls.ts';
import { machineLine, send, start, temporaryFolder, type Running } from './load/processes.ts';

const TOTALS_MAX = 1_000_000;
const PORT = 25_180;
const SIP_PORT = 25_160;
const sizes = (process.env['SIZES'] ?? '10000,1000000,10000000').split(',').map(Number);
const rounds = Number(process.env['ROUNDS'] ?? '7');
const seconds = process.env['SECONDS'] ?? '3';

/** A database with this many events, of up to a million numbers and addresses. */
function makeDatabase(path: string, eventsCount: number): void {
  using store = Store.open(
    { logger: silentLogger, clock: systemClock },
    { path, databaseOctetsMax: Number.POSITIVE_INFINITY },
  );
  recordCalls(store, eventsCount, (index) => {
    const which = index % TOTALS_MAX;
    const address = `10.${which >> 16}.${(which >> 8) & 255}.${which & 255}`;
    return call(address, `00${String(which).padStart(10, '0')}`);
  });
  // As in a running node: the judge is not a quarter of an hour behind, and does not take a core.
  for (const cursor of [JUDGE_CURSOR, JUDGE_PROVED_CURSOR]) store.saveCursor(cursor, eventsCount);
}

function serve(db: string, port: number, more: readonly string[] = ['--no-sip']): Promise<Running> {
  const flags = ['--api', '--api-port', String(port), '-f', db, '--db-size-max', '0'];
  return start(['dist/main.js', ...flags, ...more], 'Stop ');
}

interface Rate {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** Look-ups over this many connections, for some seconds. */
async function lookUps(
  port: number,
  kind: 'hit' | 'miss',
  numbersCount: number,
  connections = '8',
): Promise<Rate> {
  const script = join(import.meta.dirname, 'load/look-ups.lua');
  const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script];
  const child = spawn(
    'wrk',
    [...options, `http://127.0.0.1:${port}`, '--', kind, String(numbersCount)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0);
  const [, late = '0', unit = 'ms'] = /99%\s+([\d.]+)(us|ms|s)/.exec(text) ?? [];
  const p99Ms = Number(late) * (unit === 'us' ? 0.001 : unit === 's' ? 1000 : 1);
  return { perSecond, p99Ms };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Everything in turn, several times, so that a slow minute of the machine affects all alike. */
async function compareSizes(folder: string): Promise<void> {
  const emptyRoute = await start(['bench/load/empty-route.ts', String(PORT)], 'ready');
  const served: Running[] = [];
  for (const [index, size] of sizes.entries()) {
    const db = join(folder, `${size}.db`);
    const startMs = performance.now();
    makeDatabase(db, size);
    console.log(`${size} events made in ${Math.round((performance.now() - startMs) / 1000)} s`);
    // Also, the countries of a million addresses are not counted meanwhile: each commit makes a reader forget its
    // pages.
    served.push(await serve(db, PORT + 1 + index, ['--no-sip', '--country-file', 'none']));
  }
  const rates = new Map<string, (Rate & { readonly ofEmpty: number })[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, size] of sizes.entries()) {
      const empty = await lookUps(PORT, 'hit', 1); // Just before: speeds change by the minute.
      for (const kind of ['hit', 'miss'] as const) {
        const rate = await lookUps(PORT + 1 + index, kind, Math.min(size, TOTALS_MAX));
        const name = `${size} events, ${kind}`;
        const ofEmpty = rate.perSecond / empty.perSecond;
        rates.set(name, [...(rates.get(name) ?? []), { ...rate, ofEmpty }]);
      }
    }
  }
  for (const [name, all] of rates) {
    const perSecond = median(all.map((rate) => rate.perSecond));
    const p99Ms = median(all.map((rate) => rate.p99Ms));
    const ofEmpty = median(all.map((rate) => rate.ofEmpty));
    console.log(
      `${name}: ${Math.round(perSecond)}/s, p99 ${p99Ms.toFixed(2)} ms, ${ofEmpty.toFixed(2)} of the empty route`,
    );
  }
  for (const program of [emptyRoute, ...served]) await program.stop();
}

async function listAll(db: string): Promise<void> {
  const running = await serve(db, PORT);
  await (await fetch(`http://127.0.0.1:${PORT}/health-check`)).text();
  const before = running.residentMib();
  let most = before;
  const watching = setInterval(() => (most = Math.max(most, running.residentMib())), 50);
  const startMs = performance.now();
  const response = await fetch(`http://127.0.0.1:${PORT}/ip-addresses`);
  let firstMs = 0;
  let octets = 0;
  for await (const chunk of response.body ?? []) {
    if (firstMs === 0) firstMs = performance.now() - startMs;
    octets += (chunk as Uint8Array).length;
  }
  const wholeMs = performance.now() - startMs;
  clearInterval(watching);
  console.log(
    `/ip-addresses of ${TOTALS_MAX} addresses: first octets after ${firstMs.toFixed(1)} ms, ` +
      `${(octets / 1e6).toFixed(0)} MB in ${(wholeMs / 1000).toFixed(1)} s, ` +
      `resident ${before.toFixed(0)} MiB before, ${most.toFixed(0)} MiB at most`,
  );
  await running.stop();
}

async function whileRecording(db: string): Promise<void> {
  const sip = ['--sip-address', '127.0.0.1', '--sip-port', String(SIP_PORT), '--no-tls'];
  const running = await serve(db, PORT, [...sip, '--fold-window', '0']);
  for (const connections of ['1', '8']) {
    const sending = send([
      '--port',
      String(SIP_PORT),
      '--rate',
      '5000',
      '--distinct',
      '--seconds',
      String(Number(seconds) + 1),
    ]);
    const rate = await lookUps(PORT, 'hit', TOTALS_MAX, connections);
    const { sentCount } = await sending;
    console.log(
      `while ${sentCount} requests were sent at 5,000/s, ${connections} connections: ` +
        `${Math.round(rate.perSecond)}/s, p99 ${rate.p99Ms.toFixed(2)} ms`,
    );
  }
  await running.stop();
}

console.log(machineLine());
using folder = temporaryFolder();
await compareSizes(folder.path);
const large = join(folder.path, `${Math.max(...sizes)}.db`);
await listAll(large);
await whileRecording(large);
