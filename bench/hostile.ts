// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How late is the verdict while 8 clients without a key do their worst: filters that nothing matches, exports, streams
 * from the beginning that nobody reads, and pages of a thousand? An empty server, asked at the same time, shows how
 * late any answer is on this machine then.
 *
 *   npm run bundle && node bench/hostile.ts [events] [seconds]
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { Store } from '@sentrypeer/store';
import { call, recordCalls } from './load/calls.ts';
import { machineLine, start, temporaryFolder } from './load/processes.ts';

const PORT = 25_290;
const ORIGIN = `http://127.0.0.1:${PORT}`;
const EMPTY_PORT = 25_291;
const EMPTY_ORIGIN = `http://127.0.0.1:${EMPTY_PORT}`;
const CLIENTS = 8;
/** Milliseconds between two questions of a PBX. */
const PACE_MS = 20;
const eventsCount = Number(process.argv[2] ?? 1_000_000);
const seconds = Number(process.argv[3] ?? 10);

function makeDatabase(path: string): void {
  using store = Store.open(
    { logger: silentLogger, clock: systemClock },
    { path, databaseOctetsMax: Number.POSITIVE_INFINITY },
  );
  recordCalls(store, eventsCount, (index) =>
    call(
      `45.${(index >> 16) & 15}.${(index >> 8) & 255}.${index & 255}`,
      `004670${String(index % 100_000).padStart(7, '0')}`,
    ),
  );
}

const agent = new Agent({ keepAlive: true });

async function statusOf(url: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  get(url, { agent }, (response) => {
    response.on('end', () => resolve(response.statusCode ?? 0)).resume();
  }).on('error', reject);
  return promise;
}

/** Asks at a steady pace, whether or not the last answer has come, so that delays show. */
async function latenessOf(origin: string): Promise<string> {
  const took: number[] = [];
  let failures = 0;
  const pending: Promise<void>[] = [];
  const end = performance.now() + seconds * 1000;
  for (let due = performance.now(); due < end; due += PACE_MS) {
    await after(Math.max(0, due - performance.now()));
    const number = `004670${String(Math.floor(Math.random() * 100_000)).padStart(7, '0')}`;
    const ask = async (): Promise<void> => {
      if ((await statusOf(`${origin}/v1/check?number=${number}`)) === 200)
        took.push(performance.now() - due);
      else failures += 1;
    };
    pending.push(ask().catch(() => void (failures += 1)));
  }
  await Promise.all(pending);
  took.sort((a, b) => a - b);
  const at = (part: number): string => (took[Math.floor(took.length * part)] ?? 0).toFixed(1);
  return `${took.length} answers, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, last ${at(0.9999)} ms, ${failures} failed`;
}

/** The same questions to us and, between them, to the empty server. */
async function checkLateness(): Promise<string> {
  const [ours, empty] = await Promise.all([
    latenessOf(ORIGIN),
    after(PACE_MS / 2).then(() => latenessOf(EMPTY_ORIGIN)),
  ]);
  return `${ours} (empty server: ${empty})`;
}

/** Asks for these one after another, as fast as they are answered, and reads the answers. */
function greedy(path: (count: number) => string, signal: AbortSignal): void {
  void (async () => {
    for (let count = 0; !signal.aborted; count += 1) {
      try {
        const { body } = await fetch(`${ORIGIN}${path(count)}`, { signal });
        for await (const octets of body ?? []) readOctets += octets.length;
      } catch {
        await after(1); // Refused, or the end.
      }
    }
  })();
}

/** Octets that the clients were sent, decompressed. */
let readOctets = 0;

/** Asks for a stream from the beginning, and never reads it. */
function deaf(): Socket {
  const socket = connect(PORT, '127.0.0.1');
  socket.write('GET /v1/events/stream?after=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
  socket.pause();
  socket.on('error', () => undefined);
  return socket;
}

const WORST: Readonly<Record<string, (signal: AbortSignal) => void>> = {
  'filters that nothing fits': (signal) => {
    for (let client = 0; client < CLIENTS; client += 1)
      greedy((count) => `/v1/events?limit=1000&user_agent=nosuch${client}x${count}`, signal);
  },
  'pages of a thousand': (signal) => {
    for (let client = 0; client < CLIENTS; client += 1)
      greedy((count) => `/v1/events?limit=1000&since=2000-01-01T00:00:0${count % 10}Z`, signal);
  },
  exports: (signal) => {
    for (let client = 0; client < CLIENTS; client += 1)
      greedy(() => (client % 2 === 0 ? '/v1/events.jsonl' : '/v1/events.csv'), signal);
  },
  'streams from 0, read and unread': (signal) => {
    const sockets = Array.from({ length: CLIENTS * 4 }, deaf);
    signal.addEventListener('abort', () => sockets.forEach((socket) => socket.destroy()));
    for (let client = 0; client < CLIENTS; client += 1)
      greedy(() => '/v1/events/stream?after=0', signal);
  },
};

/** In a separate process, like real clients: ours only measures. */
function worst(name: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, [import.meta.filename, WORST_FLAG, name], { stdio: 'inherit' });
}

const WORST_FLAG = '--worst';
/** Milliseconds after which clients end if nothing ends them before. */
const WORST_MS = 600_000;
if (process.argv[2] === WORST_FLAG) {
  WORST[process.argv[3] ?? '']?.(AbortSignal.timeout(WORST_MS));
  process.on('SIGTERM', () => {
    console.log(`  they read ${(readOctets / 2 ** 20).toFixed(1)} MiB`);
    process.exit();
  });
} else {
  console.log(machineLine());
  using folder = temporaryFolder();
  const db = join(folder.path, 'hostile.db');
  makeDatabase(db);
  const flags = ['--api', '--api-port', String(PORT), '-f', db, '--db-size-max', '0', '--no-sip'];
  const empty = await start(['bench/load/empty-route.ts', String(EMPTY_PORT)], 'ready');
  const running = await start(['dist/main.js', ...flags], 'Stop ');
  await running.quiet();
  console.log(`${eventsCount} events, nobody else: ${await checkLateness()}`);
  for (const name of Object.keys(WORST)) {
    const clients = worst(name);
    await after(1000);
    const before = running.processorSeconds();
    const startedAtMs = performance.now();
    const lateness = await checkLateness();
    const tookSeconds = (performance.now() - startedAtMs) / 1000;
    const shares = [...running.processorSeconds()]
      .map(([thread, used]) => [thread, (used - (before.get(thread) ?? 0)) / tookSeconds] as const)
      .filter(([, share]) => share >= 0.02)
      .map(([thread, share]) => `${thread} ${(share * 100).toFixed(0)} %`);
    console.log(`${CLIENTS} clients with ${name}: ${lateness}; processor: ${shares.join(', ')}`);
    clients.kill();
    await once(clients, 'exit');
  }
  console.log(
    `nobody again: ${await checkLateness()}, resident ${running.residentMib().toFixed(0)} MiB`,
  );
  agent.destroy();
  for (const program of [running, empty]) await program.stop();
}
