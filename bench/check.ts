// SPDX-License-Identifier: GPL-2.0-only OR GPL-3.0-only

/*
 * How late is the verdict on a number, asked in another form than it was dialled in, with a million numbers, while
 * 5,000 requests a second are recorded and judged? How fast is the log judged? One proved call lists a number here, by
 * a policy of the benchmark: each was called once. Needs wrk (Debian package).
 *
 *   npm run bundle && node bench/check.ts [numbers] [seconds]
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@sentrypeer/kernel';
import { NumberingPlans } from '@sentrypeer/numbers';
import { Store } from '@sentrypeer/store';
import { openJudging } from '../daemon/src/services/open-judging.ts';
import { call, recordCalls } from './load/calls.ts';
import { machineLine, send, start, temporaryFolder } from './load/processes.ts';

const PORT = 25_280;
const SIP_PORT = 25_260;
const numbersCount = Number(process.argv[2] ?? 1_000_000);
const seconds = process.argv[3] ?? '10';
const POLICY = [
  { name: 'networks-home', value: 1 },
  { name: 'days-home', value: 1 },
] as const;

/** Records and judges this many calls, each to a different number. */
async function makeDatabase(path: string): Promise<void> {
  using store = Store.open(
    { logger: silentLogger, clock: systemClock },
    { path, databaseOctetsMax: Number.POSITIVE_INFINITY },
  );
  const startMs = performance.now();
  recordCalls(store, numbersCount, (index) =>
    call(
      `45.${(index >> 16) & 15}.${(index >> 8) & 255}.${index & 255}`,
      `004670${String(index).padStart(7, '0')}`,
    ),
  );
  const judgeMs = performance.now();
  const judging = openJudging(
    { clock: systemClock, plans: await NumberingPlans.load(), onChanged: () => undefined },
    store,
    {
      homeCountry: 'SE',
      ownNumbers: [],
      ownAddresses: [],
      policy: POLICY,
    },
  );
  for (let left = judging.step(); left.urgent || left.rest; left = judging.step()) store.maintain();
  const endMs = performance.now();
  const us = (ms: number): string => ((ms * 1000) / numbersCount).toFixed(1);
  console.log(
    `${numbersCount} calls, each to another number: recorded in ${us(judgeMs - startMs)} us each, judged in ${us(endMs - judgeMs)} us each`,
  );
}

async function ask(script: string, args: readonly string[], connections: string): Promise<string> {
  const options = [
    '-t1',
    `-c${connections}`,
    `-d${seconds}s`,
    '--latency',
    '-s',
    join(import.meta.dirname, 'load', script),
  ];
  const child = spawn('wrk', [...options, `http://127.0.0.1:${PORT}`, '--', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await once(child, 'close');
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? '0';
  const p99 = /\n\s+99%\s+(\S+)/.exec(text)?.[1] ?? '?';
  const failed = /Non-2xx[^\n]*/.exec(text)?.[0] ?? '';
  return `${Math.round(Number(rate))}/s, p99 ${p99} ${failed}`;
}

console.log(machineLine());
using folder = temporaryFolder();
const db = join(folder.path, 'check.db');
await makeDatabase(db);
const sip = ['--sip-address', '127.0.0.1', '--sip-port', String(SIP_PORT), '--no-tls'];
const flags = ['--api', '--api-port', String(PORT), '-f', db, '--db-size-max', '0'];
const running = await start(
  [
    'dist/main.js',
    ...flags,
    ...sip,
    '--fold-window',
    '0',
    '--home-country',
    'SE',
    '--policy',
    POLICY.map(({ name, value }) => `${name}=${value}`).join(','),
  ],
  'Stop ',
);
for (const load of ['0', '5000']) {
  for (const connections of ['1', '8']) {
    const sending =
      load === '0'
        ? undefined
        : send([
            '--port',
            String(SIP_PORT),
            '--rate',
            load,
            '--distinct',
            '--seconds',
            String(Number(seconds) * 2 + 2),
          ]);
    const check = await ask('checks.lua', [String(numbersCount), '070'], connections);
    const lookUp = await ask(
      'look-ups.lua',
      ['hit', String(numbersCount), '46700000000'],
      connections,
    );
    await sending;
    console.log(
      `${load} recorded a second, ${connections} connections: check ${check}; look-up of 4.x ${lookUp}`,
    );
  }
}
const example = await fetch(
  `http://127.0.0.1:${PORT}/v1/check?number=070${String(numbersCount - 1).padStart(7, '0')}`,
);
console.log(
  `verdict ${((await example.json()) as { verdict: string }).verdict}, resident ${running.residentMib().toFixed(0)} MiB`,
);
await running.stop();
