// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How long until the first answer, and how much memory at rest? From the sources and bundled, with several threads and
 * with one. RUNS=5 can be changed; medians are printed.
 */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { machineLine, start, temporaryFolder } from './load/processes.ts';

const ROOT = join(import.meta.dirname, '..');
const PORT = 25_160;
/** Milliseconds after which what only the start needed has left memory. */
const REST_MS = 12_000;
const runs = Number(process.env['RUNS'] ?? '5');
const request = readFileSync(join(ROOT, 'test/corpus/sip/samples/svmap-options.sip'));

interface Figures {
  readonly firstAnswerMs: number;
  readonly restMib: number;
}

/** Asks every 5 ms from before the start until the first answer comes. */
async function measure(program: string, threads: string): Promise<Figures> {
  using folder = temporaryFolder();
  const socket = createSocket('udp4');
  socket.on('error', () => undefined); // Nobody listens yet.
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const answered = once(socket, 'message');
  const startMs = performance.now();
  const asking = setInterval(() => socket.send(request, PORT, '127.0.0.1'), 5);
  const flags = ['-ra', '-f', join(folder.path, 'start.db'), '--threads', threads];
  if (threads === '1') flags.push('--profile', 'small');
  const ports = ['--sip-address', '127.0.0.1', '--sip-port', String(PORT), '--api-port', '0'];
  const tls = ['--tls-listen-address', '127.0.0.1:0'];
  const running = start([join(ROOT, program), ...flags, ...ports, ...tls], 'Stop ');
  await answered;
  const firstAnswerMs = performance.now() - startMs;
  clearInterval(asking);
  const daemon = await running;
  await wait(REST_MS);
  const restMib = daemon.residentMib();
  await daemon.stop();
  socket.close();
  return { firstAnswerMs, restMib };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

console.log(machineLine());
for (const program of ['daemon/bin/sentrypeer.js', 'dist/main.js']) {
  for (const threads of ['2', '1']) {
    const figures: Figures[] = [];
    for (let index = 0; index < runs; index += 1) figures.push(await measure(program, threads));
    const answerMs = median(figures.map(({ firstAnswerMs }) => firstAnswerMs));
    const restMib = median(figures.map(({ restMib }) => restMib));
    console.log(
      `${program}, --threads ${threads}: first answer after ${answerMs.toFixed(0)} ms, ` +
        `${restMib.toFixed(1)} MiB at rest`,
    );
  }
}
