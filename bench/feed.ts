// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How long is it from the last octet of a proving INVITE over TCP to its change on the feed of listings, at rest and
 * while requests that may be forged come in over UDP? Does recording keep its rate meanwhile, compared with the same
 * load alone?
 *
 *   npm run bundle && node bench/feed.ts [seconds]
 */

import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { machineLine, recorded, send, start, temporaryFolder } from './load/processes.ts';

const PORT = 25_380;
const SIP_PORT = 25_360;
/** Forged requests a second; 0 is at rest. RATES can be changed. */
const rates = (process.env['RATES'] ?? '0,5000,20000').split(',').map(Number);
/** Milliseconds between two proving calls. */
const PACE_MS = 200;
/** Milliseconds after the last call within which its change must come. */
const PATIENCE_MS = 30_000;
/** Milliseconds for what is still in blocks to be written. */
const SETTLE_MS = 2000;
const ROUNDS = 2;
const seconds = Number(process.argv[2] ?? 10);
const callsCount = Math.floor((seconds * 1000) / PACE_MS);

/** Satellite telephones, which one proved caller gets listed; each in a separate block. */
const numberOf = (index: number): string =>
  `8816${String((10_000_019 + index * 120_011) % 100_000_000).padStart(8, '0')}`;

function invite(number: string, source: string): string {
  return [
    `INVITE sip:+${number}@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/TCP ${source}:5071;branch=z9hG4bK-${number}`,
    'Max-Forwards: 70',
    `To: <sip:+${number}@127.0.0.1>`,
    `From: <sip:100@127.0.0.1>;tag=${number}`,
    `Call-ID: ${number}@${source}`,
    'CSeq: 1 INVITE',
    'Content-Length: 0',
    '',
    '',
  ].join('\r\n');
}

/** Calls the number over TCP. @returns When the last octet was handed to the system. */
async function prove(index: number): Promise<number> {
  const source = `127.0.${1 + (index % 200)}.1`;
  const socket = connect({ port: SIP_PORT, host: '127.0.0.1', localAddress: source });
  socket.setNoDelay(true).on('error', () => undefined);
  await once(socket, 'connect');
  const message = invite(numberOf(index), source);
  socket.write(message.slice(0, -1));
  await after(5);
  const sentMs = performance.now();
  socket.write(message.slice(-1));
  setTimeout(() => socket.destroy(), 1000);
  return sentMs;
}

/** Follows the feed. @returns When each number came, by number; it keeps growing. */
function follow(signal: AbortSignal): ReadonlyMap<string, number> {
  const seen = new Map<string, number>();
  void (async () => {
    const response = await fetch(`http://127.0.0.1:${PORT}/v1/listings/stream`, { signal });
    let rest = '';
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const nowMs = performance.now();
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const value = /"value":"\+(8816\d+)"/.exec(line)?.[1];
        if (line.startsWith('data:') && value !== undefined && !seen.has(value)) {
          seen.set(value, nowMs);
        }
      }
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return seen;
}

interface Round {
  /** Milliseconds, sorted; of the calls that came on the feed. */
  readonly lateness: readonly number[];
  readonly missing: number;
  readonly sentCount: number;
  /** Of the load. */
  readonly recordedCount: number;
  /** Processor time of the threads that receive and store. */
  readonly usedSeconds: number;
}

/** One new node under a load, with or without proving calls and a follower. */
async function round(rate: number, proves: boolean): Promise<Round> {
  using folder = temporaryFolder();
  const db = join(folder.path, 'feed.db');
  const running = await start(
    [
      'dist/main.js',
      '--responsive',
      '--api',
      '--api-port',
      String(PORT),
      '-f',
      db,
      '--sip-address',
      '127.0.0.1',
      '--sip-port',
      String(SIP_PORT),
      '--no-tls',
      '--policy=number-local-callers=1',
    ],
    'Stop ',
  );
  const closing = new AbortController();
  const seen = follow(closing.signal);
  await after(SETTLE_MS);
  const load =
    rate === 0
      ? Promise.resolve({ sentCount: 0 })
      : send([
          '--port',
          String(SIP_PORT),
          '--rate',
          String(rate),
          '--seconds',
          String(seconds + 2),
          '--distinct',
          '--kind',
          'invite',
        ]);
  await after(1000);
  const sent: Promise<number>[] = [];
  const startMs = performance.now();
  const count = proves ? callsCount : 0;
  for (let index = 0; index < count; index += 1) {
    await after(Math.max(0, startMs + index * PACE_MS - performance.now()));
    sent.push(prove(index));
  }
  const times = await Promise.all(sent);
  const { sentCount } = await load;
  const deadlineMs = performance.now() + PATIENCE_MS;
  while (seen.size < times.length && performance.now() < deadlineMs) await after(100);
  await after(SETTLE_MS);
  closing.abort();
  const used = running.processorSeconds();
  await running.stop();
  const lateness = times
    .map((sentMs, index) => (seen.get(numberOf(index)) ?? Number.NaN) - sentMs)
    .filter((ms) => !Number.isNaN(ms))
    .toSorted((a, b) => a - b);
  const { messages } = recorded(db);
  return {
    lateness,
    missing: times.length - lateness.length,
    sentCount,
    recordedCount: messages - times.length,
    usedSeconds: (used.get('sip-worker') ?? 0) + (used.get('store-worker') ?? 0),
  };
}

/** Combines rounds of one kind into one result. */
function together(rounds: readonly Round[]): string {
  const lateness = rounds.flatMap((one) => one.lateness).toSorted((a, b) => a - b);
  const missing = rounds.reduce((sum, one) => sum + one.missing, 0);
  const at = (share: number): string =>
    (
      lateness[Math.min(lateness.length - 1, Math.floor(lateness.length * share))] ?? Number.NaN
    ).toFixed(0);
  return `half within ${at(0.5)} ms, 99 % within ${at(0.99)} ms, all within ${at(1)} ms, ${missing} missing`;
}

/** The share of sent requests that was recorded, and the cost of one recorded request. */
function recording(rounds: readonly Round[]): { readonly kept: number; readonly us: string } {
  const sum = (of: (one: Round) => number): number =>
    rounds.reduce((total, one) => total + of(one), 0);
  const us = (1e6 * sum((one) => one.usedSeconds)) / sum((one) => one.recordedCount);
  return { kept: sum((one) => one.recordedCount) / sum((one) => one.sentCount), us: us.toFixed(0) };
}

console.log(machineLine());
console.log(`${callsCount} proving calls a round, ${1000 / PACE_MS} a second`);
for (const rate of rates) {
  const proved: Round[] = [];
  const alone: Round[] = [];
  for (let index = 0; index < ROUNDS; index += 1) {
    proved.push(await round(rate, true));
    if (rate > 0) alone.push(await round(rate, false));
  }
  console.log(
    `${rate === 0 ? 'at rest' : `${rate} forged requests a second`}: ${together(proved)}`,
  );
  if (rate === 0) continue;
  const [both, load] = [recording(proved), recording(alone)];
  console.log(
    `  recorded ${(100 * both.kept).toFixed(1)} % of them, ${both.us} us of the processor each; of the load alone ` +
      `${(100 * load.kept).toFixed(1)} %, ${load.us} us; ratio ${(both.kept / load.kept).toFixed(3)}`,
  );
}
